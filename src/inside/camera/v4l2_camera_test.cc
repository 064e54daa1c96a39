// SPDX-License-Identifier: Apache-2.0
// The camera against a driver without a kernel: what is agreed on, what goes wrong, and that no
// pixel stays in the driver's buffers.
#include "inside/camera/v4l2_camera.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "inside/camera/fake_camera_for_tests.h"
#include "inside/camera/v4l2_describe.h"

namespace pinhole::inside::camera {
namespace {

using base::Error;
using capture::Frame;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr CameraWish kSmall{.width = 4, .height = 2, .fps = 7};

FakeFrame Grey(std::uint8_t value, std::uint32_t skipped = 0) {
  return {.bytes = std::vector<std::uint8_t>(8, value), .skipped = skipped};
}

FakeFrame Failing(int error) { return {.bytes = {}, .error = error}; }

struct Opened {
  explicit Opened(std::vector<std::uint32_t> formats = {V4L2_PIX_FMT_GREY}) {
    driver.formats = std::move(formats);
  }
  Error Open(const CameraWish& wish = kSmall) {
    base::Result<std::unique_ptr<V4l2Camera>> opened =
        V4l2Camera::OpenOn(std::make_unique<FakeDevice>(driver), "/dev/video7", wish, why);
    if (!opened) {
      return opened.error();
    }
    camera = *std::move(opened);
    return Error::kInternal;  // none of Open's
  }
  [[nodiscard]] std::string said() const { return std::string(why.text()); }
  // All pixels of the next frame are this; -1 where there is none.
  int Value() {
    const base::Result<Frame> frame = camera->Capture(why);
    if (!frame) {
      return -1;
    }
    EXPECT_THAT(frame->pixels(), Each(frame->pixels()[0]));
    return frame->pixels()[0];
  }

