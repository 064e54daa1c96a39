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

// Makes a part of the channels of `count` places whose columns lie `step` bytes apart.
using BlockKernel = void (*)(const Sum& sum, const std::int8_t* first, std::ptrdiff_t step,
                             int count, std::int8_t* out, const Part& part);

// Rows [begin, end) of the output, of which `block` makes the sums.
void SumRows(const Sum& sum, int begin, int end, const Part& part, BlockKernel block);

}  // namespace pinhole_nn
