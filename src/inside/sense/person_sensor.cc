// SPDX-License-Identifier: Apache-2.0
#include "inside/sense/person_sensor.h"

#include <utility>

namespace pinhole::inside::sense {

base::Result<PersonSensor> PersonSensor::Load(std::span<const std::byte> file,
                                              base::Arena& model_arena,
                                              const PersonSensorOptions& options,
                                              base::Diagnosis& why) {
  FaceDetectorOptions needs;
  needs.session = options.session;
  needs.max_candidates = options.max_candidates;
  PINHOLE_ASSIGN(FaceDetector detector, FaceDetector::Load(file, model_arena, needs, why));
  PINHOLE_ASSIGN(
      const PersonWatch watch,
      PersonWatch::Make(detector.spec(),
                        {.half_window = options.half_window, .on = options.on, .off = options.off},
                        why));
  return PersonSensor(std::move(detector), watch);
}

base::Status PersonSensor::Bind(std::span<std::byte> work, base::Diagnosis& why) {
  watch_.Reset();
  return detector_.Bind(work, why);
}

base::Result<facts::PersonFacts> PersonSensor::Look(capture::Frame frame, base::Diagnosis& why) {
  SessionNetwork network = detector_.Network();
  return watch_.Look(detector_.finder_, network, std::move(frame), why);
}

}  // namespace pinhole::inside::sense
