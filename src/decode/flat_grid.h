// SPDX-License-Identifier: Apache-2.0
#pragma once

// Finds, among boxes of about one size that lie all over a picture, those that may overlap a given
// one: the ordinary case of a detector, for which BoxGrid's classes would be a detour.
//
// The area that the boxes cover is cut into as many equal cells as there are boxes, or fewer, so
// that none is smaller than the largest box. A box lies in the list of the cell that holds its
// upper left corner; whatever meets a given box then starts in a cell that this one covers or
// less than the largest box's size left of it or above.
//
// One box far away or a few large ones make all cells coarse, and a search looks at very many
// boxes. It is never wrong, only slow, and whoever asks can count what it looks at and change to a
// BoxGrid, which takes the same memory.
//
// Memory: two words a box, the caller's.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "decode/box_lists.h"
#include "decode/detection.h"

namespace pinhole::decode {

class FlatGrid {
 public:
  static constexpr std::size_t ScratchWords(std::size_t boxes) { return 2 * boxes; }

  // As BoxGrid's.
  FlatGrid(const PackedBoxes& boxes, Reach reach, std::span<std::uint32_t> scratch);

  // A box that no search can find is not held.
  void Insert(std::uint32_t number) {
    const Box box = boxes_.at(number);
    if (reach_.Finds(box)) {
      lists_.Insert(rows_.Cell(double{box.top}) * columns_.cells + columns_.Cell(double{box.left}),
                    number);
    }
  }

  // As BoxGrid's, but looks at no box twice.
  template <typename Visit>
  void Search(const Box& box, const Visit& visit) {
    if (lists_.lists() == 0 || !Reach::Finding(box)) {
      return;
    }
    const auto part = static_cast<double>(reach_.Part(box));
    const double inset_x = part * static_cast<double>(box.width());
    const double inset_y = part * static_cast<double>(box.height());
    const std::size_t left = columns_.Cell(double{box.left} + inset_x - columns_.largest);
    const std::size_t right = columns_.Cell(double{box.right} - inset_x);
    const std::size_t bottom = rows_.Cell(double{box.bottom} - inset_y);
    for (std::size_t row = rows_.Cell(double{box.top} + inset_y - rows_.largest); row <= bottom;
         ++row) {
      for (std::size_t column = left; column <= right; ++column) {
        if (!lists_.Search(row * columns_.cells + column, visit)) {
          return;
        }
      }
    }
  }

 private:
  struct Axis {
    double begin = 0.0, largest = 0.0;  // of all boxes: the first edge, the longest side
    double per_unit = 0.0;              // cells; 0: everything lies in the first one
    double last = 0.0;                  // the last cell
    std::size_t cells = 1;

    // `extent` from the first edge to the last one.
    void Divide(double extent, std::size_t most);
    [[nodiscard]] std::size_t Cell(double at) const {
      // In this order, what is no number goes to the first cell.
      const double cell = std::max(0.0, std::min((at - begin) * per_unit, last));
      return static_cast<std::size_t>(static_cast<std::int32_t>(cell));
    }
  };

  PackedBoxes boxes_;
  Reach reach_;
  Axis columns_, rows_;
  BoxLists lists_;  // one for each cell, row by row
};

}  // namespace pinhole::decode
