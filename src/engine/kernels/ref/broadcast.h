// SPDX-License-Identifier: Apache-2.0
#pragma once

// What binary element-wise operators share: two inputs whose shapes are brought together by
// broadcasting (aligned at the innermost dimension; a dimension of 1 is repeated), up to rank 6.
//
//   Prepare:  PINHOLE_ASSIGN(Prepared prepared, PrepareBinary(context));
//   Run:      ForEachPair<float>(context, rows, [](float a, float b) { return a + b; });
//
// Element k of the output depends on one element of each input, so the output may take the place of
// an input that has its shape: a row is then read no later than it is written. By rows they run
// where the result is one picture and what the network computes has as many rows as it.

#include <cstdint>
#include <optional>

#include "engine/kernels/kernel.h"
#include "engine/kernels/ref/rows.h"
#include "engine/kernels/ref/strided_walk.h"

namespace pinhole::engine::kernels::ref {

// The shape that a and b broadcast to; nullopt where a dimension differs and neither is 1.
constexpr std::optional<Shape> JoinShapes(const Shape& a, const Shape& b) {
  Shape joined = a.rank() >= b.rank() ? a : b;
  for (int i = 0; i < joined.rank(); ++i) {
    const std::int32_t x = a.FromBack(i);
    const std::int32_t y = b.FromBack(i);
    if (x != y && x != 1 && y != 1) {
      return std::nullopt;
    }
    joined.set_dim(joined.rank() - 1 - i, x == 1 ? y : x);
  }
  return joined;
}

// The way through both inputs. Their shapes have been joined.
constexpr StridedWalk<2> WalkBoth(const Shape& a, const Shape& b) {
  const int rank = a.rank() >= b.rank() ? a.rank() : b.rank();
  std::array<StridedWalk<2>::Offsets, Shape::kMaxRank> strides{};  // innermost first
  std::int64_t a_count = 1;
  std::int64_t b_count = 1;
  for (int i = 0; i < rank; ++i) {
    strides[static_cast<std::size_t>(i)] = {a.FromBack(i) == 1 ? 0 : a_count,
                                            b.FromBack(i) == 1 ? 0 : b_count};
    a_count *= a.FromBack(i);
    b_count *= b.FromBack(i);
  }
  StridedWalk<2> walk;
  for (int i = rank - 1; i >= 0; --i) {
    walk.Append(a.FromBack(i) == 1 ? b.FromBack(i) : a.FromBack(i),
                strides[static_cast<std::size_t>(i)]);
  }
  return walk;
}

// True where the operand has the rows that the result has; else its rows are one row, repeated.
inline bool HasRowsOf(const Shape& operand, const Shape& out) {
  return operand.rank() == 4 && operand.dim(1) == out.dim(1);
}

inline RowWindow RowsOfBinary(const Tensor& a, const Tensor& b, const Tensor& out) {
  const auto fits = [&out](const Tensor& operand) {
    return operand.is_constant() || (IsOnePicture(operand) && HasRowsOf(operand.shape, out.shape));
  };
  return IsOnePicture(out) && fits(a) && fits(b) ? RowWindow::Same() : RowWindow{};
}

// Counts, types (all three the same) and the output's shape; offers the places of inputs that have
// the output's shape.
inline base::Result<Prepared> PrepareBinary(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(2, 2, 1));
  const Tensor& a = *context.input(0);
  const Tensor& b = *context.input(1);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(context.ExpectType(b, a.type));
  PINHOLE_TRY(context.ExpectType(out, a.type));
  const std::optional<Shape> joined = JoinShapes(a.shape, b.shape);
  if (!joined) {
    return context.Fail(base::Error::kMalformed, "the shapes of '", a.name(), "' and '", b.name(),
                        "' don't broadcast: a dimension differs and neither is 1");
  }
  PINHOLE_TRY(context.ExpectShape(out, *joined));
  Prepared prepared;
  prepared.in_place_inputs =
      static_cast<std::uint8_t>((a.shape == out.shape ? 1 : 0) | (b.shape == out.shape ? 2 : 0));
  prepared.rows = RowsOfBinary(a, b, out);
  return prepared;
}

