// SPDX-License-Identifier: Apache-2.0
#pragma once

// How many bytes weights take. The block types hold 32 values a block: a scale (a half; kQ5_1 has
// an offset too), for five bits a word with the highest bits, and the values.

#include <cstddef>
#include <cstdint>

#include "speech/weights/weights.h"

namespace pinhole::speech {

inline constexpr std::size_t kBlockElements = 32;

constexpr bool IsBlockType(WeightType type) { return type >= WeightType::kQ8_0; }

// Of `elements` values in a row; a multiple of 32 in the block types. At most 2^40 of them, which
// is why this is 64 bits wide on every processor.
constexpr std::uint64_t BytesOf(WeightType type, std::uint64_t elements) {
  const std::uint64_t blocks = elements / kBlockElements;
  switch (type) {
    case WeightType::kF32: return elements * 4;
    case WeightType::kF16:
    case WeightType::kBf16: return elements * 2;
    case WeightType::kQ8_0: return blocks * 34;
    case WeightType::kQ5_0: return blocks * 22;
    case WeightType::kQ5_1: return blocks * 24;
  }
  return 0;
}

}  // namespace pinhole::speech
