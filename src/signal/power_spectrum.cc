// SPDX-License-Identifier: Apache-2.0
#include "signal/power_spectrum.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace pinhole::signal {
namespace {

struct Complex {
  float re, im;
};
inline Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
inline Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
inline Complex operator*(Complex a, float b) { return {a.re * b, a.im * b}; }
inline Complex operator*(Complex a, Complex b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
inline Complex TimesMinusI(Complex a) { return {a.im, -a.re}; }

// Transforms of two, four and five values, in place.
inline void Butterfly(Complex (&v)[2]) {
  const Complex sum = v[0] + v[1];
  v[1] = v[0] - v[1];
  v[0] = sum;
}

inline void Butterfly(Complex (&v)[4]) {
  const Complex even = v[0] + v[2], odd = v[1] + v[3];
  const Complex even_turned = v[0] - v[2], odd_turned = TimesMinusI(v[1] - v[3]);
  v[0] = even + odd;
  v[1] = even_turned + odd_turned;
  v[2] = even - odd;
  v[3] = even_turned - odd_turned;
}

inline void Butterfly(Complex (&v)[5]) {
  constexpr float kCos1 = 0.30901699437494745F, kCos2 = -0.80901699437494734F;
  constexpr float kSin1 = 0.95105651629515353F, kSin2 = 0.58778525229247325F;
  const Complex outer = v[1] + v[4], inner = v[2] + v[3];
  const Complex outer_apart = v[1] - v[4], inner_apart = v[2] - v[3];
  const Complex along1 = v[0] + outer * kCos1 + inner * kCos2;
  const Complex along2 = v[0] + outer * kCos2 + inner * kCos1;
  const Complex across1 = TimesMinusI(outer_apart * kSin1 + inner_apart * kSin2);
  const Complex across2 = TimesMinusI(outer_apart * kSin2 - inner_apart * kSin1);
  v[0] = v[0] + outer + inner;
  v[1] = along1 + across1;
  v[2] = along2 + across2;
  v[3] = along2 - across2;
  v[4] = along1 - across1;
}

}  // namespace

PowerSpectrum::PowerSpectrum() {
  for (int k = 0; k < kSamples; ++k) {
    const double angle = 2.0 * std::numbers::pi * k / kSamples;
    cosine_[k] = static_cast<float>(std::cos(angle));
    sine_[k] = static_cast<float>(-std::sin(angle));
  }
}

// One stage over transforms of `length` values, 200 / length of them interleaved.
template <int kRadix>
void PowerSpectrum::Stage(const float* from, float* to, int length) const {
  constexpr std::size_t kCount = kRadix;
  const int apart = length / kRadix;
  const int stride = kHalf / length;
  const int run = stride * kLanes;  // contiguous floats that meet the same twiddles
  for (int p = 0; p < apart; ++p) {
    Complex twiddle[kCount];
    for (int k = 0; k < kRadix; ++k) {
      const int turn = 2 * stride * p * k;  // below 400
      twiddle[k] = {cosine_[turn], sine_[turn]};
    }
    const float* const in = from + run * p;
    float* const out_re = to + run * kRadix * p;
    float* const out_im = to + kHalf * kLanes + run * kRadix * p;
    for (int begin = 0; begin < run; begin += kLanes) {
      // Results wait here, so that the compiler need not fear that they are inputs. They are copied
      // by memcpy: of a loop in its place GCC 12 for 64-bit ARM loses the stores at -O3.
      float re[kCount][kLanes], im[kCount][kLanes];
      for (int lane = 0; lane < kLanes; ++lane) {
        Complex v[kCount];
        for (int k = 0; k < kRadix; ++k) {
          v[k] = {in[k * apart * run + begin + lane],
                  in[kHalf * kLanes + k * apart * run + begin + lane]};
        }
        Butterfly(v);
        for (int k = 0; k < kRadix; ++k) {
          const Complex turned = v[k] * twiddle[k];
          re[k][lane] = turned.re;
          im[k][lane] = turned.im;
        }
      }
      for (int k = 0; k < kRadix; ++k) {
        std::copy_n(re[k], kLanes, out_re + k * run + begin);
        std::copy_n(im[k], kLanes, out_im + k * run + begin);
      }
    }
  }
}

// The complex transform Z of 200 values in first_ -> 201 powers in second_.
// With E = (Z[k] + conj Z[200-k]) / 2 and O = (Z[k] - conj Z[200-k]) / 2i, the transforms of even
// and odd samples, and T = exp(-2 pi i k / 400) O: X[k] = E + T and X[200-k] = conj(E - T).
void PowerSpectrum::Untangle() {
  constexpr int kImaginary = kHalf * kLanes;
  for (int k = 0; k <= kHalf / 2; ++k) {
    const int here = k * kLanes;
    const int mirror = (kHalf - k) % kHalf * kLanes;
    const Complex twiddle = {cosine_[k], sine_[k]};
    float low[kLanes], high[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
      const Complex a = {first_[here + lane], first_[kImaginary + here + lane]};
      const Complex b = {first_[mirror + lane], -first_[kImaginary + mirror + lane]};
      const Complex even = (a + b) * 0.5F;
      const Complex odd = TimesMinusI(a - b) * 0.5F * twiddle;
      const Complex sum = even + odd, difference = even - odd;
      low[lane] = sum.re * sum.re + sum.im * sum.im;
      high[lane] = difference.re * difference.re + difference.im * difference.im;
    }
    std::copy_n(low, kLanes, second_ + here);
    std::copy_n(high, kLanes, second_ + (kHalf - k) * kLanes);
  }
}

const float* PowerSpectrum::Transform() {
  Stage<5>(first_, second_, 200);
  Stage<5>(second_, first_, 40);
  Stage<4>(first_, second_, 8);
  Stage<2>(second_, first_, 2);
  Untangle();
  return second_;
}

}  // namespace pinhole::signal
