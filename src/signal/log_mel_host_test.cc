// SPDX-License-Identifier: Apache-2.0
// What a build for another processor can't test: the heap, and sound out of the test data.
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/heap_count.h"
#include "base/test_data.h"
#include "signal/log_mel_for_tests.h"

namespace pinhole::signal {
namespace {

TEST(LogMel, AllocatesNothing) {
  if (!base::kCountsHeap) {
    GTEST_SKIP() << "a sanitizer brings its own heap";
  }
  const auto filters = Filters(80);
  const auto sound = Sound(20000, 1);
  std::vector<float> out(80 * 400);
  const auto log_mel = std::make_unique<LogMel>();
  const long before = base::heap_calls;
  const bool fine =
      log_mel->SetUp(80, filters) && log_mel->Push(sound, out) && log_mel->Finish(16000, out);
  const long after = base::heap_calls;
  EXPECT_TRUE(fine);
  EXPECT_EQ(after, before);
}

TEST(LogMel, EqualsTheDefinitionOnSpeech) {
  const auto path = base::TestData("audio/jfk.wav");
  if (!exists(path)) {
    GTEST_SKIP() << path << " is missing (set PINHOLE_DATA)";
  }
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const std::size_t data = bytes.find("data") + 8;  // 16-bit mono at 16 kHz
  std::vector<float> sound;
  for (std::size_t at = data; at + 1 < bytes.size(); at += 2) {
    const int sample =
        static_cast<std::uint8_t>(bytes[at]) | static_cast<std::uint8_t>(bytes[at + 1]) << 8;
    sound.push_back(static_cast<float>(static_cast<std::int16_t>(sample)) / 32768.0F);
  }
  ASSERT_GT(sound.size(), 170000U);
  ExpectNearTheDefinition(sound, 1000, 80);
}

}  // namespace
}  // namespace pinhole::signal
