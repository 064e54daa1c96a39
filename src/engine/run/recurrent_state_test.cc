// SPDX-License-Identifier: Apache-2.0
// State that an operator keeps in a variable tensor (SVDF here), through a whole session: it begins
// as zero in real numbers, stays from run to run, and Reset takes it back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/format/model_builder.h"
#include "engine/run/test_model.h"

namespace pinhole::engine::run {
namespace {

using format::GraphBuilder;
using format::ModelBuilder;
using format::TableSpec;
using format::schema::OptionsType;
using ::testing::ElementsAre;

// One filter of memory 3 and time weights 1, 10, 20, all scales 1: the output is
// x[t - 2] + 10 x[t - 1] + 20 x[t], whatever the state's zero point is.
void BuildSvdf(ModelBuilder& model, std::int64_t zero_point) {
  GraphBuilder& graph = model.graph();
  const format::TensorTraits plain{.scales = {1.0F}, .zero_points = {0}};
  const int x = graph.Tensor(Type::kInt8, {1, 1}, plain);
  const int feature = graph.Constant<std::int8_t>(Type::kInt8, {1, 1}, {1}, plain);
  const int time = graph.Constant<std::int8_t>(Type::kInt8, {1, 3}, {1, 10, 20}, plain);
  const int state = graph.Tensor(
      Type::kInt8, {1, 3},
      {.name = "state", .scales = {1.0F}, .zero_points = {zero_point}, .variable = true});
  const int y = graph.Tensor(Type::kInt8, {1, 1}, plain);
  graph.Operator("SVDF", {x, feature, time, -1, state}, {y}, OptionsType::kSvdf,
                 TableSpec().Set<std::int32_t>(0, 1));
  graph.inputs = {x};
  graph.outputs = {y};
}

TEST(RecurrentState, BeginsAsZeroStaysAndIsTakenBack) {
  for (const std::int64_t zero_point : {0, 9, -100}) {
    ModelBuilder builder;
    BuildSvdf(builder, zero_point);
    TestModel model(builder.Build().span());
    ASSERT_TRUE(model.loaded()) << model.why();
    EXPECT_GE(model.session().state_bytes(), 3U);
    for (int round = 0; round < 2; ++round) {
      std::vector<int> response;
      for (const std::int8_t x : {1, 2, 0, 0, 0}) {
        *model.session().input(0).as<std::int8_t>() = x;
        ASSERT_TRUE(model.Run()) << model.why();
        response.push_back(model.Output<std::int8_t>(0)[0]);
      }
      EXPECT_THAT(response, ElementsAre(20, 50, 21, 2, 0)) << zero_point << " round " << round;
      *model.session().input(0).as<std::int8_t>() = 100;  // state that Reset has to forget
      ASSERT_TRUE(model.Run()) << model.why();
      ASSERT_TRUE(model.Reset()) << model.why();
    }
  }
}

}  // namespace
}  // namespace pinhole::engine::run
