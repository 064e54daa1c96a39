// SPDX-License-Identifier: Apache-2.0
// The firmware's sensor on this machine, with the model as emitted C++, against the sensor that
// Linux runs from the model's file: the same facts, frame by frame.
#include "firmware/person/person_program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/heap_count.h"
#include "base/sanitized.h"
#include "base/test_data.h"
#include "engine/kernels/registry.h"
#include "engine/run/test_model.h"
#include "firmware/person/inside/person_network.h"
#include "inside/pictures/picture.h"
#include "inside/sense/person_sensor.h"
#include "inside/sense/sense_for_tests.h"

namespace pinhole::firmware::person {
namespace {

namespace capture = ::pinhole::inside::capture;
namespace pictures = ::pinhole::inside::pictures;
namespace sense = ::pinhole::inside::sense;

using facts::PersonFacts;
using pictures::Picture;
using LinuxSensor = sense::Loaded<sense::PersonSensor, sense::PersonSensorOptions>;

constexpr std::size_t kCandidates = 32;

// Pictures one after the other, the last one for ever; a picture without pixels is a failed
// capture.
class Slides final : public inside::EyeCamera {
 public:
  explicit Slides(std::vector<Picture> slides) : slides_(std::move(slides)) {}

  base::Result<capture::Frame> Capture(base::Diagnosis& why) override {
    const Picture& slide = slides_[std::min(next_++, slides_.size() - 1)];
    std::copy(slide.pixels.begin(), slide.pixels.end(), memory_.begin());
    last_bytes_ = slide.pixels.size();
    return capture::Frame::Make(std::span(memory_).first(slide.pixels.size()),
                                {slide.width, slide.height, slide.channels, 0}, why);
  }
  void Begin() override {
    EXPECT_TRUE(wiped()) << "a picture lives while the next one comes in";
    ++begun_;
  }
  void Stop() override { ++stopped_; }
  [[nodiscard]] std::size_t begun() const { return begun_; }
  [[nodiscard]] std::size_t stopped() const { return stopped_; }
  [[nodiscard]] std::size_t taken() const { return next_; }
  [[nodiscard]] bool wiped() const { return sense::AllZero(std::span(memory_).first(last_bytes_)); }

 private:
  std::vector<Picture> slides_;
  std::vector<std::uint8_t> memory_ = std::vector<std::uint8_t>(std::size_t{8} << 20);
  std::size_t next_ = 0;
  std::size_t last_bytes_ = 0;
  std::size_t begun_ = 0, stopped_ = 0;
};

std::vector<Picture> Clip() {
  std::vector<Picture> clip;
  for (int i = 0; i < 48; ++i) {
    const std::string number = std::to_string(i);
    clip.push_back(pictures::ReadPicture(
        sense::BundledModel().parent_path() / "clip" /
        ("frame_" + std::string(number.size() < 2 ? "0" : "") + number + ".jpg")));
  }
  return clip;
}

LinuxSensor MakeLinuxSensor() {
  sense::PersonSensorOptions options;
  options.session.kernels = engine::kernels::AllKernels();
  options.max_candidates = kCandidates;
  return LinuxSensor(engine::run::ReadFile(sense::BundledModel()), options);
}

struct Eye {
  explicit Eye(std::vector<Picture> slides)
      : camera(std::move(slides)),
        finder(sense::FaceFinder::Make(inside::PersonModel(), kCandidates, why)),
        work(finder ? finder->work_bytes() : 0),
        watch(sense::PersonWatch::Make(finder->spec(), {}, why)),
        eye(camera, inside::PersonNetwork(), *finder, *watch) {
    EXPECT_TRUE(finder->Bind(work.span(), why)) << why.text();
  }
  inside::PersonEye* operator->() { return &eye; }

