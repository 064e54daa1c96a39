// SPDX-License-Identifier: Apache-2.0
#pragma once

// Finds, among many boxes, those that may meet a given one, without looking at all of them.
//
// The area that the boxes cover is cut into at most 256 x 256 cells, about twice as large as a mean
// box. A box no larger than a cell lies in the list of the cell that holds its upper left corner;
// whatever meets a given box then starts in a cell that this one covers, or in one just left of or
// above those. Larger boxes lie in one list more, which is always looked at. Few boxes give one
// cell: then everything is one list. The grid never changes what is found, only what is looked at.
//
// Boxes are named by their number in `boxes`, the caller's to give meaning to. Memory: a word for
// each box and one for each list, of which there are at most two more than boxes; the caller's.

#include <cstddef>
#include <cstdint>
#include <span>

#include "decode/detection.h"

namespace pinhole::decode {

class BoxGrid {
 public:
  static constexpr std::size_t ScratchWords(std::size_t boxes) { return 2 * boxes + 2; }

  // Box number i is detections[order[i]].box, all finite, right >= left and bottom >= top. Both
  // spans and the scratch, ScratchWords(order.size()) of it, must outlive the grid. Holds no box
  // yet.
  BoxGrid(std::span<const Detection> detections, std::span<const std::uint32_t> order,
          std::span<std::uint32_t> scratch);

  void Insert(std::uint32_t number);

  enum class Next : std::uint8_t { kKeep, kRemove, kStop };
  // Calls visit(number) for every box held that may meet `box` (and some that do not), in no order
  // to rely on. What visit answers is done: the box stays, leaves the grid, or the search ends.
  template <typename Visit>
  void Search(const Box& box, const Visit& visit) {
    if (!SearchList(heads_[large_list()], visit)) {
      return;
    }
    const Range columns = Columns(box), rows = Rows(box);
    for (std::uint32_t row = rows.first; row <= rows.last; ++row) {
      for (std::uint32_t column = columns.first; column <= columns.last; ++column) {
        if (!SearchList(heads_[row * side_ + column], visit)) {
          return;
        }
      }
    }
  }

 private:
  static constexpr std::uint32_t kEnd = 0xFFFFFFFFU;
  struct Range {
    std::uint32_t first, last;
  };
  struct Axis {
    float begin = 0.0F;
    float cells_per_unit = 0.0F;  // 0: everything lies in the first cell
    float cell = 0.0F;            // a little less than a cell's extent
  };

  // False where the search is to end.
  template <typename Visit>
  bool SearchList(std::uint32_t& head, const Visit& visit) {
    for (std::uint32_t* link = &head; *link != kEnd;) {
      const std::uint32_t number = *link;
      const Next next = visit(number);
      if (next == Next::kStop) {
        return false;
      }
      if (next == Next::kRemove) {
        *link = next_[number];
      } else {
        link = &next_[number];
      }
    }
    return true;
  }

  [[nodiscard]] const Box& box(std::uint32_t number) const {
    return detections_[order_[number]].box;
  }
  [[nodiscard]] std::size_t large_list() const { return std::size_t{side_} * side_; }
  void Divide();
  [[nodiscard]] std::uint32_t Cell(const Axis& axis, float at) const;
  [[nodiscard]] Range Cells(const Axis& axis, float begin, float end) const;
  [[nodiscard]] Range Columns(const Box& box) const { return Cells(x_, box.left, box.right); }
  [[nodiscard]] Range Rows(const Box& box) const { return Cells(y_, box.top, box.bottom); }

  std::span<const Detection> detections_;
  std::span<const std::uint32_t> order_;
  std::span<std::uint32_t> next_;   // by box: the one after it in its list
  std::span<std::uint32_t> heads_;  // by cell, then that of the large boxes
  std::uint32_t side_ = 1;          // cells in a row, and rows
  Axis x_, y_;
};

}  // namespace pinhole::decode
