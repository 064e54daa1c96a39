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
  static std::uint32_t* Gather(const std::int8_t* const* rows, int at, int step, int count,
                               int height, std::uint32_t* to) {
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
      return to;
    }
    for (; at != end; at += step) {
      for (int i = 0; i < height; ++i) {
        *to++ = Word(rows[i][at]);
      }
    }
    return to;
  }
  template <int kCount>
  static std::int32_t DotFixed(std::int32_t total, const std::uint32_t* weights,
                               const std::uint32_t* data) {
    auto sum = static_cast<std::uint32_t>(total);
#pragma GCC unroll 16
    for (int i = 0; i < kCount; ++i) {
      sum += weights[i] * data[i];
    }
    return static_cast<std::int32_t>(sum);
  }
  static std::int32_t Dot(std::int32_t total, const std::uint32_t* weights,
                          const std::uint32_t* data, int count) {
    auto sum = static_cast<std::uint32_t>(total);
    for (; count >= 4; count -= 4, weights += 4, data += 4) {
      sum +=
          weights[0] * data[0] + weights[1] * data[1] + weights[2] * data[2] + weights[3] * data[3];
    }
    for (; count > 0; --count) {
      sum += *weights++ * *data++;
    }
    return static_cast<std::int32_t>(sum);
  }

 private:
  static std::uint32_t Word(int value) { return static_cast<std::uint32_t>(value); }
};

}  // namespace

void DepthwiseRows(const Depthwise& depthwise, int begin, int end, const SecondCore* second) {
  OnCores(DepthwiseShare<Singles, 9>, depthwise, begin, end, second);
}

}  // namespace pinhole_nn
