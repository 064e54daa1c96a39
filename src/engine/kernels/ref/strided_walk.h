// SPDX-License-Identifier: Apache-2.0
#pragma once

// Walks over a dense output in order, and over operands that lie differently: broadcast,
// transposed, sliced, backwards.
//
// A walk is a list of dimensions, outermost first; for each, how many places it has and how far
// every operand moves from one place to the next (in elements; 0 where the operand is broadcast,
// negative where it is read backwards). Append drops dimensions of one place and joins neighbours
// that every operand passes without a jump, so equal shapes become one long row, a scalar one row
// with step 0, and a vector of channels a row a pixel: the fast cases need no code of their own.
//
//   StridedWalk<1> walk;                       // the transpose of a [2, 3] matrix
//   walk.Append(3, {1});
//   walk.Append(2, {3});
//   walk.ForRows(0, walk.size(), [&](const auto& at, std::int64_t out, std::int64_t n) { ... });
//
// Any range of output elements can be walked alone: that is how work is shared among threads. The
// product of all places is the output's element count and so below 2^31 (the caller has checked the
// shapes); offsets stay inside the operands by the caller's choice of strides.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/tensor/shape.h"

namespace pinhole::engine::kernels::ref {

template <std::size_t kOperands>
class StridedWalk {
 public:
  using Offsets = std::array<std::int64_t, kOperands>;

  // Adds a dimension inside those that are there. places >= 1; at most Shape::kMaxRank calls.
  constexpr void Append(std::int32_t places, const Offsets& strides) {
    if (places == 1) {
      return;
    }
    if (rank_ > 0 && PassesOver(places, strides)) {
      places_[rank_ - 1] *= places;
      strides_[rank_ - 1] = strides;
      return;
    }
    places_[rank_] = places;
    strides_[rank_++] = strides;
  }

  // Elements of the output.
  [[nodiscard]] constexpr std::int64_t size() const {
    std::int64_t size = 1;
    for (std::size_t d = 0; d < rank_; ++d) {
      size *= places_[d];
    }
    return size;
  }
  // How far each operand moves along a row.
  [[nodiscard]] constexpr Offsets steps() const {
    if (rank_ > 0) {
      return strides_[rank_ - 1];
    }
    Offsets ones{};
    ones.fill(1);
    return ones;
  }

  // row(at, out, n) for pieces of rows that make up the output's elements [begin, end): element
  // out + i of the output belongs to at[k] + i * steps()[k] of operand k, for i in [0, n).
  template <typename Row>
  constexpr void ForRows(std::int64_t begin, std::int64_t end, const Row& row) const {
    const std::int64_t length = rank_ > 0 ? places_[rank_ - 1] : 1;
    const Offsets step = steps();
    std::array<std::int32_t, Shape::kMaxRank> index{};
    Offsets row_start{};
    std::int64_t outer = begin / length;
    for (std::size_t d = rank_; d-- > 1;) {
      index[d - 1] = static_cast<std::int32_t>(outer % places_[d - 1]);
      outer /= places_[d - 1];
      Move(row_start, strides_[d - 1], index[d - 1]);
    }
    std::int64_t column = begin % length;
    for (std::int64_t out = begin; out < end;) {
      const std::int64_t n = std::min(length - column, end - out);
      Offsets at = row_start;
      Move(at, step, column);
      row(at, out, n);
      out += n;
      column = 0;
      NextRow(index, row_start);
    }
  }

 private:
  // True where each operand's stride in the innermost dimension is what `places` steps make.
  constexpr bool PassesOver(std::int32_t places, const Offsets& strides) const {
    for (std::size_t k = 0; k < kOperands; ++k) {
      if (strides_[rank_ - 1][k] != strides[k] * places) {
        return false;
      }
    }
    return true;
  }

  static constexpr void Move(Offsets& at, const Offsets& strides, std::int64_t count) {
    for (std::size_t k = 0; k < kOperands; ++k) {
      at[k] += strides[k] * count;
    }
  }

  constexpr void NextRow(std::array<std::int32_t, Shape::kMaxRank>& index,
                         Offsets& row_start) const {
    for (std::size_t d = rank_; d-- > 1;) {
      Move(row_start, strides_[d - 1], 1);
      if (++index[d - 1] < places_[d - 1]) {
        return;
      }
      Move(row_start, strides_[d - 1], -std::int64_t{places_[d - 1]});
      index[d - 1] = 0;
    }
  }

  std::array<std::int32_t, Shape::kMaxRank> places_{};
  std::array<Offsets, Shape::kMaxRank> strides_{};
  std::size_t rank_ = 0;
};

}  // namespace pinhole::engine::kernels::ref
