// SPDX-License-Identifier: Apache-2.0
#pragma once

// Picture files as a camera: the pictures of a folder in the order of their names (frame2 before
// frame10), or one picture held before the camera for some frames.
//
// A picture that can't be read is a capture that failed, and the next one is well again. The film
// owns one picture's memory: let go of a frame before asking for the next.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inside/capture/frame_source.h"
#include "inside/pictures/picture.h"

namespace pinhole::inside::pictures {

class Film final : public inside::capture::FrameSource {
 public:
  // `path` is a folder, or a picture that is shown `still_frames` times. Throws Failure where the
  // folder has no pictures or the one picture can't be read; of several, the one that can't be read
  // is a failed capture when its turn comes.
  Film(const std::string& path, std::size_t still_frames);

  base::Result<inside::capture::Frame> Capture(base::Diagnosis& why) override;

  [[nodiscard]] std::size_t size() const { return pictures_.size(); }
  // Paths, in order.
  [[nodiscard]] const std::vector<std::string>& pictures() const { return pictures_; }

 private:
  std::vector<std::string> pictures_;
  std::optional<Picture> still_;
  std::size_t next_ = 0;
  std::vector<std::uint8_t> pixels_;  // of the last frame
};

}  // namespace pinhole::inside::pictures
