// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the kernels that run by rows share: one body of code for the whole output and for some rows
// of it.
//
// A kernel's loops are written for a part of its output, a RowRange: RowRange::All() is everything,
// whatever the rank and the batch, and is what Evaluate asks for; RowRange{begin, end} are rows of
// the only picture of a batch, whose inputs and output may be rings, and is what EvaluateRows asks
// for. Operators with a window take one row at a time from PictureRows; operators that work element
// by element take runs of elements from ForElementRuns.
//
//   template <...> void Row(const EvalContext&, const RowsView& in, const RowsView& out, int row);
//   ForPictureRows(context, rows, [&](const RowsView& in, const RowsView& out, int row) { ... });
//
//   ForElements<float, float>(context, rows, [](const float* x, float* y, std::size_t n) { ... });

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/kernels/kernel.h"
#include "engine/kernels/ref/padding.h"

namespace pinhole::engine::kernels::ref {

struct RowRange {
  std::int32_t begin = 0;
  std::int32_t end = -1;  // -1: all there is

  static constexpr RowRange All() { return {}; }
  [[nodiscard]] constexpr bool all() const { return end < 0; }
};

// True where the tensor is one picture, so that its rows may lie in a ring.
inline bool IsOnePicture(const Tensor& tensor) {
  return tensor.shape.rank() == 4 && tensor.shape.dim(0) == 1;
}

// `window` where data and result are one picture each; else none.
inline RowWindow RowsOfOnePicture(const Tensor& in, const Tensor& out, RowWindow window) {
  return IsOnePicture(in) && IsOnePicture(out) ? window : RowWindow{};
}

// Picture `b` of a batch whose rows all have a place.
inline RowsView PictureRows(const TensorView& batch, std::int32_t b) {
  const std::int32_t rows = batch.shape().dim(1);
  const auto row_bytes =
      batch.info->bytes / static_cast<std::uint32_t>(batch.shape().dim(0) * rows);
  return {batch.info, batch.data + static_cast<std::size_t>(b * rows) * row_bytes, row_bytes, rows};
}

// body(in, out, row) for each row of output 0 in `rows`, shared among the workers; `in` and `out`
// are the row's picture in input 0 and output 0.
template <typename Body>
void ForPictureRows(const EvalContext& context, RowRange rows, const Body& body) {
  if (!rows.all()) {
    const RowsView in = context.input_rows(0);
    const RowsView out = context.output_rows(0);
    context.ForRanges(rows.end - rows.begin, [&](int begin, int end) {
      for (int row = rows.begin + begin; row < rows.begin + end; ++row) {
        body(in, out, row);
      }
    });
    return;
  }
  const TensorView in = context.input(0);
  const TensorView out = context.output(0);
  const std::int32_t height = out.shape().dim(1);
  context.ForRanges(out.shape().dim(0) * height, [&](int begin, int end) {
    for (int row = begin; row < end; ++row) {
      body(PictureRows(in, row / height), PictureRows(out, row / height), row % height);
    }
  });
}

// Where the rows lie that the taps of a window read: found once, used for every column.
template <typename T>
class TapRows {
 public:
  TapRows(const RowsView& picture, const Taps& down, std::int32_t dilation)
      : picture_(picture), down_(down), dilation_(dilation) {
    const auto kept = std::min<std::int32_t>(down.end - down.begin, kKept);
    for (std::int32_t i = 0; i < kept; ++i) {
      kept_[static_cast<std::size_t>(i)] = Find(down.begin + i);
    }
  }

  // `tap` in [down.begin, down.end).
  const T* operator[](std::int32_t tap) const {
    const std::int32_t i = tap - down_.begin;
    return i < kKept ? kept_[static_cast<std::size_t>(i)] : Find(tap);
  }

 private:
  static constexpr std::int32_t kKept = 16;
  const T* Find(std::int32_t tap) const {
    return picture_.row<T>(static_cast<std::int32_t>(down_.origin + std::int64_t{tap} * dilation_));
  }

  const RowsView& picture_;
  const Taps& down_;
  std::int32_t dilation_;
  std::array<const T*, kKept> kept_{};
};

// body(x, y, n) for runs of n elements that lie one behind the other in input 0 and in output 0,
// which have one shape; together they are `rows`.
template <typename In, typename Out, typename Body>
void ForElementRuns(const EvalContext& context, RowRange rows, const Body& body) {
  if (rows.all()) {
    const TensorView in = context.input(0);
    body(static_cast<const In*>(in.as<In>()), context.output(0).as<Out>(), in.size());
    return;
  }
  const RowsView in = context.input_rows(0);
  const RowsView out = context.output_rows(0);
  const std::size_t row_elements = out.row_bytes / sizeof(Out);
  for (std::int32_t row = rows.begin; row < rows.end;) {
    const std::int32_t run = std::min({in.run(row), out.run(row), rows.end - row});
    body(static_cast<const In*>(in.row<In>(row)), out.row<Out>(row),
         static_cast<std::size_t>(run) * row_elements);
    row += run;
  }
}

// The same, with each run shared among the workers.
template <typename In, typename Out, typename Body>
void ForElements(const EvalContext& context, RowRange rows, const Body& body) {
  ForElementRuns<In, Out>(context, rows, [&](const In* x, Out* y, std::size_t n) {
    context.ForRanges(static_cast<int>(n), [&](int begin, int end) {
      body(x + begin, y + begin, static_cast<std::size_t>(end - begin));
    });
  });
}

// The two entries of a kernel whose work is Run(context, rows).
template <void (*Run)(const EvalContext&, RowRange)>
base::Status EvaluateAll(const EvalContext& context) {
  Run(context, RowRange::All());
  return {};
}
template <void (*Run)(const EvalContext&, RowRange)>
base::Status EvaluateSome(const EvalContext& context, std::int32_t begin, std::int32_t end) {
  Run(context, {begin, end});
  return {};
}

}  // namespace pinhole::engine::kernels::ref
