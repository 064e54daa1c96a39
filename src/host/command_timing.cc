// SPDX-License-Identifier: Apache-2.0
// pinhole model bench: how long one inference takes here.
//
// Inputs are zeroes; a few runs warm caches and threads up; then each run is timed on the steady
// clock, and the median and the shortest are told. Reading pictures, letterboxing and decoding are
// not in it.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "engine/format/cost.h"
#include "host/commands.h"
#include "host/describe.h"
#include "host/model_file.h"
#include "host/terminal.h"

namespace pinhole::host {

namespace {

struct Options {
  std::string model;
  std::size_t runs = 50;
  int threads = 1;
  bool json = false;
};

double RunOnce(OwnedSession& owned) {
  engine::run::Session& session = owned.session();
  for (std::size_t i = 0; i < session.input_count(); ++i) {
    const engine::TensorView input = session.input(i);
    std::memset(input.data, 0, input.info->bytes);
  }
  const auto begin = std::chrono::steady_clock::now();
  owned.Run();
  const std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - begin;
  return taken.count();
}

std::string Microseconds(double value) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.1f us", value);
  return text.data();
}

int Bench(const Options& options) {
  OwnedSession owned(options.model, {{}, options.threads});
  const engine::run::Session& session = owned.session();
  for (std::size_t i = 0; i < std::min<std::size_t>(options.runs, 3); ++i) {
    RunOnce(owned);
  }
  std::vector<double> times(options.runs);
  Progress progress(times.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    progress.Show(i, "runs");
    times[i] = RunOnce(owned);
  }
  progress.Clear();
  std::sort(times.begin(), times.end());
  const std::size_t half = times.size() / 2;
  const double median = times.size() % 2 == 1 ? times[half] : (times[half - 1] + times[half]) / 2;
  const std::uint64_t macs = engine::format::MultiplyAdds(session.model().main());
  const std::size_t weights = session.model().constant_bytes + session.model().folded_bytes;
  if (options.json) {
    Print(JsonLine({{"model", options.model},
                    {"median_us", median},
                    {"min_us", times.front()},
                    {"macs", macs},
                    {"arena_bytes", session.arena_bytes()},
                    {"weights_bytes", weights},
                    {"threads", options.threads}}));
    return 0;
  }
  std::string text = Inked(Printable(options.model), Ink::kBold) + "\n";
  text += "median   " + Microseconds(median) + " of " + std::to_string(times.size()) +
          " runs, shortest " + Microseconds(times.front()) + ", " +
          std::to_string(options.threads) + (options.threads == 1 ? " thread\n" : " threads\n");
  if (macs > 0 && median > 0) {
    text += "work     " + Rounded(macs) + " multiply-adds, " +
            Rounded(static_cast<unsigned long long>(static_cast<double>(macs) / median * 1e6)) +
            " a second\n";
  }
  text += "memory   " + Grouped(session.arena_bytes()) + " bytes, weights " + Grouped(weights) +
          " bytes\n";
  Print(text);
  return 0;
}

}  // namespace

void AddModelBench(CLI::App& parent, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = parent.add_subcommand("bench", "Time a model's inference on this machine");
  command->add_option("MODEL", options->model, "A TensorFlow Lite file")->required();
  command->add_option("--runs", options->runs, "How many runs to time")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000}));
  command->add_option("--threads", options->threads, "Threads to share the work")
      ->capture_default_str()
      ->check(CLI::Range(1, WorkerPool::kMaxThreads));
  command->add_flag("--json", options->json, "One JSON object instead of text");
  command->footer(
      "Inputs are zeroes. What is timed is the network alone: no picture is read, nothing is "
      "decoded.\n\n"
      "Examples:\n"
      "  pinhole model bench person.tflite\n"
      "  pinhole model bench person.tflite --runs 200 --threads 4 --json");
  command->callback([options, &chosen] { chosen = [options] { return Bench(*options); }; });
}

}  // namespace pinhole::host
