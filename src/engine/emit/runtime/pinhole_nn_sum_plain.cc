// SPDX-License-Identifier: Apache-2.0
// CONV_2D and FULLY_CONNECTED for any processor: weights channel by channel.
#include "pinhole_nn_columns.h"

namespace pinhole_nn {

namespace {

void Block(const Sum& sum, const Columns& columns, std::int8_t* out, const Share& share) {
  const Range mine = share.channels;
  const std::int8_t* first = columns.first;
  for (int place = 0; place < columns.count; ++place) {
    const auto* weights = static_cast<const std::int8_t*>(sum.weights) + mine.begin * sum.depth;
    for (int c = mine.begin; c < mine.end; ++c, weights += sum.depth) {
      std::int32_t total = sum.finish.channels[c].bias;
      for (int k = 0; k < sum.depth; ++k) {
        total += first[k] * weights[k];
      }
      FinishAll(sum.finish, sum.finish.channels + c, 1, &total, 1, out + c, 1);
    }
    first += columns.step;
    out += sum.window.out_channels;
  }
}

void Rows(const Sum& sum, int begin, int end, const Part& part) {
  SumRows(sum, begin, end, part, 1, Block);
}

}  // namespace

void SumPlain(const Sum& sum, int begin, int end, const SecondCore* second) {
  OnCores<Rows>(sum, begin, end, second);
}

}  // namespace pinhole_nn
