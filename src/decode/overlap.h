// SPDX-License-Identifier: Apache-2.0
#pragma once

// How much two boxes overlap: three measures, and one of them for many boxes at once.
//
// Detectors disagree about what to divide the shared area by. The names are those of MediaPipe;
// docs/decisions/0003-non-max-suppression.md says what the literature calls them.
//
// The single number (OverlapSimilarity) is the definition. MarkOverlapping answers for eight boxes,
// kept by coordinate, whether it is above a limit; the same arithmetic without branches, so that a
// compiler does several at a time. It never answers otherwise than the definition.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "decode/detection.h"

namespace pinhole::decode {

enum class Overlap : std::uint8_t {
  kJaccard,                // intersection / area of the box around both
  kModifiedJaccard,        // intersection / area of the second box
  kIntersectionOverUnion,  // intersection / area covered by either
};

// Of two boxes with finite corners: from 0 to 1; 0 where they do not meet, or meet in a line, or
// where the area to divide by is not above 0 or no float. In suppression the box that is kept comes
// first (unweighted), or second (weighted), which only kModifiedJaccard can tell.
float OverlapSimilarity(Overlap overlap, const Box& first, const Box& second);

// What two boxes share; without area (right not above left, or bottom not above top) where they do
// not meet.
inline Box Common(const Box& a, const Box& b) {
  return {std::max(a.left, b.left), std::max(a.top, b.top), std::min(a.right, b.right),
          std::min(a.bottom, b.bottom)};
}

// True where the overlap can be above 0.
inline bool Meet(const Box& a, const Box& b) {
  const Box common = Common(a, b);
  return common.right > common.left && common.bottom > common.top;
}

// Boxes by coordinate, the floats as words: column[i] is the i-th box's.
struct BoxColumns {
  std::span<std::uint32_t> left, top, right, bottom;

  [[nodiscard]] Box at(std::size_t i) const {
    return {std::bit_cast<float>(left[i]), std::bit_cast<float>(top[i]),
            std::bit_cast<float>(right[i]), std::bit_cast<float>(bottom[i])};
  }
  void Put(std::size_t i, const Box& box) const {
    left[i] = std::bit_cast<std::uint32_t>(box.left);
    top[i] = std::bit_cast<std::uint32_t>(box.top);
    right[i] = std::bit_cast<std::uint32_t>(box.right);
    bottom[i] = std::bit_cast<std::uint32_t>(box.bottom);
  }
};

inline constexpr std::size_t kMarks = 8;
using Marks = std::array<std::uint32_t, kMarks>;

// For which of the eight boxes from `from` on the overlap with `box` is above `limit`, 0 or more:
// marks[i] is then all ones, else 0. `others_first` says how the two are ordered. Reads from + 8
// words of each column; what words that are no box's give means nothing.
Marks MarkOverlapping(Overlap overlap, const BoxColumns& boxes, std::size_t from, const Box& box,
                      bool others_first, float limit);

inline bool Any(const Marks& marks) {
  std::uint32_t any = 0;
  for (const std::uint32_t mark : marks) {
    any |= mark;
  }
  return any != 0;
}

}  // namespace pinhole::decode
