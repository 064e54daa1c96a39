// SPDX-License-Identifier: Apache-2.0
// Whole models with the kernels of every target of this build that runs here, against outputs that
// TensorFlow Lite Micro's reference kernels made. session_golden_test.cc does so with the kernels
// that a program gets, and sees to it that no golden is forgotten; this one is portable, so that
// it holds other processors' vectors to the same bits.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "engine/kernels/fast/targets.h"
#include "engine/run/golden_steps.h"

namespace pinhole::engine::run {
namespace {

using kernels::fast::Target;

// Convolutions of all kinds, dense layers, sums and states, in int8 and float. What no target has
// kernels of its own for is left out, and what takes seconds under an emulator.
constexpr const char* kModels[] = {
    "hello_world_float",      "mcunet_vww",
    "mlperf_ad01_fp32",       "mlperf_ad01_int8",
    "mlperf_ic_resnet_float", "mlperf_ic_resnet_quant",
    "mlperf_kws_ref_model",   "mlperf_str_ww_ref_model",
    "mlperf_vww_96_float",    "mlperf_vww_96_int8",
    "mww_v2_okay_nabu",       "person_detect",
};

class TargetsGolden : public ::testing::TestWithParam<std::string_view> {};

TEST_P(TargetsGolden, AreMet) {
  const Target* const target = kernels::fast::FindTarget(GetParam());
  ASSERT_NE(target, nullptr);
  if (!target->runs_here()) {
    GTEST_SKIP() << "this processor lacks " << target->needs;
  }
  for (const std::string name : kModels) {
    SCOPED_TRACE(name);
    TestModel::Options options;
    options.kernels = target->kernels;
    options.effort = plan::Effort::kQuick;
    const auto model = TestModel::Open(name, options);
    if (model == nullptr) {
      GTEST_SKIP() << TestModel::Missing(name);
    }
    ASSERT_TRUE(model->loaded()) << model->why();
    EXPECT_GT(RunGolden(*model, base::TestData("golden/engine/" + name + "/random")), 0)
        << "no golden, or none that can be read";
  }
}

std::vector<std::string_view> Names() {
  std::vector<std::string_view> names;
  for (const Target& target : kernels::fast::AllTargets()) {
    names.push_back(target.name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Targets, TargetsGolden, ::testing::ValuesIn(Names()),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace pinhole::engine::run
