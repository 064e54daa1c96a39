// SPDX-License-Identifier: Apache-2.0
// The source's parts that need no process: sizes, inputs, what is said to GStreamer and about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "inside/source/beat.h"
#include "inside/source/gst_text.h"
#include "inside/source/shrink.h"
#include "inside/source/source_options.h"
#include "inside/source/source_program.h"
#include "system/failure.h"

namespace pinhole::inside::source {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

capture::Frame FrameOf(std::vector<std::uint8_t>& pixels, const capture::FrameShape& shape) {
  base::Diagnosis why;
  return capture::Frame::Make(pixels, shape, why).value();
}

TEST(Shrink, TakesMeans) {
  std::vector<std::uint8_t> pixels = {10, 20, 30,  //
                                      30, 41, 50,  //
                                      90, 90, 7};
  std::vector<std::uint8_t> out;
  const auto shape = Shrink(FrameOf(pixels, {3, 3, 1}), 2, out);
  EXPECT_EQ(shape.width, 2);
  EXPECT_EQ(shape.height, 2);
  EXPECT_THAT(out, ElementsAre(25, 40, 90, 7));  // 25.25, 40, 90, 7
}

TEST(Shrink, KeepsChannelsApartAndSkipsGaps) {
  std::vector<std::uint8_t> pixels = {1, 10, 100, 3, 30, 200, 9, 9, 5, 50, 100, 7, 70, 200};
  std::vector<std::uint8_t> out;
  Shrink(FrameOf(pixels, {2, 2, 3, 8}), 2, out);
  EXPECT_THAT(out, ElementsAre(4, 40, 150));
}

// Law: what comes out fits, and a picture of one colour stays one.
TEST(Shrink, EveryShapeFits) {
  for (const int width : {1, 7, 640, 1921, 32767}) {
    for (const int height : {1, 3, 481}) {
      for (const Bounds bounds :
           {Bounds{0, 0, 8294400}, {640, 480, 8294400}, {16, 16, 8294400}, {0, 0, 1000}}) {
        const capture::FrameShape shape{width, height, 1};
        const int factor = FactorFor(shape, bounds);
        std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width * height), 200);
        std::vector<std::uint8_t> out;
        const auto to = Shrink(FrameOf(pixels, shape), factor, out);
        EXPECT_LE(out.size(), bounds.bytes);
        EXPECT_TRUE(bounds.width == 0 || (to.width <= bounds.width && to.height <= bounds.height));
        EXPECT_TRUE(std::ranges::all_of(out, [](auto p) { return p == 200; }));
        EXPECT_TRUE(factor == 1 || FactorFor(shape, {to.width, to.height, bounds.bytes}) == factor);
      }
    }
  }
}

TEST(Inputs, AreToldApart) {
  EXPECT_EQ(InputOf("/tmp").kind, InputKind::kFolder);
  EXPECT_EQ(InputOf("/no/such").kind, InputKind::kFile);
  EXPECT_EQ(InputOf("rtsp://h/x").value, "rtsp://h/x");
  EXPECT_EQ(InputOf("pipewire").kind, InputKind::kPipewire);
  EXPECT_EQ(InputOf("pipewire:42").value, "42");
  EXPECT_EQ(InputOf("libcamera:/base/i2c").value, "/base/i2c");
  EXPECT_EQ(InputOf("v4l2:/dev/video0").value, "/dev/video0");
  EXPECT_EQ(InputOf("gst:a ! b").value, "a ! b");
  for (const char* const wrong : {"", "gst:", "v4l2:", "http://x", "ftp://x"}) {
    EXPECT_THROW(InputOf(wrong), system::WrongUsage) << wrong;
  }
}

TEST(Inputs, AreShownWithoutSecrets) {
  EXPECT_EQ(ShownInput(InputOf("rtsp://me:pass@word@host:8554/live?key=1#x")),
            "rtsp://host:8554/live");
  EXPECT_EQ(ShownInput(InputOf("rtsp://host/a@b")), "rtsp://host/a@b");
  EXPECT_EQ(ShownInput(InputOf("gst:rtspsrc location=rtsp://me:secret@h")), "the pipeline");
  EXPECT_EQ(ShownInput(InputOf("a\nb")), "a?b");
  EXPECT_EQ(ShownInput(InputOf("libcamera")), "libcamera");
}

TEST(Inputs, PortsOfAddresses) {
  EXPECT_EQ(PortOf("rtsp://host/x"), 554);
  EXPECT_EQ(PortOf("rtsps://host/x"), 322);
  EXPECT_EQ(PortOf("rtsp://host:8554"), 8554);
  EXPECT_EQ(PortOf("rtsp://me:99@host/x:7"), 554);
  EXPECT_EQ(PortOf("rtsp://me:99@host:8554/x"), 8554);
  EXPECT_EQ(PortOf("rtsp://[fe80::1]/x"), 554);
  EXPECT_EQ(PortOf("rtsp://[fe80::1]:88/x"), 88);
  EXPECT_EQ(PortOf("rtsp://host:0"), 554);
  EXPECT_EQ(PortOf("rtsp://host:70000"), 554);
}

