// SPDX-License-Identifier: Apache-2.0
#pragma once

// The seam between the camera and the kernel: ioctl and mmap of one open device, so that tests can
// put a camera of their own there.

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::inside::camera {

class V4l2Device {
 public:
  V4l2Device() = default;
  V4l2Device(const V4l2Device&) = delete;
  V4l2Device& operator=(const V4l2Device&) = delete;
  virtual ~V4l2Device() = default;

  // As ioctl(2): below 0, and errno, where it failed.
  virtual int Control(unsigned long request, void* argument) = 0;
  // Memory of the driver's at `offset`, to be read and wiped; empty, and errno, where it failed.
  virtual std::span<std::byte> Map(std::size_t bytes, off_t offset) = 0;
  virtual void Unmap(std::span<std::byte> memory) = 0;
  [[nodiscard]] virtual int fd() const = 0;
};

// The device file `path`, opened so that waiting for a frame blocks. Errors: kNotFound, kIo.
base::Result<std::unique_ptr<V4l2Device>> OpenV4l2Device(const std::string& path,
                                                         base::Diagnosis& why);

}  // namespace pinhole::inside::camera
