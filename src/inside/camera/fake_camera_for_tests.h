// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: a V4L2 driver without a kernel. It keeps the rules that a driver keeps, counts
// what it is asked, and finds pixels that were left in a buffer handed back.

#include <linux/videodev2.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "inside/camera/v4l2_device.h"

namespace pinhole::inside::camera {

// What the next VIDIOC_DQBUF gives.
struct FakeFrame {
  std::vector<std::uint8_t> bytes;
  int error = 0;  // errno; then no buffer is given
  std::uint32_t flags = 0;
  std::uint32_t skipped = 0;  // frames that the camera had no buffer for, before this one
  std::int64_t index = -1;    // said in place of the true one
};

// The state outlives the device, which the camera owns.
struct FakeDriver {
  std::string card = "Fake Camera", bus = "usb-0000:00:14.0-1";
  std::uint32_t capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
  std::vector<std::uint32_t> formats;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> sizes;
  std::uint32_t width = 0, height = 0;  // 0: as asked
  std::uint32_t stride = 0;             // 0: rows without a gap
  std::uint32_t field = V4L2_FIELD_NONE;
  std::uint32_t answers_format = 0;  // another than it was asked for
  std::uint32_t colorspace = V4L2_COLORSPACE_SRGB, encoding = 0, quantization = 0;
  std::uint32_t buffer_bytes = 0;  // 0: as needed
  std::uint32_t buffers = 4;
  std::map<unsigned long, int> fails;        // request → errno
  std::map<unsigned long, int> interrupted;  // request → how often EINTR comes first
  std::deque<FakeFrame> frames;

  // What came of it.
  std::vector<unsigned long> asked;
  std::vector<std::vector<std::byte>> memory;
  std::deque<std::uint32_t> queued;
  std::uint32_t sequence = 0;
  v4l2_pix_format format{};
  v4l2_fract rate{};
  bool streaming = false;
  bool closed = false;
  int mapped = 0;
  int unwiped = 0;  // buffers handed back with something in them
};

class FakeDevice final : public V4l2Device {
 public:
  explicit FakeDevice(FakeDriver& driver) : d_(driver) {}
  ~FakeDevice() override { d_.closed = true; }
  [[nodiscard]] int fd() const override { return 1234; }

  int Control(unsigned long request, void* argument) override {
    d_.asked.push_back(request);
    if (d_.interrupted[request]-- > 0) {
      return Fail(EINTR);
    }
    if (const auto fails = d_.fails.find(request); fails != d_.fails.end()) {
      return Fail(fails->second);
    }
    switch (request) {
      case VIDIOC_QUERYCAP: return Capability(*static_cast<v4l2_capability*>(argument));
      case VIDIOC_ENUM_FMT: return EnumFormat(*static_cast<v4l2_fmtdesc*>(argument));
      case VIDIOC_ENUM_FRAMESIZES: return EnumSize(*static_cast<v4l2_frmsizeenum*>(argument));
      case VIDIOC_S_FMT: return SetFormat(static_cast<v4l2_format*>(argument)->fmt.pix);
      case VIDIOC_G_PARM:
        static_cast<v4l2_streamparm*>(argument)->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        return 0;
      case VIDIOC_S_PARM:
        d_.rate = static_cast<v4l2_streamparm*>(argument)->parm.capture.timeperframe;
        return 0;
      case VIDIOC_REQBUFS: return RequestBuffers(*static_cast<v4l2_requestbuffers*>(argument));
      case VIDIOC_QUERYBUF: return QueryBuffer(*static_cast<v4l2_buffer*>(argument));
      case VIDIOC_QBUF: return Queue(*static_cast<v4l2_buffer*>(argument));
      case VIDIOC_DQBUF: return Dequeue(*static_cast<v4l2_buffer*>(argument));
      case VIDIOC_STREAMON: d_.streaming = true; return 0;
      case VIDIOC_STREAMOFF: d_.streaming = false; return 0;
      default: return Fail(ENOTTY);
    }
  }

  std::span<std::byte> Map(std::size_t bytes, off_t offset) override {
    if (d_.fails.contains(0)) {
      Fail(d_.fails[0]);
      return {};
    }
    ++d_.mapped;
    return std::span(d_.memory.at(static_cast<std::size_t>(offset) / kApart)).first(bytes);
  }
  void Unmap(std::span<std::byte>) override { --d_.mapped; }

 private:
  static constexpr std::size_t kApart = 4096;

