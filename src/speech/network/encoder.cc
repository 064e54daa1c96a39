// SPDX-License-Identifier: Apache-2.0
#include "speech/network/encoder.h"

#include <algorithm>
#include <cstring>

#include "speech/network/linear.h"

namespace pinhole::speech {

namespace {

// Rows that pass through a block's layers together; whole tiles of 6 and of 12.
constexpr int kChunkRows = 48;
static_assert(kChunkRows % kAttentionRows == 0);

constexpr int kPadding = 1;  // frames of zeros on either side of a convolution's input

std::size_t Floats(int rows, int width) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(width);
}

int Pieces(int rows) { return (rows + kChunkRows - 1) / kChunkRows; }

}  // namespace

Encoder::Encoder(const Network& network, int threads)
    : network_(network),
      state_(network.dims.audio_state),
      mel_(Floats(2 * network.dims.audio_context + 2 * kPadding, network.dims.mels) * 4),
      frames_(Floats(2 * network.dims.audio_context + 2 * kPadding, state_) * 4),
      x_(Floats(network.dims.audio_context, state_) * 4),
      qkv_(Floats(network.dims.audio_context, 3 * state_) * 4),
      out_(Floats(network.dims.audio_context, state_) * 4),
      memory_(*network.target, network.attention, network.dims.audio_heads,
              network.audio_head_size(), network.dims.audio_context) {
  const matrix::Target& target = *network.target;
  std::size_t prepared = 0;
  for (const Layer* const layer : {&network.conv1, &network.conv2}) {
    prepared = std::max(prepared, target.prepared_bytes(layer->shape(), kChunkRows));
  }
  for (const Block& block : network.encoder) {
    for (const Layer* const layer :
         {&block.query_key_value, &block.attention_out, &block.mlp_up, &block.mlp_down}) {
      prepared = std::max(prepared, target.prepared_bytes(layer->shape(), kChunkRows));
    }
  }
  const std::size_t rows = Floats(kChunkRows, state_) * 4;
  scratch_step_ = rows + std::max(memory_.scratch_bytes(), 4 * rows + prepared);
  scratch_step_ =
      (scratch_step_ + matrix::kAlignment - 1) / matrix::kAlignment * matrix::kAlignment;
  scratch_ = AlignedBytes(scratch_step_ * static_cast<std::size_t>(threads));
}

std::size_t Encoder::bytes() const {
  return mel_.size() + frames_.size() + x_.size() + qkv_.size() + out_.size() + scratch_.size() +
         memory_.bytes();
}

Encoder::Chunk Encoder::ChunkOf(int piece, int rows, int size) const {
  const int first = piece * size;
  return {first, std::min(size, rows - first)};
}

std::span<const float> Encoder::Encode(std::span<const float> mel, const Team& team) {
  const int positions = static_cast<int>(mel.size()) / network_.dims.mels / 2;
  Convolve(mel, positions, team);
  memory_.SetPositions(positions);
  for (const Block& block : network_.encoder) {
    PrepareAttention(block, positions, team);
    team.ForPieces(Pieces(positions), [&](int thread, int piece) {
      Finish(block, ChunkOf(piece, positions, kChunkRows), Scratch(thread));
    });
  }
  const Norm& norm = network_.encoder_norm;
  network_.target->layer_norm(x_.floats(), state_, positions, state_, norm.weight.data(),
                              norm.bias.data(), out_.floats(), state_);
  encoded_ = {out_.floats(), Floats(positions, state_)};
  return encoded_;
}