// Both inputs and the output have one scale each.
inline base::Status ExpectQuantizedBinary(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectPerTensor(*context.input(0)));
  PINHOLE_TRY(context.ExpectPerTensor(*context.input(1)));
  return context.ExpectPerTensor(*context.output(0));
}

// Where the type is int16, no tensor has a zero point.
inline base::Status ExpectInt16Centred(PrepareContext& context) {
  const Tensor& a = *context.input(0);
  const Tensor& b = *context.input(1);
  const Tensor& out = *context.output(0);
  if (out.type == Type::kInt16 && (a.zero_point != 0 || b.zero_point != 0 || out.zero_point != 0)) {
    return context.Fail(base::Error::kUnsupported, "int16 with zero points ", a.zero_point, ", ",
                        b.zero_point, " and ", out.zero_point, "; all must be 0");
  }
  return {};
}

// out[i] = function(a[...], b[...]) for the elements [begin, end) of `walk`.
template <typename T, typename Function>
void WalkPairs(const StridedWalk<2>& walk, std::int64_t begin, std::int64_t end, const T* a,
               const T* b, T* out, const Function& function) {
  const StridedWalk<2>::Offsets step = walk.steps();
  walk.ForRows(begin, end, [&](const auto& at, std::int64_t first, std::int64_t n) {
    const T* const x = a + at[0];
    const T* const y = b + at[1];
    T* const z = out + first;
    if (step[1] == 0) {
      const T repeated = *y;
      for (std::int64_t i = 0; i < n; ++i) {
        z[i] = function(x[i], repeated);
      }
    } else if (step[0] == 0) {
      const T repeated = *x;
      for (std::int64_t i = 0; i < n; ++i) {
        z[i] = function(repeated, y[i]);
      }
    } else {
      for (std::int64_t i = 0; i < n; ++i) {
        z[i] = function(x[i], y[i]);
      }
    }
  });
}

// What belongs to row `row` of the output in operand `i`: its row, or, of a constant with fewer
// dimensions or one row, what is repeated for every row.
template <typename T>
const T* OperandRow(const EvalContext& context, std::size_t i, const Shape& out, int row) {
  const Shape& shape = context.input(i).shape();
  if (HasRowsOf(shape, out)) {
    return context.input_rows(i).template row<T>(row);
  }
  const std::int64_t elements = std::int64_t{shape.FromBack(0)} * shape.FromBack(1);
  return context.input(i).template as<T>() + (shape.FromBack(2) == 1 ? 0 : row * elements);
}

// out = function(a, b) for every element of `rows`; shared among the workers.
template <typename T, typename Function>
void ForEachPair(const EvalContext& context, RowRange rows, const Function& function) {
  const TensorView a = context.input(0);
  const TensorView b = context.input(1);
  if (rows.all()) {
    const StridedWalk<2> walk = WalkBoth(a.shape(), b.shape());
    context.ForRanges(static_cast<int>(walk.size()), [&](int begin, int end) {
      WalkPairs(walk, begin, end, a.as<T>(), b.as<T>(), context.output(0).as<T>(), function);
    });
    return;
  }
  const RowsView out = context.output_rows(0);
  const auto in_a_row = [](const Shape& shape) {
    return Shape{shape.FromBack(1), shape.FromBack(0)};
  };
  const StridedWalk<2> walk = WalkBoth(in_a_row(a.shape()), in_a_row(b.shape()));
  context.ForRanges(rows.end - rows.begin, [&](int begin, int end) {
    for (int row = rows.begin + begin; row < rows.begin + end; ++row) {
      WalkPairs(walk, 0, walk.size(), OperandRow<T>(context, 0, out.info->shape, row),
                OperandRow<T>(context, 1, out.info->shape, row), out.row<T>(row), function);
    }
  });
}

}  // namespace pinhole::engine::kernels::ref
