// SPDX-License-Identifier: Apache-2.0
#pragma once

// Faces of one picture, by a model file: pixels in, detections in the picture's own pixels out.
//
// A session of the engine in front of face_finder.h, which does all the rest. One frame knows
// nothing of the one before it; person_sensor.h adds time.
//
//   base::Arena model_arena(model_memory);
//   auto detector = FaceDetector::Load(file, model_arena, {.session = {.kernels = kernels}}, why);
//   detector->Bind(work_memory, why);              // detector->work_bytes(), aligned to 16
//   auto faces = detector->Find(picture, {}, why);
//
// Load takes memory from the model arena only and says what Bind will want; Find allocates nothing.
// The file's bytes and both memories must outlive the detector. Whatever the network computed from
// a picture is overwritten before Find returns, and once more when the detector is destroyed; what
// is left are the detections. Models: those that decode/detector_spec.h recognises.

#include <cstddef>
#include <span>

#include "base/arena.h"
#include "base/diagnosis.h"
#include "base/result.h"
#include "decode/detection.h"
#include "decode/detector_spec.h"
#include "engine/run/session.h"
#include "inside/sense/face_finder.h"
#include "inside/sense/session_network.h"
#include "signal/image.h"

namespace pinhole::inside::sense {

struct FaceDetectorOptions {
  engine::run::SessionOptions session = {};  // its kernels must be given
  std::size_t max_candidates = 128;          // see FaceFinder::Make
};

class FaceDetector {
 public:
  // Errors: Session::Load's; kWrongKind (a model that is no face detector; `why` says what was
  // found); kUnsupported (its tensors have a type that cannot be filled or read); kMalformed (its
  // metadata).
  static base::Result<FaceDetector> Load(std::span<const std::byte> file, base::Arena& model_arena,
                                         const FaceDetectorOptions& options, base::Diagnosis& why);

  FaceDetector(FaceDetector&& other) noexcept;
  FaceDetector& operator=(FaceDetector&&) = delete;
  FaceDetector(const FaceDetector&) = delete;
  FaceDetector& operator=(const FaceDetector&) = delete;
  ~FaceDetector();

  // What Bind will want: activations, anchors, and room for candidates.
  [[nodiscard]] std::size_t work_bytes() const { return work_bytes_; }
  // Error: kInvalidArgument (too small, or not aligned to 16); Session::Bind's.
  base::Status Bind(std::span<std::byte> work, base::Diagnosis& why);

  // Best first; boxes and points in pixels of `picture`, (0, 0) the upper left corner of the first
  // one. They may lie outside the picture, where a face is cut off. The span is valid until the
  // next Find. Errors: kNotReady (before Bind); kInvalidArgument (options); an operator's.
  base::Result<std::span<const decode::Detection>> Find(const signal::ImageView& picture,
                                                        const FindOptions& options,
                                                        base::Diagnosis& why);

  // Threads to share the work with; null (the default): none. Must outlive their use.
  void set_workers(const engine::kernels::Workers* workers) { session_.set_workers(workers); }

  [[nodiscard]] const decode::DetectorSpec& spec() const { return finder_.spec(); }
  [[nodiscard]] const engine::run::Session& session() const { return session_; }

 private:
  friend class PersonSensor;  // looks through its parts

  FaceDetector(const engine::run::Session& session, const FaceFinder& finder,
               std::size_t activation_bytes)
      : session_(session), finder_(finder), activation_bytes_(activation_bytes) {}

  // For as long as one picture takes.
  [[nodiscard]] SessionNetwork Network() {
    return {session_, work_.first(work_.empty() ? 0 : session_.activation_bytes())};
  }

  engine::run::Session session_;
  FaceFinder finder_;
  std::size_t activation_bytes_ = 0;  // aligned: the finder's memory begins behind them
  std::size_t work_bytes_ = activation_bytes_ + finder_.work_bytes();
  std::span<std::byte> work_;  // empty before Bind, and after a move
};

}  // namespace pinhole::inside::sense
