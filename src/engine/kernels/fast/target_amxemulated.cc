// SPDX-License-Identifier: Apache-2.0
// For tests only: what the AMX target does, with tiles and vectors in plain C++.
#include "engine/kernels/fast/amx.h"
#include "engine/kernels/fast/amx_emulated.h"
#include "engine/kernels/fast/kernels.h"
#include "engine/kernels/fast/simd_portable_bytes.h"

namespace pinhole::engine::kernels::fast {

namespace {

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
