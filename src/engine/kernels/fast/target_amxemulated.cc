// SPDX-License-Identifier: Apache-2.0
// For tests only: what the AMX target does, with tiles and vectors in plain C++.
#include "engine/kernels/fast/amx.h"
#include "engine/kernels/fast/amx_emulated.h"
#include "engine/kernels/fast/kernels.h"
#include "engine/kernels/fast/simd_portable.h"

namespace pinhole::engine::kernels::fast {

namespace {

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

template <class Simd, Finish kFinish>
using EmulatedProduct = TileProduct<Simd, EmulatedTiles, kFinish>;

constexpr KernelList EmulatedKernels() {
  KernelList list = KernelsOf<Portable>();
  for (const Kernel*& kernel : list) {
    if (kernel == &kConv2dFor<Portable, VectorProduct>) {
      kernel = &kConv2dFor<PortableBytes, EmulatedProduct>;
    } else if (kernel == &kFullyConnectedFor<Portable, VectorProduct>) {
      kernel = &kFullyConnectedFor<PortableBytes, EmulatedProduct>;
    }
  }
  return list;
}

}  // namespace

constinit const KernelList kEmulatedAmxKernels = EmulatedKernels();

}  // namespace pinhole::engine::kernels::fast
