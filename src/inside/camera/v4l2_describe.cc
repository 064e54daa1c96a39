// SPDX-License-Identifier: Apache-2.0
#include "inside/camera/v4l2_describe.h"

#include <linux/videodev2.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <utility>

#include "inside/camera/v4l2_formats.h"

namespace pinhole::inside::camera {

namespace {

// A driver's text: up to its zero, printable.
template <std::size_t kSize>
std::string TextOf(const __u8 (&field)[kSize]) {
  std::string text;
  for (std::size_t i = 0; i < kSize && field[i] != 0; ++i) {
    text += std::isprint(field[i]) != 0 ? static_cast<char>(field[i]) : '?';
  }
  return text;
}

std::string SizeText(std::uint32_t width, std::uint32_t height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

std::vector<std::string> SizesOf(V4l2Device& device, std::uint32_t code) {
  constexpr std::uint32_t kMost = 64;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> sizes;
  for (std::uint32_t i = 0; i < kMost; ++i) {
    v4l2_frmsizeenum size{};
    size.index = i;
    size.pixel_format = code;
    if (Ask(device, VIDIOC_ENUM_FRAMESIZES, size) != 0) {
      break;
    }
    if (size.type != V4L2_FRMSIZE_TYPE_DISCRETE) {
      return {SizeText(size.stepwise.min_width, size.stepwise.min_height) + " to " +
              SizeText(size.stepwise.max_width, size.stepwise.max_height)};
    }
    sizes.emplace_back(size.discrete.width, size.discrete.height);
  }
  std::sort(sizes.begin(), sizes.end(), std::greater<>());
  std::vector<std::string> texts;
  for (const auto& [width, height] : sizes) {
    texts.push_back(SizeText(width, height));
  }
  return texts;
}

}  // namespace

std::optional<CameraDescription> DescribeCamera(V4l2Device& device, const std::string& path) {
  v4l2_capability capability{};
  if (Ask(device, VIDIOC_QUERYCAP, capability) != 0) {
    return std::nullopt;
  }
  const std::uint32_t can = CapabilitiesOf(capability);
  const bool single = (can & V4L2_CAP_VIDEO_CAPTURE) != 0;
  if (!single && (can & V4L2_CAP_VIDEO_CAPTURE_MPLANE) == 0) {
    return std::nullopt;
  }
  CameraDescription camera;
  camera.name = TextOf(capability.card);
  camera.driver = TextOf(capability.driver);
  camera.bus = TextOf(capability.bus_info);
  if (!single) {
    camera.input = "libcamera";
    return camera;
  }
  camera.input = "gst:v4l2src device=" + path + " ! decodebin";
  for (const std::uint32_t code : OfferedFormats(device)) {
    const bool readable = (can & V4L2_CAP_STREAMING) != 0 &&
                          std::any_of(kKnownFormats.begin(), kKnownFormats.end(),
                                      [&](const KnownFormat& known) { return known.code == code; });
    camera.formats.push_back({NameOf(code).data(), readable, SizesOf(device, code)});
    if (readable) {
      camera.grade = 'A';
      camera.input = "v4l2:" + path;
    }
  }
  return camera;
}

}  // namespace pinhole::inside::camera
