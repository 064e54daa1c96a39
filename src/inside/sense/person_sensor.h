// SPDX-License-Identifier: Apache-2.0
#pragma once

// The person sensor with a model file: frames in, PersonFacts out, and nothing else.
//
// A face detector (face_detector.h) under person_watch.h, which says what is believed over time.
//
//   base::Arena model_arena(model_memory);
//   auto sensor = PersonSensor::Load(file, model_arena, {.kernels = kernels}, why);
//   sensor->Bind(work_memory, why);                 // sensor->work_bytes() of it, aligned to 16
//   for each frame: auto facts = sensor->Look(std::move(frame), why);
//   for each capture that failed: facts = sensor->Missed();
//
// Load takes memory from the model arena only and says what Bind will want; Look allocates nothing.
// The file's bytes and both memories must outlive the sensor. A frame's pixels, and all that the
// network made of them, are overwritten before Look returns.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "base/arena.h"
#include "base/diagnosis.h"
#include "base/result.h"
#include "engine/run/session.h"
#include "facts/person_facts.h"
#include "inside/capture/frame.h"
#include "inside/sense/face_detector.h"
#include "inside/sense/person_watch.h"

namespace pinhole::inside::sense {

struct PersonSensorOptions {
  engine::run::SessionOptions session = {};  // its kernels must be given
  std::size_t max_candidates = 128;          // see FaceDetectorOptions
  std::uint8_t half_window = 2;              // this and the scores: see PersonWatchOptions
  std::optional<float> on = {}, off = {};
};

class PersonSensor {
 public:
  // Errors: FaceDetector::Load's; kInvalidArgument (on or off outside [0, 1], off above on).
  static base::Result<PersonSensor> Load(std::span<const std::byte> file, base::Arena& model_arena,
                                         const PersonSensorOptions& options, base::Diagnosis& why);

  // What Bind will want, and all that Look uses beside the model arena.
  [[nodiscard]] std::size_t work_bytes() const { return detector_.work_bytes(); }
  // Error: kInvalidArgument (too small, or not aligned to 16).
  base::Status Bind(std::span<std::byte> work, base::Diagnosis& why);

  // Looks at a frame, wipes it, and says what is believed now. The facts are canonical
  // (facts/person_codec.h). Frames may differ in size; places are relative to the frame. Errors:
  // kNotReady (before Bind), kInvalidArgument (an empty frame); an operator's. After an error the
  // sensor has missed this frame, as if Missed() had been called.
  base::Result<facts::PersonFacts> Look(capture::Frame frame, base::Diagnosis& why);

  // A capture failed: no reading. What was believed outlives up to 2 k frames missed in a row, and
  // is forgotten with the next.
  facts::PersonFacts Missed() { return watch_.Missed(); }

  // Threads to share the work with; null (the default): none. Must outlive their use.
  void set_workers(const engine::kernels::Workers* workers) { detector_.set_workers(workers); }

  [[nodiscard]] const FaceDetector& detector() const { return detector_; }

 private:
  PersonSensor(FaceDetector&& detector, const PersonWatch& watch)
      : detector_(std::move(detector)), watch_(watch) {}

  FaceDetector detector_;
  PersonWatch watch_;
};

}  // namespace pinhole::inside::sense
