// SPDX-License-Identifier: Apache-2.0
// The session's states and laws: on small models built here, and on real ones where the test data
// is at hand.
#include "engine/run/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engine/format/model_builder.h"
#include "engine/run/test_model.h"

namespace pinhole::engine::run {
namespace {

using format::GraphBuilder;
using format::ModelBuilder;
using format::TableSpec;
using format::schema::OptionsType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr float kScale = 0.5F;

TableSpec Named(const char* name) {
  TableSpec options;
  options.SetString(0, "").SetString(1, name);
  return options;
}

// A counter: total = total + x, the sum is the output. `first` is what a CALL_ONCE graph puts into
// the resource; nullopt leaves it as it begins.
void BuildCounter(ModelBuilder& model, std::optional<std::int8_t> first, std::int64_t zero_point) {
  const format::TensorTraits quant{.scales = {kScale}, .zero_points = {zero_point}};
  const auto value = [&](GraphBuilder& graph, const char* name) {
    format::TensorTraits traits = quant;
    traits.name = name;
    return graph.Tensor(Type::kInt8, {2}, traits);
  };
  model.graph();
  if (first) {
    GraphBuilder& once = model.AddGraph();
    const int handle = once.Tensor(Type::kResource, {}, {.name = "handle"});
    const int start = once.Constant<std::int8_t>(Type::kInt8, {2}, {*first, *first}, quant);
    once.Operator("VAR_HANDLE", {}, {handle}, OptionsType::kVarHandle, Named("total"));
    once.Operator("ASSIGN_VARIABLE", {handle, start}, {});
  }
  GraphBuilder& graph = model.graph();
  const int handle = graph.Tensor(Type::kResource, {}, {.name = "handle"});
  const int x = value(graph, "x");
  const int before = value(graph, "before");
  const int after = value(graph, "after");
  if (first) {
    graph.Operator("CALL_ONCE", {}, {}, OptionsType::kCallOnce,
                   TableSpec().Set<std::int32_t>(0, 1));
  }
  graph.Operator("VAR_HANDLE", {}, {handle}, OptionsType::kVarHandle, Named("total"));
  graph.Operator("READ_VARIABLE", {handle}, {before});
  graph.Operator("ADD", {before, x}, {after});
  graph.Operator("ASSIGN_VARIABLE", {handle, after}, {});
  graph.inputs = {x};
  graph.outputs = {after};
}

std::vector<std::int8_t> Step(TestModel& model, std::int8_t a, std::int8_t b) {
  std::int8_t* x = model.session().input(0).as<std::int8_t>();
  x[0] = a;
  x[1] = b;
  EXPECT_TRUE(model.Run()) << model.why();
  return model.Output<std::int8_t>(0);
}

TEST(Session, KeepsStateFromRunToRunAndResetBringsItBack) {
  ModelBuilder builder;
  BuildCounter(builder, std::nullopt, 0);
  TestModel model(builder.Build().span());
  ASSERT_TRUE(model.loaded()) << model.why();
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(Step(model, 1, 10), ElementsAre(1, 10));
    EXPECT_THAT(Step(model, 2, 20), ElementsAre(3, 30));
    EXPECT_THAT(Step(model, 3, 30), ElementsAre(6, 60));
    ASSERT_TRUE(model.Reset()) << model.why();
  }
}

TEST(Session, ResourcesBeginAsTheZeroPointOfWhatTheyHold) {
  ModelBuilder builder;
  BuildCounter(builder, std::nullopt, -7);
  TestModel model(builder.Build().span());
  ASSERT_TRUE(model.loaded()) << model.why();
  EXPECT_THAT(Step(model, -6, 3), ElementsAre(-6, 3));  // 0 + 0.5, 0 + 5
  EXPECT_THAT(Step(model, -6, 3), ElementsAre(-5, 13));
}

TEST(Session, GraphsThatRunOnceRunAtEveryReset) {
  ModelBuilder builder;
  BuildCounter(builder, 50, 0);
  TestModel model(builder.Build().span());
  ASSERT_TRUE(model.loaded()) << model.why();
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(Step(model, 1, 2), ElementsAre(51, 52));
    EXPECT_THAT(Step(model, 1, 2), ElementsAre(52, 54));
    ASSERT_TRUE(model.Reset()) << model.why();
  }
}

