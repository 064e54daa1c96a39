// SPDX-License-Identifier: Apache-2.0
#include "speech/network/network.h"

#include <algorithm>
#include <new>
#include <utility>

namespace pinhole::speech {

using base::Diagnosis;
using base::Error;
using base::Result;
using base::Status;
using base::Unexpected;
using matrix::Precision;

AlignedBytes::AlignedBytes(std::size_t bytes)
    : data_(static_cast<std::byte*>(::operator new(bytes, std::align_val_t{matrix::kAlignment}))),
      size_(bytes) {}

void AlignedBytes::Free::operator()(std::byte* data) const {
  ::operator delete(data, std::align_val_t{matrix::kAlignment});
}

Layer::Layer(const matrix::Target& target, const matrix::Shape& shape)
    : memory_(target.packed_bytes(shape)), matrix_{shape, memory_.data()} {}

namespace {

// Takes weights out of the file, one at a time.
class Builder {
 public:
  Builder(const ModelFile& file, const NetworkOptions& options, const GiveBack& give_back,
          Diagnosis& why, Network& network)
      : file_(file),
        target_(*network.target),
        options_(options),
        give_back_(give_back),
        why_(why),
        network_(network) {}

  Status Build() {
    const Dims& dims = network_.dims;
    const Precision attention = network_.attention;
    PINHOLE_TRY(Convolution("encoder.conv1", dims.mels, attention, network_.conv1));
    PINHOLE_TRY(Convolution("encoder.conv2", dims.audio_state, attention, network_.conv2));
    PINHOLE_TRY(Kept("encoder.positional_embedding", dims.audio_context, dims.audio_state,
                     network_.encoder_positions));
    network_.encoder.resize(static_cast<std::size_t>(dims.audio_layers));
    for (std::size_t i = 0; i < network_.encoder.size(); ++i) {
      PINHOLE_TRY(OneBlock("encoder.blocks." + std::to_string(i), dims.audio_state, 0,
                           network_.encoder[i]));
    }
    PINHOLE_TRY(OneNorm("encoder.ln_post", dims.audio_state, network_.encoder_norm));
    const bool is_split = options_.weights == Precision::kInt8 && target_.split;
    PINHOLE_TRY(Linear({{"decoder.token_embedding"}, dims.vocabulary, dims.text_state, false},
                       network_.tokens, is_split ? Precision::kSplit : options_.weights));
    PINHOLE_TRY(Kept("decoder.positional_embedding", dims.text_context, dims.text_state,
                     network_.decoder_positions));
    network_.decoder.resize(static_cast<std::size_t>(dims.text_layers));
    for (std::size_t i = 0; i < network_.decoder.size(); ++i) {
      PINHOLE_TRY(OneBlock("decoder.blocks." + std::to_string(i), dims.text_state, dims.audio_state,
                           network_.decoder[i]));
    }
    return OneNorm("decoder.ln", dims.text_state, network_.decoder_norm);
  }

 private:
  static constexpr int kWidth = 3;  // of the convolutions

  // Matrices of the same size, one below the other: names without ".weight" and ".bias".
  struct Parts {
    std::vector<std::string> names;
    int outputs = 0;  // of each
    int inputs = 0;
    bool bias = true;  // false: none has one
  };

  Result<const Weight*> Find(const std::string& name, std::int64_t rows, std::int64_t columns) {
    const Weight* const weight = file_.Find(name);
    if (weight == nullptr) {
      return why_.Fail(Error::kMalformed, "the model has no tensor '", name,
                       "', which a Whisper network of its size needs");
    }
    if (weight->rows * weight->columns != rows * columns || (rows > 1 && weight->rows != rows)) {
      return why_.Fail(Error::kMalformed, "tensor '", name, "' is ", weight->rows, " by ",
                       weight->columns, ", where the model's sizes want ", rows, " by ", columns);
    }
    return weight;
  }

  void Done(const Weight& weight) const {
    if (give_back_) {
      give_back_(weight.bytes);
    }
  }

  Status Floats(const std::string& name, std::int64_t rows, std::int64_t columns,
                std::vector<float>& to) {
    PINHOLE_ASSIGN(const Weight* const weight, Find(name, rows, columns));
    to.resize(static_cast<std::size_t>(rows * columns));
    UnpackRows(*weight, 0, weight->rows, to);
    Done(*weight);
    return {};
  }