  base::Diagnosis why;
  Slides camera;
  base::Result<sense::FaceFinder> finder;
  engine::run::Block work;
  base::Result<sense::PersonWatch> watch;
  inside::PersonEye eye;
};

void ExpectSameAsLinux(const std::vector<Picture>& film, std::size_t least_faces) {
  Eye eye(film);
  LinuxSensor reference = MakeLinuxSensor();
  ASSERT_TRUE(reference) << reference.why();
  Slides frames(film);
  std::size_t faces = 0;
  for (std::size_t i = 0; i < film.size(); ++i) {
    base::Diagnosis why;
    base::Result<capture::Frame> frame = frames.Capture(why);
    ASSERT_TRUE(frame) << why.text();
    const auto expected = reference->Look(*std::move(frame), why);
    ASSERT_TRUE(expected) << why.text();
    const PersonFacts found = eye->Look();
    EXPECT_EQ(found, *expected) << "frame " << i;
    EXPECT_TRUE(eye.camera.wiped()) << "frame " << i;
    faces += found.count;
  }
  EXPECT_GE(faces, least_faces) << "two sensors that see nothing are equal too";
}

TEST(PersonEye, SaysWhatLinuxSaysOfTheBundledClip) { ExpectSameAsLinux(Clip(), 20); }

TEST(PersonEye, SaysWhatLinuxSaysOfPicturesOfEverySize) {
  const std::filesystem::path folder = base::TestData("images");
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << folder << " is missing (set PINHOLE_DATA)";
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (pictures::IsPictureFile(entry.path())) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  // A median of five believes what it saw several times. Under a sanitizer each takes long.
  constexpr int kTimes = PINHOLE_SANITIZED != 0 ? 2 : 4;
  std::vector<Picture> film;
  for (const std::filesystem::path& file : files) {
    const Picture picture = pictures::ReadPicture(file);
    if (picture.pixels.size() <= std::size_t{8} << 20) {
      film.insert(film.end(), kTimes, picture);
    }
  }
  ExpectSameAsLinux(film, kTimes >= 4 ? 20 : 1);
}

TEST(PersonEye, AFailedCaptureIsAMissOnLinuxToo) {
  std::vector<Picture> film = Clip();
  film[10] = film[30] = Picture{};
  Eye eye(film);
  LinuxSensor reference = MakeLinuxSensor();
  Slides frames(film);
  for (std::size_t i = 0; i < film.size(); ++i) {
    base::Diagnosis why;
    base::Result<capture::Frame> frame = frames.Capture(why);
    EXPECT_EQ(frame.has_value(), i != 10 && i != 30);
    const auto expected =
        frame ? reference->Look(*std::move(frame), why).value() : reference->Missed();
    EXPECT_EQ(eye->Look(), expected) << i;
  }
}

TEST(PersonEye, AGlanceKnowsNothingOfBefore) {
  const std::vector<Picture> clip = Clip();
  Eye eye(std::vector<Picture>(20, clip[30]));
  const PersonFacts first = eye->Glance();
  EXPECT_EQ(eye.camera.taken(), 3U) << "k + 1 pictures";
  EXPECT_EQ(first.present, 1);
  EXPECT_EQ(eye->Glance(), first);

  std::vector<Picture> people_then_nobody(9, clip[30]);
  people_then_nobody.insert(people_then_nobody.end(), 3, clip[0]);
  Eye other(people_then_nobody);
  for (int i = 0; i < 9; ++i) {
    other->Look();
  }
  EXPECT_EQ(other->Glance().present, 0);
}

TEST(PersonEye, LeavesNothingOfAPictureInTheNetwork) {
  Eye eye({Clip()[30]});
  eye->Look();
  sense::Network& network = inside::PersonNetwork();
  const engine::TensorView input = network.input();
  EXPECT_TRUE(sense::AllZero(std::span(input.data, input.info->bytes)));
  for (std::size_t i = 0; i < 2; ++i) {
    const engine::TensorView output = network.output(i);
    EXPECT_TRUE(sense::AllZero(std::span(output.data, output.info->bytes)));
  }
}

TEST(PersonEye, TheNextPictureComesInWhileTheNetworkRuns) {
  Eye eye({Clip()[30]});
  eye->Look();
  EXPECT_EQ(eye.camera.begun(), 1U);
}

// The second core runs its share at another time than it will on the chip: when it is waited for.
void (*g_job)(void*) = nullptr;
void* g_context = nullptr;
int g_jobs = 0;

TEST(PersonEye, ASecondCoreChangesNothing) {
  const pinhole_nn::SecondCore second = {[](void (*job)(void*), void* context) {
                                           g_job = job;
                                           g_context = context;
                                         },
                                         [] {
                                           g_job(g_context);
                                           ++g_jobs;
                                         }};
  const std::vector<Picture> clip = Clip();
  Eye eye(clip);
  LinuxSensor reference = MakeLinuxSensor();
  Slides frames(clip);
  inside::SetSecondCore(&second);
  for (std::size_t i = 0; i < 34; ++i) {
    base::Diagnosis why;
    EXPECT_EQ(eye->Look(), *reference->Look(*frames.Capture(why), why)) << i;
  }
  inside::SetSecondCore(nullptr);
  EXPECT_GT(g_jobs, 34 * 10);
}

TEST(PersonEye, LookingTakesNoMemory) {
  Eye eye({Clip()[30]});
  if (!base::kCountsHeap) {
    GTEST_SKIP() << "a sanitizer brings its own heap";
  }
  const long before = base::heap_calls;
  eye->Look();
  EXPECT_EQ(base::heap_calls, before);
}

// The two halves together, with a host on the bus.
class World final : public outside::Port,
                    public outside::Pin,
                    public outside::Clock,
                    public outside::Console {
 public:
  void Publish(const PersonFacts& facts) override {
    target.Publish(facts);
    published = facts;
  }
  std::optional<::pinhole::outside::i2c::HostCommand> TakeCommand() override {
    return target.TakeCommand();
  }
  void Put(bool level) override { high = level; }
  std::uint64_t Micros() override { return now; }
  void Tell(const PersonFacts& facts) override { told.push_back(facts); }
  void HostWrites(std::uint8_t reg, std::uint8_t value) {
    target.Start(::pinhole::outside::i2c::PersonSensorTarget::Direction::kWrite);
    target.ByteWritten(reg);
    target.ByteWritten(value);
    target.Stop();
  }

  ::pinhole::outside::i2c::PersonSensorTarget target;
  PersonFacts published;
  std::vector<PersonFacts> told;
  std::uint64_t now = 0;
  bool high = false;
};

TEST(PersonProgram, TellsWhatLinuxWouldTellAtEachTick) {
  const std::vector<Picture> clip = Clip();
  Eye eye(clip);
  World world;
  outside::PersonOutside outside({}, world, world, world, world);
  PersonProgram program(eye.eye, outside);
  LinuxSensor reference = MakeLinuxSensor();
  Slides frames(clip);
  for (std::size_t i = 0; i < clip.size(); ++i) {
    base::Diagnosis why;
    const auto expected = reference->Look(*frames.Capture(why), why);
    ASSERT_TRUE(program.Step());
    world.now += facts::Declaration(facts::kDefaultProfile).tick_us();
    outside.Poll();
    EXPECT_EQ(world.published, facts::Reduce(*expected, facts::kDefaultProfile)) << i;
    EXPECT_EQ(world.high, expected->present != 0) << i;
  }
  EXPECT_GE(world.told.size(), 3U) << "nobody, one, two, and again nobody";
}

TEST(PersonProgram, InStandbyNobodyLooks) {
  Eye eye({Clip()[30]});
  World world;
  outside::PersonOutside outside({}, world, world, world, world);
  PersonProgram program(eye.eye, outside);
  world.HostWrites(1, 0);
  outside.Poll();
  EXPECT_FALSE(program.Step());
  EXPECT_EQ(eye.camera.taken(), 0U);
  EXPECT_EQ(eye.camera.stopped(), 1U) << "and no picture is on its way";
  world.HostWrites(3, 0);
  outside.Poll();
  EXPECT_TRUE(program.Step());
  EXPECT_EQ(eye.camera.taken(), 3U);
  EXPECT_FALSE(program.Step());
  world.now += 1'000'000;
  outside.Poll();
  EXPECT_TRUE(world.high);
  EXPECT_FALSE(program.Step());
  world.HostWrites(1, 1);
  outside.Poll();
  EXPECT_TRUE(program.Step());
  EXPECT_EQ(eye.camera.taken(), 4U);
}

}  // namespace
}  // namespace pinhole::firmware::person
