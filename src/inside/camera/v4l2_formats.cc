// SPDX-License-Identifier: Apache-2.0
#include "inside/camera/v4l2_formats.h"

#include <cctype>

namespace pinhole::inside::camera {

std::vector<std::uint32_t> OfferedFormats(V4l2Device& device) {
  constexpr std::uint32_t kMost = 64;  // no driver has more, and one that never ends is stopped
  std::vector<std::uint32_t> codes;
  for (std::uint32_t i = 0; i < kMost; ++i) {
    v4l2_fmtdesc description{};
    description.index = i;
    description.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (Ask(device, VIDIOC_ENUM_FMT, description) != 0) {
      break;
    }
    codes.push_back(description.pixelformat);
  }
  return codes;
}

std::array<char, 5> NameOf(std::uint32_t code) {
  std::array<char, 5> name{};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto letter = static_cast<unsigned char>(code >> (8 * i));
    name[i] = std::isprint(letter) != 0 ? static_cast<char>(letter) : '?';
  }
  for (std::size_t end = 4; end > 0 && name[end - 1] == ' '; --end) {
    name[end - 1] = '\0';
  }
  return name;
}

void AskForRate(V4l2Device& device, int fps) {
  v4l2_streamparm parameters{};
  parameters.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  if (Ask(device, VIDIOC_G_PARM, parameters) != 0 ||
      (parameters.parm.capture.capability & V4L2_CAP_TIMEPERFRAME) == 0) {
    return;
  }
  parameters.parm.capture.timeperframe = {1, static_cast<std::uint32_t>(fps)};
  static_cast<void>(Ask(device, VIDIOC_S_PARM, parameters));
}

}  // namespace pinhole::inside::camera
