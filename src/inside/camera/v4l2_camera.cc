// SPDX-License-Identifier: Apache-2.0
#include "inside/camera/v4l2_camera.h"

#include <linux/videodev2.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <optional>

#include "base/secure_wipe.h"

namespace pinhole::inside::camera {

namespace {

using base::Error;
using capture::Frame;
using capture::FrameShape;

constexpr std::size_t kMaxPixels = std::size_t{16} << 20;
constexpr std::size_t kMaxStride = std::size_t{1} << 24;
constexpr const char* kBusy = "; another program uses the camera, end it";

v4l2_buffer BufferNumber(std::uint32_t index) {
  v4l2_buffer buffer{};
  buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  buffer.memory = V4L2_MEMORY_MMAP;
  buffer.index = index;
  return buffer;
}

// Both fields, or no fields at all: half a picture is none.
bool IsWhole(std::uint32_t field) {
  return field == V4L2_FIELD_NONE || field == V4L2_FIELD_ANY || field == V4L2_FIELD_INTERLACED ||
         field == V4L2_FIELD_INTERLACED_TB || field == V4L2_FIELD_INTERLACED_BT;
}

YuvMatrix MatrixOf(const v4l2_pix_format& pix) {
  std::uint32_t encoding = pix.ycbcr_enc;
  if (encoding == V4L2_YCBCR_ENC_DEFAULT) {
    encoding = V4L2_MAP_YCBCR_ENC_DEFAULT(pix.colorspace);
  }
  std::uint32_t range = pix.quantization;
  if (range == V4L2_QUANTIZATION_DEFAULT) {
    range = V4L2_MAP_QUANTIZATION_DEFAULT(false, pix.colorspace, encoding);
  }
  return {encoding == V4L2_YCBCR_ENC_709 || encoding == V4L2_YCBCR_ENC_XV709,
          range == V4L2_QUANTIZATION_FULL_RANGE};
}

}  // namespace

std::array<unsigned long, V4l2Camera::kRequests> V4l2Camera::RequestsInUse() {
  return {VIDIOC_DQBUF, VIDIOC_QBUF};
}

// ------------------------------------------------------------------------------------------ set-up

base::Result<std::unique_ptr<V4l2Camera>> V4l2Camera::Open(const std::string& path,
                                                           const CameraWish& wish,
                                                           base::Diagnosis& why) {
  base::Result<std::unique_ptr<V4l2Device>> device = OpenV4l2Device(path, why);
  if (!device) {
    return base::Unexpected(device.error());
  }
  return OpenOn(*std::move(device), path, wish, why);
}

base::Result<std::unique_ptr<V4l2Camera>> V4l2Camera::OpenOn(std::unique_ptr<V4l2Device> device,
                                                             const std::string& name,
                                                             const CameraWish& wish,
                                                             base::Diagnosis& why) {
  if (wish.width < 1 || wish.height < 1 || wish.fps < 1) {
    return why.Fail(Error::kInvalidArgument, name, ": ", wish.width, " x ", wish.height,
                    " pixels at ", wish.fps, " a second: give 1 or more of each");
  }
  std::unique_ptr<V4l2Camera> camera(new V4l2Camera(std::move(device), name));
  PINHOLE_TRY(camera->CheckCapabilities(why));
  PINHOLE_TRY(camera->AgreeOnFormat(wish, why));
  PINHOLE_TRY(camera->TakeBuffers(why));
  PINHOLE_TRY(camera->Start(why));
  return camera;
}

base::Status V4l2Camera::CheckCapabilities(base::Diagnosis& why) {
  v4l2_capability capability{};
  if (Ask(*device_, VIDIOC_QUERYCAP, capability) != 0) {
    return why.Fail(Error::kUnsupported, name_, ": is no camera: ", std::strerror(errno),
                    "; 'pinhole devices' lists those that are there");
  }
  const std::uint32_t can = CapabilitiesOf(capability);
  if ((can & V4L2_CAP_VIDEO_CAPTURE) == 0 && (can & V4L2_CAP_VIDEO_CAPTURE_MPLANE) != 0) {
    return why.Fail(Error::kUnsupported, name_,
                    ": gives pictures in several planes, or raw ones of a sensor without its "
                    "processor; read it through the source process: --input libcamera");
  }
  if ((can & V4L2_CAP_VIDEO_CAPTURE) == 0 || (can & V4L2_CAP_STREAMING) == 0) {
    return why.Fail(Error::kUnsupported, name_,
                    ": captures no pictures (a camera may have several devices, and one of them "
                    "does); 'pinhole devices' lists those that do");
  }
  return {};
}

// False where the driver answers with another format than it was asked for.
base::Result<bool> V4l2Camera::TryFormat(const KnownFormat& known, const CameraWish& wish,
                                         base::Diagnosis& why) {
  v4l2_format format{};
  format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  format.fmt.pix.width = static_cast<std::uint32_t>(wish.width);
  format.fmt.pix.height = static_cast<std::uint32_t>(wish.height);
  format.fmt.pix.pixelformat = known.code;
  format.fmt.pix.field = V4L2_FIELD_NONE;
  if (Ask(*device_, VIDIOC_S_FMT, format) != 0) {
    return why.Fail(Error::kIo, name_, ": takes no format: ", std::strerror(errno),
                    errno == EBUSY ? kBusy : "");
  }
  const v4l2_pix_format& pix = format.fmt.pix;
  if (pix.pixelformat != known.code || !IsWhole(pix.field)) {
    return false;
  }
  constexpr auto kMaxSide = static_cast<std::uint32_t>(FrameShape::kMaxSide);
  if (pix.width < 1 || pix.height < 1 || pix.width > kMaxSide || pix.height > kMaxSide ||
      std::size_t{pix.width} * pix.height > kMaxPixels) {
    return why.Fail(Error::kTooLarge, name_, ": gives ", pix.width, " x ", pix.height,
                    " pixels; at most 16 megapixels are taken, ask for fewer");
  }
  layout_.format = known.format;
  layout_.width = static_cast<int>(pix.width);
  layout_.height = static_cast<int>(pix.height);
  const std::size_t row = RowBytesOf(known.format, layout_.width);
  layout_.stride = pix.bytesperline == 0 ? row : pix.bytesperline;
  layout_.matrix = MatrixOf(pix);
  const bool odd = (known.format == PixelFormat::kNv12 && (pix.width | pix.height) % 2 != 0) ||
                   (known.format == PixelFormat::kYuyv && pix.width % 2 != 0);
  if (odd || layout_.stride < row || layout_.stride > kMaxStride) {
    return why.Fail(Error::kUnsupported, name_, ": ", known.name, " of ", pix.width, " x ",
                    pix.height, " pixels in rows of ", layout_.stride,
                    " bytes; ask for another size");
  }
  return true;
}

base::Status V4l2Camera::AgreeOnFormat(const CameraWish& wish, base::Diagnosis& why) {
  const std::vector<std::uint32_t> offered = OfferedFormats(*device_);
  for (const KnownFormat& known : kKnownFormats) {
    if (std::find(offered.begin(), offered.end(), known.code) == offered.end()) {
      continue;
    }
    PINHOLE_ASSIGN(const bool agreed, TryFormat(known, wish, why));
    if (agreed) {
      // Slower is better than nothing, so a driver without rates is well.
      AskForRate(*device_, wish.fps);
      return {};
    }
  }
  base::Diagnosis list;
  for (const std::uint32_t code : offered) {
    list.Append(list.empty() ? "" : ", ");
    list.Append(NameOf(code).data());
  }
  // A decoder that fits whatever it is: the source process has some.
  return why.Fail(
      Error::kUnsupported, name_, ": gives ",
      list.empty() ? std::string_view("no format") : list.text(),
      ", and the inside reads YUYV, NV12, RGB24, BGR24 and GREY; let the source process "
      "decode it: --input 'gst:v4l2src device=",
      name_, " ! decodebin'");
}

base::Status V4l2Camera::TakeBuffers(base::Diagnosis& why) {
  v4l2_requestbuffers request{};
  request.count = kBuffers;
  request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  request.memory = V4L2_MEMORY_MMAP;
  if (Ask(*device_, VIDIOC_REQBUFS, request) != 0) {
    return why.Fail(Error::kIo, name_, ": gives no buffers: ", std::strerror(errno),
                    errno == EBUSY ? kBusy : "");
  }
  if (request.count < 2) {
    return why.Fail(Error::kOutOfMemory, name_, ": gives ", request.count,
                    " buffers, 2 at least are needed; ask for a smaller size");
  }
  const std::size_t needed = RawBytesOf(layout_);
  const std::size_t count = std::min<std::size_t>(request.count, kBuffers);
  for (std::uint32_t i = 0; i < count; ++i) {
    v4l2_buffer buffer = BufferNumber(i);
    if (Ask(*device_, VIDIOC_QUERYBUF, buffer) != 0) {
      return why.Fail(Error::kIo, name_, ": does not say where buffer ", i,
                      " lies: ", std::strerror(errno));
    }
    if (buffer.length < needed) {
      return why.Fail(Error::kIo, name_, ": buffers of ", buffer.length, " bytes for frames of ",
                      needed, "; this driver contradicts itself, ask for another size");
    }
    buffers_[i] = device_->Map(buffer.length, static_cast<off_t>(buffer.m.offset));
    if (buffers_[i].empty()) {
      return why.Fail(Error::kOutOfMemory, name_, ": a buffer of ", buffer.length,
                      " bytes can't be mapped: ", std::strerror(errno));
    }
    ++buffer_count_;
  }
  try {
    pixels_.resize(static_cast<std::size_t>(layout_.width) *
                   static_cast<std::size_t>(layout_.height) *
                   static_cast<std::size_t>(ChannelsOf(layout_.format)));
  } catch (const std::bad_alloc&) {
    return why.Fail(Error::kOutOfMemory, name_, ": no memory for a frame of ", layout_.width, " x ",
                    layout_.height, " pixels; ask for a smaller size");
  }
  return {};
}

base::Status V4l2Camera::Start(base::Diagnosis& why) {
  for (std::uint32_t i = 0; i < buffer_count_; ++i) {
    v4l2_buffer buffer = BufferNumber(i);
    if (Ask(*device_, VIDIOC_QBUF, buffer) != 0) {
      return why.Fail(Error::kIo, name_, ": does not take buffer ", i, ": ", std::strerror(errno));
    }
  }
  int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  if (Ask(*device_, VIDIOC_STREAMON, type) != 0) {
    return why.Fail(Error::kIo, name_, ": does not start: ", std::strerror(errno),
                    errno == ENOSPC ? "; the USB bus has no room for it, ask for a smaller size or "
                                      "fewer frames a second, or use another port"
                                    : "");
  }
  streaming_ = true;
  return {};
}

V4l2Camera::~V4l2Camera() {
  if (streaming_) {
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    Ask(*device_, VIDIOC_STREAMOFF, type);
  }
  for (std::size_t i = 0; i < buffer_count_; ++i) {
    base::SecureWipe(buffers_[i]);
    device_->Unmap(buffers_[i]);
  }
  base::SecureWipe(std::as_writable_bytes(std::span(pixels_)));
}

// ----------------------------------------------------------------------------------------- capture

base::Unexpected V4l2Camera::Gone(base::Diagnosis& why) {
  gone_ = true;
  return why.Fail(Error::kNotFound, name_,
                  ": the camera is gone; plug it in again, and start the sensor anew");
}

base::Status V4l2Camera::Dequeue(v4l2_buffer& buffer, base::Diagnosis& why) {
  for (;;) {
    buffer = BufferNumber(0);
    if (device_->Control(VIDIOC_DQBUF, &buffer) == 0) {
      break;
    }
    switch (errno) {
      case EINTR: continue;
      case ENODEV:
      case ENXIO:
      case EBADF:
      case EPIPE: return Gone(why);
      case EAGAIN: return why.Fail(Error::kIo, name_, ": has no frame ready; the next may be well");
      default:
        return why.Fail(Error::kIo, name_, ": gave no frame: error ", errno,
                        "; check its cable if this goes on");
    }
  }
  if (buffer.index >= buffer_count_) {
    gone_ = true;  // the true one can't be handed back, and some day there would be none
    return why.Fail(Error::kIo, name_, ": gave buffer ", buffer.index, " of ", buffer_count_);
  }
  return {};
}

// Wiped. Without its buffers a driver would let us wait for ever: a camera that takes none back is
// as good as gone.
bool V4l2Camera::HandBack(const v4l2_buffer& buffer) {
  base::SecureWipe(buffers_[buffer.index]);
  for (;;) {
    v4l2_buffer back = BufferNumber(buffer.index);
    if (device_->Control(VIDIOC_QBUF, &back) == 0) {
      return true;
    }
    if (errno != EINTR) {
      gone_ = true;
      return false;
    }
  }
}

base::Result<Frame> V4l2Camera::Capture(base::Diagnosis& why) {
  if (gone_) {
    return Gone(why);
  }
  v4l2_buffer buffer{};
  PINHOLE_TRY(Dequeue(buffer, why));
  // A number left out means that the driver had no buffer to fill: all that are filled are older
  // than that, and the last of them is the newest.
  const bool is_behind = has_last_ && buffer.sequence - last_ > 1 && buffer.sequence > last_;
  for (std::size_t stale = 1; is_behind && stale < buffer_count_; ++stale) {
    if (!HandBack(buffer)) {
      return Gone(why);
    }
    PINHOLE_TRY(Dequeue(buffer, why));
  }
  last_ = buffer.sequence;
  has_last_ = true;
  const std::size_t needed = RawBytesOf(layout_);
  const bool damaged = (buffer.flags & V4L2_BUF_FLAG_ERROR) != 0;
  const bool whole = !damaged && buffer.bytesused >= needed;
  if (whole) {
    Convert(layout_, buffers_[buffer.index], pixels_);
  }
  HandBack(buffer);
  if (damaged) {
    return why.Fail(Error::kIo, name_,
                    ": the driver says that this frame is damaged; check its "
                    "cable if this goes on");
  }
  if (!whole) {
    return why.Fail(Error::kTruncated, name_, ": this frame came short: ", buffer.bytesused, " of ",
                    needed, " bytes");
  }
  return Frame::Make(
      pixels_,
      {.width = layout_.width, .height = layout_.height, .channels = ChannelsOf(layout_.format)},
      why);
}

}  // namespace pinhole::inside::camera
