// SPDX-License-Identifier: Apache-2.0
#pragma once

// A camera of Linux (Video4Linux2) that the inside owns by itself: no other process ever has its
// frames.
//
//   auto camera = V4l2Camera::Open("/dev/video0", {.width = 640, .height = 480, .fps = 10}, why);
//   ... the lock lets RequestsInUse() on fd() pass, and nothing else ...
//   (*camera)->Capture(why)            // RGB, or grey of a grey camera
//
// Open agrees on a format with the driver (YUYV, NV12, RGB24, BGR24 or GREY), takes all memory,
// and starts the stream. After that Capture makes two kinds of system call, VIDIOC_DQBUF and
// VIDIOC_QBUF, and allocates nothing: it takes a filled buffer, converts it into memory of its own,
// wipes the driver's buffer and hands it back. Where the sensor is slower than its camera, buffers
// that have gone stale are wiped unseen: the newest frame wins.
//
// Cameras that give JPEG only, or several planes, need decoders and pipelines that the inside does
// not have: Open says so, and the source process reads them (docs/how-to/cameras.md).
//
// A camera is ended by ending the process; the destructor makes more calls than a lock lets pass.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "inside/camera/pixel_formats.h"
#include "inside/camera/v4l2_device.h"
#include "inside/camera/v4l2_formats.h"
#include "inside/capture/frame_source.h"

namespace pinhole::inside::camera {

// The driver gives what comes nearest.
struct CameraWish {
  int width = 640, height = 480;
  int fps = 10;
};

class V4l2Camera final : public capture::FrameSource {
 public:
  static constexpr std::size_t kBuffers = 4;
  // What Capture asks of fd(), and nothing else.
  static constexpr std::size_t kRequests = 2;

  // Errors: kNotFound (no such device), kUnsupported (no capture, or no format that is known here),
  // kTooLarge (more than 16 megapixels), kOutOfMemory, kIo (the driver refuses).
  static base::Result<std::unique_ptr<V4l2Camera>> Open(const std::string& path,
                                                        const CameraWish& wish,
                                                        base::Diagnosis& why);
  // The same on a device that is open; `name` is for messages.
  static base::Result<std::unique_ptr<V4l2Camera>> OpenOn(std::unique_ptr<V4l2Device> device,
                                                          const std::string& name,
                                                          const CameraWish& wish,
                                                          base::Diagnosis& why);
  ~V4l2Camera();  // stops, wipes all that was captured

  // Errors: kNotFound (the camera is gone, and stays so), kTruncated (a frame came short), kIo (the
  // driver marked it as damaged, or failed).
  base::Result<capture::Frame> Capture(base::Diagnosis& why) override;

  [[nodiscard]] int fd() const { return device_->fd(); }
  static std::array<unsigned long, kRequests> RequestsInUse();
  [[nodiscard]] const RawLayout& layout() const { return layout_; }

 private:
  explicit V4l2Camera(std::unique_ptr<V4l2Device> device, std::string name)
      : device_(std::move(device)), name_(std::move(name)) {}
  base::Status CheckCapabilities(base::Diagnosis& why);
  base::Status AgreeOnFormat(const CameraWish& wish, base::Diagnosis& why);
  base::Result<bool> TryFormat(const KnownFormat& known, const CameraWish& wish,
                               base::Diagnosis& why);
  base::Status TakeBuffers(base::Diagnosis& why);
  base::Status Start(base::Diagnosis& why);
  base::Unexpected Gone(base::Diagnosis& why);
  base::Status Dequeue(v4l2_buffer& buffer, base::Diagnosis& why);
  bool HandBack(const v4l2_buffer& buffer);

  std::unique_ptr<V4l2Device> device_;
  std::string name_;
  RawLayout layout_;
  std::array<std::span<std::byte>, kBuffers> buffers_{};
  std::size_t buffer_count_ = 0;
  std::vector<std::uint8_t> pixels_;
  std::uint32_t last_ = 0;  // the driver's number of the last frame taken
  bool has_last_ = false;
  bool streaming_ = false;
  bool gone_ = false;
};

}  // namespace pinhole::inside::camera
