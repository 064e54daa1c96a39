// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "engine/plan/traffic/emit.h"
#include "engine/plan/traffic/layout.h"
#include "engine/plan/traffic/search.h"
#include "engine/plan/traffic/traffic_plan.h"

namespace pinhole::engine::plan::traffic {

namespace {

constexpr int kTightenings = 6;

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
  SearchLimits limits;
  limits.line_bytes = options.line_bytes;
  limits.looks = std::max<std::uint64_t>(kMostLookedAt, kLookedAtEach * network.works.size()) /
                 (kTightenings + 1);
  std::uint64_t looked_at = 0;
  // The sum of what is held fits; whether the pieces do shows only when they are placed. Where they
  // don't, less room is given; in the end nothing stays between intervals, and that can be placed.
  std::uint64_t room = options.fast_bytes / kFastAlignment * kFastAlignment;
  const std::uint64_t least = LeastFastBytes(network);
  for (int attempt = 0;; ++attempt) {
    const bool last = attempt == kTightenings || room < least;
    limits.fast_bytes = last ? options.fast_bytes / kFastAlignment * kFastAlignment : room;
    limits.most_residents = last ? 0 : 5;
    Found found = Search(network, limits);
    looked_at += found.looked_at;
    Widen(network, limits.fast_bytes, found);
    PINHOLE_ASSIGN(Draft draft, Emit(network, found, options, why));
    if (LayOut(network, draft, options.fast_bytes / kFastAlignment * kFastAlignment)) {
      draft.plan.looked_at = looked_at;
      return std::move(draft.plan);
    }
    if (last) {
      return why.Fail(base::Error::kInternal, "a plan without residents could not be placed in ",
                      options.fast_bytes, " bytes");
    }
    room -= std::max<std::uint64_t>(room / 32 / kFastAlignment * kFastAlignment, kFastAlignment);
  }
}

}  // namespace pinhole::engine::plan::traffic
