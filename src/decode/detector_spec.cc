// SPDX-License-Identifier: Apache-2.0
#include "decode/detector_spec.h"

#include <optional>

#include "decode/detection.h"
#include "decode/detector_text.h"

namespace pinhole::decode {

namespace {

constexpr int kMaxInputSize = 4096;

// The options of MediaPipe's face graphs (modules/face_detection, face_detection_full_range_common
// and face_detection_short_range_common).
SsdAnchorOptions FullRangeAnchors() {
  SsdAnchorOptions options;
  options.input_size = 192;
  options.strides = {4};
  options.layers = 1;
  options.interpolated_scale_aspect_ratio = 0.0F;
  options.fixed_anchor_size = true;
  return options;
}

SsdAnchorOptions ShortRangeAnchors() {
  SsdAnchorOptions options;
  options.input_size = 128;
  options.strides = {8, 16, 16, 16};
  options.layers = 4;
  options.interpolated_scale_aspect_ratio = 1.0F;
  options.fixed_anchor_size = true;
  return options;
}

void AppendShape(const engine::Shape& shape, base::Diagnosis& why) {
  why.Append('[');
  for (int i = 0; i < shape.rank(); ++i) {
    why.Append(i == 0 ? "" : ", ");
    why.Append(shape.dim(i));
  }
  why.Append(']');
}

base::Unexpected NoFaceDetector(const engine::Shape& input, std::span<const engine::Shape> outputs,
                                base::Diagnosis& why) {
  const base::Unexpected failed = why.Fail(base::Error::kWrongKind, "not a face detector: input ");
  AppendShape(input, why);
  why.Append(" and output");
  for (const engine::Shape& shape : outputs.first(outputs.size() < 6 ? outputs.size() : 6)) {
    why.Append(' ');
    AppendShape(shape, why);
  }
  why.Append(outputs.empty() ? " none" : outputs.size() > 6 ? " and more" : "");
  why.Append(
      " found; a face detector has a square picture as input and outputs [1, anchors, 4 + 2 * "
      "keypoints] and [1, anchors, 1]: MediaPipe's full-range (192 x 192, 2304 anchors) or "
      "short-range (128 x 128, 896 anchors) model, or one with 'pinhole.detector' metadata");
  return failed;
}

// Fills in input, outputs, keypoints and anchors as the shapes have them; nullopt where they are
// not a detector's.
std::optional<DetectorSpec> FromShapes(const engine::Shape& input,
                                       std::span<const engine::Shape> outputs) {
  DetectorSpec spec;
  if (input.rank() != 4 || input.dim(0) != 1 || input.dim(1) != input.dim(2) || input.dim(1) < 1 ||
      input.dim(1) > kMaxInputSize || (input.dim(3) != 1 && input.dim(3) != 3) ||
      outputs.size() != 2) {
    return std::nullopt;
  }
  spec.input_size = input.dim(1);
  spec.input_channels = input.dim(3);
  for (const engine::Shape& shape : outputs) {
    if (shape.rank() != 3 || shape.dim(0) != 1 || shape.dim(1) < 1) {
      return std::nullopt;
    }
  }
  spec.logit_output = outputs[0].dim(2) == 1 ? 0 : 1;
  spec.regressor_output = 1 - spec.logit_output;
  const engine::Shape& regressors = outputs[spec.regressor_output];
  const engine::Shape& logits = outputs[spec.logit_output];
  const std::int32_t width = regressors.dim(2);
  if (logits.dim(2) != 1 || logits.dim(1) != regressors.dim(1) || width < 4 || width % 2 != 0 ||
      width > 4 + 2 * static_cast<std::int32_t>(kMaxKeypoints)) {
    return std::nullopt;
  }
  spec.keypoints = static_cast<std::size_t>(width - 4) / 2;
  spec.anchors = static_cast<std::size_t>(regressors.dim(1));
  return spec;
}

base::Result<DetectorSpec> FromMetadata(DetectorSpec spec, std::string_view metadata,
                                        base::Diagnosis& why) {
  const base::Result<DetectorText> text = ParseDetectorText(metadata, why);
  if (!text) {
    why.Prefix("metadata 'pinhole.detector': ");
    return base::Unexpected(text.error());
  }
  spec.kind = DetectorSpec::Kind::kPinhole;
  spec.layers = text->layers;
  spec.layer_count = text->layer_count;
  spec.input_low = text->input_low;
  spec.input_high = text->input_high;
  spec.min_score = text->min_score;
  spec.iou = text->iou;
  const base::Result<std::size_t> anchors =
      CountGridAnchors(spec.input_size, std::span(spec.layers).first(spec.layer_count));
  if (!anchors) {
    return why.Fail(base::Error::kMalformed,
                    "metadata 'pinhole.detector': the strides do not divide the input's side, ",
                    spec.input_size, ", or give too many anchors");
  }
  if (*anchors != spec.anchors || text->keypoints != spec.keypoints) {
    return why.Fail(base::Error::kMalformed, "metadata 'pinhole.detector' means ", *anchors,
                    " anchors and ", text->keypoints, " keypoints, but the outputs have ",
                    spec.anchors, " and ", spec.keypoints);
  }
  return spec;
}

}  // namespace

std::string_view DetectorSpec::name() const {
  switch (kind) {
    case Kind::kPinhole: return "pinhole";
    case Kind::kMediaPipeFullRange: return "MediaPipe full range";
    case Kind::kMediaPipeShortRange: return "MediaPipe short range";
  }
  return "";
}

base::Status DetectorSpec::MakeAnchors(std::span<Anchor> out) const {
  base::Result<std::size_t> made =
      kind == Kind::kPinhole
          ? MakeGridAnchors(input_size, std::span(layers).first(layer_count), out)
          : MakeSsdAnchors(
                kind == Kind::kMediaPipeFullRange ? FullRangeAnchors() : ShortRangeAnchors(), out);
  if (!made) {
    return base::Unexpected(made.error());
  }
  return {};
}

base::Result<DetectorSpec> RecogniseDetector(const engine::Shape& input,
                                             std::span<const engine::Shape> outputs,
                                             std::string_view metadata, base::Diagnosis& why) {
  std::optional<DetectorSpec> spec = FromShapes(input, outputs);
  if (!spec) {
    return NoFaceDetector(input, outputs, why);
  }
  if (!metadata.empty()) {
    return FromMetadata(*spec, metadata, why);
  }
  if (spec->input_channels != 3 || spec->keypoints != 6) {
    return NoFaceDetector(input, outputs, why);
  }
  if (spec->input_size == 192 && spec->anchors == 2304) {
    spec->kind = DetectorSpec::Kind::kMediaPipeFullRange;
    spec->min_score = 0.6F;
  } else if (spec->input_size == 128 && spec->anchors == 896) {
    spec->kind = DetectorSpec::Kind::kMediaPipeShortRange;
    spec->min_score = 0.5F;
  } else {
    return NoFaceDetector(input, outputs, why);
  }
  return *spec;
}

}  // namespace pinhole::decode