TEST(Session, StatesAreKept) {
  ModelBuilder builder;
  BuildCounter(builder, 50, 0);
  const format::AlignedBytes file = builder.Build();
  Block memory(std::size_t{1} << 16);
  base::Arena arena(memory.span());
  base::Diagnosis why;
  base::Result<Session> session =
      Session::Load(file.span(), arena, {kernels::AllKernels(), {}, {}}, why);
  ASSERT_TRUE(session) << why.text();

  EXPECT_EQ(session->Run(why).error(), base::Error::kNotReady);
  EXPECT_THAT(why.text(), HasSubstr("call Bind"));
  EXPECT_EQ(session->Reset(why).error(), base::Error::kNotReady);
  EXPECT_EQ(session->input(0).data, nullptr);

  const std::size_t bytes = session->activation_bytes();
  Block activations(bytes + 16);
  EXPECT_EQ(session->Bind(activations.span().first(bytes - 1), why).error(),
            base::Error::kInvalidArgument);
  EXPECT_THAT(why.text(), HasSubstr(std::to_string(bytes) + " needed"));
  EXPECT_EQ(session->Run(why).error(), base::Error::kNotReady);
  EXPECT_EQ(session->Bind(activations.span().subspan(8), why).error(),
            base::Error::kInvalidArgument);
  EXPECT_THAT(why.text(), HasSubstr("aligned to 16"));

  ASSERT_TRUE(session->Bind(activations.span(), why)) << why.text();
  std::memset(session->input(0).data, 1, 2);
  ASSERT_TRUE(session->Run(why)) << why.text();
  EXPECT_EQ(session->output(0).as<std::int8_t>()[0], 51);

  Block elsewhere(bytes);  // binding anew begins anew
  ASSERT_TRUE(session->Bind(elsewhere.span(), why)) << why.text();
  std::memset(session->input(0).data, 2, 2);
  ASSERT_TRUE(session->Run(why)) << why.text();
  EXPECT_EQ(session->output(0).as<std::int8_t>()[0], 52);
}

// Every size of model arena: an error that says so, or a session that works.
TEST(Session, AnyModelArenaIsEnoughOrSaysThatItIsNot) {
  ModelBuilder builder;
  BuildCounter(builder, 50, 0);
  const format::AlignedBytes file = builder.Build();
  std::size_t refused = 0;
  for (std::size_t size = 16;; size += 16) {
    TestModel::Options options;
    options.arena_bytes = size;
    TestModel model(file.span(), options);
    if (model.loaded()) {
      EXPECT_THAT(Step(model, 1, 2), ElementsAre(51, 52));
      break;
    }
    ASSERT_EQ(model.error(), base::Error::kOutOfMemory);
    ASSERT_THAT(model.why(), HasSubstr("larger"));
    ++refused;
  }
  EXPECT_GT(refused, 20U);
}

// GATHER's indices are data: what is wrong with them shows while running.
void BuildGather(ModelBuilder& model, bool in_once_graph) {
  GraphBuilder& graph = in_once_graph ? model.AddGraph() : model.graph();
  const int table = graph.Constant<std::int8_t>(Type::kInt8, {3}, {10, 20, 30}, {.name = "table"});
  const int result = graph.Tensor(Type::kInt8, {2}, {.name = "result"});
  if (in_once_graph) {
    const int index = graph.Constant<std::int32_t>(Type::kInt32, {2}, {0, 3}, {.name = "index"});
    graph.Operator("GATHER", {table, index}, {result}, OptionsType::kGather);
    GraphBuilder& main = model.graph();
    const int x = main.Tensor(Type::kInt8, {2}, {.name = "x"});
    main.Operator("CALL_ONCE", {}, {}, OptionsType::kCallOnce, TableSpec().Set<std::int32_t>(0, 1));
    main.inputs = {x};
    main.outputs = {x};
    return;
  }
  const int index = graph.Tensor(Type::kInt32, {2}, {.name = "index"});
  graph.Operator("GATHER", {table, index}, {result}, OptionsType::kGather);
  graph.inputs = {index};
  graph.outputs = {result};
}

TEST(Session, AnOperatorThatCannotGoOnIsNamedAndTheNextRunIsFine) {
  ModelBuilder builder;
  BuildGather(builder, false);
  TestModel model(builder.Build().span());
  ASSERT_TRUE(model.loaded()) << model.why();
  auto* index = model.session().input(0).as<std::int32_t>();
  index[0] = 0;
  index[1] = 3;
  EXPECT_FALSE(model.Run());
  EXPECT_THAT(model.why(), HasSubstr("operator 0 GATHER"));
  index[0] = 2;
  index[1] = 0;
  ASSERT_TRUE(model.Run()) << model.why();
  EXPECT_THAT(model.Output<std::int8_t>(0), ElementsAre(30, 10));
}

