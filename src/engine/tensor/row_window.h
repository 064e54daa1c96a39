// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which rows of its inputs an operator's rows need: what kernels say and plans work with.
//
// Rows are the indices of dimension 1 of tensors [1, rows, columns, channels].

#include <algorithm>
#include <cstdint>

namespace pinhole::engine {

// Row r of output 0 is computed from rows [r * stride - pad, r * stride - pad + height), those that
// exist, of every input that is no constant; all such inputs have equally many rows. Constants are
// always there as a whole.
struct RowWindow {
  std::int32_t height = 0;  // dilation included; 0: this use of the operator can't be run by rows
  std::int32_t stride = 1;
  std::int32_t pad = 0;  // rows of the first window that lie before row 0; in [0, height)

  // Element by element, row r from row r.
  static constexpr RowWindow Same() { return {1, 1, 0}; }
  [[nodiscard]] constexpr bool by_rows() const { return height > 0; }

  // The first row that output row `row` needs of an input of `rows` rows, and the row behind the
  // last; begin <= end.
  [[nodiscard]] constexpr std::int32_t Begin(std::int32_t row, std::int32_t rows) const {
    return Clip(std::int64_t{row} * stride - pad, rows);
  }
  [[nodiscard]] constexpr std::int32_t End(std::int32_t row, std::int32_t rows) const {
    return Clip(std::int64_t{row} * stride - pad + height, rows);
  }

  friend constexpr bool operator==(const RowWindow&, const RowWindow&) = default;

 private:
  static constexpr std::int32_t Clip(std::int64_t row, std::int32_t rows) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(row, 0, rows));
  }
};

}  // namespace pinhole::engine
