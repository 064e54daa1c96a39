// SPDX-License-Identifier: Apache-2.0
#include "engine/emit/fetch_plan.h"

#include <algorithm>
#include <optional>

namespace pinhole::engine::emit {

namespace {

// Takes out what can't be there at once: of a step that reads more than the buffer holds, the
// largest blocks.
void LeaveWhatIsTooMuch(std::vector<FetchBlock>& blocks, std::size_t steps,
                        std::uint32_t capacity) {
  for (std::size_t step = 0; step < steps; ++step) {
    for (;;) {
      std::uint64_t sum = 0;
      auto largest = blocks.end();
      for (auto block = blocks.begin(); block != blocks.end(); ++block) {
        if (block->step == step) {
          sum += block->bytes;
          largest = largest == blocks.end() || block->bytes > largest->bytes ? block : largest;
        }
      }
      if (sum <= capacity) {
        break;
      }
      blocks.erase(largest);
    }
  }
}

// A place for `bytes` behind the youngest block, or at the buffer's begin, that touches none of
// those that live: they follow `oldest` in the ring.
std::optional<std::uint32_t> PlaceBehind(const std::vector<Fetch>& fetches, std::size_t oldest,
                                         std::uint32_t bytes, std::uint32_t capacity) {
  if (oldest == fetches.size()) {
    return 0;
  }
  const std::uint32_t tail = fetches[oldest].offset;
  const std::uint32_t head = fetches.back().offset + fetches.back().block.bytes;
  const bool wrapped = fetches.back().offset < tail;
  if (head + bytes <= (wrapped ? tail : capacity)) {
    return head;
  }
  return !wrapped && bytes <= tail ? std::optional<std::uint32_t>(0) : std::nullopt;
}

}  // namespace

// A step's blocks get their places together: else the last of them might find none in time.
FetchPlan PlanFetches(std::vector<FetchBlock> blocks, std::size_t steps, std::uint32_t capacity) {
  LeaveWhatIsTooMuch(blocks, steps, capacity);
  FetchPlan plan;
  std::size_t oldest = 0;  // of the fetches, that is still read
  for (std::size_t step = 0; step < steps; ++step) {
    while (oldest < plan.fetches.size() && plan.fetches[oldest].block.step < step) {
      ++oldest;
    }
    while (plan.fetches.size() < blocks.size()) {
      std::size_t end = plan.fetches.size();
      std::uint32_t bytes = 0;
      for (const std::size_t of = blocks[end].step; end < blocks.size() && blocks[end].step == of;
           ++end) {
        bytes += blocks[end].bytes;
      }
      std::optional<std::uint32_t> place = PlaceBehind(plan.fetches, oldest, bytes, capacity);
      if (!place) {
        break;
      }
      for (std::size_t i = plan.fetches.size(); i < end; ++i) {
        plan.fetches.push_back({blocks[i], *place, step});
        *place += blocks[i].bytes;
      }
      plan.bytes = std::max(plan.bytes, *place);
    }
  }
  return plan;
}

int FetchesLeft(const FetchPlan& plan, std::size_t fetch) {
  int left = 0;
  for (std::size_t later = fetch + 1; later < plan.fetches.size(); ++later) {
    left += plan.fetches[later].start <= plan.fetches[fetch].block.step ? 1 : 0;
  }
  return left;
}

std::string VerifyFetches(const FetchPlan& plan) {
  const auto fault = [](const Fetch& fetch, const std::string& what) {
    return "the constants of operator " + std::to_string(fetch.block.op) + " " + what;
  };
  for (std::size_t i = 0; i < plan.fetches.size(); ++i) {
    const Fetch& fetch = plan.fetches[i];
    if (fetch.offset % 4 != 0 || fetch.block.bytes % 4 != 0) {
      return fault(fetch, "are no whole words");
    }
    if (fetch.offset > plan.bytes || fetch.block.bytes > plan.bytes - fetch.offset) {
      return fault(fetch, "reach over the buffer's end");
    }
    if (fetch.start > fetch.block.step) {
      return fault(fetch, "come after their step");
    }
    for (std::size_t j = i + 1; j < plan.fetches.size(); ++j) {
      const Fetch& later = plan.fetches[j];
      if (later.start < fetch.start || later.block.step < fetch.block.step) {
        return fault(later, "are out of their order");
      }
      const bool both_live = later.start <= fetch.block.step;
      const bool apart = later.offset + later.block.bytes <= fetch.offset ||
                         fetch.offset + fetch.block.bytes <= later.offset;
      if (both_live && !apart) {
        return fault(later, "would lie on those of operator " + std::to_string(fetch.block.op));
      }
    }
  }
  return "";
}

}  // namespace pinhole::engine::emit
