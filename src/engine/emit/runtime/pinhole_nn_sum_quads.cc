// SPDX-License-Identifier: Apache-2.0
// CONV_2D and FULLY_CONNECTED for processors that multiply two pairs of 16 bits at once: Cortex-M4,
// M7 and M33 with SMLAD.
//
// A word holds four taps of a channel; SXTB16 makes of it taps 0 and 2, and with a rotation taps 1
// and 3, each 16 bits wide. The data are taken apart in the same way, so that they need no other
// order. Four channels at a time share the data. Elsewhere the same stands in C++.
#include "pinhole_nn_columns.h"

namespace pinhole_nn {

namespace {

constexpr int kGroup = 4;  // channels

#if defined(__ARM_FEATURE_SIMD32)

inline std::int32_t Even(std::uint32_t word) {
  std::int32_t pair;
  asm("sxtb16 %0, %1" : "=r"(pair) : "r"(word));
  return pair;
}
inline std::int32_t Odd(std::uint32_t word) {
  std::int32_t pair;
  asm("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(word));
  return pair;
}
inline std::int32_t MultiplyAdd(std::int32_t a, std::int32_t b, std::int32_t sum) {
  asm("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
}

#else

inline std::int32_t Even(std::uint32_t word) {
  const auto low = static_cast<std::int8_t>(word);
  const auto high = static_cast<std::int8_t>(word >> 16);
  return static_cast<std::int32_t>((static_cast<std::uint32_t>(low) & 0xFFFFU) |
                                   static_cast<std::uint32_t>(high) << 16);
}
inline std::int32_t Odd(std::uint32_t word) { return Even(word >> 8 | word << 24); }
inline std::int32_t MultiplyAdd(std::int32_t a, std::int32_t b, std::int32_t sum) {
  const auto half = [](std::int32_t pair, int shift) {
    return static_cast<std::int16_t>(static_cast<std::uint32_t>(pair) >> shift);
  };
  return sum + half(a, 0) * half(b, 0) + half(a, 16) * half(b, 16);
}

#endif

inline std::uint32_t LoadWord(const std::int8_t* from) {
  std::uint32_t word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

// Four channels of one place.
inline void DotGroup(const std::int8_t* column, const std::uint32_t* weights, int depth,
                     std::int32_t* totals) {
  std::int32_t s0 = totals[0], s1 = totals[1], s2 = totals[2], s3 = totals[3];
  for (const std::int8_t* end = column + depth; column != end; column += 4, weights += kGroup) {
    const std::uint32_t data = LoadWord(column);
    const std::int32_t even = Even(data);
    const std::int32_t odd = Odd(data);
    const std::uint32_t w0 = weights[0], w1 = weights[1], w2 = weights[2], w3 = weights[3];
    s0 = MultiplyAdd(Odd(w0), odd, MultiplyAdd(Even(w0), even, s0));
    s1 = MultiplyAdd(Odd(w1), odd, MultiplyAdd(Even(w1), even, s1));
    s2 = MultiplyAdd(Odd(w2), odd, MultiplyAdd(Even(w2), even, s2));
    s3 = MultiplyAdd(Odd(w3), odd, MultiplyAdd(Even(w3), even, s3));
  }
  totals[0] = s0;
  totals[1] = s1;
  totals[2] = s2;
  totals[3] = s3;
}

struct QuadsDot {
  static void Block(const Sum& sum, const std::int8_t* first, std::ptrdiff_t step, int count,
                    std::int8_t* out) {
    const auto* weights = static_cast<const std::uint32_t*>(sum.weights);
    for (int channel = 0; channel < sum.window.out_channels; channel += kGroup) {
      const int left = sum.window.out_channels - channel;
      const int channels = left < kGroup ? left : kGroup;
      const Channel* scales = sum.finish.channels + channel;
      const std::int8_t* column = first;
      std::int8_t* to = out + channel;
      for (int place = 0; place < count; ++place) {
        std::int32_t totals[kGroup] = {};
        for (int c = 0; c < channels; ++c) {
          totals[c] = scales[c].bias;
        }
        DotGroup(column, weights, sum.depth, totals);
        for (int c = 0; c < channels; ++c) {
          to[c] = FinishOne(totals[c], scales[c], sum.finish);
        }
        column += step;
        to += sum.window.out_channels;
      }
      weights += sum.depth;  // a word for each tap of four
    }
  }
};

}  // namespace

void SumQuads(const Sum& sum, int begin, int end) { SumRows<QuadsDot>(sum, begin, end); }

}  // namespace pinhole_nn
