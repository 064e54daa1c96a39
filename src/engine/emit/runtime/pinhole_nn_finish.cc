// SPDX-License-Identifier: Apache-2.0
// From the sums of some channels to the output.
#include "pinhole_nn_math.h"

namespace pinhole_nn {

void FinishAll(const Finish& finish, const Channel* channels, const std::int32_t* totals, int count,
               std::int8_t* out) {
  const std::int32_t zero = finish.out_zero;
  const std::int32_t low = finish.low;
  const std::int32_t high = finish.high;
  WithForm(finish, [&](const auto& scale) {
    const Channel* const end = channels + count;
    const Channel* channel = channels;
    const std::int32_t* total = totals;
    std::int8_t* to = out;
    do {
      *to++ = ToOutput(scale(*total++, *channel), zero, low, high);
    } while (++channel != end);
  });
}

}  // namespace pinhole_nn
