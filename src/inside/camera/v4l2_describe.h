// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a V4L2 device is, for people: its names, formats and sizes, and which grade of sensor it
// makes. Only asks; a camera that is in use by others is described all the same.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inside/camera/v4l2_device.h"

namespace pinhole::inside::camera {

struct CameraFormat {
  std::string name;       // "YUYV"
  bool readable = false;  // by the inside itself
  // "640x480", largest first; "32x32 to 4096x4096" of a driver that takes any. At most 64.
  std::vector<std::string> sizes;
};

struct CameraDescription {
  std::string name, driver, bus;  // as the driver says them, printable ASCII
  std::vector<CameraFormat> formats;
  // A: the inside reads it itself; B: the source process has to.
  char grade = 'B';
  std::string input;  // what to give as --input
};

// Nothing where `device` captures no pictures (metadata, output, radio). `path` is for `input`.
std::optional<CameraDescription> DescribeCamera(V4l2Device& device, const std::string& path);

}  // namespace pinhole::inside::camera
