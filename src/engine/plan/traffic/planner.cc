// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "engine/plan/traffic/emit.h"
#include "engine/plan/traffic/layout.h"
#include "engine/plan/traffic/search.h"
#include "engine/plan/traffic/traffic_plan.h"

namespace pinhole::engine::plan::traffic {

namespace {

constexpr int kTightenings = 5;
// How many tensors may stay between intervals; more is mostly better, but harder to place.
constexpr std::array<std::size_t, 3> kResidents = {5, 3, 0};

// The least of one work by itself, with nothing else in fast memory.
std::uint64_t LeastOf(const Work& work) {
  const std::vector<Stay> inputs(work.inputs.size(), Stay::kStreams);
  const std::vector<Stay> outputs(work.outputs.size(), Stay::kStreams);
  return Tiler(work, inputs, outputs, 1).Least();
}

// Wider turns where memory is left over.
void Widen(const Network& network, const std::uint64_t fast_bytes, Found& found) {
  for (Choice& choice : found.choices) {
    std::uint64_t untouched = 0;
    const Group group(network, choice.first, choice.end, network.works[choice.end - 1].rows());
    for (const std::int32_t t : choice.before) {
      if (!choice.rows || group.IndexOf(t) < 0) {
        untouched += AlignedFast(network.tensors[static_cast<std::size_t>(t)].bytes);
      }
    }
    if (choice.rows) {
      choice.turn_rows = WidestTurn(network, choice, fast_bytes - untouched);
    }
  }
}

base::Status Check(const Network& network, const TrafficOptions& options, base::Diagnosis& why) {
  if (options.fast_bytes == 0 || options.fast_bytes > kMostFastBytes) {
    return why.Fail(base::Error::kInvalidArgument, "fast memory of ", options.fast_bytes,
                    " bytes found; 1 to ", kMostFastBytes, " expected");
  }
  if (!std::has_single_bit(options.line_bytes) || options.line_bytes > 4096) {
    return why.Fail(base::Error::kInvalidArgument, "a line of ", options.line_bytes,
                    " bytes found; a power of two up to 4096 expected");
  }
  const Work* worst = nullptr;
  std::uint64_t least = 0;
  for (const Work& work : network.works) {
    if (const std::uint64_t own = LeastOf(work); own > least) {
      least = own;
      worst = &work;
    }
  }
  if (least > options.fast_bytes) {
    return why.Fail(base::Error::kTooLarge, network.NameOf(*worst), " does not fit into ",
                    options.fast_bytes, " bytes of fast memory in any part; give at least ", least);
  }
  return {};
}

}  // namespace

std::uint64_t LeastFastBytes(const Network& network) {
  std::uint64_t least = 0;
  for (const Work& work : network.works) {
    least = std::max(least, LeastOf(work));
  }
  return least;
}

base::Result<TrafficPlan> MakeTrafficPlan(const Network& network, const TrafficOptions& options,
                                          base::Diagnosis& why) {
  PINHOLE_TRY(Check(network, options, why));
  const std::uint64_t fast_bytes = options.fast_bytes / kFastAlignment * kFastAlignment;
  SearchLimits limits;
  limits.line_bytes = options.line_bytes;
  limits.looks = std::max<std::uint64_t>(kMostLookedAt, kLookedAtEach * network.works.size()) /
                 (kResidents.size() * kTightenings);
  std::optional<TrafficPlan> best;
  std::uint64_t looked_at = 0;
  // The sum of what is held fits; whether the pieces do shows only when they are placed. Where they
  // don't, less room is given, or less may stay; in the end nothing stays between intervals, and
  // that can be placed.
  for (const std::size_t residents : kResidents) {
    limits.most_residents = residents;
    limits.fast_bytes = fast_bytes;
    const int attempts = residents == 0 ? 1 : kTightenings;
    for (int attempt = 0; attempt < attempts && (residents > 0 || !best); ++attempt) {
      Found found = Search(network, limits);
      looked_at += found.looked_at;
      Widen(network, limits.fast_bytes, found);
      PINHOLE_ASSIGN(Draft draft, Emit(network, found, options, why));
      if (LayOut(network, draft, fast_bytes)) {
        if (!best || draft.plan.traffic.bytes() < best->traffic.bytes()) {
          best = std::move(draft.plan);
        }
        break;
      }
      const std::uint64_t less = limits.fast_bytes / 32 / kFastAlignment * kFastAlignment;
      limits.fast_bytes -= std::max<std::uint64_t>(less, kFastAlignment);
      if (limits.fast_bytes < LeastFastBytes(network)) {
        break;
      }
    }
  }
  if (!best) {
    return why.Fail(base::Error::kInternal, "a plan without residents could not be placed in ",
                    fast_bytes, " bytes");
  }
  best->looked_at = looked_at;
  return *std::move(best);
}

}  // namespace pinhole::engine::plan::traffic
