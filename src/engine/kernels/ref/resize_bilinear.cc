// SPDX-License-Identifier: Apache-2.0
// RESIZE_BILINEAR: NHWC pictures to the height and width that the constant second input names, each
// output pixel a blend of the four input pixels around its place. Place y is y * scale, or
// (y + 1/2) * scale - 1/2 with half_pixel_centers; scale is in / out, or (in - 1) / (out - 1) with
// align_corners (both at once are refused).
//
// float32 in float arithmetic; int8, uint8 and int16 with places and weights of 10 fractional bits
// and a sum rounded half away from zero. Input and output are taken to have one quantisation.
// Source: TensorFlow Lite reference resize_bilinear.h (ResizeBilinear, ResizeBilinearInteger).

#include <algorithm>
#include <cmath>

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/resize.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(2, 2, 1));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(context.ExpectType(out, in.type));
  if (in.type != Type::kFloat32 && in.type != Type::kInt8 && in.type != Type::kUint8 &&
      in.type != Type::kInt16) {
    return context.FailOnType(in.type, "float32, int8, uint8 or int16");
  }
  const auto options = context.op().options<ResizeOptions>();
  if (options.align_corners && options.half_pixel_centers) {
    return context.Fail(base::Error::kUnsupported,
                        "align_corners and half_pixel_centers found, at most one expected");
  }
  return PrepareResize(context);
}

// Where an output place lies between two input elements: at `low` + `part`, toward `high`. Weight
// is float, or an integer in 1/1024.
template <typename Weight>
struct Between {
  std::int64_t low, high;
  Weight part;
};

template <typename Weight>
class Axis;

template <>
class Axis<float> {
 public:
  Axis(std::int32_t in, std::int32_t out, const ResizeOptions& options)
      : in_(in), half_(options.half_pixel_centers), scale_(ResizeScale(in, out, options)) {}

  [[nodiscard]] Between<float> At(std::int32_t place) const {
    const auto y = static_cast<float>(place);
    const float at = half_ ? (y + 0.5F) * scale_ - 0.5F : y * scale_;
    const std::int64_t last = in_ - 1;
    const auto low = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(at)), 0, last);
    const auto high = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(at)), 0, last);
    return {low, high, at - static_cast<float>(low)};
  }

 private:
  std::int32_t in_;
  bool half_;
  float scale_;
};

constexpr std::int64_t kOne = 1 << 10;

template <>
class Axis<std::int64_t> {
 public:
  Axis(std::int32_t in, std::int32_t out, const ResizeOptions& options)
      : in_(in), half_(options.half_pixel_centers) {
    const bool corners = options.align_corners && out > 1;
    const std::int64_t from = corners ? in - 1 : in;
    const std::int64_t to = corners ? out - 1 : out;
    scale_ = (kOne * from + to / 2) / to;
  }

  [[nodiscard]] Between<std::int64_t> At(std::int32_t place) const {
    const std::int64_t at = place * scale_ + (half_ ? scale_ / 2 - kOne / 2 : 0);
    const std::int64_t last = in_ - 1;
    const auto low = std::clamp<std::int64_t>(at / kOne, 0, last);
    const auto high = std::clamp<std::int64_t>((at + kOne - 1) / kOne, 0, last);
    // Beyond an edge both are the same element and the part does not count.
    return {low, high, low == high ? 0 : at - low * kOne};
  }

 private:
  std::int32_t in_;
  bool half_;
  std::int64_t scale_ = 0;
};

// The weights' order of multiplication is the reference's: it decides a float's last bits.
float Blend(float ll, float ul, float lu, float uu, float y, float x) {
  return ll * (1.0F - y) * (1.0F - x) + ul * y * (1.0F - x) + lu * (1.0F - y) * x + uu * y * x;
}

template <typename T>
T Blend(T ll, T ul, T lu, T uu, std::int64_t y, std::int64_t x) {
  const std::int64_t sum =
      ll * (kOne - y) * (kOne - x) + ul * y * (kOne - x) + lu * (kOne - y) * x + uu * y * x;
  constexpr std::int64_t kHalf = kOne * kOne / 2;
  return static_cast<T>((sum + (sum > 0 ? kHalf : -kHalf)) / (kOne * kOne));
}

template <typename T, typename Weight>
void Resize(const EvalContext& context) {
  const TensorView in = context.input(0);
  const TensorView out = context.output(0);
  const auto options = context.op().options<ResizeOptions>();
  const std::int32_t in_height = in.shape().dim(1);
  const std::int64_t in_width = in.shape().dim(2);
  const std::int32_t height = out.shape().dim(1);
  const std::int32_t width = out.shape().dim(2);
  const std::int64_t channels = in.shape().dim(3);
  const Axis<Weight> rows(in_height, height, options);
  const Axis<Weight> columns(in.shape().dim(2), width, options);
  context.ForRanges(in.shape().dim(0) * height, [&](int begin, int end) {
    for (int row = begin; row < end; ++row) {
      const Between<Weight> y = rows.At(row % height);
      const T* picture = in.as<T>() + row / height * in_height * in_width * channels;
      const T* low = picture + y.low * in_width * channels;
      const T* high = picture + y.high * in_width * channels;
      T* to = out.as<T>() + std::int64_t{row} * width * channels;
      for (std::int32_t column = 0; column < width; ++column) {
        const Between<Weight> x = columns.At(column);
        for (std::int64_t c = 0; c < channels; ++c) {
          *to++ = Blend(low[x.low * channels + c], high[x.low * channels + c],
                        low[x.high * channels + c], high[x.high * channels + c], y.part, x.part);
        }
      }
    }
  });
}

base::Status Evaluate(const EvalContext& context) {
  switch (context.input(0).type()) {
    case Type::kFloat32: Resize<float, float>(context); return {};
    case Type::kInt8: Resize<std::int8_t, std::int64_t>(context); return {};
    case Type::kUint8: Resize<std::uint8_t, std::int64_t>(context); return {};
    default: Resize<std::int16_t, std::int64_t>(context); return {};
  }
}

}  // namespace

const Kernel kResizeBilinear{OpKind::kResizeBilinear, 1, 4, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
