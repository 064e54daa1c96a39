// SPDX-License-Identifier: Apache-2.0
#include "speech/transcribe/sliding_sound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace pinhole::speech {
namespace {

// Sample i has the value i; reads give at most 100 at a time, and how often it began is counted.
class Counting : public signal::SoundSource {
 public:
  explicit Counting(std::size_t length) : length_(length) {}
  base::Status Restart(base::Diagnosis& /*why*/) override {
    ++restarts;
    next_ = 0;
    return {};
  }
  base::Result<std::size_t> Read(std::span<float> to, base::Diagnosis& why) override {
    if (fails_at >= 0 && next_ + to.size() > static_cast<std::size_t>(fails_at)) {
      return why.Fail(base::Error::kTruncated, "the tape is torn");
    }
    const std::size_t count = std::min(to.size(), length_ - next_);
    for (std::size_t i = 0; i < count; ++i) {
      to[i] = static_cast<float>(next_ + i);
    }
    next_ += count;
    return count;
  }
  int restarts = 0;
  std::int64_t fails_at = -1;

 private:
  std::size_t length_, next_ = 0;
};

void ExpectFrom(std::span<const float> samples, std::int64_t first, std::size_t count) {
  ASSERT_EQ(samples.size(), count);
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_EQ(samples[i], static_cast<float>(first + static_cast<std::int64_t>(i)));
  }
}

TEST(SlidingSound, GivesWhatIsAskedFor) {
  Counting source(200'000);
  SlidingSound sound(source);
  base::Diagnosis why;
  ExpectFrom(*sound.Take(0, 1000, why), 0, 1000);
  ExpectFrom(*sound.Take(500, 1000, why), 500, 1000);
  ExpectFrom(*sound.Take(150'000, 10, why), 150'000, 10);
  EXPECT_FALSE(sound.knows_length());
  ExpectFrom(*sound.Take(199'990, 100, why), 199'990, 10);
  EXPECT_EQ(sound.length(), 200'000);
  EXPECT_TRUE(sound.Take(300'000, 100, why)->empty());
  ASSERT_TRUE(sound.Restart(why));
  EXPECT_EQ(source.restarts, 1);
  ExpectFrom(*sound.Take(0, 300'000, why), 0, 200'000);
}

TEST(SlidingSound, WhatIsStillThereIsNotReadAgain) {
  Counting source(1000);
  SlidingSound sound(source);
  base::Diagnosis why;
  ExpectFrom(*sound.Take(0, 2000, why), 0, 1000);
  ASSERT_TRUE(sound.Restart(why));
  ExpectFrom(*sound.Take(0, 2000, why), 0, 1000);
  EXPECT_EQ(source.restarts, 0);
}

TEST(SlidingSound, SoundThatIsNoMultipleEndsWhereItEnds) {
  for (const std::size_t length : {0U, 1U, 99U, 100U, 101U}) {
    Counting source(length);
    SlidingSound sound(source);
    base::Diagnosis why;
    std::size_t all = 0;
    for (std::int64_t first = 0;; first += 100) {
      const std::size_t got = sound.Take(first, 100, why)->size();
      all += got;
      if (got < 100) {
        break;
      }
    }
    EXPECT_EQ(all, length);
    EXPECT_EQ(sound.length(), static_cast<std::int64_t>(length));
  }
}

TEST(SlidingSound, TheSourcesErrorIsTold) {
  Counting source(1000);
  source.fails_at = 500;
  SlidingSound sound(source);
  base::Diagnosis why;
  EXPECT_TRUE(sound.Take(0, 400, why));
  EXPECT_FALSE(sound.Take(0, 600, why));
  EXPECT_EQ(std::string(why.text()), "the tape is torn");
}

}  // namespace
}  // namespace pinhole::speech
