// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Fourier transform of real samples, in int16, int32 or float, written into its own result.
//
// N real samples (N a power of two, at least 4) become N/2 + 1 complex bins. The samples are taken
// as N/2 complex ones, z[k] = x[2k] + i x[2k+1], transformed, and the two interleaved spectra taken
// apart again. Fixed-point values shrink by the radix at every stage and by 2 while they are taken
// apart, so that nothing overflows: the bins are 1/N of the true sum. Everything lies in the
// output: no scratch. One quarter wave of cosine (N/4 + 1 numbers) serves all rotations.
//
//   std::int16_t wave[RealFft<std::int16_t>::WaveSize(512)];
//   RealFft<std::int16_t>::FillWave(512, wave);
//   RealFft<std::int16_t>(512, wave).Transform(samples, bins);   // 480 samples: the rest is zero
//
// Fixed point is defined to the last bit: a product is rounded half up to 15 (31) fraction bits; a
// division by 2 or 4 is a product with 32767/2 or 32767/4 rounded down; sums wrap. Stages have
// radix 4, but for one of radix 2 in front where N/2 is no power of four. That is what a network's
// features were made with. Source: KISS FFT (fixed point and float) as TensorFlow Lite Micro's
// SignalRfft uses it; Cooley and Tukey 1965.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

namespace pinhole::engine::kernels::ref {

template <typename T>
struct Complex {
  T re = 0, im = 0;
};

namespace fft_internal {

template <typename T>
struct Arithmetic {  // fixed point: T is int16 or int32
  using Wide = std::conditional_t<sizeof(T) == 2, std::int32_t, std::int64_t>;
  static constexpr int kFractionBits = sizeof(T) * 8 - 1;
  static constexpr Wide kOne = std::numeric_limits<T>::max();

  static constexpr T Add(T a, T b) { return static_cast<T>(Wide{a} + Wide{b}); }
  static constexpr T Sub(T a, T b) { return static_cast<T>(Wide{a} - Wide{b}); }
  static constexpr T Round(Wide x) {
    return static_cast<T>((x + (Wide{1} << (kFractionBits - 1))) >> kFractionBits);
  }
  static constexpr T Divide(T x, int divisor) { return Round(Wide{x} * (kOne / divisor)); }
  static constexpr T ProductSum(T a, T b, T c, T d) { return Round(Wide{a} * b + Wide{c} * d); }
  static constexpr T ProductDifference(T a, T b, T c, T d) {
    return Round(Wide{a} * b - Wide{c} * d);
  }
  // Half of the sum; 32 bits wrap before they are halved, 16 bits have room.
  static constexpr T HalfSum(T a, T b) {
    return static_cast<T>(static_cast<std::int32_t>(Wide{a} + Wide{b}) >> 1);
  }
  static constexpr T HalfDifference(T a, T b) {
    return static_cast<T>(static_cast<std::int32_t>(Wide{a} - Wide{b}) >> 1);
  }
  static constexpr T Negate(T x) { return static_cast<T>(-Wide{x}); }
  static T FromReal(double x) {
    return static_cast<T>(std::floor(0.5 + static_cast<double>(kOne) * x));
  }
};

template <>
struct Arithmetic<float> {
  static constexpr float Add(float a, float b) { return a + b; }
  static constexpr float Sub(float a, float b) { return a - b; }
  static constexpr float Divide(float x, int) { return x; }
  static constexpr float ProductSum(float a, float b, float c, float d) { return a * b + c * d; }
  static constexpr float ProductDifference(float a, float b, float c, float d) {
    return a * b - c * d;
  }
  static constexpr float HalfSum(float a, float b) { return (a + b) * 0.5F; }
  static constexpr float HalfDifference(float a, float b) { return (a - b) * 0.5F; }
  static constexpr float Negate(float x) { return -x; }
  static float FromReal(double x) { return static_cast<float>(x); }
};

}  // namespace fft_internal

template <typename T>
class RealFft {
 public:
  using Bin = Complex<T>;

  static constexpr std::size_t WaveSize(std::size_t length) { return length / 4 + 1; }

  // wave[k] = cos(2 pi k / length), k in [0, length / 4].
  static void FillWave(std::size_t length, std::span<T> wave) {
    constexpr double kPi = 3.14159265358979323846;
    for (std::size_t k = 0; k < wave.size(); ++k) {
      wave[k] = Math::FromReal(
          std::cos(2.0 * kPi * static_cast<double>(k) / static_cast<double>(length)));
    }
  }

  // length: a power of two >= 4. wave: as FillWave left it; must outlive the transform.
  RealFft(std::size_t length, const T* wave) : length_(length), wave_(wave) {}

  // samples: at most length, followed by zeros in thought. bins: length / 2 + 1, apart from the
  // samples' memory.
  void Transform(std::span<const T> samples, Bin* bins) const {
    const std::size_t half = length_ / 2;
    for (std::size_t k = 0; k < half; ++k) {
      const std::size_t source = 2 * Scattered(k);
      bins[k] = {source < samples.size() ? samples[source] : T{0},
                 source + 1 < samples.size() ? samples[source + 1] : T{0}};
    }
    std::size_t done = 1;  // length of the transforms that are finished
    if (HasRadix2Stage()) {
      Radix2Stage(bins);
      done = 2;
    }
    for (; done < half; done *= 4) {
      Radix4Stage(bins, done);
    }
    TakeApart(bins);
  }

