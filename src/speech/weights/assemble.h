// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the readers of all formats share: from the tensors that a file names to a ModelFile of which
// every weight is there, is the only one of its name, and has the shape that the sizes ask for.
//
// Limits, checked before anything is reserved by them, lie above the largest Whisper there is
// (large-v3: width 1280, 32 layers, 128 mels).

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "speech/weights/weights.h"

namespace pinhole::speech {

inline constexpr std::size_t kMaxTensors = 4096;
inline constexpr std::int64_t kMaxRank = 4;
inline constexpr std::size_t kMaxVocabulary = 65536;

// A tensor as the file has it, outermost dimension first.
struct FileTensor {
  std::string name;
  WeightType type = WeightType::kF32;
  std::int64_t rank = 0;
  std::array<std::int64_t, kMaxRank> shape{};
  std::span<const std::byte> bytes;

  [[nodiscard]] std::span<const std::int64_t> dimensions() const {
    return std::span(shape).first(static_cast<std::size_t>(rank));
  }
};

// The number of values, or 0 where a dimension isn't positive or there are more than 2^40.
std::int64_t Elements(std::span<const std::int64_t> shape);

// Error: kMalformed, kTooLarge, with the number at fault.
base::Status CheckDims(const Dims& dims, base::Diagnosis& why);

// The sizes that the tensors' shapes tell, for files that don't say them. Heads are 64 wide, as in
// every Whisper. Error: kMalformed where one that is needed for that is missing.
base::Result<Dims> DimsOfTensors(std::span<const FileTensor> tensors, base::Diagnosis& why);

// Names of Hugging Face's port -> OpenAI's, which stay as they are; "" where it is no weight of a
// Whisper. "proj_out.weight" is the token embedding again and has no name of its own: "".
std::string OpenAiName(std::string_view name);
bool IsKnownExtra(std::string_view name);  // tensors that some files have and nothing needs

// Fills model.weights by model.dims, which CheckDims let through. Errors: kMalformed (missing,
// there twice, wrong shape, wrong number of bytes), kUnsupported (a tensor that no Whisper has).
base::Status TakeWeights(std::span<const FileTensor> tensors, ModelFile& model,
                         base::Diagnosis& why);

// Checks model.vocabulary against model.dims and drops what lies behind the ordinary tokens. An
// empty one is let through. Error: kMalformed.
base::Status FitVocabulary(ModelFile& model, base::Diagnosis& why);

}  // namespace pinhole::speech
