// SPDX-License-Identifier: Apache-2.0
#pragma once

// Non-max suppression: a detector answers for one face several times, with boxes that overlap; one
// detection for each face is to remain.
//
// Boxes are taken from the best score down. The best one left stands for an object, and everything
// that overlaps it by more than a threshold is the same object: dropped (unweighted), or averaged
// with it, weighted by score, corners and points alike (weighted; the score stays that of the best,
// and the average jumps less from frame to frame). How much two boxes overlap is a choice of three
// measures.
//
// The order is total (score, then anchor), so the result does not depend on the order of the input.
// Boxes that are none (not finite, or with a right edge left of the left one) are left out; boxes
// without area overlap nothing and stand for themselves. Both leave the others' result as it is.
// docs/decisions/0003-non-max-suppression.md says where references differ and which we follow.
//
// Memory: the caller's spans only. How it is done depends on what there is:
// - While few boxes are left, or each object takes many of them with it, the best is searched and
//   compared with all that are left, eight at a time; nothing is sorted (overlap.h).
// - Else the boxes are sorted (best_first.h), and compared with their neighbours on a grid
//   (flat_grid.h).
// - Where that looks at too many (one far away, mixed sizes), with neighbours of similar size on a
//   grid for each (box_grid.h).
// So the work grows with n and not with n * n, whether boxes overlap or not, wherever they lie and
// whatever their sizes; for limits on the overlap of 1/64 or more and, of the measures, not for
// kModifiedJaccard. The result is the same in all three ways.
//
//   std::array<std::uint32_t, NonMaxSuppressionScratch(64)> scratch;
//   const auto kept = WeightedNonMaxSuppression(found, {}, scratch, out);

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "decode/detection.h"
#include "decode/overlap.h"

namespace pinhole::decode {

struct SuppressionOptions {
  Overlap overlap = Overlap::kIntersectionOverUnion;
  float min_suppression = 0.3F;  // overlap above this, not equal to it, is the same object; [0, 1]
  float min_score = 0.0F;        // a box below this stands for no object (but counts in averages)
};

// Words of scratch that suppression of n detections wants.
constexpr std::size_t NonMaxSuppressionScratch(std::size_t n) { return 9 * n + 7; }

// Results are written to `out`, best first; where there are more than `out` has places, the best
// stay. `out` must not overlap `in`. Returns how many. Error: kInvalidArgument (scratch too short,
// options out of range, 2^31 boxes or more).
base::Result<std::size_t> UnweightedNonMaxSuppression(std::span<const Detection> in,
                                                      const SuppressionOptions& options,
                                                      std::span<std::uint32_t> scratch,
                                                      std::span<Detection> out);
base::Result<std::size_t> WeightedNonMaxSuppression(std::span<const Detection> in,
                                                    const SuppressionOptions& options,
                                                    std::span<std::uint32_t> scratch,
                                                    std::span<Detection> out);

}  // namespace pinhole::decode
