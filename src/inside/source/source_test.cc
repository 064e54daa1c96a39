// SPDX-License-Identifier: Apache-2.0
// The built program as the inside sees it: over a socket, frame by frame, to the end.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "inside/camera/shared_frames.h"
#include "inside/pictures/film.h"
#include "inside/pictures/picture.h"
#include "system/child_process.h"

namespace pinhole::inside::source {
namespace {

namespace fs = std::filesystem;
using base::Error;
using capture::Frame;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class TestFolder {
 public:
  TestFolder() {
    std::string name = (fs::temp_directory_path() / "pinhole-source-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TestFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const {
    return (path_ / name).string();
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteText(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

// A grey picture whose every pixel is `value`.
void WritePicture(const std::string& path, int value, int width = 40, int height = 30) {
  const auto bytes =
      pictures::EncodePng({width, height, 1,
                           std::vector<std::uint8_t>(static_cast<std::size_t>(width * height),
                                                     static_cast<std::uint8_t>(value))});
  WriteText(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string Clip() {
  const char* const source = std::getenv("PINHOLE_SOURCE");
  return (fs::path(source != nullptr ? source : ".") / "models/person/clip").string();
}

enum class Pace { kSteps, kClock };

class Source {
 public:
  explicit Source(std::vector<std::string> arguments, Pace pace = Pace::kSteps) {
    std::signal(SIGPIPE, SIG_IGN);
    system::PipeEnds sockets = system::MakeSocketPair();
    system::PipeEnds steps = system::MakePipe();
    const int errors = ::open((folder_ / "err").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    std::vector<std::string> words = {PINHOLE_SOURCE_PROGRAM, "--handover-fd", "5"};
    std::vector<system::Handed> handed = {{errors, 2}, {sockets.writing.get(), 5}};
    if (pace == Pace::kSteps) {
      words.insert(words.end(), {"--step-fd", "6"});
      handed.emplace_back(steps.reading.get(), 6);
    }
    words.insert(words.end(), arguments.begin(), arguments.end());
    child_ = system::Child::Start(words, handed);
    ::close(errors);
    sockets.writing.Close();
    steps.reading.Close();
    steps_ = std::move(steps.writing);
    base::Result<std::unique_ptr<camera::FrameReader>> reader =
        camera::FrameReader::Receive(sockets.reading.get(), why_);
    if (reader) {
      reader_ = *std::move(reader);
    }
  }

  [[nodiscard]] bool handed_over() const { return reader_ != nullptr; }
  // Of no effect where the source has ended.
  void Step() const { static_cast<void>(!::write(steps_.get(), "s", 1)); }
  void EndSteps() { steps_.Close(); }
  base::Result<Frame> Capture() { return reader_->Capture(why_); }
  base::Result<Frame> StepAndCapture() {
    Step();
    return Capture();
  }
  // Every pixel is this; -1 where the capture failed, -2 at the end.
  int Value() {
    const base::Result<Frame> frame = StepAndCapture();
    if (!frame) {
      return frame.error() == Error::kNotFound ? -2 : -1;
    }
    EXPECT_TRUE(std::ranges::all_of(
        frame->pixels().first(frame->stride() * static_cast<std::size_t>(frame->height())),
        [&](auto p) { return p == frame->pixels()[0]; }));
    return frame->pixels()[0];
  }
  void Kill() const { child_.Signal(SIGKILL); }
  system::Ending Wait() { return child_.Wait(); }
  // What it said but for what this machine's kernel lacks.
  [[nodiscard]] std::string said() const {
    std::istringstream lines(ReadText(folder_ / "err"));
    std::string text;
    for (std::string line; std::getline(lines, line);) {
      if (line.find("is confined less than it could be") == std::string::npos) {
        text += line + "\n";
      }
    }
    return text;
  }

 private:
  TestFolder folder_;
  system::Child child_;
  system::UniqueFd steps_;
  base::Diagnosis why_;
  std::unique_ptr<camera::FrameReader> reader_;
};

// ------------------------------------------------------------------------------------- pictures

TEST(Source, AFilmInStepsIsTheFilmItself) {
  Source source({"--input", Clip()});
  ASSERT_TRUE(source.handed_over());
  pictures::Film film(Clip(), 1);
  ASSERT_EQ(film.size(), 48U);
  base::Diagnosis why;
  for (std::size_t i = 0; i < film.size(); ++i) {
    const base::Result<Frame> wanted = film.Capture(why);
    const base::Result<Frame> got = source.StepAndCapture();
    ASSERT_TRUE(wanted && got) << i;
    ASSERT_EQ(got->width(), wanted->width());
    ASSERT_EQ(got->channels(), wanted->channels());
    ASSERT_TRUE(std::ranges::equal(
        got->pixels().first(got->stride() * static_cast<std::size_t>(got->height())),
        wanted->pixels()))
        << i;
  }
  EXPECT_EQ(source.StepAndCapture().error(), Error::kNotFound);
  EXPECT_EQ(source.Wait().Text(), "exit code 0");
  EXPECT_EQ(source.said(), "");
}

TEST(Source, LoopsUntilTheStepsEnd) {
  const TestFolder folder;
  WritePicture(folder / "1.png", 10);
  WritePicture(folder / "2.png", 20);
  Source source({"--input", folder.path(), "--loop"});
  ASSERT_TRUE(source.handed_over());
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(source.Value(), i % 2 == 0 ? 10 : 20);
  }
  WritePicture(folder / "3.png", 30);  // seen when it begins again
  EXPECT_EQ(source.Value(), 20);
  EXPECT_EQ(source.Value(), 10);
  EXPECT_EQ(source.Value(), 20);
  EXPECT_EQ(source.Value(), 30);
  source.EndSteps();
  EXPECT_EQ(source.Capture().error(), Error::kNotFound);
  EXPECT_EQ(source.Wait().Text(), "exit code 0");
}

TEST(Source, ABrokenPictureIsOneFailedCapture) {
  const TestFolder folder;
  WritePicture(folder / "1.png", 10);
  WriteText(folder / "2.png", "no picture\n");
  WritePicture(folder / "3.png", 30);
  Source source({"--input", folder.path()});
  ASSERT_TRUE(source.handed_over());
  EXPECT_EQ(source.Value(), 10);
  EXPECT_EQ(source.Value(), -1);
  EXPECT_EQ(source.Value(), 30);
  EXPECT_EQ(source.Value(), -2);
  EXPECT_EQ(source.Wait().Text(), "exit code 0");
  EXPECT_EQ(source.said(), "pinhole: " + (folder / "2.png") +
                               ": no picture format that is known here; give a JPEG, PNG, BMP, PGM "
                               "or PPM picture\n");
}

TEST(Source, OnePictureIsShownForAWhile) {
  const TestFolder folder;
  WritePicture(folder / "one", 77);  // told by content, not by name
  Source source({"--input", folder / "one"});
  ASSERT_TRUE(source.handed_over());
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(source.Value(), 77);
  }
  EXPECT_EQ(source.Value(), -2);
  EXPECT_EQ(source.said(), "");
}

TEST(Source, LargePicturesAreMadeSmaller) {
  const TestFolder folder;
  WritePicture(folder / "1.png", 50, 4001, 3000);
  Source source({"--input", folder.path()});
  ASSERT_TRUE(source.handed_over());
  source.Step();
  const base::Result<Frame> frame = source.Capture();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->width(), 2001);
  EXPECT_EQ(frame->height(), 1500);
  Source bounded({"--input", folder.path(), "--width", "640", "--height", "480"});
  ASSERT_TRUE(bounded.handed_over());
  const base::Result<Frame> smaller = bounded.StepAndCapture();
  ASSERT_TRUE(smaller);
  EXPECT_EQ(smaller->width(), 572);
  EXPECT_EQ(smaller->height(), 429);
}

TEST(Source, ByTheClockAFilmTakesItsTime) {
  const TestFolder folder;
  for (int i = 1; i <= 5; ++i) {
    WritePicture(folder / (std::to_string(i) + ".png"), i);
  }
  const auto begin = std::chrono::steady_clock::now();
  Source source({"--input", folder.path(), "--fps", "20"}, Pace::kClock);
  ASSERT_TRUE(source.handed_over());
  int last = 0;
  for (;;) {
    const base::Result<Frame> frame = source.Capture();
    if (!frame) {
      EXPECT_EQ(frame.error(), Error::kNotFound);
      break;
    }
    EXPECT_GT(frame->pixels()[0], last);
    last = frame->pixels()[0];
  }
  EXPECT_EQ(last, 5) << "the last one is shown as long as the others";
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(240));
}

TEST(Source, APictureThatLiesOutsideTheFolderIsOutOfReach) {
  const TestFolder folder;
  const TestFolder elsewhere;
  WritePicture(elsewhere / "secret.png", 99);
  WritePicture(folder / "1.png", 10);
  fs::create_symlink(elsewhere / "secret.png", folder / "2.png");
  Source source({"--input", folder.path()});
  ASSERT_TRUE(source.handed_over());
  EXPECT_EQ(source.Value(), 10);
  const int second = source.Value();
  if (second == 99) {
    GTEST_SKIP() << "this kernel has no Landlock";
  }
  EXPECT_EQ(second, -1);
}

// ---------------------------------------------------------------------------------------- video

// Runs gst-launch-1.0; false where it, or a plugin that it needs, is missing.
bool Launch(const std::string& pipeline) {
  return std::system(("exec >/dev/null 2>&1 </dev/null; command -v gst-launch-1.0 && "
                      "gst-launch-1.0 -q " +
                      pipeline)
                         .c_str()) == 0;
}

#define MAKE_OR_SKIP(pipeline)                                                         \
  if (!Launch(pipeline)) {                                                             \
    GTEST_SKIP() << "gst-launch-1.0 or a plugin is missing: gst-launch-1.0 " pipeline; \
  }                                                                                    \
  static_assert(true)

std::string MakeVideo(const std::string& path, int frames, const std::string& encoded,
                      const std::string& size = "width=320,height=240") {
  return "videotestsrc num-buffers=" + std::to_string(frames) + " ! video/x-raw," + size +
         ",framerate=25/1 ! " + encoded + " ! filesink location=" + path;
}

constexpr const char* kOgg = "theoraenc ! oggmux";
constexpr const char* kAvi = "jpegenc ! avimux";

class Video : public testing::TestWithParam<const char*> {};

TEST_P(Video, GivesEveryFrameInSteps) {
  const TestFolder folder;
  const std::string path = folder / "it's a \"video\" ! fakesink";  // no name says anything
  if (!Launch(MakeVideo(folder / "v", 30, GetParam()))) {
    GTEST_SKIP() << "gst-launch-1.0 or its plugins are missing: " << GetParam();
  }
  fs::rename(folder / "v", path);
  Source source({"--input", path});
  ASSERT_TRUE(source.handed_over());
  int frames = 0;
  for (;;) {
    const base::Result<Frame> frame = source.StepAndCapture();
    if (!frame) {
      EXPECT_EQ(frame.error(), Error::kNotFound);
      break;
    }
    EXPECT_EQ(frame->width(), 320);
    EXPECT_EQ(frame->height(), 240);
    EXPECT_EQ(frame->channels(), 3);
    // The left bar of SMPTE's colour bars is grey, the next one yellow.
    const std::uint8_t* const pixel = frame->pixels().data() + 60 * frame->stride() + 3 * 20;
    EXPECT_NEAR(pixel[0], pixel[2], 12);
    EXPECT_GT(pixel[0], 150);
    const std::uint8_t* const yellow = pixel + 3 * 46;
    EXPECT_GT(yellow[0], 150);
    EXPECT_GT(yellow[1], 150);
    EXPECT_LT(yellow[2], 60);
    ++frames;
  }
  EXPECT_EQ(frames, 30);
  EXPECT_EQ(source.Wait().Text(), "exit code 0");
  EXPECT_EQ(source.said(), "");
}

TEST_P(Video, Loops) {
  const TestFolder folder;
  if (!Launch(MakeVideo(folder / "v", 3, GetParam()))) {
    GTEST_SKIP() << "gst-launch-1.0 or its plugins are missing: " << GetParam();
  }
  Source source({"--input", folder / "v", "--loop"});
  ASSERT_TRUE(source.handed_over());
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(source.StepAndCapture()) << i;
  }
  source.EndSteps();
  EXPECT_EQ(source.Capture().error(), Error::kNotFound);
  EXPECT_EQ(source.Wait().Text(), "exit code 0");
}

TEST_P(Video, ThatEndsEarlyEnds) {
  const TestFolder folder;
  if (!Launch(MakeVideo(folder / "v", 40, GetParam()))) {
    GTEST_SKIP() << "gst-launch-1.0 or its plugins are missing: " << GetParam();
  }
  const std::string whole = ReadText(folder / "v");
  WriteText(folder / "half", whole.substr(0, whole.size() / 2));
  Source source({"--input", folder / "half"});
  ASSERT_TRUE(source.handed_over());
  int frames = 0;
  while (source.StepAndCapture()) {
    ++frames;
  }
  EXPECT_GT(frames, 5);
  EXPECT_LT(frames, 40);
  const std::string ending = source.Wait().Text();
  // Some containers can't tell that something is missing.
  if (ending != "exit code 0") {
    EXPECT_EQ(ending, "exit code 1");
    EXPECT_THAT(source.said(), HasSubstr(folder / "half"));
    EXPECT_THAT(source.said(), HasSubstr("it may be damaged, or end early"));
  }
}

TEST_P(Video, KeepsItsOwnPace) {
  const TestFolder folder;
  if (!Launch(MakeVideo(folder / "v", 26, GetParam()))) {
    GTEST_SKIP() << "gst-launch-1.0 or its plugins are missing: " << GetParam();
  }
  Source source({"--input", folder / "v"}, Pace::kClock);
  ASSERT_TRUE(source.handed_over());
  ASSERT_TRUE(source.Capture());
  const auto begin = std::chrono::steady_clock::now();
  while (source.Capture()) {
  }
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(800));
}

INSTANTIATE_TEST_SUITE_P(Formats, Video, testing::Values(kOgg, kAvi),
                         [](const auto& format) { return format.param == kOgg ? "Ogg" : "Avi"; });

struct Size {
  const char* caps;
  int width, height;
};

class VideoSize : public testing::TestWithParam<Size> {};

TEST_P(VideoSize, FitsAndKeepsItsShape) {
  const TestFolder folder;
  if (!Launch(MakeVideo(folder / "v", 2, kAvi, GetParam().caps))) {
    GTEST_SKIP() << "gst-launch-1.0 or its plugins are missing";
  }
  Source source({"--input", folder / "v"});
  ASSERT_TRUE(source.handed_over());
  const base::Result<Frame> frame = source.StepAndCapture();
  ASSERT_TRUE(frame) << source.said();
  EXPECT_EQ(frame->width(), GetParam().width);
  EXPECT_EQ(frame->height(), GetParam().height);
}

INSTANTIATE_TEST_SUITE_P(Sizes, VideoSize,
                         testing::Values(Size{"width=1920,height=1080", 1280, 720},
                                         Size{"width=1080,height=1920", 540, 960},
                                         Size{"width=1280,height=960", 1280, 960},
                                         Size{"width=64,height=48", 64, 48},
                                         Size{"width=2048,height=256", 1280, 160}));

TEST(Source, APipelineOfOnesOwn) {
  MAKE_OR_SKIP("videotestsrc num-buffers=1 ! fakesink");
  Source source({"--input",
                 "gst:videotestsrc num-buffers=4 pattern=white ! "
                 "video/x-raw,format=I420,width=32,height=24"});
  ASSERT_TRUE(source.handed_over());
  for (int i = 0; i < 4; ++i) {
    EXPECT_GE(source.Value(), 250);
  }
  EXPECT_EQ(source.Value(), -2);
  EXPECT_EQ(source.Wait().Text(), "exit code 0");
  EXPECT_EQ(source.said(), "");
}

TEST(Source, ALivePipelineGivesTheNewestFrame) {
  MAKE_OR_SKIP("videotestsrc num-buffers=1 ! fakesink");
  Source source({"--input", "gst:videotestsrc is-live=true ! video/x-raw,framerate=50/1", "--fps",
                 "20", "--width", "160", "--height", "120"},
                Pace::kClock);
  ASSERT_TRUE(source.handed_over());
  for (int i = 0; i < 5; ++i) {
    const base::Result<Frame> frame = source.Capture();
    ASSERT_TRUE(frame) << source.said();
    EXPECT_LE(frame->width(), 160);
    EXPECT_LE(frame->height(), 120);
  }
}

// -------------------------------------------------------------------------- what can't be played

// Exit code 1, one sentence, and the end where frames could have come.
std::string SentenceOf(std::vector<std::string> arguments) {
  Source source(std::move(arguments));
  if (source.handed_over()) {
    const base::Result<Frame> frame = source.StepAndCapture();
    EXPECT_FALSE(frame);
    EXPECT_EQ(frame ? Error::kInternal : frame.error(), Error::kNotFound);
  }
  EXPECT_EQ(source.Wait().Text(), "exit code 1");
  const std::string said = source.said();
  EXPECT_TRUE(said.starts_with("pinhole: ")) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  return said;
}

TEST(Source, SaysWhatIsMissing) {
  const TestFolder folder;
  EXPECT_EQ(SentenceOf({"--input", folder / "none"}),
            "pinhole: " + (folder / "none") + ": no such file; check the name\n");
  EXPECT_THAT(SentenceOf({"--input", folder.path()}), HasSubstr("no pictures in this folder"));
  EXPECT_THAT(SentenceOf({"--input", "v4l2:/dev/video97"}), HasSubstr("pinhole devices"));
  WriteText(folder / "text", "This is neither a picture nor a video. This is text.\n");
  EXPECT_THAT(SentenceOf({"--input", folder / "text"}), HasSubstr(folder / "text"));
  WriteText(folder / "empty", "");
  EXPECT_THAT(SentenceOf({"--input", folder / "empty"}), HasSubstr(folder / "empty"));
  WriteText(folder / "p.png", "\x89PNG and no more");
  EXPECT_THAT(SentenceOf({"--input", folder / "p.png"}), HasSubstr("p.png: "));
}

TEST(Source, NamesThePackageOfWhatIsMissing) {
  EXPECT_THAT(SentenceOf({"--input", "gst:nosuchthing ! video/x-raw"}),
              HasSubstr("needs GStreamer's 'nosuchthing', which is missing"));
  EXPECT_THAT(SentenceOf({"--input", "gst:videotestsrc ! ! !"}),
              HasSubstr("the pipeline: is none that GStreamer understands"));
  if (!Launch("libcamerasrc num-buffers=0 ! fakesink") &&
      !Launch("fakesrc num-buffers=1 ! fakesink")) {
    GTEST_SKIP() << "gst-launch-1.0 is missing";
  }
  if (std::system("gst-inspect-1.0 libcamerasrc >/dev/null 2>&1") != 0) {
    EXPECT_EQ(SentenceOf({"--input", "libcamera"}),
              "pinhole: libcamera: needs GStreamer's 'libcamerasrc', which is missing; "
              "install the package gstreamer1.0-libcamera\n");
  }
}

TEST(Source, SoundAloneIsNoFilm) {
  const TestFolder folder;
  if (!Launch("audiotestsrc num-buffers=20 ! vorbisenc ! oggmux ! filesink location=" +
              (folder / "sound.ogg"))) {
    GTEST_SKIP() << "gst-launch-1.0 or its plugins are missing: vorbisenc, oggmux";
  }
  EXPECT_THAT(SentenceOf({"--input", folder / "sound.ogg"}),
              HasSubstr("sound.ogg: has no picture in it that can be decoded"));
}

TEST(Source, ANetworkCameraThatIsNotThere) {
  if (std::system("gst-inspect-1.0 rtspsrc >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "gst-inspect-1.0 or the plugin is missing: rtspsrc";
  }
  // A port that is bound and does not listen: nobody else can have it meanwhile.
  const int bound = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(bound, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(bound, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string host = "127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/live";
  const std::string said = SentenceOf({"--input", "rtsp://me:secret@" + host + "?token=secret"});
  EXPECT_THAT(said, HasSubstr("rtsp://" + host + ": can't be opened"));
  EXPECT_THAT(said, HasSubstr("check the address"));
  EXPECT_THAT(said, Not(HasSubstr("secret")));
  ::close(bound);
}

// A camera of its own on a port of its own, with sound beside the pictures; ends with its standard
// input.
constexpr const char* kNetworkCamera = R"(
import sys, threading, gi
gi.require_version('Gst', '1.0')
gi.require_version('GstRtspServer', '1.0')
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address('127.0.0.1')
server.set_service('0')
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch('( videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,'
                   'framerate=15/1 ! jpegenc ! rtpjpegpay name=pay0 pt=26 '
                   'audiotestsrc is-live=true ! audioconvert ! rtpL16pay name=pay1 pt=97 )')
server.get_mount_points().add_factory('/live', factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
loop = GLib.MainLoop()
threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
loop.run()
)";

TEST(Source, ANetworkCamera) {
  const TestFolder folder;
  if (std::system("{ /usr/bin/python3 -c \"import gi; gi.require_version('GstRtspServer', '1.0'); "
                  "from gi.repository import GstRtspServer\" && gst-inspect-1.0 rtpjpegpay && "
                  "gst-inspect-1.0 jpegenc; } >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "a test server is missing: python3-gi, gir1.2-gst-rtsp-server-1.0";
  }
  WriteText(folder / "camera.py", kNetworkCamera);
  system::PipeEnds in = system::MakePipe();
  system::PipeEnds out = system::MakePipe();
  system::Child camera = system::Child::Start({"/usr/bin/python3", folder / "camera.py"},
                                              {{in.reading.get(), 0}, {out.writing.get(), 1}});
  in.reading.Close();
  out.writing.Close();
  std::string port;
  for (char c = 0; ::read(out.reading.get(), &c, 1) == 1 && c != '\n';) {
    port += c;
  }
  const std::string address = "rtsp://127.0.0.1:" + port;
  EXPECT_THAT(SentenceOf({"--input", address + "/other"}),
              HasSubstr("/other: is not there (Not found); check the address's path"));
  Source source({"--input", address + "/live", "--width", "160", "--height", "120"}, Pace::kClock);
  ASSERT_TRUE(source.handed_over());
  for (int i = 0; i < 5; ++i) {
    const base::Result<Frame> frame = source.Capture();
    ASSERT_TRUE(frame) << source.said();
    EXPECT_EQ(frame->width(), 160);
    EXPECT_EQ(frame->height(), 120);
  }
  in.writing.Close();
  EXPECT_EQ(camera.Wait().Text(), "exit code 0");
}

TEST(Source, WrongArguments) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"--input"},
                                             {"--input", ""},
                                             {"--input", "gst:"},
                                             {"--input", "http://example.org/a.mp4"},
                                             {"--input", "x", "--fps", "0"},
                                             {"--input", "x", "--fps", "nan"},
                                             {"--input", "x", "--width", "640"},
                                             {"--input", "x", "--width", "0", "--height", "50"},
                                             {"--input", "x", "--what", "y"}}) {
    Source source(arguments);
    EXPECT_FALSE(source.handed_over());
    EXPECT_EQ(source.Wait().Text(), "exit code 2");
    EXPECT_TRUE(source.said().starts_with("pinhole: ")) << source.said();
  }
}

// ------------------------------------------------------------------------------------- the end

TEST(Source, ThatIsKilledLeavesAWholeFrameOrNone) {
  const TestFolder folder;
  WritePicture(folder / "1.png", 10);
  Source source({"--input", folder.path(), "--loop"});
  ASSERT_TRUE(source.handed_over());
  EXPECT_EQ(source.Value(), 10);
  source.Step();
  source.Step();
  const base::Result<Frame> frame = source.Capture();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->pixels()[0], 10);
  source.Kill();
  EXPECT_EQ(source.Wait().Text(), "killed by SIGKILL");
  // Whatever came before the end is whole; then there is nothing, and nobody says "the end".
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) {
      const base::Result<Frame> last = source.Capture();
      if (!last || last->pixels()[0] != 10) {
        ::_exit(1);
      }
    }
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, WNOHANG), 0) << "still waits";
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
}

TEST(Source, DiesWithWhoeverStartedIt) {
  const TestFolder folder;
  WritePicture(folder / "1.png", 10);
  system::PipeEnds alive = system::MakePipe();
  const pid_t parent = ::fork();
  if (parent == 0) {
    const system::PipeEnds sockets = system::MakeSocketPair();
    if (::fork() == 0) {
      // Holds `alive.writing` as long as it lives.
      ::dup2(sockets.writing.get(), 5);
      ::dup2(alive.writing.get(), 6);
      ::execl(PINHOLE_SOURCE_PROGRAM, PINHOLE_SOURCE_PROGRAM, "--handover-fd", "5", "--input",
              folder.path().c_str(), "--loop", nullptr);
      ::_exit(1);
    }
    base::Diagnosis why;
    const auto reader = camera::FrameReader::Receive(sockets.reading.get(), why);
    ::_exit(reader ? 0 : 1);  // without a word to the source
  }
  alive.writing.Close();
  int status = 0;
  ASSERT_EQ(::waitpid(parent, &status, 0), parent);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  char byte = 0;
  EXPECT_EQ(::read(alive.reading.get(), &byte, 1), 0);  // the last holder is gone
}

}  // namespace
}  // namespace pinhole::inside::source
