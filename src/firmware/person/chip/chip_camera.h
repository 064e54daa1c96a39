// SPDX-License-Identifier: Apache-2.0
#pragma once

// The chip's camera as the eye wants it, for the programs of this folder.

#include "firmware/inside/camera.h"
#include "firmware/person/inside/person_eye.h"

namespace pinhole::firmware::person {

class ChipCamera final : public inside::EyeCamera {
 public:
  base::Status Open(base::Diagnosis& why) { return camera_.Open(why); }
  base::Result<::pinhole::inside::capture::Frame> Capture(base::Diagnosis& why) override {
    return camera_.Capture(why);
  }
  void Begin() override { camera_.Begin(); }
  void Stop() override { camera_.Stop(); }

 private:
  firmware::inside::Camera camera_;
};

}  // namespace pinhole::firmware::person
