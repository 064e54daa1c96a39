// SPDX-License-Identifier: Apache-2.0
#include "signal/power_spectrum.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <complex>
#include <cstdint>
#include <memory>
#include <numbers>
#include <random>
#include <vector>

namespace pinhole::signal {
namespace {

constexpr int kSamples = PowerSpectrum::kSamples;
constexpr int kBins = PowerSpectrum::kBins;
constexpr int kLanes = PowerSpectrum::kLanes;

std::vector<float> Noise(unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> sample(-1.0F, 1.0F);
  std::vector<float> frame(kSamples);
  for (float& value : frame) {
    value = sample(random);
  }
  return frame;
}

void Put(PowerSpectrum& spectrum, const std::vector<float>& frame, int lane) {
  for (int i = 0; i < kSamples; ++i) {
    spectrum.Sample(i, lane) = frame[static_cast<std::size_t>(i)];
  }
}

TEST(PowerSpectrum, EqualsTheDefinitionInDoubles) {
  const auto spectrum = std::make_unique<PowerSpectrum>();
  for (int lane = 0; lane < kLanes; ++lane) {
    Put(*spectrum, Noise(static_cast<unsigned>(lane)), lane);
  }
  const auto* const powers = spectrum->Transform();
  for (int lane = 0; lane < kLanes; ++lane) {
    const auto frame = Noise(static_cast<unsigned>(lane));
    for (int k = 0; k < kBins; ++k) {
      std::complex<double> sum = 0.0;
      for (int i = 0; i < kSamples; ++i) {
        sum += std::polar(1.0, -2.0 * std::numbers::pi * (k * i % kSamples) / kSamples) *
               static_cast<double>(frame[static_cast<std::size_t>(i)]);
      }
      // Amplitudes are about 11, in float's 24 bits.
      EXPECT_NEAR(std::sqrt(powers[k * kLanes + lane]), std::abs(sum), 2e-5)
          << lane << ", bin " << k;
    }
  }
}

TEST(PowerSpectrum, ALaneHasTheSameBitsWhateverTheOthersHold) {
  const auto spectrum = std::make_unique<PowerSpectrum>();
  const auto frame = Noise(7);
  std::vector<std::uint32_t> first;
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int other = 0; other < kLanes; ++other) {
      Put(*spectrum, Noise(static_cast<unsigned>(100 + other * lane)), other);
    }
    Put(*spectrum, frame, lane);
    const auto* const powers = spectrum->Transform();
    std::vector<std::uint32_t> bits;
    for (int k = 0; k < kBins; ++k) {
      bits.push_back(std::bit_cast<std::uint32_t>(powers[k * kLanes + lane]));
    }
    if (lane == 0) {
      first = bits;
    }
    EXPECT_EQ(bits, first) << lane;
  }
}

}  // namespace
}  // namespace pinhole::signal
