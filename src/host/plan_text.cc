// SPDX-License-Identifier: Apache-2.0
// The plan as text: a map whose columns are times and whose rows are addresses, and a table.

#include <algorithm>
#include <array>

#include "host/names.h"
#include "host/plan_view.h"

namespace pinhole::host {

namespace {

constexpr std::string_view kMarks =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::size_t kRows = 24;

char MarkOf(std::size_t block) { return kMarks[block % kMarks.size()]; }

struct Map {
  std::size_t columns, rows;
  std::uint64_t times, bytes;
  std::vector<std::uint64_t> covered;  // of the block that covers most of a cell, in byte-times
  std::string marks;
};

// Marks the cells that `block` covers more of than the blocks before it.
void Draw(const PlanBlock& block, char mark, Map& map) {
  const std::uint64_t t0 = block.first;
  const std::uint64_t t1 = std::uint64_t{block.last} + 1;
  const std::uint64_t b0 = block.offset;
  const std::uint64_t b1 = b0 + block.bytes;
  // In units that both a block's edges and a cell's are whole numbers of.
  const auto overlap = [](std::uint64_t begin, std::uint64_t end, std::uint64_t cell,
                          std::uint64_t cells, std::uint64_t extent) {
    const std::uint64_t low = std::max(begin * cells, cell * extent);
    const std::uint64_t high = std::min(end * cells, (cell + 1) * extent);
    return high > low ? high - low : 0;
  };
  for (std::size_t row = b0 * map.rows / map.bytes; row < map.rows; ++row) {
    const std::uint64_t tall = overlap(b0, b1, row, map.rows, map.bytes);
    if (tall == 0) {
      break;
    }
    for (std::size_t column = t0 * map.columns / map.times; column < map.columns; ++column) {
      const std::uint64_t wide = overlap(t0, t1, column, map.columns, map.times);
      if (wide == 0) {
        break;
      }
      const std::size_t cell = row * map.columns + column;
      if (tall * wide > map.covered[cell]) {
        map.covered[cell] = tall * wide;
        map.marks[cell] = mark;
      }
    }
  }
}

std::string MapText(const PlanView& view, std::size_t room) {
  constexpr std::size_t kMargin = 11;
  Map map{};
  map.times = std::uint64_t{view.end_time()} + 1;
  map.bytes = std::max<std::uint32_t>(view.arena_bytes, 1);
  const std::size_t wide = std::max<std::size_t>(room, kMargin + 20) - kMargin;
  // Whole columns a time where there is room.
  map.columns = map.times <= wide ? map.times * std::min<std::size_t>(wide / map.times, 4) : wide;
  map.rows = std::min<std::size_t>(kRows, std::max<std::size_t>(map.bytes / 16, 1));
  map.covered.resize(map.columns * map.rows);
  map.marks.assign(map.columns * map.rows, '.');
  for (std::size_t i = 0; i < view.blocks.size(); ++i) {
    Draw(view.blocks[i], MarkOf(i), map);
  }
  std::string text;
  for (std::size_t row = map.rows; row-- > 0;) {
    const std::string address = Grouped(row * map.bytes / map.rows);
    text += std::string(kMargin - 2 - std::min(address.size(), kMargin - 2), ' ') + address + " |" +
            map.marks.substr(row * map.columns, map.columns) + "\n";
  }
  return text + std::string(kMargin - 1, ' ') + "+" + std::string(map.columns, '-') + "\n" +
         std::string(kMargin, ' ') + "time: before the run, " +
         std::to_string(view.operators.size()) + " operators, after the run\n";
}

std::string BlocksText(const PlanView& view) {
  using enum Table::Align;
  Table table({{"", kLeft},
               {"offset", kRight},
               {"bytes", kRight},
               {"from", kLeft},
               {"to", kLeft},
               {"what", kLeft},
               {"name", kLeft}});
  for (std::size_t i = 0; i < view.blocks.size(); ++i) {
    const PlanBlock& block = view.blocks[i];
    std::string what = block.type.empty() ? std::string(KindName(block.kind)) : block.type;
    std::string name = block.name;
    if (block.held_rows > 0) {
      name += " (" + PlanView::HeldText(block) + ")";
    }
    if (block.in_place_of >= 0) {
      const PlanBlock& taken = view.blocks[static_cast<std::size_t>(block.in_place_of)];
      name += std::string(block.offset == taken.offset ? " (in place of " : " (over ") +
              MarkOf(static_cast<std::size_t>(block.in_place_of)) + ")";
    } else if (block.in_resource) {
      name += " (read where its state lies)";
    }
    table.Row({std::string(1, MarkOf(i)), Grouped(block.offset), Grouped(block.bytes),
               view.TimeName(block.first), view.TimeName(block.last), what, name});
  }
  return table.Text();
}

}  // namespace

std::string PlanText(const PlanView& view, int columns) {
  std::string text = Inked(Printable(view.file), Ink::kBold) + "\n";
  text += "activations  " + Grouped(view.arena_bytes) + " bytes, of these " +
          Grouped(view.state_bytes) + " kept from run to run; no packing is below " +
          Grouped(view.lower_bound_bytes) + "\n";
  text += "with graph, parameters and plan  " + Grouped(view.total_bytes) + " bytes\n";
  if (!view.groups.empty()) {
    text += "run by rows, which saves " + Grouped(view.whole_bytes - view.arena_bytes) + " of " +
            Grouped(view.whole_bytes) + " bytes\n";
    for (const PlanGroup& group : view.groups) {
      text += "  " + view.GroupText(group) + "\n";
    }
  }
  text += "\n";
  text += MapText(view, static_cast<std::size_t>(columns)) + "\n" + BlocksText(view);
  return text;
}

}  // namespace pinhole::host
