// SPDX-License-Identifier: Apache-2.0
// DENSIFY and DEQUANTIZE of constants. The law: read(encode(dense)) = dense, for every order of
// visit, block and format of a dimension, with an encoder written from the format's description.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "engine/format/example_models.h"
#include "engine/format/read_for_test.h"

namespace pinhole::engine::format {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using base::Error;

struct Layout {
  std::vector<std::int32_t> shape = {};
  std::vector<std::int32_t> order = {};      // of all dimensions, then of the blocks
  std::vector<std::int32_t> block_map = {};  // the dimension that each block cuts
  std::vector<std::int32_t> block_size = {};
  std::vector<bool> compressed = {};  // per place in the order
  int index_type = schema::dim_metadata::kInt32Vector;
};

// A dense tensor's values in the sparse format, and the SparsityParameters that go with them.
template <typename T>
struct Encoded {
  std::vector<T> values;
  TableSpec sparsity;
};

TableSpec IndexVectorSpec(const std::vector<std::int32_t>& values, int type) {
  TableSpec table;
  switch (type) {
    case schema::dim_metadata::kUint8Vector:
      return table.SetNumbers(0, std::vector<std::uint8_t>(values.begin(), values.end()), 4);
    case schema::dim_metadata::kUint16Vector:
      return table.SetNumbers(0, std::vector<std::uint16_t>(values.begin(), values.end()), 4);
    default: return table.SetNumbers(0, values);
  }
}

template <typename T>
Encoded<T> Encode(const std::vector<T>& dense, const Layout& layout) {
  const std::size_t rank = layout.shape.size();
  std::vector<std::int32_t> outer = layout.shape, block(rank, 1);
  for (std::size_t b = 0; b < layout.block_map.size(); ++b) {
    const auto d = static_cast<std::size_t>(layout.block_map[b]);
    block[d] = layout.block_size[b];
    outer[d] /= block[d];
  }
  // A node is what has been decided of an element's place: a coordinate per dimension and block.
  using Node = std::vector<std::int32_t>;
  const auto element = [&](const Node& node) {
    std::size_t at = 0;
    for (std::size_t d = 0; d < rank; ++d) {
      std::int32_t coordinate = node[d] * block[d];
      for (std::size_t b = 0; b < layout.block_map.size(); ++b) {
        coordinate += layout.block_map[b] == static_cast<std::int32_t>(d) ? node[rank + b] : 0;
      }
      at = at * static_cast<std::size_t>(layout.shape[d]) + static_cast<std::size_t>(coordinate);
    }
    return at;
  };
  const auto extent = [&](std::int32_t which) {
    return which < static_cast<std::int32_t>(rank)
               ? outer[static_cast<std::size_t>(which)]
               : layout.block_size[static_cast<std::size_t>(which) - rank];
  };
  const std::function<bool(Node, std::size_t)> any = [&](Node node, std::size_t level) {
    if (level == layout.order.size()) {
      return dense[element(node)] != T{};
    }
    const std::int32_t which = layout.order[level];
    for (std::int32_t c = 0; c < extent(which); ++c) {
      node[static_cast<std::size_t>(which)] = c;
      if (any(node, level + 1)) {
        return true;
      }
    }
    return false;
  };
  Encoded<T> encoded;
  std::vector<TableSpec> metadata;
  std::vector<Node> nodes = {Node(layout.order.size(), 0)};
  for (std::size_t level = 0; level < layout.order.size(); ++level) {
    const std::int32_t which = layout.order[level];
    std::vector<Node> children;
    std::vector<std::int32_t> segments = {0}, indices;
    for (Node node : nodes) {
      for (std::int32_t c = 0; c < extent(which); ++c) {
        node[static_cast<std::size_t>(which)] = c;
        if (!layout.compressed[level] || any(node, level + 1)) {
          children.push_back(node);
          indices.push_back(c);
        }
      }
      segments.push_back(static_cast<std::int32_t>(indices.size()));
    }
    TableSpec& spec = metadata.emplace_back();
    if (layout.compressed[level]) {
      const auto type = static_cast<std::uint8_t>(layout.index_type);
      spec.Set<std::int8_t>(0, 1)
          .Set<std::uint8_t>(2, type)
          .SetTable(3, IndexVectorSpec(segments, type))
          .Set<std::uint8_t>(4, type)
          .SetTable(5, IndexVectorSpec(indices, type));
    } else {
      spec.Set<std::int8_t>(0, 0).Set<std::int32_t>(1, extent(which));
    }
    nodes = children;
  }
  for (const Node& node : nodes) {
    encoded.values.push_back(dense[element(node)]);
  }
  encoded.sparsity.SetNumbers(schema::sparsity::kTraversalOrder, layout.order)
      .SetNumbers(schema::sparsity::kBlockMap, layout.block_map)
      .SetTables(schema::sparsity::kDimMetadata, metadata);
  return encoded;
}

// A graph whose output is a sparse constant behind DENSIFY.
template <typename T>
AlignedBytes DensifyModel(Type type, const std::vector<std::int32_t>& shape,
                          const Encoded<T>& encoded) {
  ModelBuilder builder;
  GraphBuilder& g = builder.graph();
  const int sparse = g.Constant<T>(type, shape, encoded.values, {.name = "sparse"});
  g.tensors.back().SetTable(schema::tensor::kSparsity, encoded.sparsity);
  const int dense = g.Tensor(type, shape, {.name = "dense"});
  g.Operator("DENSIFY", {sparse}, {dense});
  g.outputs = {dense};
  return builder.Build();
}

template <typename T>
std::vector<T> Densified(Type type, const std::vector<T>& dense, const Layout& layout) {
  const AlignedBytes file = DensifyModel(type, layout.shape, Encode(dense, layout));
  const ReadForTest model(file);
  EXPECT_TRUE(model) << model.why();
  if (!model) {
    return {};
  }
  EXPECT_EQ(model->folded_operators, 1U);
  EXPECT_TRUE(model->main().operators.empty());
  const auto values = model->main().tensor(model->main().outputs[0]).constant<T>();
  return std::vector<T>(values.begin(), values.end());
}

TEST(Densify, UndoesEveryEncoding) {
  std::mt19937 random(1);
  const auto below = [&](int n) {
    return static_cast<std::int32_t>(std::uniform_int_distribution<int>(0, n - 1)(random));
  };
  for (int round = 0; round < 300; ++round) {
    Layout layout;
    const int rank = 1 + below(4);
    for (int d = 0; d < rank; ++d) {
      layout.shape.push_back(1 + below(5));
      layout.order.push_back(d);
    }
    std::shuffle(layout.order.begin(), layout.order.end(), random);
    for (int d = 0; d < rank; ++d) {
      if (below(3) == 0) {
        const std::int32_t size = 1 + below(3);
        layout.shape[static_cast<std::size_t>(d)] *= size;
        layout.block_map.push_back(d);
        layout.block_size.push_back(size);
      }
    }
    std::vector<std::int32_t> blocks(layout.block_map.size());
    std::iota(blocks.begin(), blocks.end(), rank);
    std::shuffle(blocks.begin(), blocks.end(), random);
    layout.order.insert(layout.order.end(), blocks.begin(), blocks.end());
    for (std::size_t level = 0; level < layout.order.size(); ++level) {
      layout.compressed.push_back(static_cast<int>(level) < rank && below(2) == 0);
    }
    layout.index_type = 1 + below(2);
    std::size_t elements = 1;
    for (const std::int32_t dim : layout.shape) {
      elements *= static_cast<std::size_t>(dim);
    }
    std::vector<float> dense(elements, 0.0F);
    for (float& value : dense) {
      value = below(3) == 0 ? static_cast<float>(1 + below(100)) : 0.0F;
    }
    dense[0] = 1.0F;  // a constant without any value has no bytes at all
    ASSERT_EQ(Densified(Type::kFloat32, dense, layout), dense) << "round " << round;
    std::vector<std::int8_t> small(dense.begin(), dense.end());
    ASSERT_EQ(Densified(Type::kInt8, small, layout), small) << "round " << round;
  }
}

TEST(Densify, TakesIndicesOfOneByte) {
  const Layout layout{.shape = {3, 2},
                      .order = {0, 1},
                      .compressed = {false, true},
                      .index_type = schema::dim_metadata::kUint8Vector};
  const std::vector<float> dense = {0, 1, 2, 0, 0, 0};
  EXPECT_EQ(Densified(Type::kFloat32, dense, layout), dense);
}

TEST(Fold, MakesFloatsOfHalvesAndLeavesNothingBetween) {
  const AlignedBytes file = FoldExample();
  const ReadForTest model(file);
  ASSERT_TRUE(model) << model.why();
  EXPECT_EQ(model->folded_operators, 3U);
  EXPECT_EQ(model->folded_bytes, 2U * 6 * sizeof(float));  // no float16 tensor was made dense
  const Graph& g = model->main();
  ASSERT_EQ(g.operators.size(), 2U);
  EXPECT_EQ(g.operators[0].kind, OpKind::kAdd);
  EXPECT_EQ(g.operators[1].kind, OpKind::kMul);
  EXPECT_THAT(g.tensor(2).constant<float>(),
              ElementsAre(1.0F, -2.0F, 0.5F, 0.0F, 0x1p-24F, 65504.0F));
  EXPECT_THAT(g.tensor(6).constant<float>(), ElementsAre(0, 1, 0, 2, 0, 3));
  EXPECT_FALSE(g.tensor(5).is_constant());
}

TEST(Fold, DequantizesInt8ByTensorAndByChannel) {
  ModelBuilder builder;
  GraphBuilder& g = builder.graph();
  const int whole = g.Constant<std::int8_t>(Type::kInt8, {2, 2}, {-128, 0, 1, 127},
                                            {.scales = {0.5F}, .zero_points = {-1}});
  const int channels = g.Constant<std::int8_t>(
      Type::kInt8, {2, 3}, {1, 2, 3, 4, 5, 6},
      {.scales = {1.0F, 0.5F, 0.25F}, .zero_points = {1, 1, 1}, .axis = 1});
  const int a = g.Tensor(Type::kFloat32, {2, 2});
  const int b = g.Tensor(Type::kFloat32, {2, 3});
  g.Operator("DEQUANTIZE", {whole}, {a});
  g.Operator("DEQUANTIZE", {channels}, {b});
  g.outputs = {a, b};
  const AlignedBytes file = builder.Build();
  const ReadForTest model(file);
  ASSERT_TRUE(model) << model.why();
  EXPECT_THAT(model->main().tensor(a).constant<float>(), ElementsAre(-63.5F, 0.5F, 1.0F, 64.0F));
  EXPECT_THAT(model->main().tensor(b).constant<float>(),
              ElementsAre(0.0F, 0.5F, 0.5F, 3.0F, 2.0F, 1.25F));
}

// What the sparse int8 tensor leaves out is a stored 0, whose real value is -zero_point * scale.
TEST(Fold, DequantizesSparseInt8) {
  const Layout layout{.shape = {2, 2}, .order = {1, 0}, .compressed = {true, true}};
  const std::vector<std::int8_t> stored = {0, 3, 0, -4};
  const Encoded<std::int8_t> encoded = Encode(stored, layout);
  ModelBuilder builder;
  GraphBuilder& g = builder.graph();
  const TensorTraits quantized{.scales = {0.5F}, .zero_points = {2}};
  const int sparse = g.Constant<std::int8_t>(Type::kInt8, {2, 2}, encoded.values, quantized);
  g.tensors.back().SetTable(schema::tensor::kSparsity, encoded.sparsity);
  const int dense = g.Tensor(Type::kInt8, {2, 2}, quantized);
  const int real = g.Tensor(Type::kFloat32, {2, 2});
  g.Operator("DENSIFY", {sparse}, {dense});
  g.Operator("DEQUANTIZE", {dense}, {real});
  g.outputs = {real};
  const auto check = [&](std::size_t folded_bytes) {
    const AlignedBytes file = builder.Build();
    const ReadForTest model(file);
    ASSERT_TRUE(model) << model.why();
    EXPECT_THAT(model->main().tensor(real).constant<float>(),
                ElementsAre(-1.0F, 0.5F, -1.0F, -3.0F));
    EXPECT_EQ(model->folded_bytes, folded_bytes);
  };
  check(16);
  g.outputs = {dense, real};  // somebody wants the int8 tensor too: then it is made, and used
  check(16 + 4);
}

TEST(Fold, MakesNothingThatNobodyReads) {
  ModelBuilder builder;
  GraphBuilder& g = builder.graph();
  const int half = g.Constant<std::uint16_t>(Type::kFloat16, {2}, {0, 0});
  const int real = g.Tensor(Type::kFloat32, {2});
  const int x = g.Tensor(Type::kFloat32, {2});
  g.Operator("DEQUANTIZE", {half}, {real});
  g.inputs = {x};
  g.outputs = {x};
  const AlignedBytes file = builder.Build();
  const ReadForTest model(file);
  ASSERT_TRUE(model) << model.why();
  EXPECT_EQ(model->folded_bytes, 0U);
  EXPECT_EQ(model->folded_operators, 1U);
}

TEST(Fold, LeavesAloneWhatDependsOnTheInput) {
  ModelBuilder builder;
  GraphBuilder& g = builder.graph();
  const int x = g.Tensor(Type::kInt8, {2}, {.scales = {0.5F}});
  const int real = g.Tensor(Type::kFloat32, {2});
  g.Operator("DEQUANTIZE", {x}, {real});
  g.inputs = {x};
  g.outputs = {real};
  const AlignedBytes file = builder.Build();
  const ReadForTest model(file);
  ASSERT_TRUE(model) << model.why();
  EXPECT_EQ(model->main().operators.size(), 1U);
  EXPECT_EQ(model->folded_operators, 0U);
}

// A sparse constant that an operator reads without DENSIFY is made dense all the same.
TEST(Fold, MakesDenseWhatIsReadSparse) {
  const Layout layout{.shape = {2, 2}, .order = {0, 1}, .compressed = {false, true}};
  const Encoded<float> encoded = Encode<float>({0, 1, 0, 2}, layout);
  ModelBuilder builder;
  GraphBuilder& g = builder.graph();
  const int x = g.Tensor(Type::kFloat32, {2, 2});
  const int w = g.Constant<float>(Type::kFloat32, {2, 2}, encoded.values);
  g.tensors.back().SetTable(schema::tensor::kSparsity, encoded.sparsity);
  const int y = g.Tensor(Type::kFloat32, {2, 2});
  g.Operator("FULLY_CONNECTED", {x, w}, {y});
  g.inputs = {x};
  g.outputs = {y};
  const AlignedBytes file = builder.Build();
  const ReadForTest model(file);
  ASSERT_TRUE(model) << model.why();
  EXPECT_THAT(model->main().tensor(w).constant<float>(), ElementsAre(0, 1, 0, 2));
}

// [[0, 1, 0], [2, 0, 3]], second dimension compressed; a test breaks one part.
struct Parts {
  std::vector<std::int32_t> order = {0, 1}, block_map = {}, segments = {0, 1, 3}, indices = {1, 0, 2};
  std::vector<float> values = {1, 2, 3};
  std::int32_t dense_size = 2;
  std::int8_t format = 1;
  std::uint8_t index_type = 1;
  bool with_index = true;
  int levels = 2;
};

void ExpectRefused(const Parts& parts, Error error, const std::string& sentence) {
  TableSpec columns;
  columns.Set<std::int8_t>(0, parts.format).Set<std::uint8_t>(2, parts.index_type);
  if (parts.with_index) {
    columns.SetTable(3, TableSpec().SetNumbers(0, parts.segments))
        .Set<std::uint8_t>(4, 1)
        .SetTable(5, TableSpec().SetNumbers(0, parts.indices));
  }
  std::vector<TableSpec> metadata = {
      TableSpec().Set<std::int8_t>(0, 0).Set<std::int32_t>(1, parts.dense_size), columns};
  metadata.resize(static_cast<std::size_t>(parts.levels), metadata[0]);
  Encoded<float> encoded;
  encoded.values = parts.values;
  encoded.sparsity.SetNumbers(0, parts.order)
      .SetNumbers(1, parts.block_map)
      .SetTables(2, metadata);
  const AlignedBytes file = DensifyModel(Type::kFloat32, {2, 3}, encoded);
  const ReadForTest model(file);
  if (sentence.empty()) {
    EXPECT_TRUE(model) << model.why();
    return;
  }
  ASSERT_FALSE(model) << sentence;
  EXPECT_EQ(model.error(), error) << model.why();
  EXPECT_THAT(model.why(), HasSubstr("constant tensor 1 'dense': sparsity: "));
  EXPECT_THAT(model.why(), HasSubstr(sentence));
}

TEST(Densify, RefusesAnIndexThatDoesNotFit) {
  constexpr Error kMalformed = Error::kMalformed;
  ExpectRefused({}, kMalformed, "");
  ExpectRefused({.order = {0, 2}}, kMalformed, "traversal order 2 at place 1");
  ExpectRefused({.order = {1, 1}}, kMalformed, "traversal order 1 at place 1");
  ExpectRefused({.order = {-1, 0}}, kMalformed, "traversal order -1 at place 0");
  ExpectRefused({.order = {0}}, kMalformed, "an order of 1");
  ExpectRefused({.levels = 3}, kMalformed, "metadata for 3 dimensions");
  ExpectRefused({.dense_size = 3}, kMalformed, "dense size 3 for dimension 0, 2 expected");
  ExpectRefused({.dense_size = 0}, kMalformed, "dense size 0, at least 1 expected");
  ExpectRefused({.format = 2}, kMalformed, "dimension format 2");
  ExpectRefused({.index_type = 4}, kMalformed, "index vector of type 4, 1 to 3 expected");
  ExpectRefused({.with_index = false}, kMalformed, "without its index");
  ExpectRefused({.segments = {0, 1}}, kMalformed, "2 segment bounds for 2 parents");
  ExpectRefused({.segments = {1, 1, 3}}, kMalformed, "segment bounds");
  ExpectRefused({.segments = {0, 1, 2}}, kMalformed, "segment bounds");
  ExpectRefused({.segments = {0, 4, 3}}, kMalformed, "segment 0 runs from 0 to 4");
  ExpectRefused({.segments = {0, -1, 3}}, kMalformed, "segment 0 runs from 0 to 4294967295");
  ExpectRefused({.indices = {3, 0, 2}}, kMalformed, "index 3 in a dimension of 3");
  ExpectRefused({.indices = {-1, 0, 2}}, kMalformed, "index 4294967295");
  ExpectRefused({.indices = {1, 2, 0}}, kMalformed, "index 0 in a dimension of 3 is too large or");
  ExpectRefused({.indices = {1, 2, 2}}, kMalformed, "out of order");
  ExpectRefused({.values = {1, 2}}, kMalformed, "8 bytes for 3 stored values");
  ExpectRefused({.order = {0, 1, 2}, .block_map = {2}, .levels = 3}, Error::kUnsupported,
                "block 0 is not a dense block");
  ExpectRefused({.order = {0, 1, 2}, .block_map = {1}, .levels = 3}, kMalformed,
                "blocks of 2 do not divide dimension 1");
  ExpectRefused({.order = {2, 0, 1}, .block_map = {0}, .levels = 3}, kMalformed,
                "traversal order 2 at place 0");
}

TEST(Densify, RefusesTypesThatAreNeverSparse) {
  const Layout layout{.shape = {2}, .order = {0}, .compressed = {true}};
  const AlignedBytes file =
      DensifyModel(Type::kInt32, {2}, Encode<std::int32_t>({0, 1}, layout));
  const ReadForTest model(file);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error(), Error::kUnsupported);
  EXPECT_THAT(model.why(), HasSubstr("sparse int32; float32, float16 and int8 are supported"));
}

}  // namespace
}  // namespace pinhole::engine::format
