// SPDX-License-Identifier: Apache-2.0
#include "firmware/person/inside/person_eye.h"

#include <utility>

namespace pinhole::firmware::person::inside {

namespace {

// Lets the next picture come in while the network runs: the one that it looks at has gone by then.
class Overlapped final : public sense::Network {
 public:
  Overlapped(sense::Network& network, EyeCamera& camera) : network_(network), camera_(camera) {}

  [[nodiscard]] engine::TensorView input() override { return network_.input(); }
  [[nodiscard]] engine::TensorView output(std::size_t i) override { return network_.output(i); }
  base::Status Run(base::Diagnosis& why) override {
    camera_.Begin();
    return network_.Run(why);
  }
  void Wipe() override { network_.Wipe(); }

 private:
  sense::Network& network_;
  EyeCamera& camera_;
};

}  // namespace

facts::PersonFacts PersonEye::Look() {
  base::Diagnosis why;  // nobody inside may say a sentence to the outside
  base::Result<capture::Frame> frame = camera_.Capture(why);
  if (!frame) {
    return watch_.Missed();
  }
  Overlapped network(network_, camera_);
  const base::Result<facts::PersonFacts> facts =
      watch_.Look(finder_, network, *std::move(frame), why);
  return facts ? *facts : facts::PersonFacts{};
}

facts::PersonFacts PersonEye::Glance() {
  camera_.Stop();  // nothing of before
  watch_.Reset();
  facts::PersonFacts facts;
  for (int picture = 0; picture < watch_.pictures_to_believe(); ++picture) {
    facts = Look();
  }
  return facts;
}

}  // namespace pinhole::firmware::person::inside
