// SPDX-License-Identifier: Apache-2.0
// DEPTHWISE_CONV_2D, a word for each tap: for processors that multiply 32 bits at a time.
#include "pinhole_nn_depthwise.h"

namespace pinhole_nn {

namespace {

struct Singles {
  static int Words(int height) { return height; }

  static void Spread(const std::int8_t* weights, int height, std::uint32_t* to) {
    for (int i = 0; i < height; ++i) {
      to[i] = Word(weights[i]);
    }
  }
  static void Fill(int value, int height, std::uint32_t* to) {
    for (int i = 0; i < height; ++i) {
      to[i] = Word(value);
    }
  }
  static void Clear(std::uint32_t* column, int row) { column[row] = 0; }
  static void Gather(const std::int8_t* const* rows, int at, int step, int count, int height,
                     std::uint32_t* to) {
    const int end = at + count * step;
    if (height == 3) {
      const std::int8_t* a = rows[0];
      const std::int8_t* b = rows[1];
      const std::int8_t* c = rows[2];
      for (; at != end; at += step, to += 3) {
        to[0] = Word(a[at]);
        to[1] = Word(b[at]);
        to[2] = Word(c[at]);
      }
      return;
    }
    for (; at != end; at += step) {
      for (int i = 0; i < height; ++i) {
        *to++ = Word(rows[i][at]);
      }
    }
  }
  template <bool kThree>
  static std::int32_t Dot(std::int32_t total, const std::uint32_t* w, const std::uint32_t* x,
                          int count) {
    auto sum = static_cast<std::uint32_t>(total);
    if (kThree) {
      sum += w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3] + w[4] * x[4] + w[5] * x[5];
      return static_cast<std::int32_t>(sum + w[6] * x[6] + w[7] * x[7] + w[8] * x[8]);
    }
    for (; count >= 4; count -= 4, w += 4, x += 4) {
      sum += w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3];
    }
    for (; count > 0; --count) {
      sum += *w++ * *x++;
    }
    return static_cast<std::int32_t>(sum);
  }

  static bool FinishesItself(const Finish&) { return false; }
  static void Three(const Depthwise&, const Channel&, std::int32_t, const std::uint32_t*,
                    const std::uint32_t*, std::int8_t*) {}

 private:
  static std::uint32_t Word(int value) { return static_cast<std::uint32_t>(value); }
};

}  // namespace

void DepthwiseRows(const Depthwise& depthwise, int begin, int end, const SecondCore* second) {
  OnCores<DepthwiseShare<Singles, false>>(depthwise, begin, end, second);
}
void DepthwiseThree(const Depthwise& depthwise, int begin, int end, const SecondCore* second) {
  OnCores<DepthwiseShare<Singles, true>>(depthwise, begin, end, second);
}

}  // namespace pinhole_nn