  // Floats that stay as they are.
  Status Kept(const std::string& name, std::int64_t rows, std::int64_t columns,
              std::vector<float>& to) {
    to.resize(static_cast<std::size_t>(rows * columns));
    const auto pack = [&]() -> Status { return Floats(name, rows, columns, to); };
    return TakeOr(pack, std::as_writable_bytes(std::span<float>(to)));
  }

  Status OneNorm(const std::string& name, int size, Norm& norm) {
    PINHOLE_TRY(Kept(name + ".weight", 1, size, norm.weight));
    return Kept(name + ".bias", 1, size, norm.bias);
  }

  // A piece of the network's memory: as it was kept, or packed now.
  template <typename Pack>
  Status TakeOr(const Pack& pack, std::span<std::byte> memory) {
    if (options_.packed.take) {
      if (!options_.packed.take(memory)) {
        return why_.Fail(Error::kTruncated, "the packed weights end too early");
      }
      return {};
    }
    if (options_.packed.keep) {
      std::fill(memory.begin(), memory.end(), std::byte{0});  // not every byte is packed into
    }
    PINHOLE_TRY(pack());
    if (options_.packed.keep) {
      options_.packed.keep(memory);
    }
    return {};
  }

  Status Linear(const Parts& parts, Layer& layer, Precision precision) {
    const int outputs = parts.outputs * static_cast<int>(parts.names.size());
    layer = Layer(target_, {precision, outputs, parts.inputs});
    const auto pack = [&]() -> Status { return PackLinear(parts, outputs, layer); };
    return TakeOr(pack, {layer.memory(), layer.bytes()});
  }

  Status Linear(const Parts& parts, Layer& layer) { return Linear(parts, layer, options_.weights); }

  // Packs as many outputs at a time as come without much memory.
  Status PackLinear(const Parts& parts, int outputs, Layer& layer) {
    std::vector<float> bias;
    std::vector<const Weight*> weights;
    for (const std::string& name : parts.names) {
      PINHOLE_ASSIGN(const Weight* const weight,
                     Find(name + ".weight", parts.outputs, parts.inputs));
      weights.push_back(weight);
      PINHOLE_TRY(AppendBias(parts, name, bias));
    }
    const matrix::Shape& shape = layer.shape();
    constexpr int kOutputsAtOnce = 1024;
    const int blocks_at_once = kOutputsAtOnce / target_.block;
    std::vector<float> rows;
    for (int block = 0; block < target_.blocks(outputs); block += blocks_at_once) {
      const int first = block * target_.block;
      const int end_block = std::min(block + blocks_at_once, target_.blocks(outputs));
      const int end = std::min(end_block * target_.block, outputs);
      rows.resize(static_cast<std::size_t>(end - first) * static_cast<std::size_t>(parts.inputs));
      Unpack(parts, weights, first, end, rows);
      target_.pack(shape,
                   {rows.data(), parts.inputs, 1, parts.bias ? bias.data() + first : nullptr},
                   block, end_block, layer.memory());
    }
    for (const Weight* const weight : weights) {
      Done(*weight);
    }
    return {};
  }

  // A key has none.
  Status AppendBias(const Parts& parts, const std::string& name, std::vector<float>& bias) {
    if (!parts.bias) {
      return {};
    }
    std::vector<float> one(static_cast<std::size_t>(parts.outputs));
    if (!name.ends_with(".key")) {
      PINHOLE_TRY(Floats(name + ".bias", 1, parts.outputs, one));
    }
    bias.insert(bias.end(), one.begin(), one.end());
    return {};
  }

  // Outputs first .. end - 1 of all parts together.
  static void Unpack(const Parts& parts, const std::vector<const Weight*>& weights, int first,
                     int end, std::vector<float>& rows) {
    const auto width = static_cast<std::size_t>(parts.inputs);
    for (int output = first; output < end;) {
      const int part = output / parts.outputs;
      const int within = output % parts.outputs;
      const int count = std::min(parts.outputs - within, end - output);
      UnpackRows(*weights[static_cast<std::size_t>(part)], within, count,
                 std::span<float>(rows).subspan(static_cast<std::size_t>(output - first) * width,
                                                static_cast<std::size_t>(count) * width));
      output += count;
    }
  }

