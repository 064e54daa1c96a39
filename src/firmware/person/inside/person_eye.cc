// SPDX-License-Identifier: Apache-2.0
#include "firmware/person/inside/person_eye.h"

#include <utility>

namespace pinhole::firmware::person::inside {

base::Result<PersonEye> PersonEye::Make(capture::FrameSource& camera, sense::Network& network,
                                        const sense::FaceModel& model, std::span<std::byte> work,
                                        const PersonEyeOptions& options, base::Diagnosis& why) {
  PINHOLE_ASSIGN(sense::FaceFinder finder,
                 sense::FaceFinder::Make(model, options.max_candidates, why));
  PINHOLE_TRY(finder.Bind(work, why));
  PINHOLE_ASSIGN(const sense::PersonWatch watch,
                 sense::PersonWatch::Make(finder.spec(), options.watch, why));
  return PersonEye(camera, network, finder, watch, options.watch.half_window + 1);
}

facts::PersonFacts PersonEye::Look() {
  base::Diagnosis why;  // nobody inside may say a sentence to the outside
  base::Result<capture::Frame> frame = camera_->Capture(why);
  if (!frame) {
    return watch_.Missed();
  }
  const base::Result<facts::PersonFacts> facts =
      watch_.Look(finder_, *network_, *std::move(frame), why);
  return facts ? *facts : facts::PersonFacts{};
}

facts::PersonFacts PersonEye::Glance() {
  watch_.Reset();
  facts::PersonFacts facts;
  for (int picture = 0; picture < pictures_to_believe_; ++picture) {
    facts = Look();
  }
  return facts;
}

}  // namespace pinhole::firmware::person::inside
