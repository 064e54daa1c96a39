// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: what AVX-512 VNNI multiplies, in plain C++, so that what is written for tiles on
// its layout can be emulated on every processor.

#include <cstddef>
#include <cstdint>

#include "engine/kernels/fast/layout.h"
#include "engine/kernels/fast/simd_portable.h"

namespace pinhole::engine::kernels::fast {

// Sixteen lanes of what AVX-512 VNNI multiplies: bytes of x + 128.
struct PortableBytes : PortableOf<16> {
  static constexpr DataType kInt8Data = DataType::kByte;

  static I Dot(I sum, I data, I weights) {
    return Each<I>([&](int i) {
      std::int32_t result = sum.lane[i];
      for (int shift = 0; shift < 32; shift += 8) {
        result += (data.lane[i] >> shift & 0xFF) *
                  static_cast<std::int8_t>(weights.lane[i] >> shift & 0xFF);
      }
      return result;
    });
  }
  static void Convert(std::byte* to, const std::int8_t* from, std::ptrdiff_t count) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      to[i] = static_cast<std::byte>(from[i] + 128);
    }
  }
};

}  // namespace pinhole::engine::kernels::fast
