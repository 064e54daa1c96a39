// SPDX-License-Identifier: Apache-2.0
#include "inside/camera/v4l2_device.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pinhole::inside::camera {

namespace {

using base::Error;

class KernelDevice final : public V4l2Device {
 public:
  explicit KernelDevice(int fd) : fd_(fd) {}
  ~KernelDevice() override { ::close(fd_); }

  int Control(unsigned long request, void* argument) override {
    return ::ioctl(fd_, request, argument);
  }
  std::span<std::byte> Map(std::size_t bytes, off_t offset) override {
    void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, offset);
    if (memory == MAP_FAILED) {
      return {};
    }
    ::madvise(memory, bytes, MADV_DONTDUMP);
    return {static_cast<std::byte*>(memory), bytes};
  }
  void Unmap(std::span<std::byte> memory) override { ::munmap(memory.data(), memory.size()); }
  [[nodiscard]] int fd() const override { return fd_; }

 private:
  int fd_;
};

}  // namespace

base::Result<std::unique_ptr<V4l2Device>> OpenV4l2Device(const std::string& path,
                                                         base::Diagnosis& why) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    const int reason = errno;
    const char* const advice =
        reason == ENOENT || reason == ENODEV || reason == ENXIO
            ? "; is a camera plugged in? 'pinhole devices' lists those that are there"
        : reason == EACCES || reason == EPERM
            ? "; add this user to the group 'video', or change the device's rights"
            : "";
    return why.Fail(Error::kNotFound, path, ": can't be opened: ", std::strerror(reason), advice);
  }
  struct stat status{};
  if (::fstat(fd, &status) != 0 || !S_ISCHR(status.st_mode)) {
    ::close(fd);
    return why.Fail(Error::kIo, path, ": is no device; give a camera's, such as /dev/video0");
  }
  return std::unique_ptr<V4l2Device>(new KernelDevice(fd));
}

}  // namespace pinhole::inside::camera
