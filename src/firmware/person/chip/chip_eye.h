// SPDX-License-Identifier: Apache-2.0
#pragma once

// The eye of a board: the chip's camera, and everything that looking takes, with its memory.
//
//   static ChipEye seeing;                 // 12 KB and a frame: not on a stack
//   PersonEye& eye = seeing.Open(network);

#include <array>
#include <cstddef>
#include <optional>

#include "firmware/hal/system.h"
#include "firmware/inside/camera.h"
#include "firmware/person/inside/person_eye.h"
#include "firmware/person/inside/person_network.h"

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

class ChipEye {
 public:
  // `network` is PersonNetwork(), or something that stands in front of it. Where it can't be done,
  // the console says why and the program ends.
  inside::PersonEye& Open(inside::sense::Network& network) {
    base::Diagnosis why;
    if (!camera_.Open(why)) {
      End(why);
    }
    finder_.emplace(inside::sense::FaceFinder::Make(inside::PersonModel(), kCandidates, why));
    if (!*finder_ || !(*finder_)->Bind(memory_, why)) {
      End(why);
    }
    watch_.emplace(inside::sense::PersonWatch::Make((*finder_)->spec(), {}, why));
    if (!*watch_) {
      End(why);
    }
    return eye_.emplace(camera_, network, **finder_, **watch_);
  }

 private:
  static constexpr std::size_t kCandidates = 32;
  static constexpr std::size_t kMemoryBytes = 14 * 1024;

  [[noreturn]] static void End(const base::Diagnosis& why) {
    panic("%.*s", static_cast<int>(why.text().size()), why.text().data());
  }

  alignas(16) std::array<std::byte, kMemoryBytes> memory_{};
  ChipCamera camera_;
  std::optional<base::Result<inside::sense::FaceFinder>> finder_;
  std::optional<base::Result<inside::sense::PersonWatch>> watch_;
  std::optional<inside::PersonEye> eye_;
};

}  // namespace pinhole::firmware::person
