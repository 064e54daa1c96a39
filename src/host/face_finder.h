// SPDX-License-Identifier: Apache-2.0
#pragma once

// Faces of pictures: model file and picture in, detections in the picture's pixels out.
//
// Joins what the rooms below do one by one: letterbox, network, boxes and points, non-max
// suppression, and the way back to pixels. One finder serves any number of pictures, one at a time.

#include <optional>
#include <string>
#include <vector>

#include "decode/anchors.h"
#include "decode/detection.h"
#include "decode/detector_spec.h"
#include "host/model_file.h"
#include "host/picture.h"

namespace pinhole::host {

enum class Suppression { kWeighted, kUnweighted, kNone };

struct FindOptions {
  Suppression suppression = Suppression::kWeighted;
  std::optional<float> min_score;  // the model's own where it is not given
};

class FaceFinder {
 public:
  // Throws Failure: what OwnedSession does; a model that is no face detector.
  explicit FaceFinder(const std::string& model_path, int threads = 1);

  // Best first; boxes and points in pixels, (0, 0) the upper left corner of the first one. They may
  // lie outside the picture, where the network saw a face that is cut off. Throws Failure.
  std::vector<decode::Detection> Find(const Picture& picture, const FindOptions& options);

  [[nodiscard]] const decode::DetectorSpec& spec() const { return spec_; }

 private:
  void FillInput(const Picture& picture);
  std::vector<decode::Detection> Suppress(const std::vector<decode::Detection>& found,
                                          Suppression suppression) const;
  [[noreturn]] void Fail(std::string_view stage, base::Error error) const;

  OwnedSession owned_;
  decode::DetectorSpec spec_;
  std::vector<decode::Anchor> anchors_;
};

}  // namespace pinhole::host
