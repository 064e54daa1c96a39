// SPDX-License-Identifier: Apache-2.0
#include "pinhole_nn_math.h"
#include "pinhole_nn_signal.h"

namespace pinhole_nn {

void WindowSignal(const SignalWindow& window) {
  const auto* in = static_cast<const std::int16_t*>(window.in);
  auto* out = reinterpret_cast<std::int16_t*>(window.out);
  for (int begin = 0; begin < window.count; begin += window.window) {
    for (int i = 0; i < window.window; ++i) {
      const std::int32_t product = (std::int32_t{*in++} * window.weights[i]) >> window.shift;
      *out++ = static_cast<std::int16_t>(Clamp(product, -32768, 32767));
    }
  }
}

}  // namespace pinhole_nn
