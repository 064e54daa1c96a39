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
#include <vector>

#include "engine/format/cost.h"
#include "engine/owned/chosen_target.h"
#include "engine/owned/model_file.h"
#include "host/commands.h"
#include "host/json.h"
#include "host/names.h"

namespace pinhole::host {

namespace {

double RunOnce(engine::owned::OwnedSession& owned) {
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

}  // namespace

int Bench(const BenchOptions& options) {
  engine::owned::SessionNeeds needs;
  needs.threads = options.threads;
  const auto begin = std::chrono::steady_clock::now();
  engine::owned::OwnedSession owned(options.model, needs);
  const std::chrono::duration<double, std::micro> ready = std::chrono::steady_clock::now() - begin;
  const engine::run::Session& session = owned.session();
  const double first = RunOnce(owned);
  for (std::size_t i = 1; i < std::min<std::size_t>(options.runs, 3); ++i) {
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
    Print(Json::Object({{"model", options.model},
                        {"median_us", median},
                        {"min_us", times.front()},
                        {"ready_us", ready.count()},
                        {"first_us", first},
                        {"isa", std::string(engine::owned::ChosenTarget().name)},
                        {"macs", macs},
                        {"arena_bytes", session.arena_bytes()},
                        {"packed_bytes", session.packed_bytes()},
                        {"weights_bytes", weights},
                        {"threads", options.threads}})
              .Line());
    return 0;
  }
  std::string text = Inked(Printable(options.model), Ink::kBold) + "\n";
  text += "median   " + Microseconds(median) + " of " + std::to_string(times.size()) +
          " runs, shortest " + Microseconds(times.front()) + ", " +
          std::to_string(options.threads) + (options.threads == 1 ? " thread, " : " threads, ") +
          std::string(engine::owned::ChosenTarget().name) + "\n";
  text += "start    " + Microseconds(ready.count()) + " to read, plan and lay out, first run " +
          Microseconds(first) + "\n";
  if (macs > 0 && median > 0) {
    text += "work     " + Rounded(macs) + " multiply-adds, " +
            Rounded(static_cast<unsigned long long>(static_cast<double>(macs) / median * 1e6)) +
            " a second\n";
  }
  text += "memory   " + Grouped(session.arena_bytes()) + " bytes, weights " + Grouped(weights) +
          " bytes, laid out anew " + Grouped(session.packed_bytes()) + " bytes\n";
  Print(text);
  return 0;
}

}  // namespace pinhole::host
