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
// coarse. Few boxes are one list. The grid never changes what is found, only what is looked at.
//
// Boxes are named by their number in `order`, the caller's to give meaning to. Memory: three words
// a box at most, the caller's.
//
// Cost: each search looks at the boxes held around its box in each class near its own; among boxes
// of which no two overlap much these are a few dozen at most. Where a search would ask for more
// cells than there are boxes (a box beside much smaller ones, and no least overlap to rule them
// out) it looks at all boxes instead.

#include <cstddef>
#include <cstdint>
#include <span>

#include "decode/detection.h"

namespace pinhole::decode {

class BoxGrid {
 public:
  static constexpr std::size_t ScratchWords(std::size_t boxes) { return 3 * boxes + 1; }

  // The overlap that searches are about: the area that two boxes share, divided by an area that is
  // at least that of the box searched for, is to be above `min_overlap`; where `mutual`, the area
  // is at least that of either box.
  struct Reach {
    float min_overlap = 0.0F;
    bool mutual = true;
  };

  // Box number i is detections[order[i]].box, all finite, right >= left and bottom >= top; both
  // spans are read by the constructor and by Insert only. The scratch, ScratchWords(order.size())
  // of it, must outlive the grid. Holds no box yet.
  BoxGrid(std::span<const Detection> detections, std::span<const std::uint32_t> order, Reach reach,
          std::span<std::uint32_t> scratch);

  // A box that can overlap nothing (without area, or mutually with one that is no float) is not
  // held.
  void Insert(std::uint32_t number);

  enum class Next : std::uint8_t { kKeep, kRemove, kStop };
  // Calls visit(number) for every box held that may overlap `box` as Reach says (and some that do
  // not; one that stays perhaps more than once), in no order to rely on. What visit answers is
  // done: the box stays, leaves the grid, or the search ends.
  template <typename Visit>
  void Search(const Box& box, const Visit& visit) {
    if (heads_.size() == 1) {
      SearchLists(heads_, visit);
      return;
    }
    const Query query = Ask(box);
    for (std::size_t i = FirstOf(query, 0); i < classes_.size(); i = FirstOf(query, i + 1)) {
      const Cells cells = CellsUnder(query, classes_[i]);
      if (cells.count > static_cast<double>(next_.size())) {
        SearchLists(heads_, visit);
        return;
      }
      for (std::int64_t row = cells.top; row <= cells.bottom; ++row) {
        for (std::int64_t column = cells.left; column <= cells.right; ++column) {
          if (!SearchLists({&heads_[List(classes_[i], column, row)], 1}, visit)) {
            return;
          }
        }
      }
    }
  }

 private:
  static constexpr std::uint32_t kEnd = 0xFFFFFFFFU;
  // Where to look: classes of width and height, both ends among them, and what a box must meet.
  struct Query {
    std::uint32_t min_width, max_width, min_height, max_height;
    double left, top, right, bottom;
  };
  struct Cells {
    std::int64_t left, top, right, bottom;
    double count;
  };

  // False where the search is to end.
  template <typename Visit>
  bool SearchLists(std::span<std::uint32_t> heads, const Visit& visit) {
    for (std::uint32_t& head : heads) {
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
    }
    return true;
  }

  [[nodiscard]] const Box& box(std::uint32_t number) const {
    return detections_[order_[number]].box;
  }
  [[nodiscard]] std::uint32_t ChoosePhase() const;
  [[nodiscard]] Query Ask(const Box& box) const;
  // Index of the first of classes_, from `from` on, that belongs to `near`; their number if none.
  [[nodiscard]] std::size_t FirstOf(const Query& near, std::size_t from) const;
  [[nodiscard]] Cells CellsUnder(const Query& query, std::uint32_t size_class) const;
  [[nodiscard]] std::size_t List(std::uint32_t size_class, std::int64_t column,
                                 std::int64_t row) const;

  std::span<const Detection> detections_;
  std::span<const std::uint32_t> order_;
  Reach reach_;
  std::uint32_t phase_ = 0;           // where classes of sides begin
  std::span<std::uint32_t> next_;     // by box: the one after it in its list
  std::span<std::uint32_t> heads_;    // of lists, a power of two
  std::span<std::uint32_t> classes_;  // that there are, ascending: width's, then height's
};

}  // namespace pinhole::decode
