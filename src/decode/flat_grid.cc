// SPDX-License-Identifier: Apache-2.0
#include "decode/flat_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pinhole::decode {

void FlatGrid::Axis::Divide(double extent, std::size_t most) {
  const double whole = std::min(std::floor(extent / largest), static_cast<double>(most));
  if (whole >= 2.0) {  // false, too, for what is no number
    cells = static_cast<std::size_t>(whole);
    per_unit = whole / extent;
    last = whole - 1.0;
  }
}

FlatGrid::FlatGrid(const PackedBoxes& boxes, Reach reach, std::span<std::uint32_t> scratch)
    : boxes_(boxes), reach_(reach) {
  constexpr float kMax = std::numeric_limits<float>::max();
  const std::size_t count = boxes.size();
  if (count == 0) {
    return;
  }
  Box around{kMax, kMax, -kMax, -kMax};
  float width = 0.0F, height = 0.0F;
  for (std::size_t i = 0; i < count; ++i) {
    const Box box = boxes.at(i);
    if (reach.Finds(box)) {
      around = {std::min(around.left, box.left), std::min(around.top, box.top),
                std::max(around.right, box.right), std::max(around.bottom, box.bottom)};
      width = std::max(width, box.width());
      height = std::max(height, box.height());
    }
  }
  // A little longer than the longest, for what sums and differences of doubles round away.
  constexpr double kSlack = 1.001;
  columns_.begin = around.left;
  rows_.begin = around.top;
  columns_.largest = kSlack * static_cast<double>(width);
  rows_.largest = kSlack * static_cast<double>(height);
  // As many columns as rows, unless boxes are so wide that fewer fit; then more rows.
  const auto root = static_cast<std::size_t>(std::sqrt(static_cast<double>(count)));
  columns_.Divide(static_cast<double>(around.right) - static_cast<double>(around.left), root);
  rows_.Divide(static_cast<double>(around.bottom) - static_cast<double>(around.top),
               count / columns_.cells);
  lists_ = BoxLists(scratch.first(count), scratch.subspan(count, columns_.cells * rows_.cells));
}

}  // namespace pinhole::decode