TEST(GstText, AFilesNameIsNeverPartOfThePipeline) {
  const Input input = InputOf("x ! filesink location=/etc/passwd");
  EXPECT_THAT(OriginText(input), Not(HasSubstr("passwd")));
  EXPECT_EQ(OriginProperty(input), "location");
  EXPECT_THAT(OriginText(InputOf("rtsp://h ! fakesink")), Not(HasSubstr("fakesink")));
}

TEST(GstText, FilesKeepTheirPaceAndLiveInputsTheNewestFrame) {
  SourceOptions options;
  options.input = InputOf("/no/such");
  EXPECT_THAT(FrameText(options, true), HasSubstr("sync=true max-buffers=1 drop=false"));
  options.step_fd = 3;
  EXPECT_THAT(FrameText(options, true), HasSubstr("sync=false max-buffers=1 drop=false"));
  options.step_fd = -1;
  options.input = InputOf("rtsp://h");
  options.fps = 2.5;
  EXPECT_THAT(FrameText(options, false), HasSubstr("drop=true"));
  EXPECT_THAT(FrameText(options, false), HasSubstr("framerate=[0/1,2500/1000]"));
  EXPECT_THAT(FrameText(options, false), Not(HasSubstr("videoflip")));
}

TEST(GstText, SentencesSayWhatToDo) {
  using Kind = GstTrouble::Kind;
  const Input file = InputOf("/no/film.mp4");
  EXPECT_EQ(
      Sentence(file, {Kind::kNoDecoder, "", "video/x-h264, level=3", "H.264 decoder"}),
      "/no/film.mp4: needs GStreamer's 'H.264 decoder', which is missing; install the package "
      "gstreamer1.0-libav");
  EXPECT_THAT(Sentence(file, {Kind::kNoDecoder, "", "video/x-theora", "Theora"}),
              HasSubstr("gstreamer1.0-plugins-base"));
  EXPECT_EQ(Sentence(file, {Kind::kNotThere, "Resource\nnot found.", "", ""}),
            "/no/film.mp4: is not there (Resource?not found); check the name");
  EXPECT_THAT(Sentence(InputOf("rtsp://u:p@h/x"), {Kind::kNotAllowed, "Unauthorized", "", ""}),
              HasSubstr("rtsp://USER:PASSWORD@HOST"));
  EXPECT_THAT(Sentence(InputOf("pipewire"), {Kind::kNoElement, "", "pipewiresrc", ""}),
              HasSubstr("gstreamer1.0-pipewire"));
  for (int kind = 0; kind <= static_cast<int>(Kind::kWrongPipeline); ++kind) {
    const std::string said = Sentence(file, {static_cast<Kind>(kind), "m", "d", "n"});
    EXPECT_TRUE(said.starts_with("/no/film.mp4: ")) << said;
    EXPECT_THAT(said, HasSubstr(";"));
  }
}

TEST(GstText, PathsThatAPipelineNames) {
  EXPECT_THAT(
      PathsIn("filesrc location=/a/b.mp4 ! x device=\"/dev/video 1\" y='/c d' uri=file:///e"),
      ElementsAre("/a/b.mp4", "/dev/video 1", "/c d", "/e"));
  EXPECT_THAT(PathsIn("videotestsrc num-buffers=3 ! a=b="), IsEmpty());
}

TEST(Confinement, OnlyWhatTheInputNeeds) {
  const auto folder = ConfinementFor(InputOf("/tmp"));
  EXPECT_THAT(folder.read, ElementsAre("/tmp"));
  EXPECT_FALSE(folder.network);
  for (const char* const input :
       {"/tmp", "/no/file", "v4l2:/dev/video0", "libcamera", "gst:videotestsrc"}) {
    EXPECT_FALSE(ConfinementFor(InputOf(input)).network) << input;
    EXPECT_THAT(ConfinementFor(InputOf(input)).execute, IsEmpty());
  }
  const auto camera = ConfinementFor(InputOf("v4l2:/dev/video7"));
  EXPECT_THAT(camera.write, ElementsAre("/dev/video7", "/dev/null"));
  const auto rtsp = ConfinementFor(InputOf("rtsp://h:99/x"));
  EXPECT_TRUE(rtsp.network);
  EXPECT_THAT(rtsp.connect_tcp, testing::Optional(ElementsAre(99)));
  EXPECT_THAT(rtsp.bind_tcp, testing::Optional(IsEmpty()));
  EXPECT_THAT(ConfinementFor(InputOf("pipewire")).connect_tcp, testing::Optional(IsEmpty()));
  EXPECT_THAT(rtsp.write, ElementsAre("/dev/null"));
  const auto own = ConfinementFor(InputOf("gst:filesrc location=/a ! x device=/dev/b"));
  EXPECT_THAT(own.read, Contains("/a"));
  EXPECT_THAT(own.write, ElementsAre("/dev/b", "/dev/null"));
}

TEST(Beat, NeverRunsAheadOfTheClock) {
  using Clock = std::chrono::steady_clock;
  Beat beat(-1, 200);
  const auto begin = Clock::now();
  for (int i = 0; i < 11; ++i) {
    EXPECT_TRUE(beat.Next());
  }
  EXPECT_GE(Clock::now() - begin, std::chrono::milliseconds(50));
}

}  // namespace
}  // namespace pinhole::inside::source
