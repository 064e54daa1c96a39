// SPDX-License-Identifier: Apache-2.0
#pragma once

// What this machine has that a sensor could use: cameras, microphones, pins, buses, and the parts
// of the kernel that the wall is built from. Only asks; opens no stream and changes nothing.

#include <string>
#include <string_view>
#include <vector>

#include "inside/camera/v4l2_describe.h"

namespace pinhole::host {

struct CameraDevice {
  std::string path;
  std::string problem;  // why it could not be asked; then the rest is empty
  inside::camera::CameraDescription camera;
};

struct Microphone {
  std::string device;  // "hw:0,0", as ALSA names it
  std::string name;
};

struct GpioChip {
  std::string path, name, label;
  unsigned lines = 0;
  std::string problem;
};

struct I2cBus {
  std::string path, name;
};

struct WallParts {
  int landlock_abi = 0;  // 0: none
  bool seccomp = false;  // filters
  bool user_namespaces = false;
  bool fuse = false, cuse = false;
};

struct Devices {
  std::vector<CameraDevice> cameras;
  std::vector<Microphone> microphones;
  std::vector<GpioChip> gpio_chips;
  std::vector<I2cBus> i2c_buses;
  WallParts wall;
};

// `root` stands before /dev, /proc and /sys; "" but in tests.
Devices FindDevices(const std::string& root = "");

// Of the lines of /proc/asound/pcm those that capture.
std::vector<Microphone> MicrophonesIn(std::string_view pcm);

}  // namespace pinhole::host
