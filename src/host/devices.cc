// SPDX-License-Identifier: Apache-2.0
#include "host/devices.h"

#include <fcntl.h>
#include <linux/gpio.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <system_error>

#include "base/diagnosis.h"
#include "host/names.h"
#include "inside/camera/v4l2_device.h"
#include "system/files.h"
#include "wall/kernel.h"

namespace pinhole::host {

namespace {

namespace fs = std::filesystem;

// `folder`'s entries whose names are `prefix` and a number, in the order of these.
std::vector<std::string> Numbered(const std::string& folder, std::string_view prefix) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.size() > prefix.size() && name.starts_with(prefix) &&
        name.find_first_not_of("0123456789", prefix.size()) == std::string::npos) {
      paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end(), system::NaturalLess);
  return paths;
}

// The first line, printable.
std::string LineOf(const std::string& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return Printable(line);
}

std::vector<CameraDevice> Cameras(const std::string& root) {
  std::vector<CameraDevice> cameras;
  for (const std::string& path : Numbered(root + "/dev", "video")) {
    base::Diagnosis why;
    auto device = inside::camera::OpenV4l2Device(path, why);
    if (!device) {
      cameras.push_back({path, std::string(why.text()), {}});
      continue;
    }
    std::optional<inside::camera::CameraDescription> camera =
        inside::camera::DescribeCamera(**device, path);
    if (camera) {
      cameras.push_back({path, "", *std::move(camera)});
    }
  }
  return cameras;
}

GpioChip AskGpioChip(const std::string& path) {
  GpioChip chip;
  chip.path = path;
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  gpiochip_info info{};
  if (fd < 0 || ::ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &info) != 0) {
    chip.problem = std::strerror(errno);
  } else {
    const auto text = [](const char* field, std::size_t most) {
      return Printable(std::string(field, ::strnlen(field, most)));
    };
    chip.name = text(info.name, sizeof info.name);
    chip.label = text(info.label, sizeof info.label);
    chip.lines = info.lines;
  }
  if (fd >= 0) {
    ::close(fd);
  }
  return chip;
}

// In a child: where it works it can't be undone.
bool HasUserNamespaces() {
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 ? 0 : 1);
  }
  int status = 1;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

bool CanOpen(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd >= 0) {
    ::close(fd);
  }
  return fd >= 0;
}

WallParts Wall(const std::string& root) {
  WallParts wall;
  wall.landlock_abi = wall::LandlockAbi();
  // Filters are known where the missing filter is what is complained about.
  wall.seccomp =
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, nullptr, 0, 0) != 0 && errno == EFAULT;
  wall.user_namespaces = HasUserNamespaces();
  wall.fuse = CanOpen(root + "/dev/fuse");
  wall.cuse = CanOpen(root + "/dev/cuse");
  return wall;
}

}  // namespace

std::vector<Microphone> MicrophonesIn(std::string_view pcm) {
  std::vector<Microphone> found;
  while (!pcm.empty()) {
    const std::string_view line = pcm.substr(0, pcm.find('\n'));
    pcm.remove_prefix(std::min(pcm.size(), line.size() + 1));
    // "00-02: ALC257 Analog : ALC257 Analog : playback 1 : capture 1"
    unsigned card = 0;
    unsigned device = 0;
    const char* const end = line.data() + line.size();
    const auto [after_card, bad_card] = std::from_chars(line.data(), end, card);
    if (bad_card != std::errc() || after_card == end || *after_card != '-') {
      continue;
    }
    const auto [after_device, bad_device] = std::from_chars(after_card + 1, end, device);
    if (bad_device != std::errc() || after_device == end || *after_device != ':' ||
        line.find(": capture ") == std::string_view::npos) {
      continue;
    }
    std::string_view name(after_device + 1, static_cast<std::size_t>(end - after_device - 1));
    name = name.substr(0, name.find(" :"));
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    found.push_back({"hw:" + std::to_string(card) + "," + std::to_string(device), Printable(name)});
  }
  return found;
}

Devices FindDevices(const std::string& root) {
  Devices devices;
  devices.cameras = Cameras(root);
  std::ifstream pcm(root + "/proc/asound/pcm");
  devices.microphones = MicrophonesIn(std::string(std::istreambuf_iterator<char>(pcm), {}));
  for (const std::string& path : Numbered(root + "/dev", "gpiochip")) {
    devices.gpio_chips.push_back(AskGpioChip(path));
  }
  for (const std::string& path : Numbered(root + "/dev", "i2c-")) {
    const std::string name = fs::path(path).filename().string();
    devices.i2c_buses.push_back({path, LineOf(root + "/sys/class/i2c-dev/" + name + "/name")});
  }
  devices.wall = Wall(root);
  return devices;
}

}  // namespace pinhole::host
