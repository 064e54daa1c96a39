// SPDX-License-Identifier: Apache-2.0
#include "host/face_finder.h"

#include <algorithm>

#include "decode/boxes.h"
#include "decode/non_max_suppression.h"
#include "decode/values.h"
#include "signal/letterbox.h"

namespace pinhole::host {

namespace {

using decode::Detection;
using engine::TensorView;

decode::DetectorSpec Recognise(const OwnedSession& owned) {
  const engine::format::Model& model = owned.session().model();
  const engine::Graph& graph = model.main();
  if (graph.inputs.size() != 1) {
    throw Failure(ShownPath(owned.path()) + ": " + std::to_string(graph.inputs.size()) +
                  " inputs, but a face detector has one; give a face detection model");
  }
  std::vector<engine::Shape> outputs;
  for (const std::int32_t index : graph.outputs) {
    outputs.push_back(graph.tensor(index).shape);
  }
  const std::span<const std::byte> metadata = model.FindMetadata("pinhole.detector");
  base::Diagnosis why;
  const base::Result<decode::DetectorSpec> spec = decode::RecogniseDetector(
      graph.tensor(graph.inputs[0]).shape, outputs,
      {reinterpret_cast<const char*>(metadata.data()), metadata.size()}, why);
  if (!spec) {
    FailAbout(owned.path(), spec.error(), why);
  }
  return *spec;
}

void MapToPicture(const signal::LetterboxMap& map, Detection& detection) {
  const auto mapped = [&map](float x, float y) { return map.ToPicture({x, y}); };
  const signal::Point first = mapped(detection.box.left, detection.box.top);
  const signal::Point last = mapped(detection.box.right, detection.box.bottom);
  detection.box = {first.x, first.y, last.x, last.y};
  for (std::size_t i = 0; i < detection.keypoint_count; ++i) {
    decode::Point& point = detection.keypoints[i];
    const signal::Point pixel = mapped(point.x, point.y);
    point = {pixel.x, pixel.y};
  }
}

}  // namespace

FaceFinder::FaceFinder(const std::string& model_path, int threads)
    : owned_(model_path, {{}, threads}), spec_(Recognise(owned_)), anchors_(spec_.anchors) {
  const base::Status made = spec_.MakeAnchors(anchors_);
  if (!made) {
    Fail("anchors", made.error());
  }
}

void FaceFinder::Fail(std::string_view stage, base::Error error) const {
  throw Failure(ShownPath(owned_.path()) + ": " + std::string(stage) + ": " +
                std::string(base::ErrorName(error)) + "; give another face detection model");
}

void FaceFinder::FillInput(const Picture& picture) {
  const base::Result<signal::ImageView> view = signal::ImageView::Make(
      picture.pixels, picture.width, picture.height, picture.channels);
  if (!view) {
    Fail("picture", view.error());
  }
  const TensorView input = owned_.session().input(0);
  const signal::ValueRange range{spec_.input_low, spec_.input_high};
  const signal::Quantization quantization{input.info->scale(), input.info->zero_point};
  const auto fill = [&](auto... how) {
    return signal::Letterbox(*view, spec_.input_size, spec_.input_channels, how...);
  };
  const bool quantized = input.info->scale_count == 1;
  base::Status filled = base::Unexpected(base::Error::kUnsupported);
  if (input.type() == engine::Type::kFloat32) {
    filled = base::Status(fill(range, std::span(input.as<float>(), input.size())));
  } else if (input.type() == engine::Type::kInt8 && quantized) {
    filled = fill(range, quantization, std::span(input.as<std::int8_t>(), input.size()));
  } else if (input.type() == engine::Type::kUint8 && quantized) {
    filled = fill(range, quantization, std::span(input.as<std::uint8_t>(), input.size()));
  }
  if (!filled) {
    Fail("input", filled.error());
  }
}

std::vector<Detection> FaceFinder::Suppress(const std::vector<Detection>& found,
                                            Suppression suppression) const {
  std::vector<Detection> kept(found.size());
  if (suppression == Suppression::kNone) {
    kept = found;
    std::sort(kept.begin(), kept.end(), decode::BetterThan);
    return kept;
  }
  std::vector<std::uint32_t> scratch(decode::NonMaxSuppressionScratch(found.size()));
  decode::SuppressionOptions options;
  options.min_suppression = spec_.iou;
  const base::Result<std::size_t> count =
      suppression == Suppression::kWeighted
          ? decode::WeightedNonMaxSuppression(found, options, scratch, kept)
          : decode::UnweightedNonMaxSuppression(found, options, scratch, kept);
  if (!count) {
    Fail("non-max suppression", count.error());
  }
  kept.resize(*count);
  return kept;
}

std::vector<Detection> FaceFinder::Find(const Picture& picture, const FindOptions& options) {
  FillInput(picture);
  owned_.Run();
  const engine::run::Session& session = owned_.session();
  const base::Result<decode::Values> regressors =
      decode::Values::Of(session.output(spec_.regressor_output));
  const base::Result<decode::Values> logits =
      decode::Values::Of(session.output(spec_.logit_output));
  if (!regressors || !logits) {
    Fail("outputs", base::Error::kUnsupported);
  }
  const decode::BoxOptions boxes{static_cast<float>(spec_.input_size), spec_.keypoints,
                                 options.min_score.value_or(spec_.min_score)};
  std::vector<Detection> found(anchors_.size());
  const base::Result<std::size_t> count =
      decode::DecodeBoxes(*regressors, *logits, anchors_, boxes, found);
  if (!count) {
    Fail("outputs", count.error());
  }
  found.resize(*count);
  std::vector<Detection> kept = Suppress(found, options.suppression);
  const signal::LetterboxMap map(picture.width, picture.height);
  for (Detection& detection : kept) {
    MapToPicture(map, detection);
  }
  return kept;
}

}  // namespace pinhole::host
