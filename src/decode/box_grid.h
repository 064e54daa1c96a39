// SPDX-License-Identifier: Apache-2.0
#pragma once

// Finds, among many boxes, those that may overlap a given one, without looking at all of them.
//
// Boxes are sorted into classes by the magnitude of their width and of their height, and each class
// has a grid of its own whose cells are a little larger than its largest box. A box lies in the
// cell that holds its upper left corner; whatever meets a given box then starts in a cell that this
// one covers, or in one just left of or above those. Two boxes of very different width or height
// cannot share much of their areas, so that most classes need no look at all. The grids have no
// border, for they share one hash table: neither a box far away nor a mixture of sizes makes them
// coarse. The grid never changes what is found, only what is looked at.
//
// Boxes are named by their place in PackedBoxes. Memory: three words a box at most, the caller's.
//
// Cost: each search looks at the boxes held around its box in each class near its own; among boxes
// of which no two overlap much these are a few dozen at most. Where a search would ask for more
// cells than there are boxes (a box beside much smaller ones, and no least overlap to rule them
// out) it looks at all boxes instead.

#include <cstddef>
#include <cstdint>
#include <span>

#include "decode/box_lists.h"
#include "decode/detection.h"

namespace pinhole::decode {

class BoxGrid {
 public:
  static constexpr std::size_t ScratchWords(std::size_t boxes) { return 3 * boxes; }

  // Boxes are finite, right >= left and bottom >= top. They and the scratch,
  // ScratchWords(boxes.size()) of it, must outlive the grid. Holds no box yet.
  BoxGrid(const PackedBoxes& boxes, Reach reach, std::span<std::uint32_t> scratch);

  // A box that no search can find is not held.
  void Insert(std::uint32_t number);

  // Calls visit(number) for every box held that may overlap `box` as Reach says (and some that do
  // not; one that stays perhaps more than once), in no order to rely on, and does what it answers.
  template <typename Visit>
  void Search(const Box& box, const Visit& visit) {
    const Query query = Ask(box);
    for (std::size_t i = FirstOf(query, 0); i < classes_.size(); i = FirstOf(query, i + 1)) {
      const Cells cells = CellsUnder(query, classes_[i]);
      if (cells.count > static_cast<double>(boxes_.size())) {
        SearchAll(visit);
        return;
      }
      for (std::int64_t row = cells.top; row <= cells.bottom; ++row) {
        for (std::int64_t column = cells.left; column <= cells.right; ++column) {
          if (!lists_.Search(List(classes_[i], column, row), visit)) {
            return;
          }
        }
      }
    }
  }

 private:
  // Where to look: classes of width and height, both ends among them, and what a box must meet.
  struct Query {
    std::uint32_t min_width, max_width, min_height, max_height;
    double left, top, right, bottom;
  };
  struct Cells {
    std::int64_t left, top, right, bottom;
    double count;
  };

  template <typename Visit>
  void SearchAll(const Visit& visit) {
    for (std::size_t list = 0; list < lists_.lists() && lists_.Search(list, visit); ++list) {
    }
  }

  [[nodiscard]] std::uint32_t ChoosePhase() const;
  [[nodiscard]] Query Ask(const Box& box) const;
  // Index of the first of classes_, from `from` on, that belongs to `near`; their number if none.
  [[nodiscard]] std::size_t FirstOf(const Query& near, std::size_t from) const;
  [[nodiscard]] Cells CellsUnder(const Query& query, std::uint32_t size_class) const;
  [[nodiscard]] std::size_t List(std::uint32_t size_class, std::int64_t column,
                                 std::int64_t row) const;

  PackedBoxes boxes_;
  Reach reach_;
  std::uint32_t phase_ = 0;           // where classes of sides begin
  BoxLists lists_;                    // a power of two of them
  std::span<std::uint32_t> classes_;  // that there are, ascending: width's, then height's
};

}  // namespace pinhole::decode
