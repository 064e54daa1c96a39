// SPDX-License-Identifier: Apache-2.0
#include "decode/box_grid.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace pinhole::decode {

namespace {

// So many boxes are looked at to choose where classes begin.
constexpr std::uint32_t kSample = 256;

// A class of sides spans two exponents of the float: the sides in it differ by less than a factor
// of 4. Wider classes would mean more boxes a cell, narrower ones more classes to look into. Which
// two is the phase: 0 or 1.
constexpr std::uint32_t kExponents = 2;
constexpr std::uint32_t kMaxClass = 255 / kExponents + 1;
constexpr std::uint32_t kHeightBits = 8;

std::uint32_t ClassOf(float side, std::uint32_t phase) {
  return ((std::bit_cast<std::uint32_t>(side) >> 23) + phase) / kExponents;
}

std::uint32_t Join(std::uint32_t width, std::uint32_t height) {
  return width << kHeightBits | height;
}
std::uint32_t WidthOf(std::uint32_t size_class) { return size_class >> kHeightBits; }
std::uint32_t HeightOf(std::uint32_t size_class) { return size_class & ((1U << kHeightBits) - 1); }

std::uint32_t ClassOf(const Box& box, std::uint32_t phase) {
  return Join(ClassOf(box.width(), phase), ClassOf(box.height(), phase));
}

// The cell of a class's grid that `at` lies in. Scaling by a power of two is exact, so rounding
// never puts a box a cell too far; beyond 2^60 everything lies in the last cell.
std::int64_t Cell(double at, std::uint32_t side_class, std::uint32_t phase) {
  // A cell's side is the power of two above all sides of the class.
  const int exponent = static_cast<int>(kExponents * (side_class + 1) - phase) - 127;
  const auto per_unit = std::bit_cast<double>(static_cast<std::uint64_t>(1023 - exponent) << 52);
  constexpr double kLast = 0x1p60;
  const double scaled = std::clamp(at * per_unit, -kLast, kLast);
  // Rounded down, without a call where the machine has no instruction for it.
  const auto truncated = static_cast<std::int64_t>(scaled);
  return truncated - (static_cast<double>(truncated) > scaled ? 1 : 0);
}

}  // namespace

BoxGrid::BoxGrid(const PackedBoxes& boxes, Reach reach, std::span<std::uint32_t> scratch)
    : boxes_(boxes), reach_(reach) {
  const std::size_t count = boxes.size();
  if (count == 0) {
    return;
  }
  lists_ = BoxLists(scratch.first(count), scratch.subspan(count, std::bit_floor(count)));
  const std::span<std::uint32_t> classes = scratch.subspan(2 * count, count);
  phase_ = ChoosePhase();
  std::size_t used = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t its = ClassOf(boxes_.at(i), phase_);
    if (used == 0 || classes[used - 1] != its) {  // most are of few classes: less to sort
      classes[used++] = its;
    }
  }
  std::sort(classes.begin(), classes.begin() + static_cast<std::ptrdiff_t>(used));
  const auto end =
      std::unique(classes.begin(), classes.begin() + static_cast<std::ptrdiff_t>(used));
  classes_ = classes.first(static_cast<std::size_t>(end - classes.begin()));
}

// The phase for which boxes share a class more often: those of about one size, as most detectors
// give them, then all do.
std::uint32_t BoxGrid::ChoosePhase() const {
  const auto last = std::min(static_cast<std::uint32_t>(boxes_.size()) - 1, kSample);
  std::array<std::uint32_t, kExponents> shared{};
  for (std::uint32_t phase = 0; phase < kExponents; ++phase) {
    for (std::uint32_t i = 0; i < last; ++i) {
      shared[phase] += ClassOf(boxes_.at(i), phase) == ClassOf(boxes_.at(i + 1), phase) ? 1U : 0U;
    }
  }
  return static_cast<std::uint32_t>(std::max_element(shared.begin(), shared.end()) -
                                    shared.begin());
}

