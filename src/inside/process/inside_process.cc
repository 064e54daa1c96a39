// SPDX-License-Identifier: Apache-2.0
#include "inside/process/inside_process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "engine/owned/chosen_target.h"
#include "engine/owned/owned_sensor.h"
#include "facts/person_codec.h"
#include "inside/camera/shared_frames.h"
#include "inside/camera/v4l2_camera.h"
#include "inside/process/senders.h"
#include "inside/sense/person_sensor.h"
#include "system/child_process.h"
#include "system/failure.h"
#include "system/files.h"
#include "wall/attempts.h"
#include "wall/endings.h"
#include "wall/rehearsal.h"

namespace pinhole::inside::process {

namespace {

using Record = std::array<std::byte, facts::kPersonFactsBytes>;
using Sensor = engine::owned::OwnedSensor<sense::PersonSensor>;

int OpenFacts(const InsideOptions& options) {
  const int fd = options.facts_path.empty()
                     ? options.facts_fd
                     : ::open(options.facts_path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) {
    throw system::Failure(system::ShownPath(options.facts_path) + ": can't be opened: " +
                          std::strerror(errno) + "; is it a FIFO that the outside reads?");
  }
  // A reader that is slow costs records, never the sensor's pace.
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

struct Source {
  std::unique_ptr<camera::V4l2Camera> own;
  std::unique_ptr<camera::FrameReader> shared;

  [[nodiscard]] capture::FrameSource& frames() const {
    return own != nullptr ? static_cast<capture::FrameSource&>(*own) : *shared;
  }
};

// Nothing where the source ended before it handed anything over: it has said why.
std::optional<Source> OpenSource(const InsideOptions& options) {
  base::Diagnosis why;
  Source source;
  if (!options.camera.empty()) {
    auto opened = camera::V4l2Camera::Open(
        options.camera, {.width = options.width, .height = options.height, .fps = options.fps},
        why);
    if (!opened) {
      throw system::Failure(std::string(why.text()));
    }
    source.own = *std::move(opened);
    return source;
  }
  auto received = camera::FrameReader::Receive(options.handover_fd, why);
  if (!received && received.error() == base::Error::kIo) {
    return std::nullopt;
  }
  if (!received) {
    throw system::Failure(std::string(why.text()));
  }
  source.shared = *std::move(received);
  source.shared->CloseDescriptor();
  return source;
}

wall::Doorway DoorwayOf(const InsideOptions& options, int facts_fd, const Source& source) {
  wall::Doorway doorway;
  doorway.facts_fd = facts_fd;
  doorway.record_bytes = facts::kPersonFactsBytes;
  doorway.threads = options.threads > 1;
  doorway.shared_frames = source.shared != nullptr;
  if (source.own != nullptr) {
    doorway.device_fd = source.own->fd();
    const auto requests = camera::V4l2Camera::RequestsInUse();
    doorway.device_requests.assign(requests.begin(), requests.end());
  }
  return doorway;
}

void SayStanding(const wall::Standing& standing, wall::Grade grade) {
  std::printf("locked grade=%c landlock=%d namespaces=%s clock=%s%s%s\n", static_cast<char>(grade),
              standing.landlock_abi, standing.namespaces ? "yes" : "no",
              standing.clock ? "yes" : "no",
              standing.missing.empty() ? "" : " missing=", standing.missing.c_str());
  std::fflush(stdout);
}

// Nothing in here may make a system call but those of the doorway, nor take or give back memory.
[[noreturn]] void Sense(const Source& source, sense::PersonSensor& sensor, int facts_fd) {
  capture::FrameSource& frames = source.frames();
  for (;;) {
    base::Diagnosis why;
    base::Result<capture::Frame> frame = frames.Capture(why);
    if (!frame && frame.error() == base::Error::kNotFound) {
      ::_exit(source.own != nullptr ? wall::kCameraGone : wall::kFramesEnded);
    }
    const base::Result<facts::PersonFacts> seen =
        frame ? sensor.Look(*std::move(frame), why) : sensor.Missed();
    Record record{};
    if (!facts::EncodePerson(seen ? *seen : facts::PersonFacts{}, record)) {
      ::_exit(1);
    }
    static_cast<void>(!::write(facts_fd, record.data(), record.size()));
  }
}

// One look at nothing, so that whatever the first run does once is done before the lock; what the
// sensor came to believe is forgotten.
void LookOnce(sense::PersonSensor& sensor) {
  constexpr int kSide = 64;
  std::array<std::uint8_t, std::size_t{kSide} * kSide> grey{};
  base::Diagnosis why;
  base::Result<capture::Frame> frame =
      capture::Frame::Make(grey, {.width = kSide, .height = kSide}, why);
  if (!frame || !sensor.Look(*std::move(frame), why)) {
    throw system::Failure("the sensor can't look at a frame: " + std::string(why.text()));
  }
  for (std::size_t i = 0; i < 16; ++i) {
    sensor.Missed();
  }
}

int RunSensor(const InsideOptions& options, int facts_fd) {
  // Static: nothing of it is given back after the lock.
  static std::optional<Source> opened = OpenSource(options);
  if (!opened) {
    return 1;
  }
  const Source& source = *opened;
  sense::PersonSensorOptions needs;
  needs.session = engine::owned::HostSessionOptions();
  static wall::Standing standing;
  static std::unique_ptr<Sensor> sensor;
  static wall::Doorway doorway;
  // Namespaces and Landlock hold for one thread and its children: first, then the model's threads.
  // The model's file is read in between, so it is opened before.
  const system::UniqueFd model(::open(options.model.c_str(), O_RDONLY | O_CLOEXEC));
  if (model.get() < 0) {
    throw system::Failure(system::ShownPath(options.model) + ": can't be opened: " +
                          std::strerror(errno) + "; check the name and the rights");
  }
  system::AlignedBytes file =
      system::ReadDescriptor(model.get(), options.model, engine::owned::kMaxModelBytes);
  standing = wall::Separate({});
  sensor = std::make_unique<Sensor>(options.model, std::move(file), needs, options.threads);
  LookOnce(*sensor->operator->());
  doorway = DoorwayOf(options, facts_fd, source);
  const wall::Grade grade = wall::GradeOf(standing, source.own != nullptr);
  if (grade > options.at_least) {
    throw system::Failure(std::string("the wall is of grade ") + static_cast<char>(grade) + ", " +
                          static_cast<char>(options.at_least) + " is asked for: " +
                          (standing.missing.empty()
                               ? "frames come from a source process, not from a camera of our own"
                               : standing.missing));
  }
  SayStanding(standing, grade);
  base::Diagnosis why;
  if (!wall::Seal(doorway, {}, standing, why)) {
    throw system::Failure("no wall, no sensor: " + std::string(why.text()));
  }
  Sense(source, *sensor->operator->(), facts_fd);
}

int MakeAttempt(const InsideOptions& options, int facts_fd) {
  const wall::Attempt* const attempt = wall::AttemptNamed(options.attempt);
  if (attempt == nullptr) {
    throw system::WrongUsage("'" + system::Printable(options.attempt) + "' is no attempt");
  }
  constexpr std::size_t kPageBytes = 65536;
  static wall::Standing standing;
  static wall::Doorway doorway;
  doorway.facts_fd = facts_fd;
  doorway.record_bytes = facts::kPersonFactsBytes;
  wall::AttemptContext context;
  context.facts_fd = facts_fd;
  context.parent = ::getppid();
  context.page = static_cast<unsigned char*>(
      ::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  // Something that is open beside the pipe, as a camera is.
  context.other_fd = ::open("/dev/zero", O_RDWR | O_CLOEXEC);
  doorway.device_fd = context.other_fd;
  doorway.shared_frames = true;
  standing = wall::Separate(options.layers);
  base::Diagnosis why;
  if (!wall::Seal(doorway, options.layers, standing, why)) {
    throw system::Failure(std::string(why.text()));
  }
  errno = 0;
  const long result = attempt->make(context);
  Record record{};
  wall::EncodeAnswer({result, errno}, record);
  static_cast<void>(!::write(facts_fd, record.data(), record.size()));
  ::_exit(0);
}

}  // namespace

int RunInside(const InsideOptions& options) {
  const int facts_fd = OpenFacts(options);
  if (!options.attempt.empty()) {
    return MakeAttempt(options, facts_fd);
  }
  if (!options.send.empty()) {
    base::Diagnosis why;
    static_cast<void>(Send(options, facts_fd, why));
    throw system::Failure(std::string(why.text()));
  }
  return RunSensor(options, facts_fd);
}

}  // namespace pinhole::inside::process
