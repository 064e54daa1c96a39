// SPDX-License-Identifier: Apache-2.0
#pragma once

// Faces of a large picture, small ones too: a detector looks at every tile of a plan (tiles.h), and
// what it found in all of them is merged once.
//
//   const auto plan = TilePlan::ForModel(picture.width(), picture.height(), spec.input_size);
//   auto faces = FindInTiles(detector, picture, plan, {}, memory, why);
//
// In each tile every box above the score limit is an answer. Those that a seam of the tile cuts are
// left out: another tile or a coarser level sees them whole. Suppression goes over all tiles and
// levels together. Then two kinds of mistakes go that come from looking so often:
//
//   what was answered once only, and not by the whole picture. A face has several answers: from
//   neighbouring anchors, from the tile beside, from the level above.
//   what lies mostly within a larger face: a piece of it, as a tile sees it that shows a mouth and
//   a nose as if they were all.
//
// Memory: the caller's. Cost: one run of the network for each tile, and suppression.

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/diagnosis.h"
#include "base/result.h"
#include "decode/detection.h"
#include "decode/non_max_suppression.h"
#include "inside/sense/face_detector.h"
#include "inside/sense/tiles.h"
#include "signal/image.h"

namespace pinhole::inside::sense {

// For as many boxes above the score limit, of all tiles together, as `found` has places; where
// there are more the best stay. `kept` is as large, `scratch` has the words that suppression wants.
struct TiledSearchMemory {
  std::span<decode::Detection> found, kept;
  std::span<std::uint32_t> scratch;
};

// Best first, in pixels of `picture`, for which the plan was made; `anchor` counts through all
// tiles. With Suppression::kNone all answers. A score limit above the model's own holds for faces;
// their answers are counted above the model's. The span lies in the memory. Errors:
// FaceDetector::Find's; kInvalidArgument (memory whose parts do not fit each other, or a plan for a
// larger picture).
base::Result<std::span<const decode::Detection>> FindInTiles(
    FaceDetector& detector, const signal::ImageView& picture, const TilePlan& plan,
    const FindOptions& options, const TiledSearchMemory& memory, base::Diagnosis& why);

}  // namespace pinhole::inside::sense
