// SPDX-License-Identifier: Apache-2.0
// GStreamer's test sources in a microphone's place.
#include "speech/microphone/microphone.h"

#include <gmock/gmock.h>
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <memory>
#include <numbers>
#include <string>
#include <thread>
#include <vector>

namespace pinhole::speech {
namespace {

using base::Error;
using testing::HasSubstr;

bool Has(const char* element) {
  gst_init(nullptr, nullptr);
  GstElementFactory* const factory = gst_element_factory_find(element);
  if (factory != nullptr) {
    gst_object_unref(factory);
  }
  return factory != nullptr;
}
#define PINHOLE_NEEDS(element)                                          \
  if (!Has(element)) {                                                  \
    GTEST_SKIP() << "GStreamer's element " element " is not installed"; \
  }

constexpr int kMinute = 60000;  // no test waits that long, unless it fails

TEST(Microphone, GivesSoundAt16KilohertzInMono) {
  PINHOLE_NEEDS("audiotestsrc");
  base::Diagnosis why;
  // Two seconds of a tone in stereo at another rate, in whole numbers.
  const auto microphone = Microphone::Open(
      {.device = "gst:audiotestsrc num-buffers=96 samplesperbuffer=1000 freq=1000 volume=0.5 ! "
                 "audio/x-raw,rate=48000,channels=2,format=S16LE"},
      why);
  ASSERT_TRUE(microphone) << why.text();
  std::vector<float> samples(40000);
  const auto count = (*microphone)->Read(samples, kMinute, why);
  ASSERT_TRUE(count) << why.text();
  EXPECT_NEAR(static_cast<double>(*count), 32000, 50);
  std::complex<double> sum = 0;
  for (std::size_t i = 8000; i < 24000; ++i) {
    sum += static_cast<double>(samples[i]) *
           std::polar(1.0, -2 * std::numbers::pi * 1000 * static_cast<double>(i) / 16000);
  }
  EXPECT_NEAR(std::abs(sum) * 2 / 16000, 0.5, 0.01);
  EXPECT_TRUE((*microphone)->ended());
  EXPECT_EQ(*(*microphone)->Read(samples, kMinute, why), 0U);
  EXPECT_EQ((*microphone)->lost(), 0);
}

TEST(Microphone, EverySplitReadsEverySampleOnce) {
  PINHOLE_NEEDS("audiotestsrc");
  std::vector<float> whole;
  for (const std::size_t piece : {std::size_t{16000}, std::size_t{160}, std::size_t{333}}) {
    base::Diagnosis why;
    const auto microphone = Microphone::Open(
        {.device = "gst:audiotestsrc num-buffers=16 samplesperbuffer=1000 wave=saw freq=37 ! "
                   "audio/x-raw,rate=16000,channels=1,format=F32LE"},
        why);
    ASSERT_TRUE(microphone) << why.text();
    std::vector<float> all;
    std::vector<float> some(piece);
    while (!(*microphone)->ended()) {
      const auto count = (*microphone)->Read(some, kMinute, why);
      ASSERT_TRUE(count) << why.text();
      all.insert(all.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(*count));
    }
    EXPECT_EQ(all.size(), 16000U);
    if (whole.empty()) {
      whole = all;
    }
    EXPECT_EQ(all, whole);
  }
}

TEST(Microphone, WhatNobodyReadsIsCountedAndTheNewestIsKept) {
  PINHOLE_NEEDS("audiotestsrc");
  base::Diagnosis why;
  // Two seconds at once into memory for a tenth of one.
  const auto microphone = Microphone::Open(
      {.device = "gst:audiotestsrc num-buffers=32 samplesperbuffer=1000 wave=saw freq=0.5 ! "
                 "audio/x-raw,rate=16000,channels=1,format=F32LE",
       .buffer_ms = 100},
      why);
  ASSERT_TRUE(microphone) << why.text();
  while ((*microphone)->lost() < 32000 - 1600) {
    std::this_thread::yield();
  }
  std::vector<float> samples(32000);
  EXPECT_EQ(*(*microphone)->Read(samples, kMinute, why), 1600U);
  // A saw of one tooth: the later, the higher, and zero at the end of two seconds.
  EXPECT_LT(samples[0], samples[1599]);
  EXPECT_EQ((*microphone)->lost(), 32000 - 1600);
  EXPECT_TRUE((*microphone)->ended());
}

TEST(Microphone, AReadEndsAtItsTimeWithWhatThereIs) {
  PINHOLE_NEEDS("audiotestsrc");
  base::Diagnosis why;
  const auto microphone = Microphone::Open({.device = "gst:audiotestsrc is-live=true"}, why);
  ASSERT_TRUE(microphone) << why.text();
  std::vector<float> samples(16000 * 60);
  const auto count = (*microphone)->Read(samples, 200, why);
  ASSERT_TRUE(count) << why.text();
  EXPECT_LT(*count, samples.size());
  EXPECT_FALSE((*microphone)->ended());
}

TEST(Microphone, StopsWhenItIsTold) {
  PINHOLE_NEEDS("audiotestsrc");
  base::Diagnosis why;
  const auto microphone = Microphone::Open({.device = "gst:audiotestsrc is-live=true"}, why);
  ASSERT_TRUE(microphone) << why.text();
  std::thread other([&] { (*microphone)->Stop(); });
  std::vector<float> samples(16000 * 120);
  const auto count = (*microphone)->Read(samples, 2 * kMinute, why);
  other.join();
  ASSERT_TRUE(count) << why.text();
  EXPECT_LT(*count, samples.size());
  EXPECT_TRUE((*microphone)->ended());
}

TEST(Microphone, SaysWhatIsWrong) {
  base::Diagnosis why;
  auto none = Microphone::Open({.device = "No Such Microphone"}, why);
  EXPECT_FALSE(none);
  EXPECT_EQ(none.error(), Error::kNotFound) << why.text();
  EXPECT_THAT(std::string(why.text()), HasSubstr("there is no microphone 'No Such Microphone'; "));
  auto bad = Microphone::Open({.device = "gst:nosuchelement ! alsosuch"}, why);
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error(), Error::kInvalidArgument) << why.text();
  EXPECT_THAT(std::string(why.text()), HasSubstr("none that GStreamer understands"));
}

TEST(Microphone, APipelineOfPicturesIsNone) {
  PINHOLE_NEEDS("videotestsrc");
  base::Diagnosis why;
  const auto pictures = Microphone::Open({.device = "gst:videotestsrc num-buffers=1"}, why);
  EXPECT_FALSE(pictures);
  EXPECT_FALSE(why.empty());
}

// A file that is no sound behind a decoder: the error comes while it plays.
TEST(Microphone, ABrokenSourceIsAnErrorAndNoSilence) {
  PINHOLE_NEEDS("wavparse");
  base::Diagnosis why;
  const auto microphone =
      Microphone::Open({.device = "gst:filesrc location=/etc/passwd ! wavparse"}, why);
  if (microphone) {
    std::vector<float> samples(16000);
    EXPECT_FALSE((*microphone)->Read(samples, kMinute, why));
  }
  EXPECT_THAT(std::string(why.text()), HasSubstr("the microphone 'gst:filesrc"));
}

TEST(Microphone, ListsWhatIsThere) {
  base::Diagnosis why;
  const auto devices = ListMicrophones(why);
  ASSERT_TRUE(devices) << why.text();
  for (const MicrophoneDevice& device : *devices) {
    EXPECT_FALSE(device.name.empty());
  }
}

// Whether or not this machine has one: sound, or a sentence; never silence that nobody recorded.
TEST(Microphone, TheSystemsOwnIsThereOrSaidToBeMissing) {
  PINHOLE_NEEDS("autoaudiosrc");
  base::Diagnosis why;
  const auto microphone = Microphone::Open({}, why);
  const auto devices = ListMicrophones(why);
  if (!microphone) {
    EXPECT_EQ(microphone.error(), Error::kNotFound);
  } else {
    EXPECT_FALSE(devices->empty());
  }
}

}  // namespace
}  // namespace pinhole::speech
