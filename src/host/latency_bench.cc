// SPDX-License-Identifier: Apache-2.0
// From a frame to the outlet: a face appears before the sensor, and this is how long it takes until
// a line of the log says so, through all processes, for each profile. Thirty frames a second, as a
// camera gives them; the face comes at a moment that has nothing to do with the outside's clock.
//
// What it is made of: two frames until the median believes it, one run of the network, and the wait
// for the outside's next tick (2 s, 1 s, 143 ms: half of it on average), which is the price of
// telling nothing by the moment. A pin changes at the same tick as the log. Not measured: a
// camera's own delay.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>

#include "facts/person_profile.h"
#include "inside/camera/shared_frames.h"
#include "inside/pictures/picture.h"
#include "system/child_process.h"
#include "system/installed.h"

namespace pinhole::host {
namespace {

using Clock = std::chrono::steady_clock;
using inside::camera::FrameWriter;
using inside::pictures::Picture;
using system::Child;

constexpr std::chrono::microseconds kFrame{33'333};

class Sensor {
 public:
  explicit Sensor(std::string_view profile) {
    base::Diagnosis why;
    auto writer = FrameWriter::Create(std::size_t{640} * 480 * 3, why);
    writer_ = std::make_unique<FrameWriter>(*std::move(writer));
    system::PipeEnds sockets = system::MakeSocketPair();
    system::PipeEnds facts = system::MakePipe();
    system::PipeEnds out = system::MakePipe();
    const system::UniqueFd quiet(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    inside_ =
        Child::Start({system::HelperProgram("pinhole-inside"), "--facts-fd", "3", "--handover-fd",
                      "4", "--model", system::Bundled("person/person.tflite")},
                     {{facts.writing.get(), 3}, {sockets.reading.get(), 4}, {quiet.get(), 1}});
    static_cast<void>(writer_->SendTo(sockets.writing.get(), why));
    outside_ =
        Child::Start({system::HelperProgram("pinhole-outside"), "--facts-fd", "3", "--set",
                      "http.enabled=false", "--set", "log.all=true", "--set", "log.format=\"json\"",
                      "--set", "sensor.profile=\"" + std::string(profile) + "\""},
                     {{facts.reading.get(), 3}, {out.writing.get(), 1}});
    lines_ = std::move(out.reading);
  }

  // Shows `picture` again and again until a line says `present`; how long that took.
  double SecondsUntil(const Picture& picture, bool present) {
    const std::string wanted = present ? "\"present\":true" : "\"present\":false";
    const Clock::time_point begin = Clock::now();
    for (Clock::time_point next = begin;; next += kFrame) {
      base::Diagnosis why;
      static_cast<void>(writer_->Publish({.width = picture.width,
                                          .height = picture.height,
                                          .channels = picture.channels,
                                          .stride = 0},
                                         picture.pixels, why));
      for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(next + kFrame - Clock::now());
        pollfd wait{lines_.get(), POLLIN, 0};
        if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0) {
          break;
        }
        std::array<char, 8192> text{};
        const ssize_t n = ::read(lines_.get(), text.data(), text.size());
        if (n <= 0) {
          return -1.0;
        }
        if (std::string_view(text.data(), static_cast<std::size_t>(n)).find(wanted) !=
            std::string_view::npos) {
          return std::chrono::duration<double>(Clock::now() - begin).count();
        }
      }
    }
  }

 private:
  std::unique_ptr<FrameWriter> writer_;
  Child inside_, outside_;
  system::UniqueFd lines_;
};

void BM_FrameToOutlet(benchmark::State& state) {
  const facts::ProfileDeclaration& profile =
      facts::kPersonProfiles[static_cast<std::size_t>(state.range(0))];
  const Picture empty = inside::pictures::ReadPicture(system::Bundled("person/clip/frame_00.jpg"));
  const Picture face = inside::pictures::ReadPicture(system::Bundled("person/clip/frame_20.jpg"));
  Sensor sensor(profile.name);
  static int turn = 0;
  for (auto _ : state) {
    if (sensor.SecondsUntil(empty, false) < 0) {
      state.SkipWithError("the sensor ended");
      return;
    }
    // Not in step with the outside's ticks.
    std::this_thread::sleep_for(std::chrono::milliseconds(371 * ++turn % 1999));
    state.SetIterationTime(sensor.SecondsUntil(face, true));
  }
  state.SetLabel(std::string(profile.name));
}
BENCHMARK(BM_FrameToOutlet)
    ->DenseRange(0, 2)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Repetitions(15)
    ->ReportAggregatesOnly();

}  // namespace
}  // namespace pinhole::host
