// SPDX-License-Identifier: Apache-2.0
// CONV_2D and FULLY_CONNECTED for any processor: weights channel by channel.
#include "pinhole_nn_columns.h"

namespace pinhole_nn {

namespace {

void Block(const Sum& sum, const std::int8_t* first, std::ptrdiff_t step, int count,
           std::int8_t* out, const Part& part) {
  const Range mine = ShareOf(sum.window.out_channels, 1, part);
  for (int place = 0; place < count; ++place, first += step, out += sum.window.out_channels) {
    const auto* weights = static_cast<const std::int8_t*>(sum.weights) + mine.begin * sum.depth;
    for (int c = mine.begin; c < mine.end; ++c, weights += sum.depth) {
      std::int32_t total = sum.finish.channels[c].bias;
      for (int k = 0; k < sum.depth; ++k) {
        total += first[k] * weights[k];
      }
      FinishAll(sum.finish, sum.finish.channels + c, 1, &total, 1, out + c, 1);
    }
  }
}

void Share(const Sum& sum, int begin, int end, const Part& part) {
  SumRows(sum, begin, end, part, Block);
}

}  // namespace

void SumPlain(const Sum& sum, int begin, int end, const SecondCore* second) {
  OnCores(Share, sum, begin, end, second);
}

}  // namespace pinhole_nn
