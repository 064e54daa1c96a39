// SPDX-License-Identifier: Apache-2.0
#pragma once

// Moves elements without looking at them: what SLICE, STRIDED_SLICE, TRANSPOSE and DEPTH_TO_SPACE
// come down to. The output is dense and written in order; where each of its elements comes from is
// a StridedWalk over the input. Elements have 1, 2, 4 or 8 bytes; rows that lie densely in the
// input are copied whole. Input and output must not overlap.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/kernels/kernel.h"
#include "engine/kernels/ref/strided_walk.h"

namespace pinhole::engine::kernels::ref {

template <std::size_t kBytes>
void CopyWithStep(const std::byte* from, std::int64_t step, std::byte* to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(to + i * static_cast<std::int64_t>(kBytes),
                from + i * step * static_cast<std::int64_t>(kBytes), kBytes);
  }
}

// Output element i is input element `origin` + (what `walk` says for i). The walk's size is the
// output's, and every place it visits lies inside the input.
inline void CopyStrided(const EvalContext& context, const StridedWalk<1>& walk, std::int64_t origin,
                        const TensorView& in, const TensorView& out) {
  const auto bytes = static_cast<std::int64_t>(TypeSize(in.type()));
  const std::int64_t step = walk.steps()[0];
  context.ForRanges(static_cast<int>(walk.size()), [&](int begin, int end) {
    walk.ForRows(begin, end, [&](const auto& at, std::int64_t first, std::int64_t n) {
      const std::byte* from = in.data + (origin + at[0]) * bytes;
      std::byte* to = out.data + first * bytes;
      if (step == 1) {
        std::memcpy(to, from, static_cast<std::size_t>(n * bytes));
        return;
      }
      switch (bytes) {
        case 1: CopyWithStep<1>(from, step, to, n); return;
        case 2: CopyWithStep<2>(from, step, to, n); return;
        case 4: CopyWithStep<4>(from, step, to, n); return;
        default: CopyWithStep<8>(from, step, to, n); return;
      }
    });
  });
}

// Elements of `shape` that one step along dimension `axis` passes over.
inline std::int64_t ElementsBehind(const Shape& shape, int axis) {
  std::int64_t count = 1;
  for (int d = axis + 1; d < shape.rank(); ++d) {
    count *= shape.dim(d);
  }
  return count;
}
// Elements of `shape` in front of dimension `axis`: how often it comes round.
inline std::int64_t ElementsBefore(const Shape& shape, int axis) {
  std::int64_t count = 1;
  for (int d = 0; d < axis; ++d) {
    count *= shape.dim(d);
  }
  return count;
}

}  // namespace pinhole::engine::kernels::ref
