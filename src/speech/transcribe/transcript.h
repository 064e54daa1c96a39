// SPDX-License-Identifier: Apache-2.0
#pragma once

// What was said, and when.

#include <cstdint>
#include <string>
#include <vector>

namespace pinhole::speech {

// A word as it is said, with the punctuation that belongs to it.
struct Word {
  std::int64_t start_ms = 0, end_ms = 0;
  std::string text;  // UTF-8; begins with a blank where one is before it
  float probability = 0;
};

struct Segment {
  std::int64_t start_ms = 0, end_ms = 0;
  std::string text;         // UTF-8; begins with a blank, as words do
  std::vector<Word> words;  // where TranscribeOptions::word_times asks for them
  std::vector<std::int32_t> tokens;
  float temperature = 0;
  float average_log_probability = 0;
  float compression_ratio = 0;
  float no_speech = 0;
};

struct Transcript {
  std::string language;  // a code
  float language_probability = 1;
  std::int64_t duration_ms = 0;  // of the sound
  std::vector<Segment> segments;
  [[nodiscard]] std::string Text() const;
};

}  // namespace pinhole::speech
