// SPDX-License-Identifier: Apache-2.0
#pragma once

// What RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR share: an NHWC picture, a constant second input
// that names the new height and width, and the step between two places.

#include "engine/kernels/ref/parameters.h"

namespace pinhole::engine::kernels::ref {

// Checks the picture's rank, the size and that the output has it. Counts and types are the
// operator's business. Errors: kMalformed (rank, count, shape), kUnsupported (a computed size).
inline base::Result<Prepared> PrepareResize(PrepareContext& context) {
  const Shape& in = context.input(0)->shape;
  if (in.rank() != 4) {
    return context.Fail(base::Error::kMalformed, "an input of rank ", in.rank(),
                        " found, 4 expected");
  }
  PINHOLE_ASSIGN(const Integers size, ConstantIntegers(context, *context.input(1), "size", 2));
  PINHOLE_TRY(context.ExpectShape(*context.output(0), Shape{in.dim(0), ClampDimension(size[0]),
                                                            ClampDimension(size[1]), in.dim(3)}));
  return Prepared{};
}

// Input elements from one output place to the next, in float32 as in the reference.
inline float ResizeScale(std::int32_t in, std::int32_t out, const ResizeOptions& options) {
  return options.align_corners && out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                                          : static_cast<float>(in) / static_cast<float>(out);
}

}  // namespace pinhole::engine::kernels::ref