  static int Fail(int error) {
    errno = error;
    return -1;
  }
  int Capability(v4l2_capability& to) const {
    std::strncpy(reinterpret_cast<char*>(to.card), d_.card.c_str(), sizeof to.card - 1);
    std::strncpy(reinterpret_cast<char*>(to.driver), "fake", sizeof to.driver - 1);
    std::strncpy(reinterpret_cast<char*>(to.bus_info), d_.bus.c_str(), sizeof to.bus_info - 1);
    to.capabilities = V4L2_CAP_DEVICE_CAPS | V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_VIDEO_OUTPUT;
    to.device_caps = d_.capabilities;
    return 0;
  }
  int EnumFormat(v4l2_fmtdesc& to) const {
    if (to.index >= d_.formats.size()) {
      return Fail(EINVAL);
    }
    to.pixelformat = d_.formats[to.index];
    return 0;
  }
  int EnumSize(v4l2_frmsizeenum& to) const {
    if (to.index >= d_.sizes.size()) {
      return Fail(EINVAL);
    }
    to.type = V4L2_FRMSIZE_TYPE_DISCRETE;
    to.discrete = {d_.sizes[to.index].first, d_.sizes[to.index].second};
    return 0;
  }
  int SetFormat(v4l2_pix_format& pix) {
    pix.width = d_.width == 0 ? pix.width : d_.width;
    pix.height = d_.height == 0 ? pix.height : d_.height;
    pix.pixelformat = d_.answers_format == 0 ? pix.pixelformat : d_.answers_format;
    const std::uint32_t row =
        pix.pixelformat == V4L2_PIX_FMT_YUYV ? 2 * pix.width
        : pix.pixelformat == V4L2_PIX_FMT_RGB24 || pix.pixelformat == V4L2_PIX_FMT_BGR24
            ? 3 * pix.width
            : pix.width;
    pix.bytesperline = d_.stride == 0 ? row : d_.stride;
    pix.sizeimage = pix.bytesperline * pix.height;
    if (pix.pixelformat == V4L2_PIX_FMT_NV12) {
      pix.sizeimage += pix.sizeimage / 2;
    }
    pix.field = d_.field;
    pix.colorspace = d_.colorspace;
    pix.ycbcr_enc = d_.encoding;
    pix.quantization = d_.quantization;
    d_.format = pix;
    return 0;
  }
  int RequestBuffers(v4l2_requestbuffers& to) {
    to.count = std::min(to.count, d_.buffers);
    const std::size_t bytes = d_.buffer_bytes == 0 ? d_.format.sizeimage : d_.buffer_bytes;
    d_.memory.assign(to.count, std::vector<std::byte>(bytes));
    return 0;
  }
  int QueryBuffer(v4l2_buffer& to) const {
    to.length = static_cast<std::uint32_t>(d_.memory.at(to.index).size());
    to.m.offset = static_cast<std::uint32_t>(to.index * kApart);
    return 0;
  }
  int Queue(const v4l2_buffer& from) {
    const std::vector<std::byte>& memory = d_.memory.at(from.index);
    d_.unwiped +=
        std::any_of(memory.begin(), memory.end(), [](std::byte b) { return b != std::byte{0}; })
            ? 1
            : 0;
    d_.queued.push_back(from.index);
    return 0;
  }
  int Dequeue(v4l2_buffer& to) {
    if (!d_.streaming || d_.queued.empty() || d_.frames.empty()) {
      return Fail(EDEADLK);  // a driver would let us wait
    }
    const FakeFrame frame = std::move(d_.frames.front());
    d_.frames.pop_front();
    if (frame.error != 0) {
      return Fail(frame.error);
    }
    to.index = d_.queued.front();
    d_.queued.pop_front();
    std::vector<std::byte>& memory = d_.memory[to.index];
    const std::size_t copied = std::min(frame.bytes.size(), memory.size());
    std::transform(frame.bytes.begin(), frame.bytes.begin() + static_cast<std::ptrdiff_t>(copied),
                   memory.begin(), [](std::uint8_t value) { return std::byte{value}; });
    to.bytesused = static_cast<std::uint32_t>(frame.bytes.size());
    to.flags = frame.flags;
    d_.sequence += 1 + frame.skipped;
    to.sequence = d_.sequence;
    if (frame.index >= 0) {
      to.index = static_cast<std::uint32_t>(frame.index);
    }
    return 0;
  }

  FakeDriver& d_;
};

}  // namespace pinhole::inside::camera
