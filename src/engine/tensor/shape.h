// SPDX-License-Identifier: Apache-2.0
#pragma once

// The dimensions of a tensor, outermost first: at most six, each at least 1 in a loaded model.
//
// Pictures are NHWC: batch, height, width, channels. A scalar has rank 0 and one element.
// element_count() does not check for overflow: who builds a Shape from outside's numbers calls
// CheckedElementCount once, and every shape in a loaded graph has passed it (the byte size of every
// tensor fits 31 bits).

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>

#include "base/checked.h"

namespace pinhole::engine {

class Shape {
 public:
  static constexpr int kMaxRank = 6;

  constexpr Shape() = default;
  // At most kMaxRank dimensions; more are a caller's defect and are cut off.
  constexpr Shape(std::initializer_list<std::int32_t> dims)
      : Shape(std::span<const std::int32_t>(dims.begin(), dims.size())) {}
  constexpr explicit Shape(std::span<const std::int32_t> dims) {
    for (const std::int32_t dim : dims) {
      if (rank_ < kMaxRank) {
        dims_[rank_++] = dim;
      }
    }
  }

  [[nodiscard]] constexpr int rank() const { return rank_; }
  [[nodiscard]] constexpr std::int32_t dim(int i) const {
    return dims_[static_cast<std::size_t>(i)];
  }
  // dim(rank - 1 - i): the innermost dimension is FromBack(0). 1 where i is beyond the rank, as
  // broadcasting reads it.
  [[nodiscard]] constexpr std::int32_t FromBack(int i) const {
    return i < rank_ ? dim(rank_ - 1 - i) : 1;
  }
  [[nodiscard]] constexpr std::span<const std::int32_t> dims() const {
    return {dims_.data(), rank_};
  }
  constexpr void set_dim(int i, std::int32_t value) { dims_[static_cast<std::size_t>(i)] = value; }

  [[nodiscard]] constexpr std::size_t element_count() const {
    std::size_t count = 1;
    for (int i = 0; i < rank_; ++i) {
      count *= static_cast<std::size_t>(dim(i));
    }
    return count;
  }
  // nullopt where a dimension is below 1 or the product does not fit.
  [[nodiscard]] constexpr std::optional<std::size_t> CheckedElementCount() const {
    std::size_t count = 1;
    for (int i = 0; i < rank_; ++i) {
      if (dim(i) < 1) {
        return std::nullopt;
      }
      const std::optional<std::size_t> next =
          base::CheckedMul(count, static_cast<std::size_t>(dim(i)));
      if (!next) {
        return std::nullopt;
      }
      count = *next;
    }
    return count;
  }

  friend constexpr bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) {
      return false;
    }
    for (int i = 0; i < a.rank_; ++i) {
      if (a.dim(i) != b.dim(i)) {
        return false;
      }
    }
    return true;
  }

 private:
  std::array<std::int32_t, kMaxRank> dims_{};
  std::uint8_t rank_ = 0;
};

}  // namespace pinhole::engine