// Classes of boxes wide and high enough to share the part of this box that Reach asks for; where
// the overlap is mutual, this box must also be wide and high enough for that part of theirs.
BoxGrid::Query BoxGrid::Ask(const Box& box) const {
  constexpr float kLeastOverlap = 1.0F / 64.0F;
  if (!Reach::Finding(box)) {
    return {1, 0, 1, 0, 0.0, 0.0, 0.0, 0.0};  // no class
  }
  const float part = reach_.Part(box);
  if (!(reach_.min_overlap >= kLeastOverlap) || !(part > 0.0F)) {
    return {0, kMaxClass, 0, kMaxClass, box.left, box.top, box.right, box.bottom};
  }
  const auto max = [&](float side) {
    return reach_.mutual ? ClassOf(side / part, phase_) : kMaxClass;
  };
  const double inset_x = static_cast<double>(box.width()) * static_cast<double>(part);
  const double inset_y = static_cast<double>(box.height()) * static_cast<double>(part);
  return {ClassOf(box.width() * part, phase_),      max(box.width()),
          ClassOf(box.height() * part, phase_),     max(box.height()),
          static_cast<double>(box.left) + inset_x,  static_cast<double>(box.top) + inset_y,
          static_cast<double>(box.right) - inset_x, static_cast<double>(box.bottom) - inset_y};
}

std::size_t BoxGrid::FirstOf(const Query& near, std::size_t from) const {
  const auto not_before = [this](std::size_t begin, std::uint32_t wanted) {
    const auto found = std::lower_bound(classes_.begin() + static_cast<std::ptrdiff_t>(begin),
                                        classes_.end(), wanted);
    return static_cast<std::size_t>(found - classes_.begin());
  };
  while (from < classes_.size()) {
    const std::uint32_t width = WidthOf(classes_[from]), height = HeightOf(classes_[from]);
    if (width > near.max_width) {
      return classes_.size();
    }
    if (width < near.min_width) {
      from = not_before(from, Join(near.min_width, near.min_height));
    } else if (height < near.min_height) {
      from = not_before(from, Join(width, near.min_height));
    } else if (height > near.max_height) {
      from = not_before(from, Join(width + 1, near.min_height));
    } else {
      return from;
    }
  }
  return from;
}

BoxGrid::Cells BoxGrid::CellsUnder(const Query& query, std::uint32_t size_class) const {
  const std::uint32_t width = WidthOf(size_class), height = HeightOf(size_class);
  Cells cells{Cell(query.left, width, phase_) - 1, Cell(query.top, height, phase_) - 1,
              Cell(query.right, width, phase_), Cell(query.bottom, height, phase_), 0.0};
  cells.count = static_cast<double>(std::max<std::int64_t>(0, cells.right - cells.left + 1)) *
                static_cast<double>(std::max<std::int64_t>(0, cells.bottom - cells.top + 1));
  return cells;
}

std::size_t BoxGrid::List(std::uint32_t size_class, std::int64_t column, std::int64_t row) const {
  // Any odd factors without a pattern will do; the upper bits of a product depend on all of it.
  std::uint64_t mixed = (static_cast<std::uint64_t>(column) * 0x9E3779B97F4A7C15U) ^
                        std::rotl(static_cast<std::uint64_t>(row) * 0xC2B2AE3D27D4EB4FU, 32) ^
                        size_class;
  mixed *= 0xD6E8FEB86659FD93U;
  return static_cast<std::size_t>((mixed ^ (mixed >> 32)) & (lists_.lists() - 1));
}

void BoxGrid::Insert(std::uint32_t number) {
  const Box box = boxes_.at(number);
  if (reach_.Finds(box)) {
    const std::uint32_t size_class = ClassOf(box, phase_);
    lists_.Insert(List(size_class, Cell(double{box.left}, WidthOf(size_class), phase_),
                       Cell(double{box.top}, HeightOf(size_class), phase_)),
                  number);
  }
}

}  // namespace pinhole::decode
