// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests and pinhole_speech_demo only: a recognizer that takes a file's text for what was said.
//
// Each line is a segment of a second, each word of it a word. A file that begins with "fail" is no
// sound file; with "throw", the recognizer throws; with "wait", it is heard until it is called off.
// A WAV file, which is what Wyoming's sound becomes, is heard as "N bytes at R Hz".

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "speech/service/recognizer.h"

namespace pinhole::speech::service {

inline ModelInfo FakeModel() {
  return {.name = "fake",
          .description = "Takes a file's text for what was said",
          .attribution_name = "pinhole",
          .attribution_url = "",
          .is_multilingual = true,
          .languages = {"en", "de"}};
}

class FakeRecognizer : public Recognizer {
 public:
  base::Result<Transcript> Transcribe(const Upload& upload, const TranscribeOptions& options,
                                      const Progress& progress, base::Diagnosis& why) override {
    const base::Result<std::string> read = Read(upload, why);
    if (!read) {
      return base::Unexpected(read.error());
    }
    const std::string& text = read.value();
    if (text.starts_with("fail")) {
      return why.Fail(base::Error::kWrongKind, upload.name(), ": is no sound file");
    }
    if (text.starts_with("throw")) {
      throw std::runtime_error("a recognizer can't go on");
    }
    // A task that is never called off would hold a failed test up.
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (text.starts_with("wait") && std::chrono::steady_clock::now() < end) {
      if (progress.heard && !progress.heard(0, 1000)) {
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    Transcript transcript;
    transcript.language = options.language.empty() ? "en" : options.language;
    std::istringstream lines(Said(text));
    for (std::string line; std::getline(lines, line);) {
      transcript.segments.push_back(SegmentOf(line, transcript.duration_ms));
      transcript.duration_ms += 1000;
      if (progress.segment) {
        progress.segment(transcript.segments.back());
      }
      if (progress.heard) {
        progress.heard(transcript.duration_ms, transcript.duration_ms);
      }
    }
    if (options.task == Task::kTranslate && !transcript.segments.empty()) {
      transcript.segments.front().text.insert(0, " [en]");
    }
    return transcript;
  }

 private:
  static base::Result<std::string> Read(const Upload& upload, base::Diagnosis& why) {
    PINHOLE_ASSIGN(const system::UniqueFd fd, upload.Descriptor(why));
    std::string text(upload.size(), '\0');
    std::size_t size = 0;
    while (size < text.size()) {
      const ssize_t count = read(fd.get(), text.data() + size, text.size() - size);
      if (count <= 0) {
        return why.Fail(base::Error::kIo, "an upload can't be read");
      }
      size += static_cast<std::size_t>(count);
    }
    return text;
  }

  static std::string Said(const std::string& text) {
    constexpr std::size_t kWavHeader = 44;
    if (!text.starts_with("RIFF") || text.size() < kWavHeader) {
      return text;
    }
    std::uint32_t rate = 0;
    std::memcpy(&rate, text.data() + 24, sizeof rate);
    return std::to_string(text.size() - kWavHeader) + " bytes at " + std::to_string(rate) + " Hz";
  }

  static Segment SegmentOf(const std::string& line, std::int64_t start_ms) {
    Segment segment;
    segment.start_ms = start_ms;
    segment.end_ms = start_ms + 1000;
    segment.text = " " + line;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      segment.words.push_back({start_ms, start_ms + 1000, " " + word, 1});
    }
    return segment;
  }
};

}  // namespace pinhole::speech::service
