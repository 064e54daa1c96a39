// SPDX-License-Identifier: Apache-2.0
#pragma once

// Faces of one picture, by any network: pixels in, detections in the picture's own pixels out.
//
//   picture → letterbox (signal) → network (network.h) → anchors, boxes, suppression (decode)
//
//   auto finder = FaceFinder::Make({input, outputs, metadata}, 128, why);
//   finder->Bind(work_memory, why);                 // finder->work_bytes(), aligned to 16
//   auto faces = finder->Find(network, picture, {}, why);
//
// It holds what is known about a face model and the memory for candidates; the network is handed in
// with each picture. It needs neither the engine's interpreter nor a heap: this is what runs on a
// microcontroller, and face_detector.h puts a model file's session in front of it. Whatever the
// network computed from a picture is overwritten before Find returns.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"
#include "decode/anchors.h"
#include "decode/detection.h"
#include "decode/detector_spec.h"
#include "engine/tensor/tensor.h"
#include "inside/sense/network.h"
#include "signal/image.h"

namespace pinhole::inside::sense {

enum class Suppression : std::uint8_t { kWeighted, kUnweighted, kNone };

struct FindOptions {
  Suppression suppression = Suppression::kWeighted;
  std::optional<float> min_score = {};  // from 0 to 1; the model's own where it is not given
};

// What a face model says about itself. All of it is read by Make and needed no longer.
struct FaceModel {
  std::span<const engine::Tensor* const> inputs, outputs;
  std::string_view metadata;  // its "pinhole.detector", or empty
};

class FaceFinder {
 public:
  // For as many boxes above the score limit as `max_candidates` says, or as the model has anchors
  // where that is less; where there are more the best stay. Two hundred bytes each. Errors:
  // kWrongKind (no face detector; `why` says what was found); kUnsupported (its tensors have a type
  // that cannot be filled or read); kMalformed (its metadata); kTooLarge.
  static base::Result<FaceFinder> Make(const FaceModel& model, std::size_t max_candidates,
                                       base::Diagnosis& why);

  // Anchors, and room for candidates.
  [[nodiscard]] std::size_t work_bytes() const { return work_bytes_; }
  // The memory must outlive its use. Error: kInvalidArgument (too small, or not aligned to 16).
  base::Status Bind(std::span<std::byte> work, base::Diagnosis& why);

  // Best first; boxes and points in pixels of `picture`, (0, 0) the upper left corner of the first
  // one. They may lie outside the picture, where a face is cut off. `network` is the one whose
  // tensors Make was given. The span lies in the work memory until the next Find. Errors: kNotReady
  // (before Bind); kInvalidArgument (options); the network's.
  base::Result<std::span<const decode::Detection>> Find(Network& network,
                                                        const signal::ImageView& picture,
                                                        const FindOptions& options,
                                                        base::Diagnosis& why);

  // Find in two halves, between which the picture can go: Show fills the network's input, Answer
  // says what is in the picture shown last, which had this width and height.
  base::Status Show(Network& network, const signal::ImageView& picture, base::Diagnosis& why) const;
  base::Result<std::span<const decode::Detection>> Answer(Network& network, int width, int height,
                                                          const FindOptions& options,
                                                          base::Diagnosis& why);

  [[nodiscard]] const decode::DetectorSpec& spec() const { return spec_; }

 private:
  FaceFinder(const decode::DetectorSpec& spec, std::size_t candidates, std::size_t work_bytes)
      : spec_(spec), candidates_(candidates), work_bytes_(work_bytes) {}

  base::Result<std::span<decode::Detection>> Decode(Network& network, const FindOptions& options,
                                                    base::Diagnosis& why);
  base::Result<std::span<decode::Detection>> Suppress(std::span<decode::Detection> found,
                                                      Suppression suppression,
                                                      base::Diagnosis& why);

  decode::DetectorSpec spec_;
  std::size_t candidates_ = 0;
  std::size_t work_bytes_ = 0;
  std::span<decode::Anchor> anchors_;  // empty before Bind
  std::span<decode::Detection> found_, kept_;
  std::span<std::uint32_t> scratch_;
};

}  // namespace pinhole::inside::sense
