// SPDX-License-Identifier: Apache-2.0
#include "host/traffic_view.h"

#include <charconv>

#include "host/describe.h"
#include "host/names.h"

namespace pinhole::host {

namespace traffic = engine::plan::traffic;

namespace {

template <typename T>
T Checked(const std::string& path, base::Result<T> result, const base::Diagnosis& why) {
  if (!result) {
    engine::owned::FailAbout(path, result.error(), why);
  }
  return *std::move(result);
}

std::vector<TrafficGroup> Groups(const traffic::Network& network,
                                 const traffic::TrafficPlan& plan) {
  const auto name = [&network](std::uint32_t work) {
    const std::uint32_t op = network.works[work].op;
    return std::to_string(op) + " " + Printable(OperatorName(network.graph->operators[op]));
  };
  std::vector<TrafficGroup> groups;
  for (const traffic::Interval& interval : plan.intervals) {
    groups.push_back({name(interval.first_work), name(interval.end_work - 1), interval.rows,
                      interval.end_step - interval.first_step, interval.fast_bytes,
                      interval.traffic});
  }
  return groups;
}

}  // namespace

std::uint64_t ReadMemorySize(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  std::uint64_t factor = 0;
  if (unit.empty()) {
    factor = 1;
  } else if (unit == "K" || unit == "KiB") {
    factor = 1 << 10;
  } else if (unit == "M" || unit == "MiB") {
    factor = 1 << 20;
  }
  if (error != std::errc() || factor == 0 || number == 0 ||
      number > traffic::kMostFastBytes / factor) {
    throw WrongUsage("'" + Printable(text) +
                     "' found as a size of memory; write bytes, or a number with K, KiB, M or MiB, "
                     "1 byte to 1024MiB");
  }
  return number * factor;
}

TrafficView ViewTraffic(const engine::owned::OwnedSession& owned, std::uint64_t fast_bytes,
                        const PlanOptions& options) {
  const std::string& path = owned.path();
  base::Diagnosis why;
  const traffic::CacheShape shape{fast_bytes, options.line, options.ways};
  if (options.compare_cache && !traffic::CheckCache(shape, why)) {
    throw WrongUsage(std::string(why.text()));
  }
  const traffic::Network network =
      Checked(path, traffic::ReadNetwork(owned.session().model(), why), why);
  const traffic::TrafficPlan plan =
      Checked(path, traffic::MakeTrafficPlan(network, {fast_bytes, options.line}, why), why);
  const traffic::Verified verified =
      Checked(path, traffic::VerifyTrafficPlan(network, plan, options.line, why), why);
  TrafficView view;
  view.file = ShownPath(path);
  view.fast_bytes = fast_bytes;
  view.used_bytes = plan.used_bytes;
  view.line_bytes = options.line;
  view.ways = options.ways;
  view.bound_bytes = network.BoundBytes();
  view.traffic = plan.traffic;
  view.line_bytes_moved = verified.line_bytes;
  view.waiting_bytes = plan.waiting_bytes;
  view.cut_short = plan.cut_short;
  view.groups = Groups(network, plan);
  if (options.compare_cache) {
    view.caches.emplace();
    for (std::size_t o = 0; o < kTrafficOrders.size(); ++o) {
      for (std::size_t p = 0; p < kTrafficPolicies.size(); ++p) {
        traffic::Cache cache(shape, kTrafficPolicies[p]);
        traffic::RunThroughCache(network, plan, kTrafficOrders[o], cache);
        (*view.caches)[o][p] = {cache.filled_lines() * options.line,
                                cache.written_lines() * options.line};
      }
    }
  }
  return view;
}

int ShowTraffic(const PlanOptions& options) {
  const bool one = options.models.size() == 1 && options.fast.size() == 1;
  if (!options.svg.empty() && (options.models.size() != 1 || options.fast.size() < 2)) {
    throw WrongUsage("--svg draws one model at two sizes of --fast or more");
  }
  std::vector<std::uint64_t> sizes;
  for (const std::string& text : options.fast) {
    sizes.push_back(ReadMemorySize(text));
  }
  int code = 0;
  std::vector<TrafficView> views;
  for (const std::string& path : options.models) {
    const engine::owned::OwnedSession owned(path);
    for (const std::uint64_t size : sizes) {
      try {
        views.push_back(ViewTraffic(owned, size, options));
      } catch (const Failure& failure) {
        PrintError(failure.what());
        code = 1;
      }
    }
  }
  if (!options.svg.empty() && views.size() > 1) {
    OutputFiles files;
    files.Add(options.svg, TrafficSvg(views));
    files.Commit();
  }
  if (options.json) {
    for (const TrafficView& view : views) {
      Print(TrafficJson(view).Line());
    }
  } else if (one && !views.empty()) {
    Print(TrafficText(views.front()));
  } else if (!views.empty()) {
    Print(TrafficTable(views));
  }
  return code;
}

}  // namespace pinhole::host
