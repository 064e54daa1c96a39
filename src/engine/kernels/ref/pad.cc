// SPDX-License-Identifier: Apache-2.0
// PAD and PADV2: elements before and after every dimension; paddings is a constant [rank, 2]. PAD
// fills with zero (quantised 8-bit types: the output's zero point), PADV2 with its third input, one
// element of the same type and quantisation, which may be computed. Any type, rank up to 6. Source:
// TensorFlow Lite Micro pad_common.cc.
//
// A row of the output is the innermost padded dimension with everything behind it: it is fill,
// one run of the input, fill; or all fill, where an outer dimension is in its padding.

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/kernels/ref/parameters.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/rows.h"
#include "engine/kernels/ref/strided_copy.h"

namespace pinhole::engine::kernels::ref {

namespace {

// One element of fill, in as many bytes as it has.
struct Fill {
  std::array<std::byte, 8> bytes{};
  std::size_t size = 1;
  bool even = true;  // all bytes are the same, as zero's are

  void Write(std::byte* to, std::int64_t count) const {
    if (even) {
      std::memset(to, std::to_integer<int>(bytes[0]), static_cast<std::size_t>(count) * size);
      return;
    }
    for (std::int64_t i = 0; i < count; ++i) {
      std::memcpy(to + i * static_cast<std::int64_t>(size), bytes.data(), size);
    }
  }
};

base::Status ExpectFillValue(PrepareContext& context, const Tensor& value, const Tensor& out) {
  PINHOLE_TRY(context.ExpectType(value, out.type));
  if (value.shape.element_count() != 1) {
    return context.Fail(base::Error::kMalformed, "fill value '", value.name(), "' has ",
                        value.shape.element_count(), " elements, 1 expected");
  }
  const bool quantized = out.type == Type::kInt8 || out.type == Type::kUint8;
  if (quantized && (value.zero_point != out.zero_point || value.scale() != out.scale())) {
    return context.Fail(base::Error::kUnsupported, "fill value '", value.name(),
                        "' is quantised otherwise than the output");
  }
  return {};
}

bool IsConstantFill(const Tensor* value) { return value == nullptr || value->is_constant(); }

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(2, 3, 1));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(ExpectSameElements(context, in, out));
  const int rank = in.shape.rank();
  PINHOLE_ASSIGN(const Integers paddings, ConstantIntegers(context, *context.input(1), "paddings",
                                                           2 * static_cast<std::size_t>(rank)));
  Shape shape = in.shape;
  for (int d = 0; d < rank; ++d) {
    const std::int64_t before = paddings[2 * static_cast<std::size_t>(d)];
    const std::int64_t after = paddings[2 * static_cast<std::size_t>(d) + 1];
    constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
    if (before < 0 || after < 0 || before > kMost || after > kMost) {
      return context.Fail(base::Error::kMalformed, "dimension ", d, ": paddings ", before, " and ",
                          after, ", 0 to ", kMost, " expected");
    }
    shape.set_dim(d, ClampDimension(in.shape.dim(d) + before + after));
  }
  PINHOLE_TRY(context.ExpectShape(out, shape));
  if (const Tensor* value = context.input(2); value != nullptr) {
    PINHOLE_TRY(ExpectFillValue(context, *value, out));
  }
  Prepared prepared;
  const std::int64_t top = rank == 4 ? paddings[2] : 0;
  if (IsOnePicture(in) && IsOnePicture(out) && top < out.shape.dim(1) &&
      IsConstantFill(context.input(2))) {
    // Row r is row r - top of the input; what a window of one row can't say is said by a taller
    // one.
    prepared.rows = {static_cast<std::int32_t>(top) + 1, 1, static_cast<std::int32_t>(top)};
  }
  return prepared;
}

Fill ReadFill(const EvalContext& context) {
  const TensorView out = context.output(0);
  Fill fill;
  fill.size = TypeSize(out.type());
  if (const TensorView value = context.input(2); value) {
    std::memcpy(fill.bytes.data(), value.data, fill.size);
  } else if (out.type() == Type::kInt8 || out.type() == Type::kUint8) {
    fill.bytes[0] = static_cast<std::byte>(out.info->zero_point);
  }
  fill.even = std::all_of(fill.bytes.begin(), fill.bytes.begin() + fill.size,
                          [&fill](std::byte b) { return b == fill.bytes[0]; });
  return fill;
}

