// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a model moves between a fast and a slow memory, by plan and by cache, as people look at it.
//
// The plan is made and checked by engine/plan/traffic; caches are simulated there on the same
// network. This file measures, traffic_text.cc and traffic_svg.cc show, and ShowTraffic is what
// `pinhole model plan --fast` does.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/owned/model_file.h"
#include "engine/plan/traffic/cache.h"
#include "engine/plan/traffic/stream.h"
#include "engine/plan/traffic/traffic_plan.h"
#include "engine/plan/traffic/traffic_verifier.h"
#include "host/commands.h"
#include "host/json.h"

namespace pinhole::host {

struct CacheMoved {
  std::uint64_t filled_bytes = 0, written_bytes = 0;

  [[nodiscard]] std::uint64_t bytes() const { return filled_bytes + written_bytes; }
};

inline constexpr std::array kTrafficOrders = {engine::plan::traffic::Order::kLayers,
                                              engine::plan::traffic::Order::kPlanned,
                                              engine::plan::traffic::Order::kRings};
inline constexpr std::array kTrafficPolicies = {engine::plan::traffic::Policy::kLru,
                                                engine::plan::traffic::Policy::kTreePlru};

struct TrafficGroup {
  std::string first, last;  // operators; the same where it is one
  bool rows = false;
  std::uint32_t steps = 0, fast_bytes = 0;
  engine::plan::traffic::Traffic traffic;
};

struct TrafficView {
  std::string file;
  std::uint64_t fast_bytes = 0, used_bytes = 0;
  std::uint32_t line_bytes = 64, ways = 8;
  std::uint64_t bound_bytes = 0;  // every input, constant and output once
  engine::plan::traffic::Traffic traffic;
  std::uint64_t line_bytes_moved = 0;  // with every run of bytes rounded out to lines
  std::uint64_t waiting_bytes = 0;     // filled while nothing is computed
  bool cut_short = false;
  std::vector<TrafficGroup> groups;
  // [order][policy]; empty where nobody asked.
  std::optional<std::array<std::array<CacheMoved, 2>, 3>> caches;

  // Thousandths of the bound.
  [[nodiscard]] std::uint64_t Ratio(std::uint64_t bytes) const {
    return bound_bytes == 0 ? 1000 : (bytes * 1000 + bound_bytes / 2) / bound_bytes;
  }
};

// "64KiB", "64K", "1MiB", "1M" or a number of bytes. Throws WrongUsage.
std::uint64_t ReadMemorySize(const std::string& text);

// Throws Failure where fast memory is too small.
TrafficView ViewTraffic(const engine::owned::OwnedSession& owned, std::uint64_t fast_bytes,
                        const PlanOptions& options);

Json TrafficJson(const TrafficView& view);
// One plan, group by group.
std::string TrafficText(const TrafficView& view);
// Several plans, one line each, as multiples of the bound.
std::string TrafficTable(const std::vector<TrafficView>& views);
// Bytes moved against the size of fast memory, of one model at two sizes or more.
std::string TrafficSvg(const std::vector<TrafficView>& views);

int ShowTraffic(const PlanOptions& options);

}  // namespace pinhole::host
