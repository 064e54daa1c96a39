// SPDX-License-Identifier: Apache-2.0
// What a network is read as: the windows of its operators against the kernels' own words and
// against what kernels do, names without work, state.
#include "engine/plan/traffic/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/kernels/registry.h"
#include "engine/plan/traffic/random_network_for_test.h"
#include "engine/run/test_model.h"

namespace pinhole::engine::plan::traffic {
namespace {

TEST(WindowTest, NeedsWhatTheInputHas) {
  const Window three = Window::Affine(3, 2, 1);
  const auto need = [](const Window& window, Rows of, std::uint32_t rows) {
    const Rows found = window.Need(of, rows);
    return std::make_pair(found.begin, found.end);
  };
  EXPECT_EQ(need(three, {0, 1}, 10), std::make_pair(0U, 2U));
  EXPECT_EQ(need(three, {1, 3}, 10), std::make_pair(1U, 6U));
  EXPECT_EQ(need(three, {4, 5}, 9), std::make_pair(7U, 9U));
  EXPECT_EQ(need(three, {2, 2}, 9), std::make_pair(0U, 0U));
  EXPECT_EQ(need(Window::Affine(1, 1, 4), {0, 2}, 9), std::make_pair(0U, 0U));  // all padding
}

TEST(WindowTest, MostIsNeverLessThanANeed) {
  for (const Window& window :
       {Window::Same(), Window::Affine(3, 1, 1), Window::Affine(5, 3, 2), Window::Affine(1, 2, 0),
        Window::Scaled(7, 14, false), Window::Scaled(7, 14, true), Window::Scaled(31, 8, true),
        Window::Scaled(5, 17, false)}) {
    for (std::uint32_t begin = 0; begin < 20; ++begin) {
      for (std::uint32_t count = 1; count < 6; ++count) {
        EXPECT_LE(window.Need({begin, begin + count}, 40).count(), window.Most(count, 40));
        EXPECT_LE(window.Need({begin, begin + 1}, 40).begin,
                  window.Need({begin + 1, begin + 2}, 40).begin);
      }
    }
  }
}

class Windows : public ::testing::TestWithParam<const char*> {};

// Kernels that can compute some rows say which rows of their inputs they read.
TEST_P(Windows, AreTheKernelsOwn) {
  const auto model = run::TestModel::Open(GetParam());
  if (model == nullptr) {
    GTEST_SKIP() << run::TestModel::Missing(GetParam());
  }
  ASSERT_TRUE(model->loaded()) << model->why();
  base::Diagnosis why;
  const auto network = ReadNetwork(model->session().model(), why);
  ASSERT_TRUE(network);
  const Graph& graph = model->session().model().main();
  std::vector<std::byte> memory(std::size_t{32} << 20);
  base::Arena arena(memory);
  int compared = 0;
  for (const Work& work : network->works) {
    const OpKind kind = graph.operators[work.op].kind;
    kernels::PrepareContext context(graph, work.op, arena, why);
    const auto prepared = kernels::FindKernel(kernels::AllKernels(), kind)->prepare(context);
    ASSERT_TRUE(prepared) << why.text();
    if (!prepared->rows.by_rows() || work.outputs[0].rows < 2) {
      continue;
    }
    const Window theirs = Window::Affine(static_cast<std::uint32_t>(prepared->rows.height),
                                         static_cast<std::uint32_t>(prepared->rows.stride),
                                         static_cast<std::uint32_t>(prepared->rows.pad));
    for (const Operand& in : work.inputs) {
      for (std::uint32_t r = 0; r < work.rows(); ++r) {
        const Rows ours = in.window.Need({r, r + 1}, in.rows);
        const Rows kernels = theirs.Need({r, r + 1}, in.rows);
        if (kind == OpKind::kPad || kind == OpKind::kPadV2) {
          EXPECT_TRUE(ours.empty() || (ours.begin >= kernels.begin && ours.end <= kernels.end));
        } else {
          EXPECT_EQ(ours.begin, kernels.begin) << network->NameOf(work);
          EXPECT_EQ(ours.end, kernels.end) << network->NameOf(work);
        }
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 5);
}
INSTANTIATE_TEST_SUITE_P(TestData, Windows,
                         ::testing::Values("person_detect", "mlperf_ic_resnet_quant", "mcunet_vww",
                                           "mobilenet_v2_quantized_1x3x224x224",
                                           "mp_face_detection_full_range", "mp_iris_landmark"));

// One operator on a float picture.
struct OnePicture {
  OnePicture(OpKind kind, const Attributes& attributes, const Shape& in, const Shape& out) {
    sizes[0] = out.dim(1);
    sizes[1] = out.dim(2);
    const auto add = [this](Type type, const Shape& shape) {
      Tensor tensor;
      tensor.type = type;
      tensor.shape = shape;
      tensor.bytes = static_cast<std::uint32_t>(shape.element_count() * TypeSize(type));
      tensors.push_back(tensor);
    };
    add(Type::kFloat32, in);
    add(Type::kFloat32, out);
    add(Type::kInt32, {2});
    tensors[2].data = reinterpret_cast<const std::byte*>(sizes);
    op.kind = kind;
    op.attributes = attributes;
    inputs = {0, 2};
    inputs.resize(kind == OpKind::kDepthToSpace ? 1 : 2);
    op.inputs = inputs;
    op.outputs = outputs;
    graph.tensors = tensors;
    graph.operators = {&op, 1};
    graph.inputs = {inputs.data(), 1};
    graph.outputs = outputs;
    model.graphs = {&graph, 1};
  }
  OnePicture(const OnePicture&) = delete;
  OnePicture& operator=(const OnePicture&) = delete;

  std::vector<float> Run(const std::vector<float>& picture) {
    std::vector<float> memory(16 + picture.size() + tensors[1].bytes / 4);
    std::copy(picture.begin(), picture.end(), memory.begin());
    const auto at = static_cast<std::uint32_t>((tensors[0].bytes + 15) / 16 * 16);
    const std::uint32_t offsets[] = {0, at, 0};
    std::vector<std::byte> arena_memory(4096);
    base::Arena arena(arena_memory);
    base::Diagnosis why;
    kernels::PrepareContext context(graph, 0, arena, why);
    const kernels::Kernel* kernel = kernels::FindKernel(kernels::AllKernels(), op.kind);
    const auto prepared = kernel->prepare(context);
    EXPECT_TRUE(prepared) << why.text();
    const kernels::EvalContext::Places places{
        &graph, offsets, reinterpret_cast<std::byte*>(memory.data()), {}, nullptr};
    EXPECT_TRUE(kernel->evaluate({places, op, prepared->params, {}, {}}));
    const auto from = memory.begin() + at / 4;
    return {from, from + tensors[1].bytes / 4};
  }

  std::int32_t sizes[2] = {};
  std::vector<Tensor> tensors;
  std::vector<std::int32_t> inputs, outputs = {1};
  Operator op;
  Graph graph;
  format::Model model;
};

// A row outside the window changes nothing in the row of the output.
void ExpectWindowHolds(OnePicture& one) {
  base::Diagnosis why;
  const auto network = ReadNetwork(one.model, why);
  ASSERT_TRUE(network);
  const Operand& in = network->works[0].inputs[0];
  const Operand& out = network->works[0].outputs[0];
  ASSERT_GT(out.rows, 1U);
  std::minstd_rand random(3);
  std::vector<float> picture(one.tensors[0].shape.element_count());
  for (float& value : picture) {
    value = static_cast<float>(random() % 1000) + 1;
  }
  const std::vector<float> whole = one.Run(picture);
  const std::size_t in_row = in.row_bytes / 4;
  const std::size_t out_row = out.row_bytes / 4;
  for (std::uint32_t r = 0; r < out.rows; ++r) {
    const Rows need = in.window.Need({r, r + 1}, in.rows);
    std::vector<float> part(picture.size(), -1e9F);
    std::copy(picture.begin() + long(need.begin * in_row),
              picture.begin() + long(need.end * in_row), part.begin() + long(need.begin * in_row));
    const std::vector<float> again = one.Run(part);
    ASSERT_TRUE(std::equal(whole.begin() + long(r * out_row),
                           whole.begin() + long((r + 1) * out_row),
                           again.begin() + long(r * out_row)))
        << "row " << r;
  }
}

TEST(ScaledWindows, HoldForResizing) {
  for (const OpKind kind : {OpKind::kResizeBilinear, OpKind::kResizeNearestNeighbor}) {
    for (const bool corners : {false, true}) {
      for (const bool half : {false, true}) {
        for (const auto& [from, to] :
             {std::pair{6, 12}, {12, 5}, {7, 19}, {30, 4}, {5, 5}, {1, 6}}) {
          if (corners && half && kind == OpKind::kResizeBilinear) {
            continue;  // refused
          }
          SCOPED_TRACE(::testing::Message() << from << " to " << to << corners << half);
          OnePicture one(kind, ResizeOptions{corners, half}, {1, from, 3, 2}, {1, to, 4, 2});
          ExpectWindowHolds(one);
        }
      }
    }
  }
}

TEST(ScaledWindows, HoldForDepthToSpace) {
  for (const std::int32_t block : {2, 3}) {
    OnePicture one(OpKind::kDepthToSpace, DepthToSpaceOptions{block}, {1, 5, 2, 2 * block * block},
                   {1, 5 * block, 2 * block, 2});
    ExpectWindowHolds(one);
  }
}

TEST(NetworkTest, ReshapingIsANameAndStateGoesInAndOut) {
  const auto model = run::TestModel::Open("mww_v2_okay_nabu");
  if (model == nullptr) {
    GTEST_SKIP() << run::TestModel::Missing("mww_v2_okay_nabu");
  }
  ASSERT_TRUE(model->loaded()) << model->why();
  base::Diagnosis why;
  const format::Model& read = model->session().model();
  const auto network = ReadNetwork(read, why);
  ASSERT_TRUE(network);
  for (const Work& work : network->works) {
    const OpKind kind = read.main().operators[work.op].kind;
    EXPECT_NE(kind, OpKind::kReshape);
    EXPECT_NE(kind, OpKind::kReadVariable);
    EXPECT_NE(kind, OpKind::kAssignVariable);
  }
  std::uint64_t in = 0, out = 0, state = 0;
  for (const NetworkTensor& tensor : network->tensors) {
    in += tensor.input ? tensor.bytes : 0;
    out += tensor.output ? tensor.bytes : 0;
  }
  for (const Resource& resource : read.resources) {
    state += resource.bytes;
  }
  EXPECT_EQ(in, state + 3 * 40);
  EXPECT_EQ(out, state + 1);
}

TEST(NetworkTest, RefusesMoreOperatorsThanItPlansFor) {
  std::vector<Operator> operators(20'001);
  Graph graph;
  graph.operators = operators;
  format::Model model;
  model.graphs = {&graph, 1};
  base::Diagnosis why;
  const auto network = ReadNetwork(model, why);
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error(), base::Error::kTooLarge);
  EXPECT_THAT(std::string(why.text()), ::testing::HasSubstr("20001 operators"));
}

}  // namespace
}  // namespace pinhole::engine::plan::traffic
