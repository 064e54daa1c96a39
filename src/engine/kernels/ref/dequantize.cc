// SPDX-License-Identifier: Apache-2.0
// DEQUANTIZE: x = scale * (q - zero point), element by element; any shape, the output's is the
// input's. int8, uint8 and int16 to float32, with one scale or one for each index of a dimension.
// Constants of float16 are folded when the model is loaded and don't come here. The product with
// one scale is formed in double, with several in float. Source: TensorFlow Lite
// reference_ops::Dequantize, reference_ops::PerChannelDequantize.

#include "engine/kernels/ref/ref.h"

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
  return Prepared{};
}

template <typename T>
void Convert(const EvalContext& context) {
  const TensorView in = context.input(0);
  const Tensor& info = *in.info;
  const T* x = in.as<T>();
  float* y = context.output(0).as<float>();
  const std::size_t n = in.size();
  if (info.scale_count == 1) {
    const auto scale = static_cast<double>(info.scale());
    for (std::size_t i = 0; i < n; ++i) {
      y[i] = static_cast<float>(scale * (x[i] - info.zero_point));
    }
    return;
  }
  std::size_t run = 1;  // elements side by side that share a scale
  for (int i = info.axis + 1; i < info.shape.rank(); ++i) {
    run *= static_cast<std::size_t>(info.shape.dim(i));
  }
  for (std::size_t begin = 0; begin < n; begin += run) {
    const float scale = info.scales[begin / run % info.scale_count];
    for (std::size_t i = begin; i < begin + run; ++i) {
      y[i] = scale * static_cast<float>(x[i] - info.zero_point);
    }
  }
}

base::Status Evaluate(const EvalContext& context) {
  switch (context.input(0).type()) {
    case Type::kInt8: Convert<std::int8_t>(context); return {};
    case Type::kUint8: Convert<std::uint8_t>(context); return {};
    default: Convert<std::int16_t>(context); return {};
  }
}

}  // namespace

const Kernel kDequantize{OpKind::kDequantize, 1, 6, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
