// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: the ways a resize places its pixels, and one resize alone.

#include <gtest/gtest.h>

#include <vector>

#include "engine/kernels/op_harness.h"

namespace pinhole::engine::kernels::ref {

inline constexpr ResizeOptions kPlain{false, false};
inline constexpr ResizeOptions kCorners{true, false};
inline constexpr ResizeOptions kHalf{false, true};

// The picture `x` of shape `in` brought to the shape `out`, of which height and width count.
template <typename T>
std::vector<T> Resized(const Kernel& kernel, const Shape& in, const std::vector<T>& x,
                       const Shape& out, ResizeOptions options) {
  OpHarness op(kernel.kind, options);
  op.Input<T>(in, x)
      .template Constant<std::int32_t>({2}, {out.dim(1), out.dim(2)})
      .template Output<T>(out);
  EXPECT_TRUE(op.Run(kernel)) << op.why();
  return op.template Result<T>();
}

}  // namespace pinhole::engine::kernels::ref