 private:
  using Math = fft_internal::Arithmetic<T>;

  // half = 2 * 4^n
  [[nodiscard]] bool HasRadix2Stage() const {
    return (static_cast<std::uint64_t>(length_ / 2) & 0xAAAAAAAAAAAAAAAAU) != 0;
  }

  // Where complex sample `place` comes from: its digits, base 4 (the innermost base 2 where there
  // is a stage of radix 2), in reverse order.
  [[nodiscard]] std::size_t Scattered(std::size_t place) const {
    std::size_t rest = length_ / 2;
    std::size_t source = 0;
    std::size_t stride = 1;
    while (rest > 1) {
      const std::size_t radix = rest % 4 == 0 ? 4 : 2;
      rest /= radix;
      source += place / rest * stride;
      place %= rest;
      stride *= radix;
    }
    return source;
  }

  // e^(-2 pi i k / length), k < length.
  [[nodiscard]] Bin Rotation(std::size_t k) const {
    const std::size_t quarter = length_ / 4;
    const std::size_t within = k % quarter;
    const T cosine = wave_[within];
    const T sine = wave_[quarter - within];
    switch (k / quarter) {
      case 0: return {cosine, Math::Negate(sine)};
      case 1: return {Math::Negate(sine), Math::Negate(cosine)};
      case 2: return {Math::Negate(cosine), sine};
      default: return {sine, cosine};
    }
  }

  static Bin Add(Bin a, Bin b) { return {Math::Add(a.re, b.re), Math::Add(a.im, b.im)}; }
  static Bin Sub(Bin a, Bin b) { return {Math::Sub(a.re, b.re), Math::Sub(a.im, b.im)}; }
  static Bin Mul(Bin a, Bin b) {
    return {Math::ProductDifference(a.re, b.re, a.im, b.im),
            Math::ProductSum(a.re, b.im, a.im, b.re)};
  }
  static Bin Divide(Bin a, int divisor) {
    return {Math::Divide(a.re, divisor), Math::Divide(a.im, divisor)};
  }

  // Pairs of neighbours. The rotation by nothing is multiplied too: in fixed point its 1 is
  // 32767/32768.
  void Radix2Stage(Bin* bins) const {
    for (std::size_t k = 0; k < length_ / 2; k += 2) {
      const Bin a = Divide(bins[k], 2);
      const Bin b = Mul(Divide(bins[k + 1], 2), Rotation(0));
      bins[k] = Add(a, b);
      bins[k + 1] = Sub(a, b);
    }
  }

  // Joins four transforms of length `m` each into one of 4m, everywhere.
  void Radix4Stage(Bin* bins, std::size_t m) const {
    const std::size_t turn = length_ / (4 * m);  // one step of 1/4m of a full turn
    for (std::size_t block = 0; block < length_ / 2; block += 4 * m) {
      for (std::size_t k = 0; k < m; ++k) {
        Bin* const at = bins + block + k;
        const Bin a = Divide(at[0], 4);
        const Bin b = Mul(Divide(at[m], 4), Rotation(k * turn));
        const Bin c = Mul(Divide(at[2 * m], 4), Rotation(2 * k * turn));
        const Bin d = Mul(Divide(at[3 * m], 4), Rotation(3 * k * turn));
        const Bin even = Add(a, c);
        const Bin odd = Sub(a, c);
        const Bin sum = Add(b, d);
        const Bin difference = Sub(b, d);
        at[0] = Add(even, sum);
        at[2 * m] = Sub(even, sum);
        at[m] = {Math::Add(odd.re, difference.im), Math::Sub(odd.im, difference.re)};
        at[3 * m] = {Math::Sub(odd.re, difference.im), Math::Add(odd.im, difference.re)};
      }
    }
  }

  // z's spectrum holds those of the even and the odd samples; bins k and half - k need each other.
  void TakeApart(Bin* bins) const {
    const std::size_t half = length_ / 2;
    const Bin first = Divide(bins[0], 2);
    bins[0] = {Math::Add(first.re, first.im), T{0}};
    bins[half] = {Math::Sub(first.re, first.im), T{0}};
    for (std::size_t k = 1; k <= half / 2; ++k) {
      const Bin mirrored = bins[half - k];
      const Bin a = Divide(bins[k], 2);
      const Bin b = Divide({mirrored.re, Math::Negate(mirrored.im)}, 2);
      const Bin even = Add(a, b);
      const Bin odd = Mul(Sub(a, b), Rotation(k + length_ / 4));
      bins[k] = {Math::HalfSum(even.re, odd.re), Math::HalfSum(even.im, odd.im)};
      bins[half - k] = {Math::HalfDifference(even.re, odd.re),
                        Math::HalfDifference(odd.im, even.im)};
    }
  }

  std::size_t length_;
  const T* wave_;
};

}  // namespace pinhole::engine::kernels::ref
