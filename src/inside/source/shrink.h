// SPDX-License-Identifier: Apache-2.0
#pragma once

// Pictures that are too large, made smaller by a whole number: each pixel becomes the mean of a
// square of them (a box filter), which keeps everything where it was in the picture. What is small
// enough stays as it is, byte for byte.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "inside/capture/frame.h"

namespace pinhole::inside::source {

struct Bounds {
  int width = 0, height = 0;  // 0: any
  std::size_t bytes = 0;      // of all pixels
};

// The smallest factor with which a picture of this shape fits; sides are rounded up.
int FactorFor(const capture::FrameShape& shape, const Bounds& bounds);

// `frame` by that factor, from 2 on, into `out`, whose old memory is used where it is enough. At
// the right and lower edge squares that are cut off are the mean of what is there. Answers the
// shape.
capture::FrameShape Shrink(const capture::Frame& frame, int factor, std::vector<std::uint8_t>& out);

}  // namespace pinhole::inside::source
