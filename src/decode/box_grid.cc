// SPDX-License-Identifier: Apache-2.0
#include "decode/box_grid.h"

#include <algorithm>
#include <cmath>

namespace pinhole::decode {

namespace {

constexpr std::uint32_t kMaxSide = 256;
constexpr double kCellsPerMeanBox = 0.5;

}  // namespace

BoxGrid::BoxGrid(std::span<const Detection> detections, std::span<const std::uint32_t> order,
                 std::span<std::uint32_t> scratch)
    : detections_(detections), order_(order), next_(scratch.first(order.size())) {
  Divide();
  heads_ = scratch.subspan(order.size(), large_list() + 1);
  std::fill(heads_.begin(), heads_.end(), kEnd);
}

void BoxGrid::Divide() {
  if (order_.size() < 4) {
    return;
  }
  Box around = box(0);
  double width_sum = 0.0, height_sum = 0.0;  // doubles: sums of floats cannot overflow
  for (std::uint32_t i = 0; i < order_.size(); ++i) {
    const Box& b = box(i);
    around = {std::min(around.left, b.left), std::min(around.top, b.top),
              std::max(around.right, b.right), std::max(around.bottom, b.bottom)};
    width_sum += static_cast<double>(b.right) - static_cast<double>(b.left);
    height_sum += static_cast<double>(b.bottom) - static_cast<double>(b.top);
  }
  const auto n = static_cast<double>(order_.size());
  const double width = static_cast<double>(around.right) - static_cast<double>(around.left);
  const double height = static_cast<double>(around.bottom) - static_cast<double>(around.top);
  const double boxes_across = std::min(width * n / width_sum, height * n / height_sum);
  // Not more cells than boxes: the lists have to fit the scratch. A quotient that is no number
  // (boxes without extent) counts as many.
  double side = std::min<double>(kMaxSide, std::floor(std::sqrt(n)));
  if (boxes_across * kCellsPerMeanBox < side) {
    side = std::max(1.0, std::floor(boxes_across * kCellsPerMeanBox));
  }
  const auto axis = [side](float begin, double extent) {
    const auto per_unit = static_cast<float>(side / extent);
    return std::isfinite(per_unit) && std::isfinite(static_cast<float>(extent))
               // 1 % smaller than it is, so that rounding never puts a box a cell too far.
               ? Axis{begin, per_unit, static_cast<float>(extent / side * 0.99)}
               : Axis{};
  };
  side_ = static_cast<std::uint32_t>(side);
  x_ = axis(around.left, width);
  y_ = axis(around.top, height);
}

std::uint32_t BoxGrid::Cell(const Axis& axis, float at) const {
  const float cell = (at - axis.begin) * axis.cells_per_unit;
  // Not clamp: what is no number goes to the first cell.
  return cell >= 1.0F ? std::min(side_ - 1, static_cast<std::uint32_t>(std::min(cell, 1e6F))) : 0;
}

BoxGrid::Range BoxGrid::Cells(const Axis& axis, float begin, float end) const {
  const std::uint32_t first = Cell(axis, begin);
  return {first == 0 ? 0 : first - 1, Cell(axis, end)};
}

void BoxGrid::Insert(std::uint32_t number) {
  const Box& b = box(number);
  const bool small = b.width() <= x_.cell && b.height() <= y_.cell;
  const std::size_t list =
      small ? std::size_t{Cell(y_, b.top)} * side_ + Cell(x_, b.left) : large_list();
  next_[number] = heads_[list];
  heads_[list] = number;
}

}  // namespace pinhole::decode