TEST(Session, AResetThatFailsLeavesItNotReady) {
  ModelBuilder builder;
  BuildGather(builder, true);
  const format::AlignedBytes file = builder.Build();
  Block memory(std::size_t{1} << 16);
  base::Arena arena(memory.span());
  base::Diagnosis why;
  base::Result<Session> session =
      Session::Load(file.span(), arena, {kernels::AllKernels(), {}, {}}, why);
  ASSERT_TRUE(session) << why.text();
  Block activations(session->activation_bytes());
  EXPECT_FALSE(session->Bind(activations.span(), why));
  EXPECT_THAT(why.text(), HasSubstr("GATHER"));
  EXPECT_EQ(session->Run(why).error(), base::Error::kNotReady);
  EXPECT_THAT(why.text(), HasSubstr("reset"));
}

// Splits the work among threads of its own.
class Threads {
 public:
  explicit Threads(int count) : count_(count) {}
  kernels::Workers workers() {
    return {[](void* self, int count, void (*body)(void*, int, int), void* argument) {
              static_cast<Threads*>(self)->Split(count, body, argument);
            },
            this};
  }
  [[nodiscard]] int calls() const { return calls_; }

 private:
  void Split(int count, void (*body)(void*, int, int), void* argument) {
    ++calls_;
    std::vector<std::thread> threads;
    for (int i = 0; i < count_; ++i) {
      const int begin = count * i / count_;
      const int end = count * (i + 1) / count_;
      if (begin < end) {
        threads.emplace_back([=] { body(argument, begin, end); });
      }
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
  int count_;
  int calls_ = 0;
};

class OnRealModel : public ::testing::TestWithParam<const char*> {
 protected:
  // Null, and the test skipped, where the data is missing.
  std::unique_ptr<TestModel> Open(const TestModel::Options& options = {}) {
    return TestModel::Open(GetParam(), options);
  }
  static std::vector<std::byte> RunSteps(TestModel& model, int steps) {
    std::vector<std::byte> all;
    for (int step = 0; step < steps; ++step) {
      model.FillAll(static_cast<std::uint32_t>(step) + 1);
      EXPECT_TRUE(model.Run()) << model.why();
      const std::vector<std::byte> outputs = model.Outputs();
      all.insert(all.end(), outputs.begin(), outputs.end());
    }
    return all;
  }
};

#define PINHOLE_OPEN(name, ...)                     \
  const auto name = Open(__VA_ARGS__);              \
  if (name == nullptr) {                            \
    GTEST_SKIP() << TestModel::Missing(GetParam()); \
  }                                                 \
  ASSERT_TRUE(name->loaded()) << name->why()

TEST_P(OnRealModel, ResetReturnsToTheBeginning) {
  PINHOLE_OPEN(model);
  const std::vector<std::byte> first = RunSteps(*model, 3);
  const std::vector<std::byte> on = RunSteps(*model, 3);
  ASSERT_TRUE(model->Reset()) << model->why();
  EXPECT_EQ(RunSteps(*model, 3), first);
  if (model->session().state_bytes() == 0) {
    EXPECT_EQ(on, first);
  }
}

TEST_P(OnRealModel, WorkersChangeNothing) {
  PINHOLE_OPEN(alone);
  const std::vector<std::byte> expected = RunSteps(*alone, 2);
  PINHOLE_OPEN(shared);
  Threads threads(3);
  const kernels::Workers workers = threads.workers();
  shared->session().set_workers(&workers);
  EXPECT_EQ(RunSteps(*shared, 2), expected);
  std::printf("%s: work was shared %d times\n", GetParam(), threads.calls());
}

TEST_P(OnRealModel, EffortChangesMemoryOnly) {
  PINHOLE_OPEN(thorough);
  PINHOLE_OPEN(quick, {.effort = plan::Effort::kQuick});
  EXPECT_EQ(RunSteps(*quick, 2), RunSteps(*thorough, 2));
  EXPECT_LE(thorough->session().activation_bytes(), quick->session().activation_bytes());
  std::printf("%s: %zu bytes, quick %zu, lower bound %u\n", GetParam(),
              thorough->session().activation_bytes(), quick->session().activation_bytes(),
              thorough->session().plan().lower_bound_bytes);
}

TEST_P(OnRealModel, RunningByRowsChangesMemoryOnly) {
  PINHOLE_OPEN(whole, {.objective = plan::Objective::kWhole});
  EXPECT_TRUE(whole->session().plan().graphs[0].groups.empty());
  const std::vector<std::byte> expected = RunSteps(*whole, 3);
  for (const plan::Effort effort : {plan::Effort::kQuick, plan::Effort::kThorough}) {
    PINHOLE_OPEN(by_rows, {.effort = effort});
    EXPECT_EQ(RunSteps(*by_rows, 3), expected);
    EXPECT_LE(by_rows->session().activation_bytes(), whole->session().activation_bytes());
    // Shared among threads, row by row.
    Threads threads(3);
    const kernels::Workers workers = threads.workers();
    ASSERT_TRUE(by_rows->Reset()) << by_rows->why();
    by_rows->session().set_workers(&workers);
    EXPECT_EQ(RunSteps(*by_rows, 3), expected);
  }
}

std::vector<std::int32_t> ComputedTensors(const Graph& graph) {
  std::vector<std::int32_t> computed;
  for (const Operator& op : graph.operators) {
    for (const std::int32_t output : op.outputs) {
      if (graph.tensor(output).type != Type::kResource) {
        computed.push_back(output);
      }
    }
  }
  return computed;
}

// With every tensor tapped nothing shares memory any more: the plan's sharing must not show.
TEST_P(OnRealModel, TappingEverythingChangesNothing) {
  PINHOLE_OPEN(plain);
  TestModel::Options options;
  for (const std::int32_t tensor : ComputedTensors(plain->session().model().main())) {
    options.taps.emplace_back(plain->session().model().main().tensor(tensor).name());
  }
  PINHOLE_OPEN(tapped, options);
  EXPECT_EQ(RunSteps(*tapped, 2), RunSteps(*plain, 2));
  EXPECT_GE(tapped->session().activation_bytes(), plain->session().activation_bytes());
}

// One tapped, all tapped, or made the graph's output in the file: the same bytes.
TEST_P(OnRealModel, ATapIsWhatTheTensorWouldBeAsAnOutput) {
  PINHOLE_OPEN(plain);
  const Graph& graph = plain->session().model().main();
  TestModel::Options all;
  for (const std::int32_t tensor : ComputedTensors(graph)) {
    all.taps.emplace_back(graph.tensor(tensor).name());
  }
  PINHOLE_OPEN(tapped, all);
  RunSteps(*tapped, 1);
  // Where the file says which tensor is its first output.
  const auto* const outputs = reinterpret_cast<const std::byte*>(graph.outputs.data());
  const std::ptrdiff_t at = outputs - plain->file().data();
  ASSERT_TRUE(at > 0 && static_cast<std::size_t>(at) < plain->file().size());
  const std::vector<std::int32_t> computed = ComputedTensors(graph);
  const std::size_t stride = std::max<std::size_t>(1, computed.size() / (kSlowBuild ? 4 : 12));
  for (std::size_t i = 0; i < computed.size(); i += stride) {
    const std::string name(graph.tensor(computed[i]).name());
    SCOPED_TRACE(name);
    const auto tap = tapped->session().Tap(name);
    ASSERT_TRUE(tap);
    const std::vector<std::byte> expected = TestModel::BytesOf(*tap);

    PINHOLE_OPEN(single, {.taps = {name}});
    RunSteps(*single, 1);
    EXPECT_EQ(TestModel::BytesOf(*single->session().Tap(name)), expected);
    EXPECT_FALSE(single->session().Tap("no such tensor"));

    std::vector<std::byte> file(plain->file().begin(), plain->file().end());
    std::memcpy(&file[static_cast<std::size_t>(at)], &computed[i], sizeof(std::int32_t));
    TestModel patched(file);
    ASSERT_TRUE(patched.loaded()) << patched.why();
    RunSteps(patched, 1);
    EXPECT_EQ(TestModel::BytesOf(patched.session().output(0)), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, OnRealModel,
                         ::testing::Values("mlperf_kws_ref_model", "mww_v2_okay_nabu",
                                           "mlperf_str_ww_ref_model", "audio_preprocessor_int8",
                                           "trained_lstm_int8", "mlperf_ic_resnet_float",
                                           "person_detect", "mcunet_vww"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace pinhole::engine::run
