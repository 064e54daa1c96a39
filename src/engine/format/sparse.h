// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside the room only: a sparse constant's index (TensorFlow Lite's SparsityParameters) and the
// walk along its stored values.
//
// The format is TACO's: the tensor's n dimensions, some of them cut into blocks (which adds a
// dimension of the block's size each), are visited in traversal order; each level of the visit is
// either DENSE (every coordinate is there) or SPARSE_CSR (`segments` says where each parent's
// children begin and end in `indices`, which holds their coordinates). The values lie in the order
// of the visit.
//
//   PINHOLE_ASSIGN(SparseIndex index, SparseIndex::Read(reading, tensor_table, shape));
//   index.ForEach([&](std::size_t value, std::size_t element) { dense[element] = values[value]; });
//
// Source: Kjolstad et al., "The Tensor Algebra Compiler", OOPSLA 2017; the comments in schema.fbs.

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "engine/format/flatbuffer.h"
#include "engine/format/reading.h"
#include "engine/tensor/shape.h"

namespace pinhole::engine::format {

// Unsigned numbers of 1, 2 or 4 bytes.
class IndexVector {
 public:
  IndexVector() = default;
  IndexVector(flat::Bytes bytes, std::size_t width) : bytes_(bytes), width_(width) {}

  [[nodiscard]] std::size_t size() const { return bytes_.size() / width_; }
  [[nodiscard]] std::uint32_t operator[](std::size_t i) const {
    const std::byte* at = bytes_.data() + i * width_;
    switch (width_) {
      case 1: return flat::LoadScalar<std::uint8_t>(at);
      case 2: return flat::LoadScalar<std::uint16_t>(at);
      default: return flat::LoadScalar<std::uint32_t>(at);
    }
  }

 private:
  flat::Bytes bytes_;
  std::size_t width_ = 1;
};

class SparseIndex {
 public:
  // Checks everything that ForEach relies on: the levels make exactly `shape`, segments rise and
  // cover the indices, the indices of one segment rise and lie inside their dimension. So every
  // element is visited at most once and there are at most as many values as elements.
  // Errors: the reader's. The index points into the file.
  static base::Result<SparseIndex> Read(Reading& reading, const flat::Table& tensor,
                                        const Shape& shape);

  [[nodiscard]] std::size_t value_count() const { return value_count_; }

  // visit(value, element) for each stored value in order: its number and the place of its element
  // in the dense, row-major tensor.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    if (level_count_ == 0) {  // a scalar
      visit(std::size_t{0}, std::size_t{0});
      return;
    }
    std::array<Cursor, kMaxLevels> cursors;
    std::size_t depth = 0;
    cursors[0] = Enter(0, 0, 0);
    for (;;) {
      Cursor& here = cursors[depth];
      if (here.at == here.end) {
        if (depth == 0) {
          return;
        }
        --depth;
        continue;
      }
      const std::size_t position = here.at++;
      const std::size_t element =
          here.element + Coordinate(depth, here, position) * levels_[depth].stride;
      if (depth + 1 == level_count_) {
        visit(position, element);
      } else {
        ++depth;
        cursors[depth] = Enter(depth, position, element);
      }
    }
  }

 private:
  static constexpr std::size_t kMaxLevels = 2 * Shape::kMaxRank;

  struct Level {
    std::size_t size = 0;    // coordinates are below it
    std::size_t stride = 0;  // elements of the dense tensor from one coordinate to the next
    bool dense = true;
    IndexVector segments, indices;
  };
  struct Cursor {
    std::size_t at = 0, begin = 0, end = 0;  // positions in the level
    std::size_t element = 0;                 // the levels above, in the dense tensor
  };

  [[nodiscard]] Cursor Enter(std::size_t depth, std::size_t parent, std::size_t element) const {
    const Level& level = levels_[depth];
    const std::size_t begin = level.dense ? parent * level.size : level.segments[parent];
    const std::size_t end = level.dense ? begin + level.size : level.segments[parent + 1];
    return {begin, begin, end, element};
  }
  [[nodiscard]] std::size_t Coordinate(std::size_t depth, const Cursor& cursor,
                                       std::size_t position) const {
    const Level& level = levels_[depth];
    return level.dense ? position - cursor.begin : level.indices[position];
  }

  static base::Status ReadLevel(Reading& reading, const flat::Table& table, Level& level);
  static base::Status CheckSegments(Reading& reading, const Level& level, std::size_t parents);
  base::Status SetExtents(Reading& reading, const flat::ScalarVector<std::int32_t>& order,
                          const flat::ScalarVector<std::int32_t>& block_map, const Shape& shape);

  std::array<Level, kMaxLevels> levels_;
  std::size_t level_count_ = 0;
  std::size_t value_count_ = 1;
};

}  // namespace pinhole::engine::format
