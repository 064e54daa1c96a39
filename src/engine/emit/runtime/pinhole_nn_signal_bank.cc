// SPDX-License-Identifier: Apache-2.0
#include "pinhole_nn_signal.h"

namespace pinhole_nn {

// Sums are modulo 2^64; a negative weight counts so too.
void GatherBands(const SignalFilterBank& bank) {
  const auto product = [](std::int16_t weight, std::uint32_t energy) {
    return static_cast<std::uint64_t>(std::int64_t{weight}) * energy;
  };
  auto* out = reinterpret_cast<std::uint64_t*>(bank.out);
  std::uint64_t carried = 0;  // the rising edge of the next channel
  for (int i = 0; i <= bank.channels; ++i) {
    const std::uint32_t* energy = static_cast<const std::uint32_t*>(bank.in) + bank.first_bins[i];
    const std::int16_t* falling = bank.falling + bank.first_weights[i];
    const std::int16_t* rising = bank.rising + bank.first_weights[i];
    std::uint64_t sum = carried;
    carried = 0;
    for (int k = 0; k < bank.widths[i]; ++k) {
      sum += product(falling[k], energy[k]);
      carried += product(rising[k], energy[k]);
    }
    if (i > 0) {
      out[i - 1] = sum;
    }
  }
}

}  // namespace pinhole_nn
