// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "pinhole_nn_signal.h"

namespace pinhole_nn {

namespace {

std::uint32_t Weighted(std::uint64_t sum, std::int16_t bits) {
  return static_cast<std::uint32_t>(sum >> bits);
}

}  // namespace

void SubtractNoise(const SignalSubtraction& s) {
  const auto* in = static_cast<const std::uint32_t*>(s.in);
  auto* out = reinterpret_cast<std::uint32_t*>(s.out);
  auto* noise = static_cast<std::uint32_t*>(s.noise);
  for (int i = 0; i < s.count; ++i) {
    const std::uint32_t x = in[i];
    const std::uint32_t scaled = x << s.smoothing_bits;
    const std::uint32_t estimate =
        Weighted(std::uint64_t{scaled} * s.smoothing[i & 1] +
                     std::uint64_t{noise[i]} * s.one_minus_smoothing[i & 1],
                 s.subtraction_bits);
    const std::uint32_t taken = estimate < scaled ? estimate : scaled;
    noise[i] = s.clamping ? taken : estimate;
    const std::uint32_t least =
        Weighted(std::uint64_t{x} * s.min_signal_remaining, s.subtraction_bits);
    const std::uint32_t left = (scaled - taken) >> s.smoothing_bits;
    out[i] = left > least ? left : least;
  }
  if (s.noise_out != nullptr) {
    std::memcpy(s.noise_out, noise, static_cast<std::size_t>(s.count) * sizeof(std::uint32_t));
  }
}

}  // namespace pinhole_nn
