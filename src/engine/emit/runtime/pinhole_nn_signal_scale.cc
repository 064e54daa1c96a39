// SPDX-License-Identifier: Apache-2.0
#include "pinhole_nn_signal.h"

namespace pinhole_nn {

void ScaleSignal(const SignalAutoScale& scale) {
  const auto* in = static_cast<const std::int16_t*>(scale.in);
  auto* out = reinterpret_cast<std::int16_t*>(scale.out);
  // |-32768| is kept as -32768, which the next larger sample replaces: as in the reference.
  std::int16_t largest = 0;
  for (int i = 0; i < scale.count; ++i) {
    if (in[i] > largest) {
      largest = in[i];
    } else if (-in[i] > largest) {
      largest = static_cast<std::int16_t>(-in[i]);
    }
  }
  std::int32_t bits = 0;
  if (largest > 0) {
    while ((largest << bits & 0x4000) == 0) {
      ++bits;
    }
  }
  for (int i = 0; i < scale.count; ++i) {
    out[i] = static_cast<std::int16_t>(in[i] * (1 << bits));
  }
  *static_cast<std::int32_t*>(scale.bits) = bits;
}

}  // namespace pinhole_nn
