// SPDX-License-Identifier: Apache-2.0
// DEPTHWISE_CONV_2D, two taps of a column a word: for processors with SMLAD.
#include "pinhole_nn_depthwise.h"
#include "pinhole_nn_dsp.h"

namespace pinhole_nn {

namespace {

struct Doubles {
  static int Words(int height) { return (height + 1) / 2; }

  static void Spread(const std::int8_t* weights, int height, std::uint32_t* to) {
    for (int i = 0; i < height; i += 2) {
      *to++ = PairOf(weights[i], i + 1 < height ? weights[i + 1] : 0);
    }
  }
  static void Fill(int value, int height, std::uint32_t* to) {
    for (int i = 0; i < height; i += 2) {
      *to++ = PairOf(value, value);
    }
  }
  static std::uint32_t* Gather(const std::int8_t* const* rows, int at, int step, int count,
                               int height, std::uint32_t* to) {
    const int end = at + count * step;
    if (height == 3) {
      const std::int8_t* a = rows[0];
      const std::int8_t* b = rows[1];
      const std::int8_t* c = rows[2];
      for (; at != end; at += step, to += 2) {
        to[0] = PairOf(a[at], b[at]);
        to[1] = static_cast<std::uint32_t>(c[at]);  // the upper half meets a weight of zero
      }
      return to;
    }
    for (; at != end; at += step) {
      for (int i = 0; i < height; i += 2) {
        *to++ = PairOf(rows[i][at], i + 1 < height ? rows[i + 1][at] : 0);
      }
    }
    return to;
  }
  template <int kCount>
  static std::int32_t DotFixed(std::int32_t total, const std::uint32_t* weights,
                               const std::uint32_t* data) {
#pragma GCC unroll 16
    for (int i = 0; i < kCount; ++i) {
      total = MultiplyAdd(weights[i], data[i], total);
    }
    return total;
  }
  static std::int32_t Dot(std::int32_t total, const std::uint32_t* weights,
                          const std::uint32_t* data, int count) {
    for (; count > 0; --count) {
      total = MultiplyAdd(*weights++, *data++, total);
    }
    return total;
  }
};

}  // namespace

void DepthwisePaired(const Depthwise& depthwise, int begin, int end, const SecondCore* second) {
  OnCores(DepthwiseShare<Doubles, 6>, depthwise, begin, end, second);
}

}  // namespace pinhole_nn
