// SPDX-License-Identifier: Apache-2.0
#include "inside/sense/face_finder.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/arena.h"
#include "base/checked.h"
#include "decode/boxes.h"
#include "decode/non_max_suppression.h"
#include "decode/values.h"
#include "signal/letterbox.h"

namespace pinhole::inside::sense {

namespace {

using decode::Anchor;
using decode::Detection;
using engine::Tensor;

constexpr std::size_t kAlignment = 16;

base::Result<decode::DetectorSpec> Recognise(const FaceModel& model, base::Diagnosis& why) {
  if (model.inputs.size() != 1) {
    return why.Fail(base::Error::kWrongKind, model.inputs.size(),
                    " inputs, but a face detector has one; give a face detection model");
  }
  // A face detector has two outputs; of a model with more only so many are named.
  std::array<engine::Shape, 8> shapes;
  const std::size_t outputs = std::min(model.outputs.size(), shapes.size());
  for (std::size_t i = 0; i < outputs; ++i) {
    shapes[i] = model.outputs[i]->shape;
  }
  return decode::RecogniseDetector(model.inputs[0]->shape, std::span(shapes).first(outputs),
                                   model.metadata, why);
}

bool IsReal(const Tensor& tensor) {
  const engine::Type type = tensor.type;
  return type == engine::Type::kFloat32 ||
         (tensor.scale_count == 1 && (type == engine::Type::kInt8 || type == engine::Type::kUint8));
}

// What DecodeBoxes can read and Fill can fill.
base::Status CheckTypes(const FaceModel& model, base::Diagnosis& why) {
  const auto fail = [&](const Tensor& tensor, std::string_view wanted) {
    return why.Fail(base::Error::kUnsupported, "tensor '", tensor.name(), "' is ",
                    engine::TypeName(tensor.type),
                    tensor.scale_count == 0 ? " without a scale" : "", "; a face detector's ",
                    wanted, " with one scale and zero point");
  };
  if (!IsReal(*model.inputs[0])) {
    return fail(*model.inputs[0], "input is float32, or int8 or uint8");
  }
  for (const Tensor* const output : model.outputs) {
    if (!IsReal(*output) && !(output->type == engine::Type::kInt16 && output->scale_count == 1)) {
      return fail(*output, "outputs are float32, or int8, uint8 or int16");
    }
  }
  return {};
}

// Anchors, then candidates, results and scratch: these need no more than a word's alignment, so
// nothing lies between them.
static_assert(alignof(Anchor) == 4 && alignof(Detection) == 4);

std::optional<std::size_t> WorkBytes(std::size_t anchors, std::size_t candidates) {
  std::optional<std::size_t> total = 0;
  for (const auto& [count, size] :
       {std::pair{anchors, sizeof(Anchor)},
        {2 * candidates, sizeof(Detection)},
        {decode::NonMaxSuppressionScratch(candidates), sizeof(std::uint32_t)}}) {
    const std::optional<std::size_t> part = base::CheckedMul(count, size);
    total = total && part ? base::CheckedAdd(*total, *part) : std::nullopt;
  }
  return total;
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

base::Result<FaceFinder> FaceFinder::Make(const FaceModel& model, std::size_t max_candidates,
                                          base::Diagnosis& why) {
  PINHOLE_ASSIGN(const decode::DetectorSpec spec, Recognise(model, why));
  PINHOLE_TRY(CheckTypes(model, why));
  const std::size_t candidates = std::clamp<std::size_t>(max_candidates, 1, spec.anchors);
  const std::optional<std::size_t> bytes = WorkBytes(spec.anchors, candidates);
  if (!bytes) {
    return why.Fail(base::Error::kTooLarge, "the model's ", spec.anchors,
                    " anchors need more memory than this machine can address");
  }
  return FaceFinder(spec, candidates, *bytes);
}

base::Status FaceFinder::Bind(std::span<std::byte> work, base::Diagnosis& why) {
  anchors_ = {};
  if (work.size() < work_bytes_) {
    return why.Fail(base::Error::kInvalidArgument, work.size(), " bytes of work memory given, ",
                    work_bytes_, " needed");
  }
  if (reinterpret_cast<std::uintptr_t>(work.data()) % kAlignment != 0) {
    return why.Fail(base::Error::kInvalidArgument, "work memory must be aligned to ", kAlignment,
                    " bytes");
  }
  base::Arena arena(work.first(work_bytes_));
  PINHOLE_ASSIGN(const std::span<Anchor> anchors, arena.Make<Anchor>(spec_.anchors));
  PINHOLE_ASSIGN(found_, arena.Make<Detection>(candidates_));
  PINHOLE_ASSIGN(kept_, arena.Make<Detection>(candidates_));
  PINHOLE_ASSIGN(scratch_,
                 arena.Make<std::uint32_t>(decode::NonMaxSuppressionScratch(candidates_)));
  PINHOLE_TRY(spec_.MakeAnchors(anchors));
  anchors_ = anchors;
  return {};
}

base::Status FaceFinder::Show(Network& network, const signal::ImageView& picture,
                              base::Diagnosis& why) const {
  if (anchors_.empty()) {
    return why.Fail(base::Error::kNotReady, "the detector has no work memory: call Bind");
  }
  const engine::TensorView input = network.input();
  const signal::ValueRange range{spec_.input_low, spec_.input_high};
  const signal::Quantization quantization{input.info->scale(), input.info->zero_point};
  const auto fill = [&](auto... how) {
    return signal::Letterbox(picture, spec_.input_size, spec_.input_channels, range, how...);
  };
  base::Status filled;
  if (input.type() == engine::Type::kFloat32) {
    filled = fill(std::span(input.as<float>(), input.size()));
  } else if (input.type() == engine::Type::kInt8) {
    filled = fill(quantization, std::span(input.as<std::int8_t>(), input.size()));
  } else {
    filled = fill(quantization, std::span(input.as<std::uint8_t>(), input.size()));
  }
  if (!filled) {
    return why.Fail(filled.error(), "the model's input range and quantisation cannot be filled: ",
                    base::ErrorName(filled.error()), "; give another face detection model");
  }
  return {};
}

base::Result<std::span<Detection>> FaceFinder::Decode(Network& network, const FindOptions& options,
                                                      base::Diagnosis& why) {
  PINHOLE_ASSIGN(const decode::Values regressors,
                 decode::Values::Of(network.output(spec_.regressor_output)));
  PINHOLE_ASSIGN(const decode::Values logits,
                 decode::Values::Of(network.output(spec_.logit_output)));
  const decode::BoxOptions boxes{static_cast<float>(spec_.input_size), spec_.keypoints,
                                 options.min_score.value_or(spec_.min_score)};
  const base::Result<std::size_t> count =
      decode::DecodeBoxes(regressors, logits, anchors_, boxes, found_);
  if (!count) {
    return why.Fail(count.error(), "min_score must be from 0 to 1");
  }
  return found_.first(*count);
}

base::Result<std::span<Detection>> FaceFinder::Suppress(std::span<Detection> found,
                                                        Suppression suppression,
                                                        base::Diagnosis& why) {
  if (suppression == Suppression::kNone) {
    std::sort(found.begin(), found.end(), decode::BetterThan);
    return found;
  }
  decode::SuppressionOptions options;
  options.min_suppression = spec_.iou;
  const base::Result<std::size_t> count =
      suppression == Suppression::kWeighted
          ? decode::WeightedNonMaxSuppression(found, options, scratch_, kept_)
          : decode::UnweightedNonMaxSuppression(found, options, scratch_, kept_);
  if (!count) {
    return why.Fail(count.error(), "non-max suppression: ", base::ErrorName(count.error()));
  }
  return kept_.first(*count);
}

base::Result<std::span<const Detection>> FaceFinder::Answer(Network& network, int width, int height,
                                                            const FindOptions& options,
                                                            base::Diagnosis& why) {
  const base::Status ran = network.Run(why);
  base::Result<std::span<Detection>> found =
      ran ? Decode(network, options, why)
          : base::Result<std::span<Detection>>(base::Unexpected(ran.error()));
  network.Wipe();
  if (!found) {
    return base::Unexpected(found.error());
  }
  PINHOLE_ASSIGN(const std::span<Detection> kept, Suppress(*found, options.suppression, why));
  const signal::LetterboxMap map(width, height);
  for (Detection& detection : kept) {
    MapToPicture(map, detection);
  }
  return std::span<const Detection>(kept);
}

base::Result<std::span<const Detection>> FaceFinder::Find(Network& network,
                                                          const signal::ImageView& picture,
                                                          const FindOptions& options,
                                                          base::Diagnosis& why) {
  PINHOLE_TRY(Show(network, picture, why));
  return Answer(network, picture.width(), picture.height(), options, why);
}

}  // namespace pinhole::inside::sense
