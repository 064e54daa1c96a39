// SPDX-License-Identifier: Apache-2.0
// The person sensor with the bundled model, which is trained anew now and then: nothing here hangs
// on what it finds. A score limit next to nothing makes noise a crowd, which is all the plumbing
// wants.
#include "inside/sense/person_sensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/heap_count.h"
#include "facts/person_codec.h"
#include "inside/sense/sense_for_tests.h"

namespace pinhole::inside::sense {
namespace {

using facts::PersonFacts;
using ::testing::HasSubstr;
using LoadedSensor = Loaded<PersonSensor, PersonSensorOptions>;

constexpr float kAnything = 1e-6F;
constexpr int kHalfWindow = 2;  // the default

LoadedSensor MakeSensor(PersonSensorOptions options = {}) {
  options.session.kernels = engine::kernels::AllKernels();
  return LoadedSensor(engine::run::ReadFile(BundledModel()), options);
}

PersonFacts Look(LoadedSensor& sensor, Shot shot) {
  base::Diagnosis why;
  const auto facts = sensor->Look(shot.frame(), why);
  EXPECT_TRUE(facts) << why.text();
  EXPECT_TRUE(AllZero(shot.pixels)) << "the frame is gone";
  return facts ? *facts : PersonFacts{};
}

// Shows it noise for as long as it takes to believe in it.
void Convince(LoadedSensor& sensor, const Shot& noise) {
  ASSERT_TRUE(sensor) << sensor.why();
  for (int frame = 0; frame <= kHalfWindow; ++frame) {
    Look(sensor, noise);
  }
}

TEST(PersonSensor, BelievesWhatLasts) {
  LoadedSensor sensor = MakeSensor({.on = kAnything, .off = kAnything});
  ASSERT_TRUE(sensor) << sensor.why();
  const Shot noise(120, 90, 3, 1);
  for (int frame = 0; frame < kHalfWindow; ++frame) {
    const PersonFacts facts = Look(sensor, noise);
    EXPECT_EQ(facts.reading, 1);
    EXPECT_EQ(facts.present, 0) << frame;
    EXPECT_EQ(facts.count, 0) << frame;
  }
  const PersonFacts facts = Look(sensor, noise);
  EXPECT_EQ(facts.present, 1);
  EXPECT_EQ(facts.count, 4) << "of more faces than a record names, the largest are named";
  EXPECT_TRUE(facts::IsCanonical(facts));
  EXPECT_EQ(Look(sensor, noise), facts) << "what stands still is told the same";
}

TEST(PersonSensor, AFailedCaptureIsNoReading) {
  const Shot noise(120, 90, 3, 1);
  LoadedSensor sensor = MakeSensor({.on = kAnything, .off = kAnything});
  Convince(sensor, noise);
  for (int miss = 0; miss < 2 * kHalfWindow; ++miss) {
    EXPECT_EQ(sensor->Missed(), PersonFacts{});
  }
  EXPECT_EQ(Look(sensor, noise).present, 1) << "a few misses are nothing";
  for (int miss = 0; miss < 2 * kHalfWindow + 1; ++miss) {
    EXPECT_EQ(sensor->Missed().reading, 0);
  }
  EXPECT_EQ(Look(sensor, noise).present, 0) << "who was seen long ago is not present";
}

TEST(PersonSensor, SaysTheSameForTheSameFrames) {
  LoadedSensor a = MakeSensor({.on = kAnything, .off = kAnything});
  LoadedSensor b = MakeSensor({.on = kAnything, .off = kAnything});
  for (std::uint32_t frame = 0; frame < 6; ++frame) {
    const Shot noise(50, 70, 1, frame / 3);
    const PersonFacts facts = Look(a, noise);
    EXPECT_TRUE(facts::IsCanonical(facts));
    EXPECT_EQ(Look(b, noise), facts);
  }
  EXPECT_EQ(a->work_bytes(), b->work_bytes());
}

TEST(PersonSensor, GreyAndColourAreOne) {
  const Shot grey(40, 30, 1, 9);
  std::vector<std::uint8_t> tripled;
  for (const std::uint8_t sample : grey.pixels) {
    tripled.insert(tripled.end(), 3, sample);
  }
  LoadedSensor a = MakeSensor({.on = kAnything, .off = kAnything});
  LoadedSensor b = MakeSensor({.on = kAnything, .off = kAnything});
  for (int frame = 0; frame <= kHalfWindow; ++frame) {
    EXPECT_EQ(Look(a, grey), Look(b, Shot(tripled, 40, 30, 3)));
  }
}

TEST(PersonSensor, TakesFramesOfEverySize) {
  LoadedSensor sensor = MakeSensor({.on = kAnything, .off = kAnything});
  for (const auto& [width, height] :
       {std::pair{1, 1}, {1, 2000}, {32767, 1}, {1, 32767}, {3000, 2000}, {320, 240}}) {
    for (int frame = 0; frame <= kHalfWindow; ++frame) {
      const PersonFacts facts = Look(sensor, Shot(width, height, 1, 4));
      EXPECT_EQ(facts.reading, 1) << width << " x " << height;
      EXPECT_TRUE(facts::IsCanonical(facts)) << width << " x " << height;
    }
  }
}

TEST(PersonSensor, AnEmptyFrameIsAnErrorAndAMiss) {
  const Shot noise(120, 90, 3, 1);
  LoadedSensor sensor = MakeSensor({.on = kAnything, .off = kAnything});
  Convince(sensor, noise);
  Shot shot(8, 8, 1, 1);
  capture::Frame frame = shot.frame();
  frame.Release();
  base::Diagnosis why;
  const auto facts = sensor->Look(std::move(frame), why);
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error(), base::Error::kInvalidArgument);
  EXPECT_THAT(std::string(why.text()), HasSubstr("a frame without pixels"));
  for (int miss = 0; miss < 2 * kHalfWindow; ++miss) {
    sensor->Missed();
  }
  EXPECT_EQ(Look(sensor, noise).present, 0) << "the empty frame was the last miss too many";
}

TEST(PersonSensor, WipesTheFrameItCouldNotLookAt) {
  Block memory(std::size_t{8} << 20);
  base::Arena arena(memory.span());
  base::Diagnosis why;
  const auto file = engine::run::ReadFile(BundledModel());
  PersonSensorOptions options;
  options.session.kernels = engine::kernels::AllKernels();
  auto sensor = PersonSensor::Load(file, arena, options, why);
  ASSERT_TRUE(sensor) << why.text();
  Shot shot(8, 8, 3, 1);
  EXPECT_EQ(sensor->Look(shot.frame(), why).error(), base::Error::kNotReady);
  EXPECT_TRUE(AllZero(shot.pixels));
}

TEST(PersonSensor, RefusesLimitsThatMakeNoSense) {
  for (const auto& [on, off] : {std::pair{0.3F, 0.4F},
                                {1.1F, 0.5F},
                                {0.5F, -0.1F},
                                {std::nanf(""), 0.1F},
                                {0.5F, std::nanf("")}}) {
    LoadedSensor sensor = MakeSensor({.on = on, .off = off});
    EXPECT_FALSE(sensor) << on << " " << off;
    EXPECT_EQ(sensor.error(), base::Error::kInvalidArgument);
    EXPECT_THAT(sensor.why(), HasSubstr("from 0 to 1"));
  }
}

TEST(PersonSensor, LookAllocatesNothing) {
  if (!base::kCountsHeap) {
    GTEST_SKIP() << "a sanitizer brings its own heap";
  }
  LoadedSensor sensor = MakeSensor({.on = kAnything, .off = kAnything});
  std::vector<Shot> film(6, Shot(120, 90, 3, 1));
  base::Diagnosis why;
  const long before_itself = base::heap_calls;
  const auto probe = std::make_unique<int>(1);
  ASSERT_GT(base::heap_calls, before_itself) << "the counter does not count";
  const long before = base::heap_calls;
  int present = 0;
  for (Shot& shot : film) {
    const auto facts = sensor->Look(shot.frame(), why);
    present += facts ? facts->present : 0;
    sensor->Missed();
  }
  const long after = base::heap_calls;
  EXPECT_EQ(present, 4) << why.text();
  EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace pinhole::inside::sense
