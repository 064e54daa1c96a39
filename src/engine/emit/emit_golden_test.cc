// SPDX-License-Identifier: Apache-2.0
// Emitted models, compiled by this machine's compiler with warnings as errors, against outputs that
// TensorFlow Lite Micro's reference kernels made: integers to the bit, floats within 1e-5 of the
// tensor's peak. The targets' layouts run here too: what is assembly there has a twin in C++.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>

#include "base/sanitized.h"
#include "base/test_data.h"
#include "engine/emit/emit.h"
#include "engine/emit/emitted_library.h"
#include "engine/run/test_model.h"

namespace pinhole::engine::emit {
namespace {

struct Case {
  const char* model;
  const char* golden;
  bool floats;
};
constexpr Case kCases[] = {
    {"person_detect", "person_detect/person", false},
    {"mlperf_vww_96_int8", "mlperf_vww_96_int8/random", false},
    {"mlperf_kws_ref_model", "mlperf_kws_ref_model/random", false},
    {"mlperf_ic_resnet_quant", "mlperf_ic_resnet_quant/random", false},
    {"mlperf_ad01_int8", "mlperf_ad01_int8/random", false},
    {"mlperf_str_ww_ref_model", "mlperf_str_ww_ref_model/random", false},
    {"micro_speech_quantized", "micro_speech_quantized/random", false},
    {"hello_world_int8", "hello_world_int8/random", false},
    {"mww_v2_okay_nabu", "mww_v2_okay_nabu/random", false},
    {"mww_v2_hey_jarvis", "mww_v2_hey_jarvis/random", false},
    {"mww_v2_vad", "mww_v2_vad/random", false},
    {"trained_lstm_int8", "trained_lstm_int8/random", false},
    {"audio_preprocessor_int8", "audio_preprocessor_int8/random", false},
    {"mcunet_vww", "mcunet_vww/random", true},
    {"mobilenet_v2_quantized_1x3x224x224", "mobilenet_v2_quantized_1x3x224x224/random", false},
    {"hello_world_float", "hello_world_float/random", true},
    {"mlperf_ad01_fp32", "mlperf_ad01_fp32/random", true},
    {"mlperf_ic_resnet_float", "mlperf_ic_resnet_float/random", true},
    {"mlperf_vww_96_float", "mlperf_vww_96_float/random", true},
};

struct GoldenCase {
  Case one;
  const char* target;
  std::uint32_t stream = 0;
};

std::vector<char> Read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void ExpectSame(const std::vector<char>& expected, const void* found, bool floats) {
  if (!floats) {
    const char* bytes = static_cast<const char*>(found);
    std::size_t different = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      different += bytes[i] != expected[i] ? 1U : 0U;
    }
    EXPECT_EQ(different, 0U) << "of " << expected.size() << " bytes";
    return;
  }
  std::vector<float> want(expected.size() / sizeof(float));
  std::vector<float> have(want.size());
  std::memcpy(want.data(), expected.data(), expected.size());
  std::memcpy(have.data(), found, expected.size());
  double peak = 0;
  double worst = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    peak = std::max(peak, std::abs(double{want[i]}));
    worst = std::max(worst, std::abs(double{want[i]} - double{have[i]}));
  }
  EXPECT_LE(worst, 1e-5 * peak);
}

class EmitGolden : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(EmitGolden, IsMet) {
  const auto& [one, target, stream] = GetParam();
  const auto model = base::TestData("models") / (std::string(one.model) + ".tflite");
  const auto golden = base::TestData("golden/engine") / one.golden;
  if (!std::filesystem::exists(model) || !std::filesystem::exists(golden)) {
    GTEST_SKIP() << model << " or " << golden << " is missing (set PINHOLE_DATA)";
  }
  Target free = *FindTarget(target);
  free.flash_bytes = free.ram_bytes = 0;  // what it computes is asked, not whether it fits
  const Emitted emitted = Emit(model.string(), {.target = free, .stream_bytes = stream});
  EXPECT_EQ(emitted.budget.fetched > 0, stream > 0);
  const EmittedLibrary library(emitted, 1, 1, 1, stream > 0);
  ASSERT_EQ(library.problem(), "");
  library.Reset();
  int step = 0;
  for (;; ++step) {
    SCOPED_TRACE(step);
    const std::vector<char> in = Read(golden / ("step" + std::to_string(step) + ".in0.bin"));
    if (in.empty()) {
      break;
    }
    std::memcpy(library.input(0), in.data(), in.size());
    if (stream > 0 && step % 2 == 0) {
      library.RunFetchingLate();
    } else {
      library.Run();
    }
    ExpectSame(Read(golden / ("step" + std::to_string(step) + ".out0.bin")), library.output(0),
               one.floats);
  }
  EXPECT_GT(step, 0);
}

