// SPDX-License-Identifier: Apache-2.0
#include "speech/network/decoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "speech/network/linear.h"

namespace pinhole::speech {

namespace {

// Below so many bytes of weights, handing them out takes longer than that saves.
constexpr std::size_t kWorthSharing = std::size_t{1} << 16;
// Positions of self-attention, of all rows and heads, that are as much work.
constexpr int kPositionsWorthSharing = 256;
// How far by chance two tokens' logits may each be from what half of their weights say, in standard
// deviations, and the likelier of them still be told.
constexpr float kDeviations = 4;
// Encoder rows whose keys and values are computed together.
constexpr int kListenRows = 48;

std::size_t Times(int a, int b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

}  // namespace

Decoder::Decoder(const Network& network, int sequences, int threads)
    : network_(network), state_(network.dims.text_state), sequences_(sequences) {
  const matrix::Target& target = *network.target;
  const Dims& dims = network.dims;
  std::size_t prepared = target.prepared_bytes(network.tokens.shape(), kRows);
  for (const Block& block : network.decoder) {
    cross_.emplace_back(target, network.cross_attention, dims.text_heads, network.text_head_size(),
                        dims.audio_context);
    for (const Layer* const layer : {&block.query_key_value, &block.mlp_down}) {
      prepared = std::max(prepared, target.prepared_bytes(layer->shape(), kRows));
    }
  }
  const int places = sequences * dims.text_context;
  cache_ = AlignedBytes(Times(dims.text_layers * places, 2 * state_) * 4);
  places_.assign(static_cast<std::size_t>(places), 0);
  uses_.assign(static_cast<std::size_t>(places), 0);

  const std::size_t row = Times(kRows, state_);
  rows_ = AlignedBytes(matrix::Aligned(7 * row * 4) + prepared);
  x_ = rows_.floats();
  normed_ = x_ + row;
  attended_ = normed_ + row;
  wide_ = attended_ + row;  // query, key and value; the hidden layer
  prepared_ = rows_.data() + matrix::Aligned(7 * row * 4);

  std::size_t scratch = Times(dims.text_context, 1) * 4;
  if (!cross_.empty()) {
    scratch = std::max(scratch, cross_.front().scratch_bytes());
    scratch = std::max(scratch, target.prepared_bytes(
                                    network.decoder.front().cross_key_value.shape(), kListenRows));
  }
  scratch_step_ = (scratch + matrix::kAlignment - 1) / matrix::kAlignment * matrix::kAlignment;
  scratch_ = AlignedBytes(scratch_step_ * static_cast<std::size_t>(threads));
}

std::size_t Decoder::bytes() const {
  std::size_t bytes = cross_rows_.size() + cache_.size() + rows_.size() + scratch_.size();
  for (const PackedMemory& memory : cross_) {
    bytes += memory.bytes();
  }
  return bytes;
}

void Decoder::Listen(std::span<const float> encoded, const Team& team) {
  const matrix::Target& target = *network_.target;
  const int audio_state = network_.dims.audio_state;
  positions_ = static_cast<int>(encoded.size()) / audio_state;
  const int width = 2 * state_;
  // Only as long as it takes: the encoder's memory is more than this, and rests meanwhile.
  cross_rows_ = AlignedBytes(Times(positions_, width) * 4);
  for (std::size_t layer = 0; layer < cross_.size(); ++layer) {
    const int pieces = (positions_ + kListenRows - 1) / kListenRows;
    team.ForPieces(pieces, [&](int thread, int piece) {
      const int first = piece * kListenRows;
      speech::Apply(target, network_.decoder[layer].cross_key_value,
                    encoded.data() + Times(first, audio_state), audio_state,
                    std::min(kListenRows, positions_ - first),
                    cross_rows_.floats() + Times(first, width), width, matrix::Then::kStore,
                    scratch_.data() + static_cast<std::size_t>(thread) * scratch_step_);
    });
    PackedMemory& memory = cross_[layer];
    memory.SetPositions(positions_);
    team.ForPieces(memory.heads(), [&](int /*thread*/, int head) {
      memory.Pack(head, cross_rows_.floats(), cross_rows_.floats() + state_, width);
    });
  }
  cross_rows_ = AlignedBytes();
  Restart();
}

void Decoder::Restart() {
  std::fill(uses_.begin(), uses_.end(), 0);
  std::fill(places_.begin(), places_.end(), -1);
}

void Decoder::RecordShares(std::span<const AlignmentHead> heads) {
  heads_.assign(heads.begin(), heads.end());
  shares_.clear();
}

void Decoder::Fork(std::span<const int> from, int length) {
  const auto context = static_cast<std::size_t>(network_.dims.text_context);
  forked_ = places_;
  std::fill(places_.begin(), places_.end(), -1);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto source = static_cast<std::size_t>(from[i]) * context;
    for (std::size_t p = 0; p < static_cast<std::size_t>(length); ++p) {
      places_[i * context + p] = forked_[source + p];
    }
  }
  std::fill(uses_.begin(), uses_.end(), 0);
  for (std::size_t i = 0; i < from.size(); ++i) {
    for (std::size_t p = 0; p < static_cast<std::size_t>(length); ++p) {
      ++uses_[static_cast<std::size_t>(places_[i * context + p])];
    }
  }
}

float* Decoder::KeyValue(int layer, int place) const {
  const int places = sequences_ * network_.dims.text_context;
  return cache_.floats() + Times(layer * places + place, 2 * state_);
}

void Decoder::Step(std::span<const TokenAt> tokens, std::span<float> logits, const Team& team) {
  float* to = logits.data();
  while (!tokens.empty()) {
    const auto rows = tokens.first(std::min<std::size_t>(tokens.size(), kRows));
    for (const TokenAt& token : rows) {
      TakePlace(token);
    }
    team.Together([&](const Team& crew) { StepRows(rows, to, crew); });
    for (const TokenAt& token : rows) {
      to += token.wants_logits ? network_.dims.vocabulary : 0;
    }
    tokens = tokens.subspan(rows.size());
  }
}

// Of a position there are as many places as sequences, so one that nobody uses is left.
void Decoder::TakePlace(const TokenAt& token) {
  std::int32_t& place = places_[Times(token.sequence, network_.dims.text_context) +
                                static_cast<std::size_t>(token.position)];
  if (place >= 0) {
    --uses_[static_cast<std::size_t>(place)];
  }
  place = token.position * sequences_;
  while (uses_[static_cast<std::size_t>(place)] > 0) {
    ++place;
  }
  ++uses_[static_cast<std::size_t>(place)];
}

void Decoder::StepRows(std::span<const TokenAt> tokens, float* logits, const Team& team) {
  const matrix::Target& target = *network_.target;
  const int rows = static_cast<int>(tokens.size());
  for (int row = 0; row < rows; ++row) {
    const TokenAt& token = tokens[static_cast<std::size_t>(row)];
    float* const x = x_ + Times(row, state_);
    target.unpack(network_.tokens.matrix(), token.token, x);
    target.add_scaled(network_.decoder_positions.data() + Times(token.position, state_), state_,
                      1.0F, x);
  }
  for (int layer = 0; layer < network_.dims.text_layers; ++layer) {
    SelfAttention(layer, tokens, team);
    CrossAttention(layer, tokens, team);
    Mlp(network_.decoder[static_cast<std::size_t>(layer)], rows, team);
  }
  Normalise(network_.decoder_norm, rows);
  int wanted = 0;
  for (int row = 0; row < rows; ++row) {
    if (tokens[static_cast<std::size_t>(row)].wants_logits) {
      std::memmove(normed_ + Times(wanted++, state_), normed_ + Times(row, state_),
                   static_cast<std::size_t>(state_) * 4);
    }
  }
  if (wanted > 0) {
    const matrix::Rows states =
        Apply(network_.tokens, normed_, wanted, logits, matrix::Then::kStore, team);
    if (network_.tokens.shape().precision == matrix::Precision::kSplit) {
      team.ForPieces(wanted, [&](int /*thread*/, int row) {
        target.refine(network_.tokens.matrix(), states, row, kDeviations,
                      logits + Times(row, network_.dims.vocabulary));
      });
    }
  }
}

void Decoder::Normalise(const Norm& norm, int rows) {
  network_.target->layer_norm(x_, state_, rows, state_, norm.weight.data(), norm.bias.data(),
                              normed_, state_);
}

matrix::Rows Decoder::Apply(const Layer& layer, const float* x, int rows, float* y,
                            matrix::Then then, const Team& team) {
  const matrix::Target& target = *network_.target;
  const matrix::Shape& shape = layer.shape();
  const matrix::Rows prepared = target.prepare(shape, x, shape.inputs, rows, prepared_);
  const int blocks = target.blocks(shape.outputs);
  if (team.threads <= 1 || layer.bytes() < kWorthSharing) {
    target.multiply(layer.matrix(), prepared, 0, blocks, y, shape.outputs, then);
    return prepared;
  }
  // Of many blocks some pieces a thread, so that one that is held up does not hold up the others.
  constexpr int kBlocksOfPiece = 16;
  const int each = std::clamp(blocks / (team.threads * kBlocksOfPiece), 1, 4);
  const int pieces = std::min(blocks, team.threads * each);
  team.ForPieces(pieces, [&](int /*thread*/, int piece) {
    target.multiply(layer.matrix(), prepared, piece * blocks / pieces,
                    (piece + 1) * blocks / pieces, y, shape.outputs, then);
  });
  return prepared;
}

void Decoder::SelfAttention(int layer, std::span<const TokenAt> tokens, const Team& team) {
  const matrix::Target& target = *network_.target;
  const Block& block = network_.decoder[static_cast<std::size_t>(layer)];
  const int rows = static_cast<int>(tokens.size());
  Normalise(block.attention_norm, rows);
  Apply(block.query_key_value, normed_, rows, wide_, matrix::Then::kStore, team);
  const int context = network_.dims.text_context;
  const auto place = [&](const TokenAt& token, int position) {
    return places_[Times(token.sequence, context) + static_cast<std::size_t>(position)];
  };
  for (int row = 0; row < rows; ++row) {
    const TokenAt& token = tokens[static_cast<std::size_t>(row)];
    std::memcpy(KeyValue(layer, place(token, token.position)),
                wide_ + Times(row, 3 * state_) + state_, Times(2, state_) * 4);
  }
  const int head_size = network_.text_head_size();
  const float scale = 1.0F / std::sqrt(static_cast<float>(head_size));
  std::fill_n(attended_, Times(rows, state_), 0.0F);
  const int heads = network_.dims.text_heads;
  const auto one_head = [&](int thread, int piece) {
    const int row = piece / heads;
    const std::ptrdiff_t first = std::ptrdiff_t{piece % heads} * head_size;
    const TokenAt& token = tokens[static_cast<std::size_t>(row)];
    auto* const scores = reinterpret_cast<float*>(scratch_.data() +
                                                  static_cast<std::size_t>(thread) * scratch_step_);
    const float* const query = wide_ + Times(row, 3 * state_) + first;
    float* const out = attended_ + Times(row, state_) + first;
    for (int p = 0; p <= token.position; ++p) {
      scores[p] = target.dot(query, KeyValue(layer, place(token, p)) + first, head_size);
    }
    const float sum = target.exponentials(scores, token.position + 1, scale);
    for (int p = 0; p <= token.position; ++p) {
      target.add_scaled(KeyValue(layer, place(token, p)) + state_ + first, head_size, scores[p],
                        out);
    }
    target.scale(out, head_size, 1 / sum);
  };
  const Team alone;
  const bool is_much = rows * heads * tokens.back().position >= kPositionsWorthSharing;
  (is_much ? team : alone).ForPieces(rows * heads, one_head);
  Apply(block.attention_out, attended_, rows, x_, matrix::Then::kAdd, team);
}

void Decoder::CrossAttention(int layer, std::span<const TokenAt> tokens, const Team& team) {
  const Block& block = network_.decoder[static_cast<std::size_t>(layer)];
  const PackedMemory& memory = cross_[static_cast<std::size_t>(layer)];
  const int rows = static_cast<int>(tokens.size());
  const int head_size = network_.text_head_size();
  Normalise(block.cross_norm, rows);
  Apply(block.cross_query, normed_, rows, wide_, matrix::Then::kStore, team);
  const std::size_t first_share =
      shares_.size() - (layer == 0 ? 0 : Times(rows, positions_) * heads_.size());
  if (layer == 0) {
    shares_.resize(first_share + Times(rows, positions_) * heads_.size());
  }
  team.ForPieces(memory.heads(), [&](int thread, int head) {
    std::vector<float> recorded;
    std::size_t index = 0;
    for (; index < heads_.size(); ++index) {
      if (heads_[index].layer == layer && heads_[index].head == head) {
        recorded.resize(Times(rows, positions_));
        break;
      }
    }
    memory.Attend(head, wide_ + head * head_size, state_, rows, attended_ + head * head_size,
                  state_, scratch_.data() + static_cast<std::size_t>(thread) * scratch_step_,
                  recorded.empty() ? nullptr : recorded.data());
    for (int row = 0; row < rows && !recorded.empty(); ++row) {
      std::copy_n(recorded.data() + Times(row, positions_), positions_,
                  shares_.data() + first_share +
                      (static_cast<std::size_t>(row) * heads_.size() + index) *
                          static_cast<std::size_t>(positions_));
    }
  });
  Apply(block.cross_out, attended_, rows, x_, matrix::Then::kAdd, team);
}

void Decoder::Mlp(const Block& block, int rows, const Team& team) {
  Normalise(block.mlp_norm, rows);
  Apply(block.mlp_up, normed_, rows, wide_, matrix::Then::kStore, team);
  network_.target->gelu(wide_, static_cast<std::ptrdiff_t>(Times(rows, 4 * state_)));
  Apply(block.mlp_down, wide_, rows, x_, matrix::Then::kAdd, team);
}

}  // namespace pinhole::speech
