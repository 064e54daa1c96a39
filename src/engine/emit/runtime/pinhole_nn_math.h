// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the kernels share: rings, windows at the edge, the arithmetic that brings a sum to the
// output's scale, and shares of work for two cores. Inline, since it stands in inner loops.

#include "pinhole_nn.h"

namespace pinhole_nn {

inline int RingRow(const Ring& ring, int row) {
  return row < ring.held
             ? row
             : static_cast<int>(static_cast<unsigned>(row) % static_cast<unsigned>(ring.held));
}
inline std::int8_t* RowAt(const Ring& ring, int row) {
  return ring.data + RingRow(ring, row) * ring.row_bytes;
}

inline std::int32_t Clamp(std::int32_t value, std::int32_t low, std::int32_t high) {
  return value < low ? low : value > high ? high : value;
}

// The high 32 bits of 2ab, rounded to nearest. Not for a = b = INT32_MIN.
inline std::int32_t HighMul(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>((static_cast<std::int64_t>(a) * b + (std::int64_t{1} << 30)) >>
                                   31);
}

// x / 2^exponent, rounded to nearest, halves away from zero; exponent in 0..31.
inline std::int32_t DivideByPot(std::int32_t x, int exponent) {
  if (exponent == 0) {
    return x;
  }
  const std::int32_t mask = static_cast<std::int32_t>((std::uint32_t{1} << exponent) - 1U);
  const std::int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

// x * fraction / 2^31 * 2^shift, rounded twice, as the reference does.
inline std::int32_t Scale(std::int32_t x, std::int32_t fraction, std::int32_t shift) {
  if (shift > 0) {
    x = static_cast<std::int32_t>(static_cast<std::uint32_t>(x) << shift);
    return HighMul(x, fraction);
  }
  return DivideByPot(HighMul(x, fraction), -shift);
}

// x >> (amount & 255), which is what the instruction does; amount & 255 is at most 31.
inline std::int32_t ShiftByLowByte(std::int32_t x, std::int32_t amount) {
#if defined(__ARM_ARCH_6M__)
  asm(".syntax unified\n\tasrs %0, %0, %1" : "+l"(x) : "l"(amount) : "cc");
  return x;
#else
  return x >> (amount & 31);
#endif
}

// The forms of pinhole_nn.h; `sum` holds the channel's bias already. What they return is clamped by
// the caller, and lacks the zero point.
inline std::int32_t ExactForm(std::int32_t sum, const Channel& channel) {
  return Scale(sum, channel.a, channel.b);
}

// Scale in two roundings without a branch: halves away from zero is halves up, after one is taken
// off what is negative.
inline std::int32_t WideForm(std::int32_t sum, const Channel& channel) {
#if defined(__ARM_FEATURE_DSP)
  std::int32_t y;
  asm("lsl %0, %1, #1\n\tsmmulr %0, %0, %2\n\tadd %0, %0, %1, asr #31\n\tasrs %0, %0, %3\n\tadc "
      "%0, %0, #0"
      : "=&r"(y)
      : "r"(sum), "r"(channel.a), "r"(channel.b)
      : "cc");
  return y;
#else
  const std::int32_t y = HighMul(sum, channel.a) + (sum >> 31);
  return (y >> channel.b) + ((y >> (channel.b - 1)) & 1);
#endif
}

// x * m as x * high + (x * low >> half).
inline std::int32_t QuickProduct(std::int32_t x, std::int32_t b, int half) {
  const auto high = static_cast<std::int32_t>(static_cast<std::uint32_t>(b) & 0xFFFFU);
  const auto low = static_cast<std::int32_t>(static_cast<std::uint32_t>(b) >> 16);
  return x * high + ((x * low) >> half);
}
inline std::int32_t QuickForm(std::int32_t sum, const Channel& channel, int half) {
  return ShiftByLowByte(QuickProduct(sum, channel.b, half) + channel.a, channel.a);
}
// The reference rounds what is negative down by one more unit of its first rounding, which is
// 2^(half - 1) here.
inline std::int32_t QuickCutForm(std::int32_t sum, const Channel& channel, int half) {
  const std::int32_t edge = std::int32_t{1} << (31 - half);
  const std::int32_t x = Clamp(sum, -edge, edge - 1);
  const std::int32_t negative = (x >> 31) & (std::int32_t{1} << (half - 1));
  return ShiftByLowByte(QuickProduct(x, channel.b, half) - negative + channel.a, channel.a);
}

constexpr int kExactForm = 0, kWideForm = -1, kCutForm = 32;

// use(scale) with scale(sum, channel) the form that `finish` names: the form is looked at once.
template <typename Use>
inline void WithForm(const Finish& finish, const Use& use) {
  const int half = 31 - (finish.form & (kCutForm - 1));
  if (finish.form == kWideForm) {
    use([](std::int32_t sum, const Channel& channel) { return WideForm(sum, channel); });
  } else if (finish.form == kExactForm) {
    use([](std::int32_t sum, const Channel& channel) { return ExactForm(sum, channel); });
  } else if (finish.form < kCutForm) {
    use([half](std::int32_t sum, const Channel& channel) { return QuickForm(sum, channel, half); });
  } else {
    use([half](std::int32_t sum, const Channel& channel) {
      return QuickCutForm(sum, channel, half);
    });
  }
}

inline std::int8_t ToOutput(std::int32_t y, std::int32_t zero, std::int32_t low,
                            std::int32_t high) {
  return static_cast<std::int8_t>(Clamp(y + zero, low, high));
}

// One sum of each of `count` channels. Out of line on purpose: three kernels share it.
void FinishAll(const Finish& finish, const Channel* channels, const std::int32_t* totals, int count,
               std::int8_t* out);

// Which share of the work a call makes.
struct Part {
  int index, count;
};
struct Range {
  int begin, end;
};
// Of `count` things in groups of `unit`.
inline Range ShareOf(int count, int unit, const Part& part) {
  if (part.count == 1) {
    return {0, count};
  }
  const int half = ((count + unit - 1) / unit + 1) / 2 * unit;
  const int middle = half < count ? half : count;
  return part.index == 0 ? Range{0, middle} : Range{middle, count};
}
template <typename T>
inline T* PartOf(T* scratch, std::int32_t other, const Part& part) {
  return part.index == 0 || scratch == nullptr
             ? scratch
             : reinterpret_cast<T*>(reinterpret_cast<std::int8_t*>(scratch) + other);
}

// Calls share(operation, begin, end, part) for all parts, on two cores where there is a second one.
template <typename Operation>
inline void OnCores(void (*share)(const Operation&, int, int, const Part&),
                    const Operation& operation, int begin, int end, const SecondCore* second) {
  if (second == nullptr) {
    share(operation, begin, end, {0, 1});
    return;
  }
  struct Job {
    void (*share)(const Operation&, int, int, const Part&);
    const Operation* operation;
    int begin, end;
  } job{share, &operation, begin, end};
  second->start(
      [](void* context) {
        const Job& mine = *static_cast<const Job*>(context);
        mine.share(*mine.operation, mine.begin, mine.end, {1, 2});
      },
      &job);
  share(operation, begin, end, {0, 2});
  second->wait();
}

// Taps [begin, end) of a window at one place that lie inside the input; origin is where tap 0 lies.
struct Taps {
  int origin, begin, end;
};
inline Taps TapsAt(int place, int pad, int size, int taps, int stride, int dilation) {
  Taps inside{place * stride - pad, 0, taps};
  while (inside.begin < taps && inside.origin + inside.begin * dilation < 0) {
    ++inside.begin;
  }
  while (inside.end > inside.begin && inside.origin + (inside.end - 1) * dilation >= size) {
    --inside.end;
  }
  return inside;
}

}  // namespace pinhole_nn
