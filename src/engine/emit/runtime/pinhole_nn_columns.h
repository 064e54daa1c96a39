// SPDX-License-Identifier: Apache-2.0
#pragma once

// From pictures to columns: what the layouts of CONV_2D share.
//
// A window's taps become one column of `depth` bytes. Where the window is one tap without an edge,
// columns lie in the input as they are; else some are copied side by side first, with the input's
// zero point where the picture ends.

#include <cstring>

#include "pinhole_nn_math.h"

namespace pinhole_nn {

// Places side by side: where the column of the first lies, bytes from one to the next, how many.
struct Columns {
  const std::int8_t* first;
  std::ptrdiff_t step;
  int count;
};
// What one core makes of them: some channels, with the scratch of its part.
struct Share {
  Range channels;
  Part part;
};
using BlockKernel = void (*)(const Sum& sum, const Columns& columns, std::int8_t* out,
                             const Share& share);

// Rows [begin, end) of the output, of which `block` makes the sums, `unit` channels at a time. Two
// cores share the channels where there are as many groups for each and nothing is copied, else the
// places.
void SumRows(const Sum& sum, int begin, int end, const Part& part, int unit, BlockKernel block);

}  // namespace pinhole_nn
