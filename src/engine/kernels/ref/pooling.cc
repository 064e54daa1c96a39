// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/ref/pooling.h"

#include <cmath>

namespace pinhole::engine::kernels::ref {

namespace {

base::Status CheckSameQuantization(PrepareContext& context, const Tensor& in, const Tensor& out) {
  PINHOLE_TRY(context.ExpectPerTensor(in));
  PINHOLE_TRY(context.ExpectPerTensor(out));
  if (std::abs(in.scale() - out.scale()) > 1.0e-6F || in.zero_point != out.zero_point) {
    return context.Fail(base::Error::kMalformed,
                        "input and output have different scales or zero points (", in.zero_point,
                        " and ", out.zero_point, "), the same expected");
  }
  return {};
}

}  // namespace

base::Result<Prepared> PreparePool(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 1));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(context.ExpectType(out, in.type));
  if (in.type != Type::kFloat32 && in.type != Type::kInt8 && in.type != Type::kUint8 &&
      in.type != Type::kInt16) {
    return context.FailOnType(in.type, "float32, int8, uint8 or int16");
  }
  if (in.shape.rank() != 4) {
    return context.Fail(base::Error::kMalformed, "data of rank ", in.shape.rank(),
                        " found, 4 expected");
  }
  const auto options = context.op().options<Pool2dOptions>();
  if (options.filter_h < 1 || options.filter_w < 1 || options.stride_h < 1 ||
      options.stride_w < 1) {
    return context.Fail(base::Error::kMalformed, "window ", options.filter_h, " x ",
                        options.filter_w, " with strides ", options.stride_h, " x ",
                        options.stride_w, " found, each at least 1 expected");
  }
  const auto rows =
      FitWindow(options.padding, in.shape.dim(1), options.filter_h, options.stride_h, 1);
  const auto columns =
      FitWindow(options.padding, in.shape.dim(2), options.filter_w, options.stride_w, 1);
  if (!rows || !columns) {
    return context.Fail(base::Error::kMalformed, "a window of ", options.filter_h, " x ",
                        options.filter_w, " does not fit into data of ", in.shape.dim(1), " x ",
                        in.shape.dim(2));
  }
  PINHOLE_TRY(context.ExpectShape(
      out, {in.shape.dim(0), rows->out_size, columns->out_size, in.shape.dim(3)}));
  PINHOLE_ASSIGN(PoolParams* const params, context.NewParams<PoolParams>());
  params->pad_h = rows->pad_before;
  params->pad_w = columns->pad_before;
  if (in.type == Type::kFloat32) {
    PINHOLE_ASSIGN(params->float_range, FloatActivationRange(context, options.activation));
  } else {
    PINHOLE_TRY(CheckSameQuantization(context, in, out));
    PINHOLE_ASSIGN(params->int_range, QuantizedActivationRange(context, options.activation, out));
  }
  Prepared prepared;
  prepared.params = params;
  prepared.rows = RowsOfOnePicture(in, out, {options.filter_h, options.stride_h, rows->pad_before});
  return prepared;
}

}  // namespace pinhole::engine::kernels::ref
