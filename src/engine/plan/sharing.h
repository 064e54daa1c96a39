// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which tensors need no place of their own.
//
// Three ways. In place: output 0 of an operator begins where one of its inputs does, if the kernel
// allows that input, nobody touches the input later, and it is neither a constant nor a state nor
// kept for the caller; inside a group only where both are rings of equally many rows that no turn
// leaves anything in. Over: the last output of a group lies on one of the tensors that the group
// uses up (row_groups.h). In the resource: the output of READ_VARIABLE is the resource's own bytes,
// if nobody assigns to the resource as long as the output is read; such an output is never written
// over.

#include <cstdint>
#include <span>

#include "engine/plan/lifetimes.h"
#include "engine/plan/plan.h"
#include "engine/plan/row_groups.h"

namespace pinhole::engine::plan {

// Per tensor. A chain is the tensors that take their place from each other, one after the other.
struct Sharing {
  // The first tensor of the chain, the tensor itself where it is the first; kNowhere for what does
  // not live; InResource(r) for what lies in resource r.
  std::span<std::uint32_t> place;
  std::span<std::int32_t> previous;  // the tensor that its place comes from; -1
  std::span<std::int32_t> shift;     // from the place of the chain's first, in units of kAlignment
};

// Fills `sharing`. `lifetimes` are those with the groups, which are in order. `next_assigned` is
// working memory, one for each resource.
void ShareInPlace(const Graph& graph, std::span<const OpDemand> demands,
                  std::span<const Lifetime> lifetimes, std::span<const Resource> resources,
                  std::span<const Group> groups, std::span<const RowFate> fates,
                  std::span<std::uint32_t> next_assigned, const Sharing& sharing);

inline constexpr std::uint32_t kResourceMark = 0x80000000U;
constexpr std::uint32_t InResource(std::uint32_t resource) { return kResourceMark | resource; }
constexpr bool IsInResource(std::uint32_t place) {
  return (place & kResourceMark) != 0 && place != kNowhere;
}
constexpr std::uint32_t ResourceOf(std::uint32_t place) { return place & ~kResourceMark; }

}  // namespace pinhole::engine::plan
