// SPDX-License-Identifier: Apache-2.0
// SVDF against its definition in double, against itself (batches), and against TensorFlow Lite
// Micro by checksum.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/svdf_case.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The definition: every filter's past is a list, nothing is moved.
std::vector<double> Naive(const SvdfCase<float>& c) {
  std::vector<double> y;
  const auto at = [](int i, int width, int k) { return static_cast<std::size_t>(i * width + k); };
  for (int now = 0; now < SvdfCase<float>::kSteps; ++now) {
    for (int b = 0; b < c.batch; ++b) {
      for (int unit = 0; unit < c.units; ++unit) {
        double sum = c.bias.empty() ? 0.0 : c.bias[static_cast<std::size_t>(unit)];
        for (int filter = unit * c.rank; filter < (unit + 1) * c.rank; ++filter) {
          for (int ago = 0; ago < std::min(c.memory, now + 1); ++ago) {
            double feature = 0.0;
            for (int k = 0; k < c.in; ++k) {
              feature += double{c.steps[static_cast<std::size_t>(now - ago)][at(b, c.in, k)]} *
                         c.feature[at(filter, c.in, k)];
            }
            sum += feature * c.time[at(filter, c.memory, c.memory - 1 - ago)];
          }
        }
        y.push_back(Clamp(c.activation, sum));
      }
    }
  }
  return y;
}

TEST(Svdf, FloatIsItsDefinition) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SvdfCase<float> c(seed);
    if (seed % 3 == 0) {
      c.bias.clear();
    }
    ExpectNearFloats(c.Run(), Naive(c), 1e-4, "seed " + std::to_string(seed));
  }
}

// What the impulse response of one filter is: the time weights, newest last, so read backwards.
TEST(Svdf, AnImpulseReadsTheTimeWeightsBackwards) {
  OpHarness op(OpKind::kSvdf, SvdfOptions{});
  op.Input<float>({1, 2}, {0, 0}).Constant<float>({1, 2}, {1, 10});
  op.Constant<float>({1, 3}, {5, 6, 7}).Absent().Variable<float>({1, 3}).Output<float>({1, 1});
  const std::vector<std::vector<float>> steps = {{1, 2}, {0, 0}, {0, 0}, {0, 0}};
  std::vector<float> response;
  for (const std::vector<float>& x : steps) {
    op.SetInput(0, x);
    ASSERT_TRUE(op.Run(kSvdf)) << op.why();
    response.push_back(op.Result<float>()[0]);
  }
  EXPECT_THAT(response, ElementsAre(147, 126, 105, 0));
  EXPECT_EQ(op.prepared().in_place_inputs, 0);
  EXPECT_EQ(op.prepared().scratch_bytes, 0U);
}

// By hand, all scales 1: the pushed value is x * w = 300, saturated at 127; the time weights take
// 127 and then 127 + 2 * 100, which saturates again.
TEST(Svdf, Int8SaturatesWhatItRemembersAndWhatItSays) {
  OpHarness op(OpKind::kSvdf, SvdfOptions{});
  op.Input<std::int8_t>({1, 1}, {30}, Q(1.0F)).Constant<std::int8_t>({1, 1}, {10}, Q(1.0F));
  op.Constant<std::int8_t>({1, 2}, {1, -1}, Q(1.0F)).Constant<std::int32_t>({1}, {-3}, Q(1.0F));
  op.Variable<std::int8_t>({1, 2}, Q(1.0F)).Output<std::int8_t>({1, 1}, Q(1.0F, 4));
  ASSERT_TRUE(op.Run(kSvdf)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(-126));  // -127 - 3 + 4
  op.SetInput<std::int8_t>(0, {-20});
  ASSERT_TRUE(op.Run(kSvdf)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(127));  // 127 + 128 - 3 + 4
}

template <typename State>
class SvdfOfState : public ::testing::Test {};
using States = ::testing::Types<float, std::int8_t, std::int16_t>;
TYPED_TEST_SUITE(SvdfOfState, States);

TYPED_TEST(SvdfOfState, RowsOfABatchDoNotSeeEachOther) {
  using Case = SvdfCase<TypeParam>;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Case c(seed);
    const auto together = c.Run();
    for (int row = 0; row < c.batch; ++row) {
      const OwnedHarness alone = c.Make(1);
      for (std::size_t step = 0; step < c.steps.size(); ++step) {
        const auto* const x = c.steps[step].data() + row * c.in;
        alone->SetInput(0, std::vector<typename Case::Data>(x, x + c.in));
        ASSERT_TRUE(alone->Run(kSvdf)) << alone->why();
        const auto* const y =
            together.data() + (step * static_cast<std::size_t>(c.batch) + row) * c.units;
        ASSERT_EQ(alone->template Result<typename Case::Data>(),
                  std::vector<typename Case::Data>(y, y + c.units))
            << "seed " << seed << " row " << row << " step " << step;
      }
    }
  }
}