// Every kind of operator that has constants; with state; with layers that no buffer of this size
// holds.
constexpr std::string_view kStreamed[] = {"person_detect", "mlperf_ad01_int8",
                                          "mlperf_str_ww_ref_model", "mww_v2_okay_nabu",
                                          "mlperf_ic_resnet_float"};
constexpr std::uint32_t kStreamBytes = 24 * 1024;

// What this machine's compiler makes of emitted files is the same in every build, and most of the
// time goes there. Sanitizers see the emitter at work on these.
constexpr std::string_view kSanitized[] = {
    "person_detect",     "mlperf_str_ww_ref_model", "mww_v2_okay_nabu", "hello_world_int8",
    "trained_lstm_int8", "audio_preprocessor_int8", "mlperf_ad01_fp32"};

std::vector<GoldenCase> AllCases() {
  std::vector<GoldenCase> cases;
  for (const Case& one : kCases) {
    if (PINHOLE_SANITIZED != 0 &&
        std::ranges::count(kSanitized, std::string_view(one.model)) == 0) {
      continue;
    }
    cases.push_back({one, "host"});
    if (!one.floats) {
      cases.push_back({one, "rp2040"});
    }
    const std::string_view name = one.model;
    if (!one.floats && !name.starts_with("mobilenet") && !name.starts_with("person") &&
        !name.starts_with("hello")) {
      cases.push_back({one, "cortex-m4"});
    }
    if (std::ranges::count(kStreamed, std::string_view(one.model)) > 0) {
      cases.push_back({one, one.floats ? "host" : "rp2040", kStreamBytes});
    }
  }
  return cases;
}

// Against the interpreter's reference kernels, floats to the bit too: sums are formed in the same
// order. Sanitizers would take minutes for the interpreter's part of the large ones and see nothing
// of the emitted one.
struct InterpretedCase {
  const char* model;
  int steps;
  bool large;
};
constexpr InterpretedCase kInterpreted[] = {
    {"trained_lstm_int8", 6, false},
    {"audio_preprocessor_int8", 30, false},
    {"hello_world_float", 3, false},
    {"mlperf_ad01_fp32", 3, false},
    {"mlperf_ic_resnet_float", 1, true},
    {"mlperf_vww_96_float", 1, true},
    {"mcunet_vww", 1, true},
    {"mp_face_detection_short_range", 1, true},
    {"mp_face_detection_full_range", 1, true},
    {"mp_face_detection_full_range_sparse", 1, true},
    {"mp_face_landmark", 1, true},
    {"mp_iris_landmark", 1, true},
};

class EmitInterpreted : public ::testing::TestWithParam<InterpretedCase> {};

// Sounds from loud to silent.
void Soften(const TensorView& input, int step) {
  for (std::size_t i = 0; input.type() == Type::kInt16 && i < input.size(); ++i) {
    input.as<std::int16_t>()[i] =
        static_cast<std::int16_t>(input.as<std::int16_t>()[i] >> step % 17);
  }
}

