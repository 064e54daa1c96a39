// SPDX-License-Identifier: Apache-2.0
#include "engine/format/sparse.h"

#include <optional>

#include "engine/format/schema.h"

namespace pinhole::engine::format {

namespace {

using base::Error;

base::Result<IndexVector> ReadIndexVector(Reading& reading, const flat::Table& table,
                                          std::size_t type_field, std::size_t field) {
  PINHOLE_ASSIGN(const auto type, table.Number<std::uint8_t>(type_field, 0));
  PINHOLE_ASSIGN(const auto holder, table.Child(field));
  if (!holder) {
    return reading.Fail(Error::kMalformed, "sparsity: a compressed dimension without its index");
  }
  switch (type) {
    case schema::dim_metadata::kInt32Vector: {
      PINHOLE_ASSIGN(const auto values, holder->Numbers<std::uint32_t>(0));
      return IndexVector(values.bytes(), 4);
    }
    case schema::dim_metadata::kUint16Vector: {
      PINHOLE_ASSIGN(const auto values, holder->Numbers<std::uint16_t>(0));
      return IndexVector(values.bytes(), 2);
    }
    case schema::dim_metadata::kUint8Vector: {
      PINHOLE_ASSIGN(const auto values, holder->Numbers<std::uint8_t>(0));
      return IndexVector(values.bytes(), 1);
    }
    default:
      return reading.Fail(Error::kMalformed, "sparsity: index vector of type ", type,
                          ", 1 to 3 expected");
  }
}

}  // namespace

base::Status SparseIndex::ReadLevel(Reading& reading, const flat::Table& table, Level& level) {
  PINHOLE_ASSIGN(const auto format, table.Number<std::int8_t>(schema::dim_metadata::kFormat, 0));
  if (format == schema::dim_metadata::kDense) {
    PINHOLE_ASSIGN(const auto size,
                   table.Number<std::int32_t>(schema::dim_metadata::kDenseSize, 0));
    if (size < 1) {
      return reading.Fail(Error::kMalformed, "sparsity: dense size ", size,
                          ", at least 1 expected");
    }
    level.size = static_cast<std::size_t>(size);
    return {};
  }
  if (format != schema::dim_metadata::kSparseCsr) {
    return reading.Fail(Error::kMalformed, "sparsity: dimension format ", format,
                        ", 0 or 1 expected");
  }
  level.dense = false;
  PINHOLE_ASSIGN(level.segments,
                 ReadIndexVector(reading, table, schema::dim_metadata::kSegmentsType,
                                 schema::dim_metadata::kSegments));
  PINHOLE_ASSIGN(level.indices,
                 ReadIndexVector(reading, table, schema::dim_metadata::kIndicesType,
                                 schema::dim_metadata::kIndices));
  return {};
}

// Gives each level its size and stride, from the shape, the blocks and the order of the visit.
base::Status SparseIndex::SetExtents(Reading& reading,
                                     const flat::ScalarVector<std::int32_t>& order,
                                     const flat::ScalarVector<std::int32_t>& block_map,
                                     const Shape& shape) {
  const auto rank = static_cast<std::size_t>(shape.rank());
  std::array<bool, kMaxLevels> taken{};
  std::array<std::size_t, Shape::kMaxRank> block{};  // 0: this dimension has no block
  std::array<std::size_t, kMaxLevels> dimension{};   // which one a level runs along
  for (std::size_t i = 0; i < level_count_; ++i) {
    const std::size_t visited = static_cast<std::uint32_t>(order[i]);
    const bool is_block = i >= rank;
    if (visited >= level_count_ || (visited >= rank) != is_block || taken[visited]) {
      return reading.Fail(Error::kMalformed, "sparsity: traversal order ", order[i], " at place ",
                          i, " is no permutation");
    }
    taken[visited] = true;
    dimension[i] = visited;
    if (!is_block) {
      continue;
    }
    const std::size_t target = static_cast<std::uint32_t>(block_map[visited - rank]);
    if (target >= rank || block[target] != 0 || !levels_[i].dense) {
      return reading.Fail(Error::kUnsupported, "sparsity: block ", visited - rank,
                          " is not a dense block of a dimension of its own");
    }
    dimension[i] = target;
    block[target] = levels_[i].size;
    if (static_cast<std::size_t>(shape.dim(static_cast<int>(target))) % block[target] != 0) {
      return reading.Fail(Error::kMalformed, "sparsity: blocks of ", block[target],
                          " do not divide dimension ", target);
    }
  }
  for (std::size_t i = 0; i < level_count_; ++i) {
    const std::size_t d = dimension[i];
    levels_[i].stride = 1;
    for (std::size_t inner = d + 1; inner < rank; ++inner) {
      levels_[i].stride *= static_cast<std::size_t>(shape.dim(static_cast<int>(inner)));
    }
    if (i >= rank) {
      continue;
    }
    const std::size_t blocked = block[d] == 0 ? 1 : block[d];
    const std::size_t size = static_cast<std::size_t>(shape.dim(static_cast<int>(d))) / blocked;
    levels_[i].stride *= blocked;
    if (levels_[i].dense && levels_[i].size != size) {
      return reading.Fail(Error::kMalformed, "sparsity: dense size ", levels_[i].size,
                          " for dimension ", d, ", ", size, " expected");
    }
    levels_[i].size = size;
  }
  return {};
}

base::Status SparseIndex::CheckSegments(Reading& reading, const Level& level,
                                        std::size_t parents) {
  PINHOLE_TRY(reading.Visit(level.segments.size() + level.indices.size()));
  if (level.segments.size() != parents + 1 || level.segments[0] != 0 ||
      level.segments[parents] != level.indices.size()) {
    return reading.Fail(Error::kMalformed, "sparsity: ", level.segments.size(),
                        " segment bounds for ", parents, " parents and ", level.indices.size(),
                        " indices");
  }
  for (std::size_t parent = 0; parent < parents; ++parent) {
    const std::uint32_t begin = level.segments[parent];
    const std::uint32_t end = level.segments[parent + 1];
    if (begin > end || end > level.indices.size()) {
      return reading.Fail(Error::kMalformed, "sparsity: segment ", parent, " runs from ", begin,
                          " to ", end);
    }
    for (std::size_t i = begin; i < end; ++i) {
      if (level.indices[i] >= level.size ||
          (i > begin && level.indices[i] <= level.indices[i - 1])) {
        return reading.Fail(Error::kMalformed, "sparsity: index ", level.indices[i],
                            " in a dimension of ", level.size, " is too large or out of order");
      }
    }
  }
  return {};
}

base::Result<SparseIndex> SparseIndex::Read(Reading& reading, const flat::Table& tensor,
                                            const Shape& shape) {
  PINHOLE_ASSIGN(const auto table, tensor.Child(schema::tensor::kSparsity));
  if (!table) {
    return reading.Fail(Error::kInternal, "sparsity: asked for where there is none");
  }
  PINHOLE_ASSIGN(const auto order,
                 table->Numbers<std::int32_t>(schema::sparsity::kTraversalOrder));
  PINHOLE_ASSIGN(const auto block_map, table->Numbers<std::int32_t>(schema::sparsity::kBlockMap));
  PINHOLE_ASSIGN(const auto metadata, table->Tables(schema::sparsity::kDimMetadata));
  const auto rank = static_cast<std::size_t>(shape.rank());
  if (block_map.size() > rank || order.size() != rank + block_map.size() ||
      metadata.size() != order.size()) {
    return reading.Fail(Error::kMalformed, "sparsity: rank ", rank, " and ", block_map.size(),
                        " blocks, but an order of ", order.size(), " and metadata for ",
                        metadata.size(), " dimensions");
  }
  SparseIndex index;
  index.level_count_ = order.size();
  for (std::size_t i = 0; i < index.level_count_; ++i) {
    PINHOLE_ASSIGN(const flat::Table level, metadata.Open(i));
    PINHOLE_TRY(ReadLevel(reading, level, index.levels_[i]));
  }
  PINHOLE_TRY(index.SetExtents(reading, order, block_map, shape));
  // Every level's positions are at most as many as there are elements above it, so no product
  // overflows.
  for (std::size_t i = 0; i < index.level_count_; ++i) {
    const Level& level = index.levels_[i];
    if (level.dense) {
      index.value_count_ *= level.size;
    } else {
      PINHOLE_TRY(CheckSegments(reading, level, index.value_count_));
      index.value_count_ = level.indices.size();
    }
  }
  return index;
}

}  // namespace pinhole::engine::format