// How made: the same cases through TensorFlow Lite Micro's svdf.cc, whose outputs were equal in all
// of 20,000 cases of each type; these are their first hundred. No tolerance.
TEST(Svdf, IntegersAreBitExact) {
  Checksum narrow;
  Checksum wide;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    narrow.Add(SvdfCase<std::int8_t>(seed).Run());
    wide.Add(SvdfCase<std::int16_t>(seed).Run());
  }
  EXPECT_EQ(narrow.value(), 0xBC3067817B703F00U);
  EXPECT_EQ(wide.value(), 0xF7C292BC69D8D794U);
}

TEST(Svdf, LeavesOutABiasOfZero) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SvdfCase<std::int8_t> c(seed);
    std::fill(c.bias.begin(), c.bias.end(), 0);
    const auto with = c.Run();
    c.bias.clear();
    EXPECT_EQ(c.Run(), with) << "seed " << seed;
  }
}

// What a use of the operator is made of, sound by default; each test below breaks one thing.
struct Use {
  Shape data = {2, 3}, feature = {4, 3}, time = {4, 5}, bias = {2}, state = {2, 20}, out = {2, 2};
  SvdfOptions options = {2, Activation::kNone, false};
  bool state_is_variable = true;
  std::int32_t weights_zero = 0;

  [[nodiscard]] std::string WhyRefused() const {
    const auto zeros = [](const Shape& shape) {
      return std::vector<std::int8_t>(shape.element_count());
    };
    OpHarness op(OpKind::kSvdf, options);
    op.Input<std::int8_t>(data, zeros(data), Q(0.5F))
        .Constant<std::int8_t>(feature, zeros(feature), Q(0.5F, weights_zero))
        .Constant<std::int8_t>(time, zeros(time), Q(0.5F))
        .Constant<std::int32_t>(bias, std::vector<std::int32_t>(bias.element_count()), Q(0.25F));
    if (state_is_variable) {
      op.Variable<std::int8_t>(state, Q(0.5F));
    } else {
      op.Input<std::int8_t>(state, zeros(state), Q(0.5F));
    }
    op.Output<std::int8_t>(out, Q(0.5F));
    return op.Prepare(kSvdf) ? "nothing" : op.why();
  }
};

TEST(Svdf, RefusesWhatDoesNotFit) {
  EXPECT_EQ(Use().WhyRefused(), "nothing");
  for (const auto& [use, why] : std::vector<std::pair<Use, const char*>>{
           {{.data = {2, 3, 1}}, "input 0 has 3 dimensions, 2 expected"},
           {{.feature = {4, 2}}, "declared [4, 2], computed [4, 3]"},
           {{.time = {5, 5}}, "5 filters of rank 2 found"},
           {{.bias = {4}}, "declared [4], computed [2]"},
           {{.state = {2, 19}}, "state 't' has 38 elements; a variable of 40 expected"},
           {{.state_is_variable = false}, "has 40 elements and is no variable"},
           {{.out = {2, 4}}, "declared [2, 4], computed [2, 2]"},
           {{.options = {0, Activation::kNone, false}}, "4 filters of rank 0 found"},
           {{.options = {-2, Activation::kNone, false}}, "4 filters of rank -2 found"},
           {{.weights_zero = 3}, "weights 't' have zero point 3, 0 expected"},
       }) {
    EXPECT_THAT(use.WhyRefused(), HasSubstr(why));
  }
}

TEST(Svdf, RefusesOtherTypesAndMissingScales) {
  SvdfCase<std::int8_t> bare(1);
  bare.time_quant = {};
  EXPECT_FALSE(bare.Make(1)->Prepare(kSvdf));
  SvdfCase<float> squashed(1);
  squashed.activation = Activation::kTanh;
  const OwnedHarness op = squashed.Make(1);
  EXPECT_FALSE(op->Prepare(kSvdf));
  EXPECT_THAT(op->why(), HasSubstr("fused activation TANH found"));

  OpHarness hybrid(OpKind::kSvdf, SvdfOptions{});
  hybrid.Input<float>({1, 1}, {0}).Constant<std::int8_t>({1, 1}, {1}, Q(1.0F));
  hybrid.Constant<float>({1, 1}, {1}).Absent().Variable<float>({1, 1}).Output<float>({1, 1});
  EXPECT_FALSE(hybrid.Prepare(kSvdf));
  EXPECT_THAT(hybrid.why(), HasSubstr("is int8, float32 expected"));

  OpHarness stateless(OpKind::kSvdf, SvdfOptions{});
  stateless.Input<float>({1, 1}, {0}).Constant<float>({1, 1}, {1}).Constant<float>({1, 1}, {1});
  stateless.Absent().Absent().Output<float>({1, 1});
  EXPECT_FALSE(stateless.Prepare(kSvdf));
  EXPECT_THAT(stateless.why(), HasSubstr("input 4 is left out, but it is needed"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
