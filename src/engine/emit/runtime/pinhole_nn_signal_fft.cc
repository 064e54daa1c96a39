// SPDX-License-Identifier: Apache-2.0
// SignalRfft of int16. The samples are taken as length / 2 complex ones, transformed in their
// result, and the two interleaved spectra taken apart again. Values shrink by the radix at every
// stage, so that nothing overflows. Stages have radix 4, but for one of radix 2 in front where
// length / 2 is no power of four. Source: KISS FFT's fixed point; Cooley and Tukey 1965.
#include "pinhole_nn_signal.h"

namespace pinhole_nn {

namespace {

struct Bin {
  std::int16_t re, im;
};

std::int16_t Low(std::int32_t x) { return static_cast<std::int16_t>(x); }
std::int16_t Rounded(std::int32_t x) { return Low((x + (1 << 14)) >> 15); }
// A product with 32767 / 2 or / 4, rounded down: what the reference divides by.
std::int16_t Divided(std::int16_t x, int divisor) { return Rounded(x * (32767 / divisor)); }

Bin Divided(Bin a, int divisor) { return {Divided(a.re, divisor), Divided(a.im, divisor)}; }
Bin Plus(Bin a, Bin b) { return {Low(a.re + b.re), Low(a.im + b.im)}; }
Bin Minus(Bin a, Bin b) { return {Low(a.re - b.re), Low(a.im - b.im)}; }
// The sums of products wrap, which only -32768 squared twice could.
Bin Times(Bin a, Bin b) {
  const auto product = [](std::int16_t x, std::int16_t y) {
    return static_cast<std::uint32_t>(std::int32_t{x} * y);
  };
  return {Rounded(static_cast<std::int32_t>(product(a.re, b.re) - product(a.im, b.im))),
          Rounded(static_cast<std::int32_t>(product(a.re, b.im) + product(a.im, b.re)))};
}

class Transformer {
 public:
  explicit Transformer(const SignalRfft& rfft) : rfft_(rfft), half_(rfft.length / 2) {}

  void Run(const std::int16_t* samples, Bin* bins) const {
    for (int k = 0; k < half_; ++k) {
      const int source = 2 * Scattered(k);
      bins[k] = {source < rfft_.count ? samples[source] : std::int16_t{0},
                 source + 1 < rfft_.count ? samples[source + 1] : std::int16_t{0}};
    }
    int done = 1;  // length of the transforms that are finished
    if ((static_cast<std::uint32_t>(half_) & 0xAAAAAAAAU) != 0) {
      Pairs(bins);
      done = 2;
    }
    for (; done < half_; done *= 4) {
      Fours(bins, done);
    }
    TakeApart(bins);
  }

 private:
  // Where sample `place` comes from: its digits, base 4 (the innermost base 2 where there is a
  // stage of pairs), in reverse order.
  int Scattered(int place) const {
    auto rest = static_cast<unsigned>(half_);
    auto at = static_cast<unsigned>(place);
    unsigned source = 0;
    unsigned stride = 1;
    while (rest > 1) {
      const unsigned radix = rest % 4 == 0 ? 4 : 2;
      rest /= radix;
      source += at / rest * stride;
      at %= rest;
      stride *= radix;
    }
    return static_cast<int>(source);
  }

  // e^(-2 pi i k / length), k < length.
  Bin Rotation(int k) const {
    const auto quarter = static_cast<unsigned>(rfft_.length) / 4;
    const unsigned within = static_cast<unsigned>(k) & (quarter - 1);
    const std::int16_t cosine = rfft_.wave[within];
    const std::int16_t sine = rfft_.wave[quarter - within];
    const std::int16_t minus_cosine = Low(-cosine);
    const std::int16_t minus_sine = Low(-sine);
    switch (static_cast<unsigned>(k) / quarter) {
      case 0: return {cosine, minus_sine};
      case 1: return {minus_sine, minus_cosine};
      case 2: return {minus_cosine, sine};
      default: return {sine, cosine};
    }
  }

  // The rotation by nothing is multiplied too: its 1 is 32767 / 32768.
  void Pairs(Bin* bins) const {
    for (int k = 0; k < half_; k += 2) {
      const Bin a = Divided(bins[k], 2);
      const Bin b = Times(Divided(bins[k + 1], 2), Rotation(0));
      bins[k] = Plus(a, b);
      bins[k + 1] = Minus(a, b);
    }
  }

  // Joins four transforms of length `m` each into one of 4m, everywhere.
  void Fours(Bin* bins, int m) const {
    const int turn =
        static_cast<int>(static_cast<unsigned>(rfft_.length) / static_cast<unsigned>(4 * m));
    for (int block = 0; block < half_; block += 4 * m) {
      for (int k = 0; k < m; ++k) {
        Bin* const at = bins + block + k;
        const Bin a = Divided(at[0], 4);
        const Bin b = Times(Divided(at[m], 4), Rotation(k * turn));
        const Bin c = Times(Divided(at[2 * m], 4), Rotation(2 * k * turn));
        const Bin d = Times(Divided(at[3 * m], 4), Rotation(3 * k * turn));
        const Bin even = Plus(a, c);
        const Bin odd = Minus(a, c);
        const Bin sum = Plus(b, d);
        const Bin difference = Minus(b, d);
        at[0] = Plus(even, sum);
        at[2 * m] = Minus(even, sum);
        at[m] = {Low(odd.re + difference.im), Low(odd.im - difference.re)};
        at[3 * m] = {Low(odd.re - difference.im), Low(odd.im + difference.re)};
      }
    }
  }

  void TakeApart(Bin* bins) const {
    const Bin first = Divided(bins[0], 2);
    bins[0] = {Low(first.re + first.im), 0};
    bins[half_] = {Low(first.re - first.im), 0};
    for (int k = 1; k <= half_ / 2; ++k) {
      const Bin mirrored = bins[half_ - k];
      const Bin a = Divided(bins[k], 2);
      const Bin b = Divided(Bin{mirrored.re, Low(-mirrored.im)}, 2);
      const Bin even = Plus(a, b);
      const Bin odd = Times(Minus(a, b), Rotation(k + rfft_.length / 4));
      bins[k] = {Low((even.re + odd.re) >> 1), Low((even.im + odd.im) >> 1)};
      bins[half_ - k] = {Low((even.re - odd.re) >> 1), Low((odd.im - even.im) >> 1)};
    }
  }

  const SignalRfft& rfft_;
  int half_;
};

}  // namespace

void TransformSignal(const SignalRfft& rfft) {
  const Transformer transformer(rfft);
  const auto* in = static_cast<const std::int16_t*>(rfft.in);
  auto* out = reinterpret_cast<Bin*>(rfft.out);
  for (int row = 0; row < rfft.rows; ++row) {
    transformer.Run(in, out);
    in += rfft.count;
    out += rfft.length / 2 + 1;
  }
}

}  // namespace pinhole_nn
