// SPDX-License-Identifier: Apache-2.0
#pragma once

// Puts detections in order, best first, by numbers alone: no detection is moved.
//
// A score becomes a word that is smaller the better the score is (RankKey). Words are sorted by
// counting, eight bits at a time, which needs no comparison that a processor could guess wrong;
// few, and what the first digits leave out of place, are inserted one by one. Only equal scores are
// compared as detections (by anchor, then by place), so the order is total, whatever the order of
// the input was.
//
// Memory: two spare words for each, the caller's, and 1 KiB on the stack. Cost: linear, but for
// equal scores, of which k cost k log k.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "decode/detection.h"

namespace pinhole::decode {

// Ascending where finite scores descend; equal for equal scores, 0 and -0 among them.
inline std::uint32_t RankKey(float score) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0F);
  return (bits >> 31) != 0 ? bits : ~bits & 0x7FFFFFFFU;
}

// BetterThan, and of two detections of one anchor and score the one that comes first in `in`.
inline bool ComesBefore(std::span<const Detection> in, std::uint32_t a, std::uint32_t b) {
  return BetterThan(in[a], in[b]) || (!BetterThan(in[b], in[a]) && a < b);
}

// Sorts numbers of detections, best first, and their keys with them: keys[i] is
// RankKey(in[numbers[i]].score). All four spans are of one length and do not overlap; what the
// spare ones hold afterwards means nothing.
void SortBestFirst(std::span<const Detection> in, std::span<std::uint32_t> keys,
                   std::span<std::uint32_t> numbers, std::span<std::uint32_t> spare_keys,
                   std::span<std::uint32_t> spare_numbers);

}  // namespace pinhole::decode