void Encoder::Convolve(std::span<const float> mel, int positions, const Team& team) {
  const matrix::Target& target = *network_.target;
  const int mels = network_.dims.mels;
  const int frames = 2 * positions;
  float* const padded = mel_.floats();
  const auto row = static_cast<std::size_t>(mels);
  std::fill_n(padded, row, 0.0F);
  std::copy(mel.begin(), mel.end(), padded + row);
  std::fill_n(padded + mel.size() + row, row, 0.0F);
  std::fill_n(frames_.floats(), state_, 0.0F);
  std::fill_n(frames_.floats() + Floats(frames + kPadding, state_), state_, 0.0F);
  team.ForPieces(Pieces(frames), [&](int thread, int piece) {
    const Chunk chunk = ChunkOf(piece, frames, kChunkRows);
    float* const y = frames_.floats() + Floats(chunk.first + kPadding, state_);
    Apply(target, network_.conv1, padded + Floats(chunk.first, mels), mels, chunk.count, y, state_,
          matrix::Then::kStore, Scratch(thread));
    target.gelu(y, static_cast<std::ptrdiff_t>(Floats(chunk.count, state_)));
  });
  team.ForPieces(Pieces(positions), [&](int thread, int piece) {
    const Chunk chunk = ChunkOf(piece, positions, kChunkRows);
    float* const y = x_.floats() + Floats(chunk.first, state_);
    const auto count = Floats(chunk.count, state_);
    Apply(target, network_.conv2, frames_.floats() + Floats(2 * chunk.first, state_),
          std::ptrdiff_t{2} * state_, chunk.count, y, state_, matrix::Then::kStore,
          Scratch(thread));
    target.gelu(y, static_cast<std::ptrdiff_t>(count));
    target.add_scaled(network_.encoder_positions.data() + Floats(chunk.first, state_),
                      static_cast<int>(count), 1.0F, y);
  });
}

// Queries, keys and values of all positions, and the latter two packed.
void Encoder::PrepareAttention(const Block& block, int positions, const Team& team) {
  const matrix::Target& target = *network_.target;
  const int width = 3 * state_;
  team.ForPieces(Pieces(positions), [&](int thread, int piece) {
    const Chunk chunk = ChunkOf(piece, positions, kChunkRows);
    std::byte* const scratch = Scratch(thread);
    auto* const normed = reinterpret_cast<float*>(scratch);
    target.layer_norm(x_.floats() + Floats(chunk.first, state_), state_, chunk.count, state_,
                      block.attention_norm.weight.data(), block.attention_norm.bias.data(), normed,
                      state_);
    Apply(target, block.query_key_value, normed, state_, chunk.count,
          qkv_.floats() + Floats(chunk.first, width), width, matrix::Then::kStore,
          scratch + Floats(kChunkRows, state_) * 4);
  });
  team.ForPieces(memory_.heads(), [&](int /*thread*/, int head) {
    memory_.Pack(head, qkv_.floats() + state_, qkv_.floats() + std::ptrdiff_t{2} * state_, width);
  });
}

// The rest of a block for some rows: attention, then the two layers.
void Encoder::Finish(const Block& block, const Chunk& chunk, std::byte* scratch) {
  const matrix::Target& target = *network_.target;
  const int head_size = network_.audio_head_size();
  const int width = 3 * state_;
  auto* const rows = reinterpret_cast<float*>(scratch);
  std::byte* const rest = scratch + Floats(kChunkRows, state_) * 4;
  for (int head = 0; head < memory_.heads(); ++head) {
    for (int row = 0; row < chunk.count; row += kAttentionRows) {
      memory_.Attend(head, qkv_.floats() + Floats(chunk.first + row, width) + head * head_size,
                     width, std::min(kAttentionRows, chunk.count - row),
                     rows + Floats(row, state_) + head * head_size, state_, rest);
    }
  }
  float* const x = x_.floats() + Floats(chunk.first, state_);
  Apply(target, block.attention_out, rows, state_, chunk.count, x, state_, matrix::Then::kAdd,
        rest);

  target.layer_norm(x, state_, chunk.count, state_, block.mlp_norm.weight.data(),
                    block.mlp_norm.bias.data(), rows, state_);
  auto* const hidden = reinterpret_cast<float*>(rest);
  std::byte* const prepared = rest + Floats(kChunkRows, 4 * state_) * 4;
  Apply(target, block.mlp_up, rows, state_, chunk.count, hidden, 4 * state_, matrix::Then::kStore,
        prepared);
  target.gelu(hidden, static_cast<std::ptrdiff_t>(Floats(chunk.count, 4 * state_)));
  Apply(target, block.mlp_down, hidden, 4 * state_, chunk.count, x, state_, matrix::Then::kAdd,
        prepared);
}

}  // namespace pinhole::speech
