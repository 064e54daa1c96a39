// SPDX-License-Identifier: Apache-2.0
#pragma once

// Questions to a V4L2 driver that more than one file asks: what it can do, which formats it offers.

#include <linux/videodev2.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "inside/camera/pixel_formats.h"
#include "inside/camera/v4l2_device.h"

namespace pinhole::inside::camera {

struct KnownFormat {
  std::uint32_t code;
  PixelFormat format;
  const char* name;
};

// In the order in which they are asked for: colour first, and what most cameras really give.
inline constexpr std::array<KnownFormat, 5> kKnownFormats = {{
    {V4L2_PIX_FMT_YUYV, PixelFormat::kYuyv, "YUYV"},
    {V4L2_PIX_FMT_NV12, PixelFormat::kNv12, "NV12"},
    {V4L2_PIX_FMT_RGB24, PixelFormat::kRgb, "RGB24"},
    {V4L2_PIX_FMT_BGR24, PixelFormat::kBgr, "BGR24"},
    {V4L2_PIX_FMT_GREY, PixelFormat::kGrey, "GREY"},
}};

// As ioctl(2), again where a signal came in between.
template <typename Argument>
int Ask(V4l2Device& device, unsigned long request, Argument& argument) {
  int answer = -1;
  do {
    answer = device.Control(request, &argument);
  } while (answer != 0 && errno == EINTR);
  return answer;
}

// Of this device, where the driver tells them apart from the whole card's.
inline std::uint32_t CapabilitiesOf(const v4l2_capability& capability) {
  return (capability.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? capability.device_caps
                                                               : capability.capabilities;
}

// Codes, in the driver's order; at most 64.
std::vector<std::uint32_t> OfferedFormats(V4l2Device& device);

// "YUYV", "MJPG"; what is not printable is '?'. Ends with a zero.
std::array<char, 5> NameOf(std::uint32_t code);

// Frames a second; a driver that has no rates, or refuses, goes at its own.
void AskForRate(V4l2Device& device, int fps);

}  // namespace pinhole::inside::camera
