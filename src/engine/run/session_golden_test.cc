// SPDX-License-Identifier: Apache-2.0
// Whole models against outputs that TensorFlow Lite Micro's reference kernels made: integers to the
// bit, floats within 1e-5 of the tensor's peak (the order of a sum is not theirs). Then the memory
// held against what its arena used for the same models.
#include <gtest/gtest.h>

#include <set>

#include "engine/run/golden_steps.h"

namespace pinhole::engine::run {
namespace {

struct Case {
  const char* model;
  const char* name;
};

constexpr Case kCases[] = {
    {"audio_preprocessor_int8", "random"},
    {"hello_world_float", "random"},
    {"hello_world_int8", "random"},
    {"mcunet_vww", "random"},
    {"micro_speech_quantized", "random"},
    {"mlperf_ad01_fp32", "random"},
    {"mlperf_ad01_int8", "random"},
    {"mlperf_ic_resnet_float", "random"},
    {"mlperf_ic_resnet_quant", "random"},
    {"mlperf_kws_ref_model", "random"},
    {"mlperf_str_ww_ref_model", "random"},
    {"mlperf_vww_96_float", "random"},
    {"mlperf_vww_96_int8", "random"},
    {"mobilenet_v2_quantized_1x3x224x224", "random"},
    {"mww_v2_hey_jarvis", "random"},
    {"mww_v2_okay_nabu", "random"},
    {"mww_v2_vad", "random"},
    {"person_detect", "no_person"},
    {"person_detect", "person"},
    {"person_detect", "random"},
    {"trained_lstm_int8", "random"},
};

std::filesystem::path GoldenPath() { return base::TestData("golden/engine"); }

class Golden : public ::testing::TestWithParam<Case> {};

TEST_P(Golden, IsMet) {
  const std::filesystem::path folder = GoldenPath() / GetParam().model / GetParam().name;
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << folder << " is missing (set PINHOLE_DATA)";
  }
  const auto model = TestModel::Open(GetParam().model);
  if (model == nullptr) {
    GTEST_SKIP() << TestModel::Missing(GetParam().model);
  }
  ASSERT_TRUE(model->loaded()) << model->why();
  const int steps = RunGolden(*model, folder);
  std::printf("%s/%s: %d steps\n", GetParam().model, GetParam().name, steps);
  EXPECT_GT(steps, 0);
}

INSTANTIATE_TEST_SUITE_P(Models, Golden, ::testing::ValuesIn(kCases), [](const auto& one) {
  return std::string(one.param.model) + "_" + one.param.name;
});

TEST(GoldenList, LeavesNothingOut) {
  if (!std::filesystem::exists(GoldenPath())) {
    GTEST_SKIP() << GoldenPath() << " is missing (set PINHOLE_DATA)";
  }
  std::set<std::string> found;
  for (const auto& model : std::filesystem::directory_iterator(GoldenPath())) {
    for (const auto& name : std::filesystem::directory_iterator(model)) {
      found.insert(model.path().filename().string() + "/" + name.path().filename().string());
    }
  }
  std::set<std::string> listed;
  for (const Case& one : kCases) {
    listed.insert(std::string(one.model) + "/" + one.name);
  }
  EXPECT_EQ(found, listed);
}

// arena_used_bytes() of TensorFlow Lite Micro on x86-64 after AllocateTensors, same files; and what
// the activations alone may take with kernels that ask for no scratch: a step back shows.
struct ArenaRow {
  const char* model;
  std::size_t peer_bytes;
  std::size_t activation_bytes;
};
constexpr ArenaRow kArenaTable[] = {
    {"person_detect", 87600, 17408},
    {"mlperf_vww_96_int8", 105984, 28672},
    {"mlperf_kws_ref_model", 26576, 9728},
    {"mlperf_ic_resnet_quant", 58288, 19456},
    {"mlperf_ad01_int8", 6016, 768},
    {"mlperf_str_ww_ref_model", 18944, 3712},
    {"mww_v2_okay_nabu", 25024, 6400},
    {"mcunet_vww", 227296, 77824},
    {"mobilenet_v2_quantized_1x3x224x224", 2609472, 344064},
};

class ArenaTable : public ::testing::TestWithParam<ArenaRow> {};

TEST_P(ArenaTable, IsNoLargerThanThePeers) {
  const auto model = TestModel::Open(GetParam().model);
  const auto whole = TestModel::Open(GetParam().model, {.objective = plan::Objective::kWhole});
  if (model == nullptr) {
    GTEST_SKIP() << TestModel::Missing(GetParam().model);
  }
  ASSERT_TRUE(model->loaded()) << model->why();
  const Session& session = model->session();
  std::size_t tensors = 0;
  std::size_t operators = 0;
  for (const Graph& graph : session.model().graphs) {
    tensors += graph.tensors.size();
    operators += graph.operators.size();
  }
  std::printf(
      "%s: %zu bytes, the peer %zu; activations %zu (%zu without groups, lower bound %u, "
      "state %zu), model %zu (%zu "
      "tensors, %zu operators, %zu folded); loading took %zu of the model arena\n",
      GetParam().model, session.arena_bytes(), GetParam().peer_bytes, session.activation_bytes(),
      whole->session().activation_bytes(), session.plan().lower_bound_bytes, session.state_bytes(),
      session.model_bytes(), tensors, operators, session.model().folded_bytes,
      model->arena().high_water());
  EXPECT_LE(session.arena_bytes(), GetParam().peer_bytes);
  EXPECT_LE(session.activation_bytes(), GetParam().activation_bytes);
}

INSTANTIATE_TEST_SUITE_P(Models, ArenaTable, ::testing::ValuesIn(kArenaTable),
                         [](const auto& one) { return std::string(one.param.model); });

}  // namespace
}  // namespace pinhole::engine::run
