// SPDX-License-Identifier: Apache-2.0
#include "inside/sense/face_detector.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/checked.h"
#include "base/secure_wipe.h"
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

base::Result<decode::DetectorSpec> Recognise(const engine::format::Model& model,
                                             base::Diagnosis& why) {
  const engine::Graph& graph = model.main();
  if (graph.inputs.size() != 1) {
    return why.Fail(base::Error::kWrongKind, graph.inputs.size(),
                    " inputs, but a face detector has one; give a face detection model");
  }
  // A face detector has two outputs; of a model with more only so many are named.
  std::array<engine::Shape, 8> shapes;
  const std::size_t outputs = std::min(graph.outputs.size(), shapes.size());
  for (std::size_t i = 0; i < outputs; ++i) {
    shapes[i] = graph.tensor(graph.outputs[i]).shape;
  }
  const std::span<const std::byte> metadata = model.FindMetadata("pinhole.detector");
  return decode::RecogniseDetector(
      graph.tensor(graph.inputs[0]).shape, std::span(shapes).first(outputs),
      {reinterpret_cast<const char*>(metadata.data()), metadata.size()}, why);
}

bool IsReal(const Tensor& tensor) {
  const engine::Type type = tensor.type;
  return type == engine::Type::kFloat32 ||
         (tensor.scale_count == 1 && (type == engine::Type::kInt8 || type == engine::Type::kUint8));
}

// What DecodeBoxes can read and Fill can fill.
base::Status CheckTypes(const engine::Graph& graph, base::Diagnosis& why) {
  const auto fail = [&](const Tensor& tensor, std::string_view wanted) {
    return why.Fail(base::Error::kUnsupported, "tensor '", tensor.name(), "' is ",
                    engine::TypeName(tensor.type),
                    tensor.scale_count == 0 ? " without a scale" : "", "; a face detector's ",
                    wanted, " with one scale and zero point");
  };
  const Tensor& input = graph.tensor(graph.inputs[0]);
  if (!IsReal(input)) {
    return fail(input, "input is float32, or int8 or uint8");
  }
  for (const std::int32_t index : graph.outputs) {
    const Tensor& output = graph.tensor(index);
    if (!IsReal(output) && !(output.type == engine::Type::kInt16 && output.scale_count == 1)) {
      return fail(output, "outputs are float32, or int8, uint8 or int16");
    }
  }
  return {};
}

// Activations, then anchors, candidates, results and scratch: these need no more than a word's
// alignment, so nothing lies between them.
static_assert(alignof(Anchor) == 4 && alignof(Detection) == 4);

std::optional<std::size_t> WorkBytes(std::size_t activations, std::size_t anchors,
                                     std::size_t candidates) {
  std::optional<std::size_t> total = base::CheckedAlign(activations, kAlignment);
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

base::Result<FaceDetector> FaceDetector::Load(std::span<const std::byte> file,
                                              base::Arena& model_arena,
                                              const FaceDetectorOptions& options,
                                              base::Diagnosis& why) {
  PINHOLE_ASSIGN(const engine::run::Session session,
                 engine::run::Session::Load(file, model_arena, options.session, why));
  PINHOLE_ASSIGN(const decode::DetectorSpec spec, Recognise(session.model(), why));
  PINHOLE_TRY(CheckTypes(session.model().main(), why));
  const std::size_t candidates = std::clamp<std::size_t>(options.max_candidates, 1, spec.anchors);
  const std::optional<std::size_t> bytes =
      WorkBytes(session.activation_bytes(), spec.anchors, candidates);
  if (!bytes) {
    return why.Fail(base::Error::kTooLarge, "the model's ", spec.anchors,
                    " anchors need more memory than this machine can address");
  }
  return FaceDetector(session, spec, candidates, *bytes);
}

FaceDetector::FaceDetector(FaceDetector&& other) noexcept
    : session_(other.session_),
      spec_(other.spec_),
      candidates_(other.candidates_),
      work_bytes_(other.work_bytes_),
      work_(std::exchange(other.work_, {})),
      anchors_(other.anchors_),
      found_(other.found_),
      kept_(other.kept_),
      scratch_(other.scratch_) {}

FaceDetector::~FaceDetector() { base::SecureWipe(work_); }

base::Status FaceDetector::Bind(std::span<std::byte> work, base::Diagnosis& why) {
  base::SecureWipe(std::exchange(work_, {}));
  if (work.size() < work_bytes_) {
    return why.Fail(base::Error::kInvalidArgument, work.size(), " bytes of work memory given, ",
                    work_bytes_, " needed");
  }
  PINHOLE_TRY(session_.Bind(work, why));
  base::Arena arena(work.subspan(session_.activation_bytes()));
  PINHOLE_TRY(arena.Take(0, kAlignment));
  PINHOLE_ASSIGN(anchors_, arena.Make<Anchor>(spec_.anchors));
  PINHOLE_ASSIGN(found_, arena.Make<Detection>(candidates_));
  PINHOLE_ASSIGN(kept_, arena.Make<Detection>(candidates_));
  PINHOLE_ASSIGN(scratch_,
                 arena.Make<std::uint32_t>(decode::NonMaxSuppressionScratch(candidates_)));
  PINHOLE_TRY(spec_.MakeAnchors(anchors_));
  work_ = work.first(work_bytes_);
  return {};
}

base::Status FaceDetector::Fill(const signal::ImageView& picture, base::Diagnosis& why) {
  const engine::TensorView input = session_.input(0);
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

base::Result<std::span<Detection>> FaceDetector::Decode(const FindOptions& options,
                                                        base::Diagnosis& why) {
  PINHOLE_ASSIGN(const decode::Values regressors,
                 decode::Values::Of(session_.output(spec_.regressor_output)));
  PINHOLE_ASSIGN(const decode::Values logits,
                 decode::Values::Of(session_.output(spec_.logit_output)));
  const decode::BoxOptions boxes{static_cast<float>(spec_.input_size), spec_.keypoints,
                                 options.min_score.value_or(spec_.min_score)};
  const base::Result<std::size_t> count =
      decode::DecodeBoxes(regressors, logits, anchors_, boxes, found_);
  if (!count) {
    return why.Fail(count.error(), "min_score must be from 0 to 1");
  }
  return found_.first(*count);
}

base::Result<std::span<Detection>> FaceDetector::Suppress(std::span<Detection> found,
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

// The network's state, at the front, stays: the next picture needs it. Detectors have none.
void FaceDetector::WipeActivations() {
  base::SecureWipe(work_.first(session_.activation_bytes()).subspan(session_.state_bytes()));
}

base::Result<std::span<const Detection>> FaceDetector::Find(const signal::ImageView& picture,
                                                            const FindOptions& options,
                                                            base::Diagnosis& why) {
  if (work_.empty()) {
    return why.Fail(base::Error::kNotReady, "the detector has no work memory: call Bind");
  }
  PINHOLE_TRY(Fill(picture, why));
  const base::Status ran = session_.Run(why);
  base::Result<std::span<Detection>> found =
      ran ? Decode(options, why)
          : base::Result<std::span<Detection>>(base::Unexpected(ran.error()));
  WipeActivations();
  if (!found) {
    return base::Unexpected(found.error());
  }
  PINHOLE_ASSIGN(const std::span<Detection> kept, Suppress(*found, options.suppression, why));
  const signal::LetterboxMap map(picture.width(), picture.height());
  for (Detection& detection : kept) {
    MapToPicture(map, detection);
  }
  return std::span<const Detection>(kept);
}

}  // namespace pinhole::inside::sense
