// SPDX-License-Identifier: Apache-2.0
#pragma once

// A graph's tensors under a choice of groups: how much of each has a place, from when to when, and
// which share one. What the search compares and the packing places.
//
// The times of a group are those of its operators. What lives from one turn to the next lives
// during the whole group; what each turn uses up lives from the operator that makes it to the last
// that reads it, as outside of groups: two such tensors with no time in common may share a place.

#include <array>
#include <cstdint>
#include <span>

#include "base/arena.h"
#include "base/result.h"
#include "engine/plan/lifetimes.h"
#include "engine/plan/row_groups.h"
#include "engine/plan/sharing.h"

namespace pinhole::engine::plan {

constexpr std::uint64_t Aligned(std::uint64_t bytes) {
  return (bytes + kAlignment - 1) & ~(std::uint64_t{kAlignment} - 1);
}
// In units of kAlignment.
constexpr std::uint32_t Units(std::uint64_t bytes) {
  return static_cast<std::uint32_t>(Aligned(bytes) / kAlignment);
}

// The groups chosen, in order.
class Groups {
 public:
  static constexpr std::size_t kMost = 32;

  [[nodiscard]] std::span<Group> all() { return {groups_.data(), count_}; }
  [[nodiscard]] std::span<const Group> all() const { return {groups_.data(), count_}; }
  // Puts `group` in the place of all that it overlaps; false where there would be too many.
  bool Insert(const Group& group);

 private:
  std::array<Group, kMost> groups_{};
  std::size_t count_ = 0;
};

// The most units that live at one time, and at how many times.
struct Peak {
  std::uint64_t units = 0;
  std::uint32_t times = 0;  // how many have it
  std::uint32_t first = 0;  // the first of them

  friend bool operator<(const Peak& a, const Peak& b) {
    return a.units != b.units ? a.units < b.units : a.times < b.times;
  }
};

class Arrangement {
 public:
  Arrangement(const Graph& graph, std::span<const OpDemand> demands,
              std::span<const Resource> resources)
      : graph_(graph), demands_(demands), resources_(resources) {}

  // Tables from `scratch`; base lifetimes from the graph and `taps`. Error: kOutOfMemory.
  base::Status Prepare(std::span<const std::int32_t> taps, base::Arena::Scratch& scratch);

  // Lifetimes and sharing for these groups and fates. Cost: a walk over operators and tensors.
  void Set(std::span<const Group> groups, std::span<const RowFate> fates);
  // Of what was set. Groups that lay outputs over inputs make chains wander downwards; no packing
  // can be below the longest of them either.
  Peak FindPeak();
  std::uint64_t LongestChain();

  [[nodiscard]] std::uint32_t units(std::size_t tensor) const {
    const Tensor& info = graph_.tensors[tensor];
    const std::uint16_t held = fates_[tensor].held;
    return Units(held > 0 ? std::uint64_t{held} * RowBytes(info) : info.bytes);
  }
  // Has a place of its own in the packed part of the arena, or shares one there.
  [[nodiscard]] bool IsPlaced(std::size_t tensor) const {
    return sharing_.place[tensor] != kNowhere && !IsInResource(sharing_.place[tensor]);
  }
  [[nodiscard]] std::span<const Lifetime> whole_lifetimes() const { return base_; }
  [[nodiscard]] std::span<const Lifetime> lifetimes() const { return lifetimes_; }
  [[nodiscard]] const Sharing& sharing() const { return sharing_; }

 private:
  void Stretch(const Group& group);

  const Graph& graph_;
  std::span<const OpDemand> demands_;
  std::span<const Resource> resources_;
  std::span<const RowFate> fates_;
  std::span<Lifetime> base_, lifetimes_;
  Sharing sharing_;
  std::span<std::uint32_t> next_assigned_;
  std::span<std::int64_t> live_;
  std::span<std::int32_t> lowest_;  // per tensor: the lowest shift of the chain that it begins
};

}  // namespace pinhole::engine::plan
