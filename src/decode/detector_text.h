// SPDX-License-Identifier: Apache-2.0
#pragma once

// The text a model carries as "pinhole.detector" (detector_spec.h shows one), read strictly.
//
// Lines end in "\n", words are parted by single spaces. Every key occurs exactly once, in any order
// after the first line; a key that is not known is refused, since leaving it out could change what
// the model's numbers mean. Numbers are plain decimals ("-1", "0.25"): no sign but a minus, no
// exponent, at most nine digits. The bytes come with the model and are hostile.

#include <array>
#include <cstddef>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"
#include "decode/anchors.h"

namespace pinhole::decode {

struct DetectorText {
  std::array<GridLayer, kMaxAnchorLayers> layers{};
  std::size_t layer_count = 0;
  std::size_t keypoints = 0;                  // at most kMaxKeypoints
  float input_low = 0.0F, input_high = 0.0F;  // low < high
  float min_score = 0.0F;                     // from 0 to 1
  float iou = 0.0F;                           // from 0 to 1
};

// Errors: kUnsupported (another version, another class), kMalformed; `why` begins with "line N: ".
base::Result<DetectorText> ParseDetectorText(std::string_view text, base::Diagnosis& why);

}  // namespace pinhole::decode
