// SPDX-License-Identifier: Apache-2.0
#pragma once

// Faces of pictures: model file and picture in, detections in the picture's pixels out.
//
// inside/sense/face_detector.h does the work; here is the memory it asks for, and errors become
// Failures that begin with the model's name. One finder serves any number of pictures, one at a
// time.

#include <memory>
#include <span>
#include <string>

#include "host/model_file.h"
#include "host/picture.h"
#include "inside/sense/face_detector.h"

namespace pinhole::host {

class FaceFinder {
 public:
  // Throws Failure: the file can't be read, is no model that can be run, or no face detector.
  explicit FaceFinder(const std::string& model_path, int threads = 1);

  // Best first; boxes and points in pixels, (0, 0) the upper left corner of the first one. They may
  // lie outside the picture, where the network saw a face that is cut off. Valid until the next
  // Find. Throws Failure.
  std::span<const decode::Detection> Find(const Picture& picture,
                                          const inside::sense::FindOptions& options);

 private:
  std::string path_;
  AlignedBytes file_;
  AlignedBytes model_memory_;
  AlignedBytes work_;
  WorkerPool pool_;
  std::unique_ptr<inside::sense::FaceDetector> detector_;
};

}  // namespace pinhole::host
