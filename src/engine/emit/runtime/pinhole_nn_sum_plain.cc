// SPDX-License-Identifier: Apache-2.0
// CONV_2D and FULLY_CONNECTED for any processor: weights channel by channel.
#include "pinhole_nn_columns.h"

namespace pinhole_nn {

namespace {

struct PlainDot {
  static void Block(const Sum& sum, const std::int8_t* first, std::ptrdiff_t step, int count,
                    std::int8_t* out) {
    const int channels = sum.window.out_channels;
    for (int place = 0; place < count; ++place, first += step, out += channels) {
      const auto* weights = static_cast<const std::int8_t*>(sum.weights);
      for (int c = 0; c < channels; ++c, weights += sum.depth) {
        std::int32_t total = 0;
        for (int k = 0; k < sum.depth; ++k) {
          total += first[k] * weights[k];
        }
        const Channel& channel = sum.finish.channels[c];
        out[c] = FinishOne(channel.bias + total, channel, sum.finish);
      }
    }
  }
};

}  // namespace

void SumPlain(const Sum& sum, int begin, int end) { SumRows<PlainDot>(sum, begin, end); }

}  // namespace pinhole_nn
