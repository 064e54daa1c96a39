// SPDX-License-Identifier: Apache-2.0
#include "pinhole_nn_signal.h"

namespace pinhole_nn {

namespace {

std::int16_t Gain(std::uint32_t noise, const std::int16_t* gains) {
  if (noise <= 2) {
    return gains[noise];
  }
  int interval = 2;  // the noise's bits
  while (interval < 32 && (noise >> interval) != 0) {
    ++interval;
  }
  const std::int16_t* parabola = gains + 4 * interval - 6;
  const auto fraction = static_cast<std::int32_t>(
      (interval < 11 ? noise << (11 - interval) : noise >> (interval - 11)) & 0x3FFU);
  const std::int32_t slope = ((parabola[2] * fraction) >> 5) + parabola[1] * 32;
  return static_cast<std::int16_t>(((slope * fraction + (1 << 14)) >> 15) + parabola[0]);
}

// Q12 to Q6: a square below 2, a line from there.
std::uint32_t Shrunk(std::uint32_t snr) {
  constexpr int kSnrBits = 12;
  constexpr int kOutputBits = 6;
  if (snr < (2U << kSnrBits)) {
    return (snr * snr) >> (2 + 2 * kSnrBits - kOutputBits);
  }
  return (snr >> (kSnrBits - kOutputBits)) - (1U << kOutputBits);
}

}  // namespace

void ControlGain(const SignalPcan& pcan) {
  const auto* in = static_cast<const std::uint32_t*>(pcan.in);
  const auto* noise = static_cast<const std::uint32_t*>(pcan.noise);
  auto* out = reinterpret_cast<std::uint32_t*>(pcan.out);
  for (int i = 0; i < pcan.count; ++i) {
    // A negative gain is read as a huge one.
    const auto gain = static_cast<std::uint32_t>(std::int32_t{Gain(noise[i], pcan.gains)});
    out[i] = Shrunk(static_cast<std::uint32_t>((std::uint64_t{in[i]} * gain) >> pcan.snr_shift));
  }
}

}  // namespace pinhole_nn