// The input row that belongs to output row `row`; -1 where that lies in the padding of a dimension
// before `axis`.
std::int64_t InputRow(const Shape& in, const Shape& out, const Integers& paddings, int axis,
                      std::int64_t row) {
  std::int64_t in_row = 0;
  std::int64_t rows = 1;
  for (int d = axis - 1; d >= 0; --d) {
    const std::int64_t index = row % out.dim(d) - paddings[2 * static_cast<std::size_t>(d)];
    if (index < 0 || index >= in.dim(d)) {
      return -1;
    }
    row /= out.dim(d);
    in_row += index * rows;
    rows *= in.dim(d);
  }
  return in_row;
}

// The innermost padded dimension, or -1.
int InnermostPadded(const Shape& in, const Shape& out) {
  int axis = in.rank() - 1;
  while (axis >= 0 && in.dim(axis) == out.dim(axis)) {
    --axis;
  }
  return axis;
}

// Runs of the output along `axis` and what is behind it, and how they are filled.
struct Runs {
  Fill fill;
  std::int64_t length = 0, out_length = 0, before = 0;  // in elements

  Runs(const EvalContext& context, const Shape& in, const Shape& out, int axis)
      : fill(ReadFill(context)) {
    const std::int64_t inner = ElementsBehind(in, axis);
    length = inner * in.dim(axis);
    out_length = inner * out.dim(axis);
    before = inner * Integers(context.input(1))[2 * static_cast<std::size_t>(axis)];
  }
  // `from` null: all fill.
  void Write(const std::byte* from, std::byte* to) const {
    if (from == nullptr) {
      fill.Write(to, out_length);
      return;
    }
    const auto bytes = static_cast<std::int64_t>(fill.size);
    fill.Write(to, before);
    std::memcpy(to + before * bytes, from, static_cast<std::size_t>(length * bytes));
    fill.Write(to + (before + length) * bytes, out_length - before - length);
  }
};

void Whole(const EvalContext& context) {
  const TensorView in = context.input(0);
  const TensorView out = context.output(0);
  const int axis = InnermostPadded(in.shape(), out.shape());
  if (axis < 0) {
    std::memcpy(out.data, in.data, in.info->bytes);
    return;
  }
  const Integers paddings(context.input(1));
  const Runs runs(context, in.shape(), out.shape(), axis);
  const auto bytes = static_cast<std::int64_t>(runs.fill.size);
  // Where nothing is padded outside of the runs, as many rows go in as come out.
  const bool alone = ElementsBefore(in.shape(), axis) == ElementsBefore(out.shape(), axis);
  context.ForRanges(static_cast<int>(ElementsBefore(out.shape(), axis)), [&](int begin, int end) {
    for (int row = begin; row < end; ++row) {
      const std::int64_t from =
          alone ? row : InputRow(in.shape(), out.shape(), paddings, axis, row);
      runs.Write(from < 0 ? nullptr : in.data + from * runs.length * bytes,
                 out.data + row * runs.out_length * bytes);
    }
  });
}

// One row of one picture: fill, or a row of the input with fill in columns and channels.
void Rows(const EvalContext& context, RowRange rows) {
  const RowsView in = context.input_rows(0);
  const RowsView out = context.output_rows(0);
  const Shape& from_shape = in.info->shape;
  const Shape& to_shape = out.info->shape;
  const auto top = static_cast<std::int32_t>(Integers(context.input(1))[2]);
  const auto left = Integers(context.input(1))[4];
  const int axis = std::max(2, InnermostPadded(from_shape, to_shape));
  const Runs runs(context, from_shape, to_shape, axis);
  const auto bytes = static_cast<std::int64_t>(runs.fill.size);
  const std::int32_t columns = axis == 2 ? 1 : to_shape.dim(2);
  for (std::int32_t row = rows.begin; row < rows.end; ++row) {
    auto* to = out.row<std::byte>(row);
    const bool inside = row >= top && row - top < from_shape.dim(1);
    for (std::int32_t column = 0; column < columns; ++column, to += runs.out_length * bytes) {
      const std::int64_t at = axis == 2 ? 0 : column - left;
      const bool filled = !inside || (axis > 2 && (at < 0 || at >= from_shape.dim(2)));
      runs.Write(filled ? nullptr : in.row<std::byte>(row - top) + at * runs.length * bytes, to);
    }
  }
}

void Run(const EvalContext& context, RowRange rows) {
  if (rows.all()) {
    Whole(context);
  } else {
    Rows(context, rows);
  }
}

}  // namespace

const Kernel kPad{OpKind::kPad, 1, 4, Prepare, EvaluateAll<Run>, EvaluateSome<Run>};
const Kernel kPadV2{OpKind::kPadV2, 1, 4, Prepare, EvaluateAll<Run>, EvaluateSome<Run>};

}  // namespace pinhole::engine::kernels::ref
