// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a detector's raw tensors to detections: scores out of logits, boxes and points out of
// offsets from anchors. Nothing is merged yet: one face gives a handful of overlapping boxes.
//
// Row i of the regressors is x, y, w, h, then x, y of each point, in input pixels; row i of the
// logits is one number. With anchor i and the input's side S:
//
//   centre = (x / S * anchor.width + anchor.x_center, the same for y)
//   size   = (w / S * anchor.width, h / S * anchor.height)      no exponential
//   point  = (x / S * anchor.width + anchor.x_center, ...)
//   score  = 1 / (1 + exp(-logit)), logit clamped to [-100, 100]
//
// x, y is the box's CENTRE. Rows with a score below min_score are left out, one that equals it
// stays; so are boxes with a negative size, and anything that is not a finite number: those are the
// network's noise, not an error. Nothing is allocated. Cost: one comparison for most rows, one exp
// for those near or above the threshold.
//
// Source: MediaPipe TensorsToDetectionsCalculator with the face graphs' options.

#include <cstddef>
#include <span>

#include "base/result.h"
#include "decode/anchors.h"
#include "decode/detection.h"
#include "decode/values.h"

namespace pinhole::decode {

struct BoxOptions {
  float scale = 1.0F;         // S: raw units in the input's side; > 0
  std::size_t keypoints = 0;  // at most kMaxKeypoints; a row has 4 + 2 * keypoints numbers
  float min_score = 0.5F;     // from 0 to 1
};

// Detections in the order of their anchors. Where more rows pass than `out` has places, the best
// stay (BetterThan says which), in no particular order. Returns their number. Error:
// kInvalidArgument (sizes that do not go together, options out of range).
base::Result<std::size_t> DecodeBoxes(const Values& regressors, const Values& logits,
                                      std::span<const Anchor> anchors, const BoxOptions& options,
                                      std::span<Detection> out);

}  // namespace pinhole::decode
