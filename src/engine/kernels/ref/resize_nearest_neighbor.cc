// SPDX-License-Identifier: Apache-2.0
// RESIZE_NEAREST_NEIGHBOR: NHWC pictures to the height and width that the constant second input
// names. Any type. Output pixel y reads input pixel (y + 1/2 if half_pixel_centers) * scale,
// rounded down, or to nearest with align_corners, where scale is in / out, or (in - 1) / (out - 1)
// with align_corners. In float32, as the reference: resize_nearest_neighbor.h.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/resize.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(2, 2, 1));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(ExpectSameElements(context, in, out));
  return PrepareResize(context);
}

std::int64_t Nearest(std::int32_t place, std::int32_t in, std::int32_t out,
                     const ResizeOptions& options) {
  const float centre = options.half_pixel_centers ? 0.5F : 0.0F;
  const float at = (static_cast<float>(place) + centre) * ResizeScale(in, out, options);
  return std::clamp<std::int64_t>(
      static_cast<std::int64_t>(options.align_corners ? std::round(at) : std::floor(at)), 0,
      in - 1);
}

base::Status Evaluate(const EvalContext& context) {
  const TensorView in = context.input(0);
  const TensorView out = context.output(0);
  const auto options = context.op().options<ResizeOptions>();
  const std::int32_t in_height = in.shape().dim(1);
  const std::int32_t in_width = in.shape().dim(2);
  const std::int32_t height = out.shape().dim(1);
  const std::int32_t width = out.shape().dim(2);
  const std::int64_t pixel = in.shape().dim(3) * static_cast<std::int64_t>(TypeSize(in.type()));
  context.ForRanges(in.shape().dim(0) * height, [&](int begin, int end) {
    for (int row = begin; row < end; ++row) {
      const std::int64_t in_row = std::int64_t{row / height} * in_height +
                                  Nearest(row % height, in_height, height, options);
      std::byte* to = out.data + std::int64_t{row} * width * pixel;
      for (std::int32_t x = 0; x < width; ++x) {
        const std::int64_t from = in_row * in_width + Nearest(x, in_width, width, options);
        std::memcpy(to + x * pixel, in.data + from * pixel, static_cast<std::size_t>(pixel));
      }
    }
  });
  return {};
}

}  // namespace

const Kernel kResizeNearestNeighbor{OpKind::kResizeNearestNeighbor, 1, 4, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
