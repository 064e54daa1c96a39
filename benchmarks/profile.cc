// SPDX-License-Identifier: Apache-2.0
// What each operator of a model takes in our engine: profile THREADS MODEL SECONDS
//
// Every kernel is put into a wrapper of the same form that reads the clock before and after; the
// engine runs as ever and knows nothing of it. Inputs are random bytes, or floats in [-1, 1). One
// JSON line: for each operator in order its kind, output shape, multiply-adds, and the median and
// the least nanoseconds over the runs; beside them the whole run without wrappers. Reading the
// clock costs some 25 ns an operator, which is in its numbers.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <utility>

#include "benchmarks/bench_kernels.h"
#include "benchmarks/json_text.h"
#include "benchmarks/loaded_model.h"
#include "benchmarks/worker_protocol.h"
#include "engine/format/cost.h"

namespace pinhole::benchmarks {
namespace {

using engine::Graph;
using engine::Operator;
using engine::kernels::EvalContext;
using engine::kernels::Kernel;

constexpr std::size_t kMaxKernels = 256;

// What the wrappers share: a kernel is a plain function, so that they can't carry it themselves.
struct Profile {
  std::array<const Kernel*, kMaxKernels> originals{};
  const Operator* first = nullptr;               // of the main graph
  std::vector<std::int64_t> running;             // [operator], in the run that goes on
  std::vector<std::vector<std::int64_t>> times;  // [operator][run]

  void Add(const Operator& op, std::int64_t taken) {
    const std::ptrdiff_t place = &op - first;
    if (place >= 0 && place < static_cast<std::ptrdiff_t>(running.size())) {
      running[static_cast<std::size_t>(place)] += taken;
    }
  }
  void EndRun() {
    for (std::size_t i = 0; i < running.size(); ++i) {
      times[i].push_back(std::exchange(running[i], 0));
    }
  }
};

Profile& TheProfile() {
  static Profile profile;
  return profile;
}

template <std::size_t I>
base::Status Timed(const EvalContext& context) {
  Profile& profile = TheProfile();
  const std::int64_t begin = Now(CLOCK_MONOTONIC);
  const base::Status status = profile.originals[I]->evaluate(context);
  profile.Add(context.op(), Now(CLOCK_MONOTONIC) - begin);
  return status;
}

template <std::size_t I>
base::Status TimedRows(const EvalContext& context, std::int32_t first, std::int32_t end) {
  Profile& profile = TheProfile();
  const std::int64_t begin = Now(CLOCK_MONOTONIC);
  const base::Status status = profile.originals[I]->evaluate_rows(context, first, end);
  profile.Add(context.op(), Now(CLOCK_MONOTONIC) - begin);
  return status;
}

template <std::size_t... I>
constexpr auto Wrappers(std::index_sequence<I...> /*places*/) {
  return std::array{std::pair{&Timed<I>, &TimedRows<I>}...};
}

// `kernels` with what runs them wrapped; `storage` holds them.
std::vector<const Kernel*> Wrap(std::span<const Kernel* const> kernels,
                                std::vector<Kernel>& storage) {
  static constexpr auto kWrappers = Wrappers(std::make_index_sequence<kMaxKernels>());
  if (kernels.size() > kMaxKernels) {
    throw Refused("more kernels than profile.cc has wrappers for");
  }
  storage.reserve(kernels.size());
  std::vector<const Kernel*> wrapped;
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    TheProfile().originals[i] = kernels[i];
    storage.push_back(*kernels[i]);
    storage.back().evaluate = kWrappers[i].first;
    if (kernels[i]->evaluate_rows != nullptr) {
      storage.back().evaluate_rows = kWrappers[i].second;
    }
    wrapped.push_back(&storage.back());
  }
  return wrapped;
}

void FillInputs(engine::run::Session& session) {
  std::mt19937 random(1);
  for (std::size_t i = 0; i < session.input_count(); ++i) {
    const engine::TensorView input = session.input(i);
    if (input.type() == engine::Type::kFloat32) {
      std::uniform_real_distribution<float> value(-1.0F, 1.0F);
      std::generate_n(input.as<float>(), input.size(), [&] { return value(random); });
    } else {
      std::generate_n(input.data, input.info->bytes,
                      [&] { return static_cast<std::byte>(random() & 0xFFU); });
    }
  }
}

std::int64_t Median(std::vector<std::int64_t> times) {
  if (times.empty()) {
    return 0;
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

// Nanoseconds of each run, for about `seconds`.
std::vector<std::int64_t> RunFor(LoadedModel& model, double seconds) {
  std::vector<std::int64_t> times;
  const std::int64_t end = Now(CLOCK_MONOTONIC) + static_cast<std::int64_t>(seconds * 1e9);
  do {
    FillInputs(model.session());
    const std::int64_t begin = Now(CLOCK_MONOTONIC);
    model.Run();
    times.push_back(Now(CLOCK_MONOTONIC) - begin);
    TheProfile().EndRun();
  } while (times.size() < 3 || Now(CLOCK_MONOTONIC) < end);
  return times;
}

std::string OperatorLine(const Graph& graph, const Operator& op,
                         const std::vector<std::int64_t>& times) {
  JsonList shape('[');
  bool is_int8 = false;
  if (!op.outputs.empty()) {
    const engine::Tensor& out = graph.tensor(op.outputs[0]);
    is_int8 = out.type == engine::Type::kInt8;
    for (const std::int32_t dim : out.shape.dims()) {
      shape.Add(Text(dim));
    }
  }
  JsonList facts('{');
  facts.Add("kind", Quoted(engine::OpName(op.kind)));
  facts.Add("output", shape.Done());
  facts.Add("int8", Text(is_int8));
  facts.Add("multiply_adds", Text(engine::format::MultiplyAdds(graph, op)));
  facts.Add("median_ns", Text(Median(times)));
  facts.Add("least_ns", Text(times.empty() ? 0 : *std::min_element(times.begin(), times.end())));
  return facts.Done();
}

std::string Measure(int threads, const std::string& path, double seconds) {
  const engine::kernels::fast::Target& target = BenchTarget();
  LoadedModel plain(path, target.kernels, threads);
  RunFor(plain, seconds / 10);
  const std::vector<std::int64_t> whole = RunFor(plain, seconds / 2);

  std::vector<Kernel> storage;
  const std::vector<const Kernel*> wrapped = Wrap(target.kernels, storage);
  LoadedModel model(path, wrapped, threads);
  const Graph& graph = model.session().model().main();
  Profile& profile = TheProfile();
  profile.first = graph.operators.data();
  profile.times.resize(graph.operators.size());
  profile.running.resize(graph.operators.size());
  RunFor(model, seconds / 2);

  JsonList operators('[');
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    operators.Add(OperatorLine(graph, graph.operators[i], profile.times[i]));
  }
  JsonList facts('{');
  facts.Add("version", Quoted("pinhole " PINHOLE_VERSION ", " + std::string(target.name)));
  facts.Add("compiler", Quoted(PINHOLE_COMPILER));
  facts.Add("runs", Text(std::uint64_t{whole.size()}));
  facts.Add("whole_ns", Text(Median(whole)));
  facts.Add("operators", operators.Done());
  return facts.Done();
}

}  // namespace
}  // namespace pinhole::benchmarks

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: profile THREADS MODEL.tflite SECONDS\n", stderr);
    return 2;
  }
  try {
    const std::string line =
        pinhole::benchmarks::Measure(std::atoi(argv[1]), argv[2], std::atof(argv[3]));
    std::puts(line.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "profile: %s\n", error.what());
    return 1;
  }
}
