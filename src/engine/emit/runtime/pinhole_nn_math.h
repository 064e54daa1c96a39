// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the kernels share: rings, windows at the edge, the arithmetic that brings a sum to the
// output's scale, and shares of work for two cores. Inline, since it stands in inner loops.

#include "pinhole_nn.h"

// A function that is not worth bytes on a processor with little flash. There the whole kernel
// library of a network takes a few kilobytes.
#if defined(__ARM_ARCH_6M__)
#define PINHOLE_NN_SMALL __attribute__((cold, noinline))
#else
#define PINHOLE_NN_SMALL
#endif

namespace pinhole_nn {

// Of numbers that are not negative. A processor without a division has one routine less to carry.
inline int Quotient(int a, int b) {
  return static_cast<int>(static_cast<unsigned>(a) / static_cast<unsigned>(b));
}
inline int Rest(int a, int b) {
  return static_cast<int>(static_cast<unsigned>(a) % static_cast<unsigned>(b));
}

inline int RingRow(const Ring& ring, int row) {
  return row < ring.held ? row : Rest(row, ring.held);
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

constexpr int kExactForm = 0, kWideForm = -1, kCutForm = 32, kLongForm = 64;

// `count` sums to bytes of the output, out_step apart. Each sum has a channel of its own, one after
// the other (channel_step 1), or all have the same (0).
void FinishAll(const Finish& finish, const Channel* channels, int channel_step,
               const std::int32_t* totals, int count, std::int8_t* out, int out_step);

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
  const int half = (Quotient(count + unit - 1, unit) + 1) / 2 * unit;
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
using ShareCall = void (*)(const void* operation, int begin, int end, const Part& part);
PINHOLE_NN_SMALL inline void CallOnCores(ShareCall share, const void* operation, int begin, int end,
                                         const SecondCore* second) {
  if (second == nullptr) {
    share(operation, begin, end, {0, 1});
    return;
  }
  struct Job {
    ShareCall share;
    const void* operation;
    int begin, end;
  } job{share, operation, begin, end};
  second->start(
      [](void* context) {
        const Job& mine = *static_cast<const Job*>(context);
        mine.share(mine.operation, mine.begin, mine.end, {1, 2});
      },
      &job);
  share(operation, begin, end, {0, 2});
  second->wait();
}
template <auto kShare, typename Operation>
inline void OnCores(const Operation& operation, int begin, int end, const SecondCore* second) {
  CallOnCores(
      [](const void* erased, int first, int last, const Part& part) {
        kShare(*static_cast<const Operation*>(erased), first, last, part);
      },
      &operation, begin, end, second);
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
