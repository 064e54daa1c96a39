// SPDX-License-Identifier: Apache-2.0
// SOFTMAX of int8 in fixed point. The exponentials are the emitter's; what is left is one division,
// as three steps of Newton-Raphson. Source: gemmlowp's fixedpoint.h.
#include "pinhole_nn_math.h"

namespace pinhole_nn {

namespace {

constexpr int kSumBits = 12;  // sums of exponentials are Q12

std::int32_t ShiftUp(std::int32_t x, int bits) {
  const std::int64_t wide = static_cast<std::int64_t>(x) * (std::int64_t{1} << bits);
  return wide > INT32_MAX   ? INT32_MAX
         : wide < INT32_MIN ? INT32_MIN
                            : static_cast<std::int32_t>(wide);
}

// 1 / (1 + x) for x in [0, 1), Q31 to Q31.
std::int32_t OneOverOnePlus(std::int32_t x) {
  constexpr std::int32_t k48Over17 = 1515870810;
  constexpr std::int32_t kMinus32Over17 = -1010580540;
  constexpr std::int32_t kOneQ29 = std::int32_t{1} << 29;
  const auto half = static_cast<std::int32_t>((static_cast<std::int64_t>(x) + INT32_MAX + 1) / 2);
  std::int32_t quotient = k48Over17 + HighMul(half, kMinus32Over17);
  for (int step = 0; step < 3; ++step) {
    const std::int32_t error = kOneQ29 - HighMul(half, quotient);
    quotient += ShiftUp(HighMul(quotient, error), 2);
  }
  return ShiftUp(quotient, 1);
}

int LeadingZeros(std::uint32_t x) {
  int zeros = 0;
  for (; zeros < 32 && (x & 0x80000000U) == 0; x <<= 1) {
    ++zeros;
  }
  return zeros;
}

}  // namespace

PINHOLE_NN_SMALL void SoftmaxRows(const Softmax& softmax) {
  const std::int8_t* in = softmax.in;
  std::int8_t* out = softmax.out;
  for (int row = 0; row < softmax.rows; ++row, in += softmax.depth, out += softmax.depth) {
    std::int32_t largest = -128;
    for (int i = 0; i < softmax.depth; ++i) {
      largest = in[i] > largest ? in[i] : largest;
    }
    std::int32_t sum = 0;
    for (int i = 0; i < softmax.depth; ++i) {
      const std::int32_t below = largest - in[i];
      if (below < softmax.exponential_count) {
        const std::int32_t share = DivideByPot(softmax.exponentials[below], kSumBits);
        sum = sum > INT32_MAX - share ? INT32_MAX : sum + share;
      }
    }
    const int headroom = LeadingZeros(static_cast<std::uint32_t>(sum));
    const auto mantissa = static_cast<std::int32_t>((static_cast<std::uint32_t>(sum) << headroom) -
                                                    (std::uint32_t{1} << 31));
    const std::int32_t reciprocal = OneOverOnePlus(mantissa);
    const int right = kSumBits - headroom + 31 - 8;
    for (int i = 0; i < softmax.depth; ++i) {
      const std::int32_t below = largest - in[i];
      std::int32_t units = 0;
      if (below < softmax.exponential_count && right <= 31) {
        units = DivideByPot(HighMul(reciprocal, softmax.exponentials[below]), right);
      }
      out[i] = static_cast<std::int8_t>(Clamp(units - 128, -128, 127));
    }
  }
}

}  // namespace pinhole_nn
