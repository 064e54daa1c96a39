// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Whisper network laid out for one instruction set: what Encode and Decoder compute with.
//
// Made once from a model's file, one weight after the other, so that file and network are never
// both in memory as a whole. `give_back` is told which bytes of the file have been read for the
// last time.
//
// Source: "Robust Speech Recognition via Large-Scale Weak Supervision" (Radford et al., 2022), and
// github.com/openai/whisper, whisper/model.py, for what the paper leaves open.

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "engine/matrix/matrix.h"
#include "speech/weights/weights.h"

namespace pinhole::speech {

namespace matrix = engine::matrix;

// Bytes that begin at a multiple of matrix::kAlignment.
class AlignedBytes {
 public:
  AlignedBytes() = default;
  explicit AlignedBytes(std::size_t bytes);
  [[nodiscard]] std::byte* data() const { return data_.get(); }
  [[nodiscard]] float* floats() const { return reinterpret_cast<float*>(data_.get()); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* data) const;
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

// A packed matrix and its memory.
class Layer {
 public:
  Layer() = default;
  Layer(const matrix::Target& target, const matrix::Shape& shape);
  [[nodiscard]] const matrix::Matrix& matrix() const { return matrix_; }
  [[nodiscard]] const matrix::Shape& shape() const { return matrix_.shape; }
  [[nodiscard]] std::byte* memory() { return memory_.data(); }
  [[nodiscard]] std::size_t bytes() const { return memory_.size(); }

 private:
  AlignedBytes memory_;
  matrix::Matrix matrix_;
};

struct Norm {
  std::vector<float> weight, bias;
};

// Self-attention, and in the decoder attention to the encoder's output, then two layers with a GELU
// between them. Query, key and value of self-attention are one matrix; so are key and value of the
// other.
struct Block {
  Norm attention_norm;
  Layer query_key_value, attention_out;
  Norm cross_norm;  // the decoder's only, like the next three
  Layer cross_query, cross_key_value, cross_out;
  Norm mlp_norm;
  Layer mlp_up, mlp_down;
};

// Packed weights that were kept from an earlier time: the memory of a network piece by piece,
// always in the same order. Whether they belong to the model, the target and this program is for
// whoever keeps them to know.
struct PackedWeights {
  // Fills a piece; false where it can't. Where it is given, no weight of the file is read.
  std::function<bool(std::span<std::byte>)> take = {};
  // Is told each piece that was made of the file.
  std::function<void(std::span<const std::byte>)> keep = {};
};

struct NetworkOptions {
  // Of the layers' weights. The convolutions and attention itself are computed in bfloat16 where
  // the target has that and weights are not kF32, else in f32. With kInt8 the decoder keeps what it
  // hears as int8, and, where the target has that, the tokens' embedding is kSplit: the logits of
  // the likeliest tokens are those of all bits, the others' those of half of them.
  matrix::Precision weights = matrix::Precision::kInt8;
  PackedWeights packed = {};
};

struct Network {
  const matrix::Target* target = nullptr;
  Dims dims;
  matrix::Precision attention = matrix::Precision::kF32;        // of the encoder
  matrix::Precision cross_attention = matrix::Precision::kF32;  // of the decoder to the encoder

  Layer conv1, conv2;                    // inputs: [three frames][channels]
  std::vector<float> encoder_positions;  // [audio_context][audio_state]
  std::vector<Block> encoder;
  Norm encoder_norm;

  Layer tokens;                          // embedding, and what turns states into logits
  std::vector<float> decoder_positions;  // [text_context][text_state]
  std::vector<Block> decoder;
  Norm decoder_norm;

  // Of all packed weights.
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] int audio_head_size() const { return dims.audio_state / dims.audio_heads; }
  [[nodiscard]] int text_head_size() const { return dims.text_state / dims.text_heads; }
};

using GiveBack = std::function<void(std::span<const std::byte>)>;

// Errors: kMalformed where a weight is missing or of another shape than `file.dims` ask for;
// kTruncated where packed weights can't be taken.
base::Result<Network> MakeNetwork(const ModelFile& file, const matrix::Target& target,
                                  const NetworkOptions& options, const GiveBack& give_back,
                                  base::Diagnosis& why);

}  // namespace pinhole::speech
