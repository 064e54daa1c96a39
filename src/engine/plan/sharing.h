// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which tensors need no place of their own.
//
// Two ways. In place: output 0 of an operator begins where one of its inputs does, if the kernel
// allows that input, nobody touches the input later, and it is neither a constant nor a state nor
// kept for the caller. In the resource: the output of READ_VARIABLE is the resource's own bytes,
// if nobody assigns to the resource as long as the output is read; such an output is never written
// over in place.

#include <cstdint>
#include <span>

#include "engine/plan/lifetimes.h"
#include "engine/plan/plan.h"

namespace pinhole::engine::plan {

// place[t] for every tensor t: the first tensor of the chain that begins at the same byte, t itself
// where it is the first; kNowhere for what does not live; InResource(r) for what lies in resource
// r. `next_assigned` is working memory, one for each resource.
void ShareInPlace(const Graph& graph, std::span<const OpDemand> demands,
                  std::span<const Lifetime> lifetimes, std::span<const Resource> resources,
                  std::span<std::uint32_t> next_assigned, std::span<std::uint32_t> place);

inline constexpr std::uint32_t kResourceMark = 0x80000000U;
constexpr std::uint32_t InResource(std::uint32_t resource) { return kResourceMark | resource; }
constexpr bool IsInResource(std::uint32_t place) {
  return (place & kResourceMark) != 0 && place != kNowhere;
}
constexpr std::uint32_t ResourceOf(std::uint32_t place) { return place & ~kResourceMark; }

}  // namespace pinhole::engine::plan
