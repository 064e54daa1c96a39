// SPDX-License-Identifier: Apache-2.0
// A plan that is run on a fast memory of N bytes gives the bits that the engine gives.
#include <gtest/gtest.h>

#include "engine/plan/traffic/run_plan_for_test.h"
#include "engine/plan/traffic/traffic_verifier.h"
#include "engine/run/test_model.h"

namespace pinhole::engine::plan::traffic {
namespace {

struct Case {
  const char* model;
  std::uint64_t fast_bytes;  // 0: the least that works
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.model << " in " << c.fast_bytes; }

class Execution : public ::testing::TestWithParam<Case> {};

TEST_P(Execution, GivesTheEnginesBits) {
  if (run::kSlowBuild && std::string_view(GetParam().model).starts_with("mobilenet")) {
    GTEST_SKIP() << "300 million multiply-adds twice: too slow under sanitizers";
  }
  const auto model = run::TestModel::Open(GetParam().model);
  if (model == nullptr) {
    GTEST_SKIP() << run::TestModel::Missing(GetParam().model);
  }
  ASSERT_TRUE(model->loaded()) << model->why();
  base::Diagnosis why;
  const auto network = ReadNetwork(model->session().model(), why);
  ASSERT_TRUE(network) << why.text();
  const std::uint64_t fast =
      GetParam().fast_bytes > 0 ? GetParam().fast_bytes : LeastFastBytes(*network);
  const auto plan = MakeTrafficPlan(*network, {.fast_bytes = fast}, why);
  ASSERT_TRUE(plan) << why.text();
  const auto verified = VerifyTrafficPlan(*network, *plan, 64, why);
  ASSERT_TRUE(verified) << why.text();

  model->FillAll(7);
  PlanMachine machine(*network, *plan);
  const Graph& graph = model->session().model().main();
  for (std::size_t t = 0; t < network->tensors.size(); ++t) {
    const NetworkTensor& tensor = network->tensors[t];
    if (tensor.input) {  // what is no input of the graph is state, at its beginning
      const Tensor& info = graph.tensor(tensor.tensor);
      machine.SetSlow(t, PlanMachine::Bytes(tensor.bytes, info.type == Type::kInt8
                                                              ? std::byte(info.zero_point & 0xFF)
                                                              : std::byte{0}));
    }
  }
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    machine.SetSlow(static_cast<std::size_t>(network->root[graph.inputs[i]]),
                    run::TestModel::BytesOf(model->session().input(i)));
  }
  ASSERT_TRUE(machine.Run()) << machine.why();
  ASSERT_TRUE(model->Run()) << model->why();
  for (std::size_t o = 0; o < graph.outputs.size(); ++o) {
    EXPECT_EQ(machine.Slow(static_cast<std::size_t>(network->root[graph.outputs[o]])),
              run::TestModel::BytesOf(model->session().output(o)))
        << "output " << o;
  }
  EXPECT_EQ(machine.moved(), plan->traffic.bytes());
  EXPECT_EQ(machine.moved(), verified->bytes());
}

constexpr std::uint64_t kKiB = 1024;
INSTANTIATE_TEST_SUITE_P(
    Models, Execution,
    ::testing::Values(
        Case{"person_detect", 64 * kKiB}, Case{"person_detect", 16 * kKiB},
        Case{"person_detect", 0}, Case{"mlperf_vww_96_int8", 64 * kKiB},
        Case{"mlperf_vww_96_int8", 24 * kKiB}, Case{"mlperf_vww_96_int8", 0},
        Case{"mlperf_kws_ref_model", 64 * kKiB}, Case{"mlperf_kws_ref_model", 8 * kKiB},
        Case{"mlperf_kws_ref_model", 0}, Case{"mlperf_ic_resnet_quant", 64 * kKiB},
        Case{"mlperf_ic_resnet_quant", 32 * kKiB}, Case{"mlperf_ic_resnet_quant", 0},
        Case{"mlperf_ad01_int8", 16 * kKiB}, Case{"mlperf_str_ww_ref_model", 4 * kKiB},
        Case{"mww_v2_okay_nabu", 8 * kKiB}, Case{"mww_v2_vad", 0}, Case{"mcunet_vww", 64 * kKiB},
        Case{"mcunet_vww", 16 * kKiB}, Case{"mobilenet_v2_quantized_1x3x224x224", 256 * kKiB},
        Case{"mobilenet_v2_quantized_1x3x224x224", 64 * kKiB},
        Case{"mobilenet_v2_quantized_1x3x224x224", 32 * kKiB}));

}  // namespace
}  // namespace pinhole::engine::plan::traffic