  Status Convolution(const std::string& name, int channels, Precision precision, Layer& layer) {
    layer = Layer(target_, {precision, network_.dims.audio_state, kWidth * channels});
    const auto pack = [&]() -> Status { return PackConvolution(name, channels, layer); };
    return TakeOr(pack, {layer.memory(), layer.bytes()});
  }

  // Weights [output][channel][frame] of the file become [output][frame][channel], since
  // neighbouring frames are neighbours in memory.
  Status PackConvolution(const std::string& name, int channels, Layer& layer) {
    const int outputs = network_.dims.audio_state;
    std::vector<float> bias, weights;
    PINHOLE_TRY(Floats(name + ".bias", 1, outputs, bias));
    PINHOLE_TRY(Floats(name + ".weight", outputs, std::int64_t{kWidth} * channels, weights));
    const auto inputs = static_cast<std::size_t>(channels) * kWidth;
    std::vector<float> turned(weights.size());
    for (std::size_t output = 0; output < static_cast<std::size_t>(outputs); ++output) {
      for (std::size_t i = 0; i < inputs; ++i) {
        const std::size_t channel = i / kWidth, frame = i % kWidth;
        turned[output * inputs + frame * static_cast<std::size_t>(channels) + channel] =
            weights[output * inputs + i];
      }
    }
    target_.pack(layer.shape(),
                 {turned.data(), static_cast<std::ptrdiff_t>(inputs), 1, bias.data()}, 0,
                 target_.blocks(outputs), layer.memory());
    return {};
  }

  // `cross`: the width of what the block attends to beside itself; 0: nothing.
  Status OneBlock(const std::string& name, int state, int cross, Block& block) {
    PINHOLE_TRY(OneNorm(name + ".attn_ln", state, block.attention_norm));
    const std::string self = name + ".attn.";
    PINHOLE_TRY(Linear({{self + "query", self + "key", self + "value"}, state, state},
                       block.query_key_value));
    PINHOLE_TRY(Linear({{self + "out"}, state, state}, block.attention_out));
    if (cross > 0) {
      const std::string other = name + ".cross_attn.";
      PINHOLE_TRY(OneNorm(name + ".cross_attn_ln", state, block.cross_norm));
      PINHOLE_TRY(Linear({{other + "query"}, state, state}, block.cross_query));
      PINHOLE_TRY(Linear({{other + "key", other + "value"}, state, cross}, block.cross_key_value));
      PINHOLE_TRY(Linear({{other + "out"}, state, state}, block.cross_out));
    }
    PINHOLE_TRY(OneNorm(name + ".mlp_ln", state, block.mlp_norm));
    PINHOLE_TRY(Linear({{name + ".mlp.0"}, 4 * state, state}, block.mlp_up));
    return Linear({{name + ".mlp.2"}, state, 4 * state}, block.mlp_down);
  }

  const ModelFile& file_;
  const matrix::Target& target_;
  const NetworkOptions& options_;
  const GiveBack& give_back_;
  Diagnosis& why_;
  Network& network_;
};

std::size_t BytesOf(const std::vector<Block>& blocks) {
  std::size_t bytes = 0;
  for (const Block& block : blocks) {
    for (const Layer* const layer :
         {&block.query_key_value, &block.attention_out, &block.cross_query, &block.cross_key_value,
          &block.cross_out, &block.mlp_up, &block.mlp_down}) {
      bytes += layer->bytes();
    }
  }
  return bytes;
}

}  // namespace

std::size_t Network::bytes() const {
  return conv1.bytes() + conv2.bytes() + tokens.bytes() + BytesOf(encoder) + BytesOf(decoder);
}

Result<Network> MakeNetwork(const ModelFile& file, const matrix::Target& target,
                            const NetworkOptions& options, const GiveBack& give_back,
                            Diagnosis& why) {
  Network network;
  network.target = &target;
  network.dims = file.dims;
  network.attention =
      target.bf16 && options.weights != Precision::kF32 ? Precision::kBf16 : Precision::kF32;
  network.cross_attention =
      options.weights == Precision::kInt8 ? Precision::kInt8 : network.attention;
  const Status built = Builder(file, options, give_back, why, network).Build();
  if (!built) {
    return Unexpected(built.error());
  }
  return network;
}

}  // namespace pinhole::speech
