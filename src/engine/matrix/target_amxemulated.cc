// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/fast/amx_emulated.h"
#include "engine/kernels/fast/simd_portable_bytes.h"
#include "engine/matrix/amx_emulated.h"
#include "engine/matrix/kernels.h"
#include "engine/matrix/tiles.h"

namespace pinhole::engine::matrix {

namespace {

// As many registers as AVX-512 has, so that blocks are as wide. bfloat16 is for tiles, which take
// all products of it; what would multiply vectors of it is here to be compiled.
struct PortableBf16 : kernels::fast::PortableBytes {
  static constexpr int kRegisters = 32;
  static constexpr bool kBf16 = true;

  static I BroadcastPair(const std::byte* at) { return Broadcast(at); }
  static F DotBf16(F sum, I data, I weights) {
    return Each<F>([&](int i) {
      const auto half = [](std::int32_t two, int which) {
        return FromBf16(static_cast<std::uint16_t>(two >> (16 * which)));
      };
      return sum.lane[i] + half(data.lane[i], 0) * half(weights.lane[i], 0) +
             half(data.lane[i], 1) * half(weights.lane[i], 1);
    });
  }
  // `count` floats, and a zero where that is odd.
  static void ToBf16(const float* from, int count, std::byte* to) {
    for (int i = 0; i < count + count % 2; ++i) {
      const std::uint16_t value = i < count ? matrix::ToBf16(from[i]) : std::uint16_t{0};
      std::memcpy(to + std::ptrdiff_t{i} * 2, &value, 2);
    }
  }
};

}  // namespace

constinit const Target kEmulatedAmxTarget =
    TargetOf<PortableBf16, OnTiles<kernels::fast::EmulatedTiles>>("amxemulated", "any processor",
                                                                  [] { return true; });

}  // namespace pinhole::engine::matrix