  FakeDriver driver;
  base::Diagnosis why;
  std::unique_ptr<V4l2Camera> camera;
};

constexpr Error kOpened = Error::kInternal;

// ------------------------------------------------------------------------------------------
// opening

TEST(V4l2Camera, AsksForWhatWasWanted) {
  Opened test({V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_GREY, V4L2_PIX_FMT_YUYV});
  ASSERT_EQ(test.Open(), kOpened) << test.said();
  EXPECT_EQ(test.driver.format.pixelformat, V4L2_PIX_FMT_YUYV);
  EXPECT_EQ(test.camera->layout().width, 4);
  EXPECT_EQ(test.camera->layout().height, 2);
  EXPECT_EQ(test.driver.rate.numerator, 1U);
  EXPECT_EQ(test.driver.rate.denominator, 7U);
  EXPECT_TRUE(test.driver.streaming);
  EXPECT_EQ(test.driver.queued.size(), 4U);
  EXPECT_EQ(test.camera->fd(), 1234);
}

TEST(V4l2Camera, EveryFormat) {
  const std::vector<std::pair<std::uint32_t, std::size_t>> formats = {{V4L2_PIX_FMT_YUYV, 16},
                                                                      {V4L2_PIX_FMT_NV12, 12},
                                                                      {V4L2_PIX_FMT_RGB24, 24},
                                                                      {V4L2_PIX_FMT_BGR24, 24}};
  for (const auto& [code, bytes] : formats) {
    Opened test({code});
    ASSERT_EQ(test.Open(), kOpened) << test.said();
    // 128 is grey in every one of them: in Y'CbCr of limited range (128 - 16) * 255 / 219 = 130.4.
    test.driver.frames.push_back({.bytes = std::vector<std::uint8_t>(bytes, 128)});
    const base::Result<Frame> frame = test.camera->Capture(test.why);
    ASSERT_TRUE(frame) << test.said();
    EXPECT_EQ(frame->channels(), 3);
    const bool is_rgb = code == V4L2_PIX_FMT_RGB24 || code == V4L2_PIX_FMT_BGR24;
    EXPECT_THAT(frame->pixels(), Each(is_rgb ? 128 : 130));
    EXPECT_EQ(test.driver.unwiped, 0);
  }
}

TEST(V4l2Camera, ColoursAsTheDriverSaysTheyAre) {
  Opened test({V4L2_PIX_FMT_YUYV});
  test.driver.quantization = V4L2_QUANTIZATION_FULL_RANGE;
  test.driver.colorspace = V4L2_COLORSPACE_REC709;
  ASSERT_EQ(test.Open(), kOpened);
  EXPECT_TRUE(test.camera->layout().matrix.full_range);
  EXPECT_TRUE(test.camera->layout().matrix.bt709);
  Opened plain({V4L2_PIX_FMT_YUYV});
  ASSERT_EQ(plain.Open(), kOpened);
  EXPECT_FALSE(plain.camera->layout().matrix.full_range);
  EXPECT_FALSE(plain.camera->layout().matrix.bt709);
  Opened jpeg({V4L2_PIX_FMT_YUYV});
  jpeg.driver.colorspace = V4L2_COLORSPACE_JPEG;
  ASSERT_EQ(jpeg.Open(), kOpened);
  EXPECT_TRUE(jpeg.camera->layout().matrix.full_range);
}

TEST(V4l2Camera, TakesTheSizeAndRowsThatTheDriverGives) {
  Opened test;
  test.driver.width = 3;
  test.driver.height = 3;
  test.driver.stride = 5;
  ASSERT_EQ(test.Open(), kOpened) << test.said();
  test.driver.frames.push_back({.bytes = {1, 2, 3, 99, 99, 4, 5, 6, 99, 99, 7, 8, 9}});
  const base::Result<Frame> frame = test.camera->Capture(test.why);
  ASSERT_TRUE(frame) << test.said();
  EXPECT_THAT(frame->pixels(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST(V4l2Camera, AFormatThatTheDriverDoesNotKeepIsNotTaken) {
  Opened test({V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_GREY});
  test.driver.answers_format = V4L2_PIX_FMT_GREY;
  ASSERT_EQ(test.Open(), kOpened);
  EXPECT_EQ(test.camera->layout().format, PixelFormat::kGrey);
  Opened half;
  half.driver.field = V4L2_FIELD_TOP;
  EXPECT_EQ(half.Open(), Error::kUnsupported);
}

TEST(V4l2Camera, SaysWhatToDoWithCamerasItCannotRead) {
  Opened jpeg({V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_H264});
  EXPECT_EQ(jpeg.Open(), Error::kUnsupported);
  EXPECT_EQ(
      jpeg.said(),
      "/dev/video7: gives MJPG, H264, and the inside reads YUYV, NV12, RGB24, BGR24 and GREY; "
      "let the source process decode it: --input 'gst:v4l2src device=/dev/video7 ! decodebin'");
  Opened none(std::vector<std::uint32_t>{});
  EXPECT_EQ(none.Open(), Error::kUnsupported);
  EXPECT_THAT(none.said(), HasSubstr("gives no format"));
  Opened planes({V4L2_PIX_FMT_GREY});
  planes.driver.capabilities = V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING;
  EXPECT_EQ(planes.Open(), Error::kUnsupported);
  EXPECT_THAT(planes.said(), HasSubstr("--input libcamera"));
  Opened metadata({V4L2_PIX_FMT_GREY});
  metadata.driver.capabilities = V4L2_CAP_META_CAPTURE | V4L2_CAP_STREAMING;
  EXPECT_EQ(metadata.Open(), Error::kUnsupported);
  EXPECT_THAT(metadata.said(), HasSubstr("pinhole devices"));
}

TEST(V4l2Camera, WhateverStepFailsIsSaidAndNothingStaysTaken) {
  for (const unsigned long step : {VIDIOC_QUERYCAP, VIDIOC_ENUM_FMT, VIDIOC_S_FMT, VIDIOC_REQBUFS,
                                   VIDIOC_QUERYBUF, 0UL, VIDIOC_QBUF, VIDIOC_STREAMON}) {
    Opened test;
    test.driver.fails[step] = EBUSY;
    EXPECT_NE(test.Open(), kOpened) << step;
    EXPECT_THAT(test.said(), HasSubstr("/dev/video7: "));
    EXPECT_EQ(test.driver.mapped, 0);
    EXPECT_FALSE(test.driver.streaming);
    EXPECT_TRUE(test.driver.closed);
  }
  for (const unsigned long step : {VIDIOC_G_PARM, VIDIOC_S_PARM}) {
    Opened test;
    test.driver.fails[step] = ENOTTY;
    EXPECT_EQ(test.Open(), kOpened) << "a camera without rates is well";
  }
}

TEST(V4l2Camera, ADriverThatContradictsItselfIsRefused) {
  Opened few;
  few.driver.buffers = 1;
  EXPECT_EQ(few.Open(), Error::kOutOfMemory);
  Opened small;
  small.driver.buffer_bytes = 7;
  EXPECT_EQ(small.Open(), Error::kIo);
  Opened rows;
  rows.driver.stride = 3;
  EXPECT_EQ(rows.Open(), Error::kUnsupported);
  Opened odd({V4L2_PIX_FMT_YUYV});
  odd.driver.width = 5;
  EXPECT_EQ(odd.Open(), Error::kUnsupported);
  Opened tall({V4L2_PIX_FMT_NV12});
  tall.driver.height = 3;
  EXPECT_EQ(tall.Open(), Error::kUnsupported);
  for (const std::uint32_t side : {0xFFFFFFFFU, 40000U, 32000U}) {
    Opened large;
    large.driver.width = side;
    large.driver.height = side;
    EXPECT_EQ(large.Open(), Error::kTooLarge);
  }
  Opened wish;
  EXPECT_EQ(wish.Open({0, 5, 5}), Error::kInvalidArgument);
}

TEST(V4l2Camera, SignalsWhileItOpensDoNotMatter) {
  Opened test;
  for (const unsigned long request : {VIDIOC_S_FMT, VIDIOC_REQBUFS, VIDIOC_STREAMON}) {
    test.driver.interrupted[request] = 2;
  }
  EXPECT_EQ(test.Open(), kOpened) << test.said();
}

TEST(V4l2Camera, FilesThatAreNoCamera) {
  base::Diagnosis why;
  EXPECT_EQ(V4l2Camera::Open("/nonexistent", {}, why).error(), Error::kNotFound);
  EXPECT_THAT(std::string(why.text()), HasSubstr("pinhole devices"));
  EXPECT_EQ(V4l2Camera::Open("/dev/null", {}, why).error(), Error::kUnsupported);
  EXPECT_THAT(std::string(why.text()), HasSubstr("/dev/null: is no camera"));
  EXPECT_EQ(V4l2Camera::Open("/tmp", {}, why).error(), Error::kNotFound);
}

// -------------------------------------------------------------------------------------- capturing

TEST(V4l2Camera, AsksForNothingButBuffers) {
  Opened test;
  ASSERT_EQ(test.Open(), kOpened);
  test.driver.asked.clear();
  for (std::uint8_t i = 1; i < 20; ++i) {
    test.driver.frames.push_back(Grey(i));
    EXPECT_EQ(test.Value(), i);
  }
  const auto allowed = V4l2Camera::RequestsInUse();
  EXPECT_THAT(test.driver.asked, Each(testing::AnyOf(allowed[0], allowed[1])));
  EXPECT_EQ(test.driver.unwiped, 0);
  EXPECT_EQ(test.driver.queued.size(), 4U);
}

TEST(V4l2Camera, AFrameThatFailedIsNeverAnOldOne) {
  Opened test;
  ASSERT_EQ(test.Open(), kOpened);
  test.driver.frames = {Grey(5)};
  EXPECT_EQ(test.Value(), 5);
  FakeFrame damaged = Grey(6);
  damaged.flags = V4L2_BUF_FLAG_ERROR;
  FakeFrame brief = Grey(7);
  brief.bytes.pop_back();
  const FakeFrame empty;
  const std::vector<std::pair<FakeFrame, Error>> failures = {{damaged, Error::kIo},
                                                             {brief, Error::kTruncated},
                                                             {empty, Error::kTruncated},
                                                             {Failing(EIO), Error::kIo},
                                                             {Failing(EAGAIN), Error::kIo}};
  std::uint8_t value = 20;
  for (const auto& [frame, error] : failures) {
    test.driver.frames = {frame, Grey(++value)};
    EXPECT_EQ(test.camera->Capture(test.why).error(), error);
    EXPECT_FALSE(test.why.empty());
    EXPECT_EQ(test.Value(), value) << "the next is well";
  }
  EXPECT_EQ(test.driver.unwiped, 0);
}

TEST(V4l2Camera, SignalsWhileItWaitsDoNotMatter) {
  Opened test;
  ASSERT_EQ(test.Open(), kOpened);
  test.driver.frames = {Failing(EINTR), Failing(EINTR), Grey(9)};
  test.driver.interrupted[VIDIOC_QBUF] = 3;
  EXPECT_EQ(test.Value(), 9);
  EXPECT_EQ(test.driver.queued.size(), 4U);
}

TEST(V4l2Camera, ACameraThatIsPulledOutStaysGone) {
  for (const int error : {ENODEV, ENXIO, EPIPE}) {
    Opened test;
    ASSERT_EQ(test.Open(), kOpened);
    test.driver.frames = {Failing(error), Grey(9)};
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(test.camera->Capture(test.why).error(), Error::kNotFound);
      EXPECT_THAT(test.said(), HasSubstr("/dev/video7: the camera is gone"));
    }
  }
}

TEST(V4l2Camera, ACameraThatTakesNoBufferBackIsGoneAfterThisFrame) {
  Opened test;
  ASSERT_EQ(test.Open(), kOpened);
  test.driver.frames = {Grey(3), Grey(4)};
  test.driver.fails[VIDIOC_QBUF] = ENODEV;
  EXPECT_EQ(test.Value(), 3);
  EXPECT_EQ(test.camera->Capture(test.why).error(), Error::kNotFound);
}

TEST(V4l2Camera, ADriverThatGivesABufferItHasNotIsNotAskedAgain) {
  Opened test;
  ASSERT_EQ(test.Open(), kOpened);
  FakeFrame frame = Grey(8);
  frame.index = 4;
  test.driver.frames = {frame, Grey(9)};
  EXPECT_EQ(test.camera->Capture(test.why).error(), Error::kIo);
  EXPECT_EQ(test.camera->Capture(test.why).error(), Error::kNotFound);
}

TEST(V4l2Camera, ASlowSensorSeesTheNewestFrame) {
  Opened test;
  ASSERT_EQ(test.Open(), kOpened);
  test.driver.frames = {Grey(1), Grey(2)};
  EXPECT_EQ(test.Value(), 1);
  EXPECT_EQ(test.Value(), 2);
  // The camera ran out of buffers before frame 10: the three behind it are newer, and filled.
  test.driver.frames = {Grey(10, 5), Grey(11), Grey(12, 3), Grey(13, 2), Grey(14)};
  EXPECT_EQ(test.Value(), 13);
  EXPECT_EQ(test.Value(), 14);
  EXPECT_EQ(test.driver.unwiped, 0);
}

TEST(V4l2Camera, ADriverThatCountsNothingIsFollowedInOrder) {
  Opened test;
  ASSERT_EQ(test.Open(), kOpened);
  for (std::uint8_t i = 1; i < 6; ++i) {
    test.driver.frames.push_back(Grey(i));
    test.driver.sequence = 0xFFFFFFFF;  // the next is number 0, for ever
    EXPECT_EQ(test.Value(), i);
  }
}

TEST(V4l2Camera, LeavesNothingBehind) {
  Opened test;
  ASSERT_EQ(test.Open(), kOpened);
  test.driver.frames = {Grey(200)};
  EXPECT_EQ(test.Value(), 200);
  std::fill(test.driver.memory[2].begin(), test.driver.memory[2].end(), std::byte{55});  // filling
  test.camera.reset();
  EXPECT_FALSE(test.driver.streaming);
  EXPECT_EQ(test.driver.mapped, 0);
  for (const std::vector<std::byte>& memory : test.driver.memory) {
    EXPECT_THAT(memory, Each(std::byte{0}));
  }
}

// -------------------------------------------------------------------------------------- describing

TEST(DescribeCamera, NamesFormatsSizesAndGrade) {
  FakeDriver driver;
  driver.card = "Fine\nCamera";
  driver.formats = {V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUYV};
  driver.sizes = {{640, 480}, {1280, 720}, {320, 240}};
  FakeDevice device(driver);
  const std::optional<CameraDescription> camera = DescribeCamera(device, "/dev/video3");
  ASSERT_TRUE(camera.has_value());
  EXPECT_EQ(camera->name, "Fine?Camera");
  EXPECT_EQ(camera->driver, "fake");
  EXPECT_EQ(camera->bus, "usb-0000:00:14.0-1");
  EXPECT_EQ(camera->grade, 'A');
  EXPECT_EQ(camera->input, "v4l2:/dev/video3");
  ASSERT_EQ(camera->formats.size(), 2U);
  EXPECT_EQ(camera->formats[0].name, "MJPG");
  EXPECT_FALSE(camera->formats[0].readable);
  EXPECT_TRUE(camera->formats[1].readable);
  EXPECT_THAT(camera->formats[1].sizes, ElementsAre("1280x720", "640x480", "320x240"));
}

TEST(DescribeCamera, WhatTheInsideCannotReadIsGradeB) {
  FakeDriver driver;
  driver.formats = {V4L2_PIX_FMT_MJPEG};
  FakeDevice device(driver);
  EXPECT_EQ(DescribeCamera(device, "/dev/video0")->grade, 'B');
  EXPECT_EQ(DescribeCamera(device, "/dev/video0")->input,
            "gst:v4l2src device=/dev/video0 ! decodebin");
  driver.formats = {V4L2_PIX_FMT_YUYV};
  driver.capabilities = V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING;
  EXPECT_EQ(DescribeCamera(device, "/dev/video0")->grade, 'B');
  EXPECT_EQ(DescribeCamera(device, "/dev/video0")->input, "libcamera");
  driver.capabilities = V4L2_CAP_META_CAPTURE;
  EXPECT_FALSE(DescribeCamera(device, "/dev/video0").has_value());
  driver.fails[VIDIOC_QUERYCAP] = ENOTTY;
  EXPECT_FALSE(DescribeCamera(device, "/dev/video0").has_value());
}

}  // namespace
}  // namespace pinhole::inside::camera
