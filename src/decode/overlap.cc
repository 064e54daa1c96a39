// SPDX-License-Identifier: Apache-2.0
#include "decode/overlap.h"

#include <cmath>
#include <limits>

namespace pinhole::decode {

namespace {

// The area that a measure divides by.
template <Overlap kOverlap>
float Whole(const Box& first, const Box& second, float intersection) {
  if constexpr (kOverlap == Overlap::kJaccard) {
    return Box{std::min(first.left, second.left), std::min(first.top, second.top),
               std::max(first.right, second.right), std::max(first.bottom, second.bottom)}
        .area();
  } else if constexpr (kOverlap == Overlap::kModifiedJaccard) {
    return second.area();
  } else {
    return first.area() + second.area() - intersection;
  }
}

std::uint32_t Mask(bool condition) { return condition ? 0xFFFFFFFFU : 0U; }

// All ones where the overlap is above `limit`, 0 or more. Every condition is computed: there is
// nothing to skip that would be worth a branch, and several boxes at once cannot branch.
template <Overlap kOverlap>
std::uint32_t Above(float limit, const Box& first, const Box& second) {
  const Box common = Common(first, second);
  const float intersection = common.area();
  const float whole = Whole<kOverlap>(first, second, intersection);
  return Mask(common.right > common.left) & Mask(common.bottom > common.top) & Mask(whole > 0.0F) &
         Mask(whole <= std::numeric_limits<float>::max()) & Mask(intersection / whole > limit);
}

template <Overlap kOverlap, bool kOthersFirst>
Marks Mark(const BoxColumns& boxes, std::size_t from, const Box& box, float limit) {
  const auto eight = [from](std::span<const std::uint32_t> column) {
    return column.subspan(from).first<kMarks>();
  };
  const auto left = eight(boxes.left), top = eight(boxes.top), right = eight(boxes.right),
             bottom = eight(boxes.bottom);
  Marks marks;
  for (std::size_t i = 0; i < kMarks; ++i) {
    const Box other{std::bit_cast<float>(left[i]), std::bit_cast<float>(top[i]),
                    std::bit_cast<float>(right[i]), std::bit_cast<float>(bottom[i])};
    marks[i] =
        kOthersFirst ? Above<kOverlap>(limit, other, box) : Above<kOverlap>(limit, box, other);
  }
  return marks;
}

}  // namespace

float OverlapSimilarity(Overlap overlap, const Box& first, const Box& second) {
  const Box common = Common(first, second);
  if (!(common.right > common.left && common.bottom > common.top)) {
    return 0.0F;
  }
  const float intersection = common.area();
  float whole = 0.0F;
  switch (overlap) {
    case Overlap::kJaccard: whole = Whole<Overlap::kJaccard>(first, second, intersection); break;
    case Overlap::kModifiedJaccard:
      whole = Whole<Overlap::kModifiedJaccard>(first, second, intersection);
      break;
    case Overlap::kIntersectionOverUnion:
      whole = Whole<Overlap::kIntersectionOverUnion>(first, second, intersection);
      break;
  }
  return whole > 0.0F && std::isfinite(whole) ? intersection / whole : 0.0F;
}

Marks MarkOverlapping(Overlap overlap, const BoxColumns& boxes, std::size_t from, const Box& box,
                      bool others_first, float limit) {
  switch (overlap) {
    case Overlap::kJaccard: return Mark<Overlap::kJaccard, true>(boxes, from, box, limit);
    case Overlap::kModifiedJaccard:
      return others_first ? Mark<Overlap::kModifiedJaccard, true>(boxes, from, box, limit)
                          : Mark<Overlap::kModifiedJaccard, false>(boxes, from, box, limit);
    case Overlap::kIntersectionOverUnion: break;
  }
  return Mark<Overlap::kIntersectionOverUnion, true>(boxes, from, box, limit);
}

}  // namespace pinhole::decode