TEST_P(EmitInterpreted, IsTheSame) {
  const auto& [name, steps, large] = GetParam();
  if (run::kSlowBuild && large) {
    GTEST_SKIP() << "a sanitized build";
  }
  const std::unique_ptr<run::TestModel> model = run::TestModel::Open(name);
  if (model == nullptr) {
    GTEST_SKIP() << run::TestModel::Missing(name);
  }
  ASSERT_TRUE(model->loaded()) << model->why();
  const std::size_t outputs = model->session().output_count();
  const EmittedLibrary library(
      Emit(run::TestModel::PathOf(name).string(), {.target = *FindTarget("host")}), 1, outputs);
  ASSERT_EQ(library.problem(), "");
  library.Reset();
  for (int step = 0; step < steps; ++step) {
    SCOPED_TRACE(step);
    model->FillAll(static_cast<std::uint32_t>(step));
    const TensorView input = model->session().input(0);
    Soften(input, step);
    std::memcpy(library.input(0), input.data, input.info->bytes);
    ASSERT_TRUE(model->Run()) << model->why();
    library.Run();
    for (std::size_t i = 0; i < outputs; ++i) {
      const TensorView output = model->session().output(i);
      EXPECT_EQ(std::memcmp(library.output(i), output.data, output.info->bytes), 0) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, EmitInterpreted, ::testing::ValuesIn(kInterpreted),
                         [](const auto& one) { return std::string(one.param.model); });

std::filesystem::path BundledModel() {
  const char* const source = std::getenv("PINHOLE_SOURCE");
  return std::filesystem::path(source != nullptr ? source : ".") / "models/person/person.tflite";
}

// The bundled model for every target: a detector with two grids, whose heads become float32 and are
// joined. All is int8 but the heads' DEQUANTIZE, one multiplication: the interpreter's to the bit.
// On two cores as well: a thread takes half of the channels.
TEST(EmitBundledModel, IsTheInterpreters) {
  run::TestModel model(run::ReadFile(BundledModel()));
  ASSERT_TRUE(model.loaded()) << model.why();
  struct {
    const char* target;
    int cores;
    std::uint32_t stream;
  } const kEach[] = {{"host", 1, 0},      {"host", 2, 0},   {"rp2040", 1, 0},
                     {"rp2040", 2, 0},    {"rp2350", 1, 0}, {"rp2350", 2, 0},
                     {"cortex-m4", 1, 0}, {"host", 1, 1},   {"rp2040", 2, 20000},
                     {"rp2350", 2, 49152}};
  constexpr std::size_t kCount = PINHOLE_SANITIZED != 0 ? 4 : std::size(kEach);
  for (const auto& [target, cores, stream] : std::span(kEach).first(kCount)) {
    SCOPED_TRACE(target + std::to_string(cores) + " " + std::to_string(stream));
    const EmittedLibrary library(
        Emit(BundledModel().string(),
             {.target = *FindTarget(target), .cores = cores, .stream_bytes = stream}),
        1, 2, cores, stream > 0);
    ASSERT_EQ(library.problem(), "");
    library.Reset();
    for (const std::uint32_t seed : {1U, 2U}) {
      model.FillAll(seed);
      const TensorView input = model.session().input(0);
      std::memcpy(library.input(0), input.data, input.info->bytes);
      ASSERT_TRUE(model.Run()) << model.why();
      if (seed == 2) {
        library.RunFetchingLate();
      } else {
        library.Run();
      }
      for (std::size_t i = 0; i < 2; ++i) {
        const TensorView output = model.session().output(i);
        EXPECT_EQ(std::memcmp(library.output(i), output.data, output.info->bytes), 0) << i;
      }
    }
  }
}

TEST(EmitBundledModel, SaysInItsHeaderHowItsOutputsAreRead) {
  const std::string header =
      Emit(BundledModel().string(), {.target = *FindTarget("rp2040")}).files[0].text;
  EXPECT_NE(header.find("inline constexpr char kPinholeDetector[] =\n"
                        "    \"pinhole-detector 1\\n\"\n"),
            std::string::npos);
  EXPECT_NE(header.find("kInput0Shape[] = {1, 128, 128, 1};"), std::string::npos) << header;
}

INSTANTIATE_TEST_SUITE_P(Models, EmitGolden, ::testing::ValuesIn(AllCases()), [](const auto& one) {
  std::string name = std::string(one.param.one.model) + "_" + one.param.target +
                     (one.param.stream > 0 ? "_streamed" : "");
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace pinhole::engine::emit
