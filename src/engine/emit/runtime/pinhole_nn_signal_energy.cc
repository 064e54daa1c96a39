// SPDX-License-Identifier: Apache-2.0
#include "pinhole_nn_signal.h"

namespace pinhole_nn {

void MeasureEnergy(const SignalEnergy& energy) {
  const auto square = [](std::int32_t x) { return static_cast<std::uint32_t>(x * x); };
  const auto* in = static_cast<const std::int16_t*>(energy.in);
  auto* out = reinterpret_cast<std::uint32_t*>(energy.out);
  for (int i = 0; i < energy.bins; ++i) {
    const bool inside = i >= energy.begin && i < energy.end;
    out[i] = inside ? square(in[2 * i]) + square(in[2 * i + 1]) : 0U;
  }
}

}  // namespace pinhole_nn
