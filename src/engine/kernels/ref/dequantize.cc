// SPDX-License-Identifier: Apache-2.0
// DEQUANTIZE: x = scale * (q - zero point), element by element; any shape, the output's is the
// input's. int8, uint8 and int16 to float32, with one scale or one for each index of a dimension.
// Constants of float16 are folded when the model is loaded and don't come here. The product with
// one scale is formed in double, with several in float. Source: TensorFlow Lite
// reference_ops::Dequantize, reference_ops::PerChannelDequantize.

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/rows.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 1));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(context.ExpectShape(out, in.shape));
  PINHOLE_TRY(context.ExpectType(out, Type::kFloat32));
  if (in.type != Type::kInt8 && in.type != Type::kUint8 && in.type != Type::kInt16) {
    return context.FailOnType(in.type, "int8, uint8 or int16");
  }
  const bool per_channel = in.axis < in.shape.rank() && in.scale_count > 1 &&
                           in.scale_count == static_cast<std::uint32_t>(in.shape.dim(in.axis));
  if (in.scale_count != 1 && !per_channel) {
    return context.Fail(base::Error::kMalformed, "tensor '", in.name(), "' has ", in.scale_count,
                        " scales along dimension ", in.axis,
                        "; one, or one for each of its indices expected");
  }
  Prepared prepared;
  if (!per_channel || in.axis > 1) {  // a run begins with the first of the scales
    prepared.rows = RowsOfOnePicture(in, out, RowWindow::Same());
  }
  return prepared;
}

template <typename T>
void Convert(const EvalContext& context, RowRange rows) {
  const Tensor& info = *context.input(0).info;
  if (info.scale_count == 1) {
    const auto scale = static_cast<double>(info.scale());
    ForElementRuns<T, float>(context, rows, [&](const T* x, float* y, std::size_t n) {
      for (std::size_t i = 0; i < n; ++i) {
        y[i] = static_cast<float>(scale * (x[i] - info.zero_point));
      }
    });
    return;
  }
  std::size_t side = 1;  // elements side by side that share a scale
  for (int i = info.axis + 1; i < info.shape.rank(); ++i) {
    side *= static_cast<std::size_t>(info.shape.dim(i));
  }
  ForElementRuns<T, float>(context, rows, [&](const T* x, float* y, std::size_t n) {
    for (std::size_t begin = 0; begin < n; begin += side) {
      const float scale = info.scales[begin / side % info.scale_count];
      for (std::size_t i = begin; i < begin + side; ++i) {
        y[i] = scale * static_cast<float>(x[i] - info.zero_point);
      }
    }
  });
}

void Run(const EvalContext& context, RowRange rows) {
  switch (context.input(0).type()) {
    case Type::kInt8: Convert<std::int8_t>(context, rows); return;
    case Type::kUint8: Convert<std::uint8_t>(context, rows); return;
    default: Convert<std::int16_t>(context, rows); return;
  }
}

}  // namespace

const Kernel kDequantize{OpKind::kDequantize, 1, 6, Prepare, EvaluateAll<Run>, EvaluateSome<Run>};

}  // namespace pinhole::engine::kernels::ref
