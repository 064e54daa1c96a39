// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Whisper model as its file holds it: sizes, named weights that are still in the file's bytes, the
// mel filters and the vocabulary where the file has them.
//
// Names are OpenAI's ("encoder.blocks.0.attn.query.weight"), whatever the file calls them. Weights
// are views into the file; UnpackRows makes floats of them, some rows at a time, so that a model can be
// laid out anew without ever being in memory as a whole in f32.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhole::speech {

// The ten numbers that say how large a Whisper network is.
struct Dims {
  std::int32_t vocabulary = 0;     // 51864 English only, 51865 multilingual, 51866 large-v3
  std::int32_t audio_context = 0;  // positions of the encoder's output: 1500, 20 ms each
  std::int32_t audio_state = 0;    // width of the encoder
  std::int32_t audio_heads = 0;
  std::int32_t audio_layers = 0;
  std::int32_t text_context = 0;  // tokens at most: 448
  std::int32_t text_state = 0;
  std::int32_t text_heads = 0;
  std::int32_t text_layers = 0;
  std::int32_t mels = 0;  // 80, or 128 for large-v3
};

enum class WeightType : std::uint8_t { kF32, kF16, kBf16, kQ8_0, kQ5_0, kQ5_1 };

// A matrix or vector in the file's bytes. Conv weights [out][in][width] are `rows` = out and
// `columns` = in * width.
struct Weight {
  WeightType type = WeightType::kF32;
  std::int64_t rows = 0;     // 1 for vectors
  std::int64_t columns = 0;  // contiguous; a multiple of 32 in the block types (kQ...)
  std::span<const std::byte> bytes;
};

struct NamedWeight {
  std::string name;
  Weight weight;
};

struct MelFilters {
  std::int32_t mels = 0;
  std::int32_t bins = 0;        // 201
  std::vector<float> weights;  // [mels][bins]; empty where the file has none
};

struct ModelFile {
  Dims dims;
  std::vector<NamedWeight> weights;     // sorted by name
  MelFilters filters;                   // empty weights where the file has none
  std::vector<std::string> vocabulary;  // bytes of each ordinary token in order of rank; may be empty

  // Null where there is no weight of that name.
  [[nodiscard]] const Weight* Find(std::string_view name) const;
};

// Rows first .. first + count - 1 as floats, [count][columns]. `to` holds exactly that many; the rows
// are the weight's (an assertion otherwise).
void UnpackRows(const Weight& weight, std::int64_t first, std::int64_t count, std::span<float> to);

}  // namespace pinhole::speech
