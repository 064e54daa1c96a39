// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/ref/signal_fft.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <complex>
#include <random>
#include <vector>

namespace pinhole::engine::kernels::ref {
namespace {

template <typename T>
std::vector<Complex<T>> Transform(std::size_t length, const std::vector<T>& samples) {
  std::vector<T> wave(RealFft<T>::WaveSize(length));
  RealFft<T>::FillWave(length, wave);
  std::vector<Complex<T>> bins(length / 2 + 1);
  RealFft<T>(length, wave.data()).Transform(samples, bins.data());
  return bins;
}

// The definition, in double.
template <typename T>
std::vector<std::complex<double>> Definition(std::size_t length, const std::vector<T>& samples) {
  std::vector<std::complex<double>> bins(length / 2 + 1);
  for (std::size_t k = 0; k < bins.size(); ++k) {
    for (std::size_t n = 0; n < samples.size(); ++n) {
      const double turn = static_cast<double>(k * n % length) / static_cast<double>(length);
      bins[k] += static_cast<double>(samples[n]) * std::polar(1.0, -2.0 * M_PI * turn);
    }
  }
  return bins;
}

template <typename T>
std::vector<T> Noise(std::size_t n, double size, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-size, size);
  std::vector<T> samples(n);
  std::generate(samples.begin(), samples.end(), [&] { return static_cast<T>(uniform(random)); });
  return samples;
}

// The largest distance of a bin, times `gain`, to the definition.
template <typename T>
double WorstError(std::size_t length, const std::vector<T>& samples, double gain) {
  const auto bins = Transform(length, samples);
  const auto expected = Definition(length, samples);
  double worst = 0;
  for (std::size_t k = 0; k < bins.size(); ++k) {
    const std::complex<double> bin(static_cast<double>(bins[k].re),
                                   static_cast<double>(bins[k].im));
    worst = std::max(worst, std::abs(bin - expected[k] * gain));
  }
  return worst;
}

TEST(RealFft, FloatMeetsTheDefinition) {
  for (std::size_t length = 4; length <= 1024; length *= 2) {
    for (const std::size_t count : {length, length - 1, length / 2 + 1}) {
      const double worst = WorstError(length, Noise<float>(count, 1.0, 7), 1.0);
      EXPECT_LT(worst, 1e-6 * static_cast<double>(length)) << length << " of " << count;
    }
  }
}

TEST(RealFft, Int16MeetsTheDefinitionWithinFourUnits) {
  for (std::size_t length = 4; length <= 1024; length *= 2) {
    for (const std::size_t count : {length, length - 1, length / 2 + 1}) {
      const double gain = 1.0 / static_cast<double>(length);
      EXPECT_LT(WorstError(length, Noise<std::int16_t>(count, 32767, 8), gain), 4.0)
          << length << " of " << count;
    }
  }
}

TEST(RealFft, Int32MeetsTheDefinitionWithinTenUnits) {
  for (std::size_t length = 4; length <= 1024; length *= 2) {
    const double gain = 1.0 / static_cast<double>(length);
    EXPECT_LT(WorstError(length, Noise<std::int32_t>(length, 2147483647.0, 9), gain), 10.0)
        << length;
  }
}

TEST(RealFft, AnImpulseHasAFlatSpectrum) {
  for (std::size_t length = 4; length <= 1024; length *= 2) {
    const auto bins = Transform<float>(length, {1.0F});
    for (const Complex<float>& bin : bins) {
      EXPECT_EQ(bin.re, 1.0F);
      EXPECT_EQ(bin.im, 0.0F);
    }
  }
}

TEST(RealFft, IsLinear) {
  const std::size_t length = 256;
  const auto a = Noise<float>(length, 1.0, 1);
  const auto b = Noise<float>(length, 1.0, 2);
  std::vector<float> mix(length);
  for (std::size_t i = 0; i < length; ++i) {
    mix[i] = 2.0F * a[i] - 0.5F * b[i];
  }
  const auto fa = Transform(length, a), fb = Transform(length, b), fmix = Transform(length, mix);
  for (std::size_t k = 0; k <= length / 2; ++k) {
    EXPECT_NEAR(fmix[k].re, 2.0F * fa[k].re - 0.5F * fb[k].re, 1e-4);
    EXPECT_NEAR(fmix[k].im, 2.0F * fa[k].im - 0.5F * fb[k].im, 1e-4);
  }
}

// Parseval: the energy of the samples is the mean of the bins' energies; inner bins stand for two.
TEST(RealFft, KeepsEnergy) {
  for (std::size_t length = 4; length <= 1024; length *= 2) {
    const auto samples = Noise<float>(length, 1.0, 3);
    const auto bins = Transform(length, samples);
    double in = 0, out = 0;
    for (const float x : samples) {
      in += double{x} * x;
    }
    for (std::size_t k = 0; k < bins.size(); ++k) {
      const double energy = double{bins[k].re} * bins[k].re + double{bins[k].im} * bins[k].im;
      out += k == 0 || k == length / 2 ? energy : 2 * energy;
    }
    EXPECT_NEAR(out / static_cast<double>(length), in, 1e-5 * in) << length;
  }
}

TEST(RealFft, ATonePeaksInItsBinOnly) {
  const std::size_t length = 512;
  for (const std::size_t tone : {1U, 5U, 127U, 128U, 255U}) {
    std::vector<std::int16_t> samples(length);
    for (std::size_t n = 0; n < length; ++n) {
      samples[n] = static_cast<std::int16_t>(
          std::lround(30000 * std::cos(2 * M_PI * static_cast<double>(tone * n % length) / 512)));
    }
    const auto bins = Transform(length, samples);
    for (std::size_t k = 0; k < bins.size(); ++k) {
      EXPECT_NEAR(bins[k].re, k == tone ? 15000 : 0, k == tone ? 12 : 3) << tone << " " << k;
      EXPECT_NEAR(bins[k].im, 0, 3) << tone << " " << k;
    }
  }
}

// Worked by hand: z = {(100, 200), (300, 400)}; halved and rounded half up with 16383/32768 to
// (50, 100), (150, 200); multiplied by 32767/32768: the same. Sum (200, 300), difference
// (-100, -100). DC and Nyquist: (100 + 150, 100 - 150); bin 1 pairs with itself: halves
// (-50, -50) and (-50, 50), sum (-100, 0), difference (0, -100) times -1 (32767): (0, 100);
// its second form wins: ((-100 - 0) / 2, (100 - 0) / 2).
TEST(RealFft, FourSamplesByHand) {
  const auto bins = Transform<std::int16_t>(4, {100, 200, 300, 400});
  ASSERT_EQ(bins.size(), 3U);
  EXPECT_EQ(bins[0].re, 250);
  EXPECT_EQ(bins[0].im, 0);
  EXPECT_EQ(bins[1].re, -50);
  EXPECT_EQ(bins[1].im, 50);
  EXPECT_EQ(bins[2].re, -50);
  EXPECT_EQ(bins[2].im, 0);
}

TEST(RealFft, ExtremesStayInsideSixteenBits) {
  for (std::size_t length = 4; length <= 1024; length *= 2) {
    for (const std::int16_t value : {std::int16_t{32767}, std::int16_t{-32768}}) {
      const auto bins = Transform(length, std::vector<std::int16_t>(length, value));
      EXPECT_NEAR(bins[0].re, value, 40) << length;
      for (std::size_t k = 1; k < bins.size(); ++k) {
        EXPECT_NEAR(bins[k].re, 0, 3);
        EXPECT_NEAR(bins[k].im, 0, 3);
      }
    }
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
