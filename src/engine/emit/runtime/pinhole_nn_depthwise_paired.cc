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
  static void Clear(std::uint32_t* column, int row) {
    column[row / 2] &= row % 2 == 0 ? 0xFFFF0000U : 0x0000FFFFU;
  }
  static void Gather(const std::int8_t* const* rows, int at, int step, int count, int height,
                     std::uint32_t* to) {
    const int end = at + count * step;
    if (height == 3) {
      const std::int8_t* a = rows[0];
      const std::int8_t* b = rows[1];
      const std::int8_t* c = rows[2];
      for (; at != end; at += step, to += 2) {
        to[0] = PairOf(a[at], b[at]);
        to[1] = static_cast<std::uint32_t>(c[at]);  // the upper half meets a weight of zero
      }
      return;
    }
    for (; at != end; at += step) {
      for (int i = 0; i < height; i += 2) {
        *to++ = PairOf(rows[i][at], i + 1 < height ? rows[i + 1][at] : 0);
      }
    }
  }
  template <bool kThree>
  static std::int32_t Dot(std::int32_t total, const std::uint32_t* w, const std::uint32_t* x,
                          int count) {
    if (kThree) {
      total = MultiplyAdd(w[0], x[0], MultiplyAdd(w[1], x[1], MultiplyAdd(w[2], x[2], total)));
      return MultiplyAdd(w[3], x[3], MultiplyAdd(w[4], x[4], MultiplyAdd(w[5], x[5], total)));
    }
    for (; count > 0; --count) {
      total = MultiplyAdd(*w++, *x++, total);
    }
    return total;
  }
};

}  // namespace

void DepthwisePaired(const Depthwise& depthwise, int begin, int end, const SecondCore* second) {
  OnCores(DepthwiseShare<Doubles>, depthwise, begin, end, second);
}

}  // namespace pinhole_nn
