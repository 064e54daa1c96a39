// SPDX-License-Identifier: Apache-2.0
#pragma once

// How to read a face detector: what its input wants, which output is which, where its anchors are.
//
// A model says so itself, in metadata called "pinhole.detector", a text of lines (parsed by
// detector_text.h):
//
//   pinhole-detector 1        first line: the format and its version
//   classes face              what it detects; "face" is all there is
//   strides 8 16              of the grids, outer layer first; each divides the input's side
//   anchors_per_cell 1 1      one number a stride
//   keypoints 6               x, y pairs after the box in each row
//   input_range -1 1          real values of a black and of a full sample
//   min_score 0.6             detections below this are left out
//   iou 0.3                   overlap above this is the same face
//
// Models without it are recognised by the shapes of their tensors: MediaPipe's full-range (192 x
// 192, 2304 anchors) and short-range (128 x 128, 896 anchors) face detectors. In all of them one
// output is [1, anchors, 4 + 2 * keypoints], the regressors, and one is [1, anchors, 1], the
// logits, in either order.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"
#include "decode/anchors.h"
#include "engine/tensor/shape.h"

namespace pinhole::decode {

struct DetectorSpec {
  enum class Kind : std::uint8_t { kPinhole, kMediaPipeFullRange, kMediaPipeShortRange };

  Kind kind = Kind::kPinhole;
  int input_size = 0;      // side of the square input
  int input_channels = 0;  // 1 or 3
  float input_low = -1.0F, input_high = 1.0F;
  std::size_t keypoints = 0;
  std::size_t anchors = 0;
  float min_score = 0.5F;
  float iou = 0.3F;
  std::size_t regressor_output = 0;  // which of the model's outputs
  std::size_t logit_output = 0;
  std::array<GridLayer, kMaxAnchorLayers> layers{};  // kPinhole's grids
  std::size_t layer_count = 0;

  // "pinhole", "MediaPipe full range", "MediaPipe short range".
  [[nodiscard]] std::string_view name() const;
  // `out` has room for `anchors`. Error: kOutOfMemory.
  [[nodiscard]] base::Status MakeAnchors(std::span<Anchor> out) const;
};

// `input` and `outputs` are the model's shapes, `metadata` its "pinhole.detector" or empty. Errors:
// kWrongKind (not a face detector: `why` says what was found and what one looks like), kMalformed
// or kUnsupported (the metadata, with its line).
base::Result<DetectorSpec> RecogniseDetector(const engine::Shape& input,
                                             std::span<const engine::Shape> outputs,
                                             std::string_view metadata, base::Diagnosis& why);

}  // namespace pinhole::decode
