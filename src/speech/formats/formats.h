// SPDX-License-Identifier: Apache-2.0
#pragma once

// A transcript -> the text of a file, whole or segment by segment:
//
//   PINHOLE_ASSIGN(const Format format, ParseFormat("srt", why));
//   Print(Write(transcript, format, {}));
//
//   FormatWriter writer(format, {});
//   Print(writer.Begin());
//   progress.segment = [&](const Segment& segment) { Print(writer.Add(segment)); };
//   ...
//   Print(writer.End(transcript));
//
// Both give the same bytes. What is written is valid UTF-8 and keeps the format's rules whatever
// the transcript holds: control characters become blanks (JSON escapes them), texts that could be
// taken for a format's own marks are spelled otherwise, and a cue of no length lasts a millisecond.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"
#include "speech/transcribe/transcript.h"

namespace pinhole::speech {

enum class Format : std::uint8_t { kText, kSrt, kVtt, kJson, kJsonLines, kCsv, kTsv };

// "text, srt, vtt, json, jsonl, csv, tsv", for people.
std::string_view FormatNames();
// Also "txt". Errors: kInvalidArgument.
base::Result<Format> ParseFormat(std::string_view name, base::Diagnosis& why);
// Of a file: "srt"; "txt" for text.
std::string_view FileEnding(Format format);
// As HTTP names it: "text/vtt; charset=utf-8".
std::string_view MediaType(Format format);

struct FormatOptions {
  // Word by word, where the transcript has words: srt, csv and tsv have a cue or line a word, vtt
  // has the words' times inside its cues, json a list `words` beside the segments, and jsonl one in
  // each segment. text is the same.
  bool words = false;
  bool words_in_segments = false;  // json: the list `words` in each segment, not beside them
  bool segments = true;            // json: the list `segments`
  bool translated = false;         // json: what `task` says
};

std::string Write(const Transcript& transcript, Format format, const FormatOptions& options);

// The transcript's text in one line, without blanks around it and without a line feed.
std::string PlainText(const Transcript& transcript);

class FormatWriter {
 public:
  FormatWriter(Format format, const FormatOptions& options) : format_(format), options_(options) {}

  // What stands before the first segment.
  [[nodiscard]] std::string Begin() const;
  // One segment more. Empty for json, whose object is written at the end.
  std::string Add(const Segment& segment);
  // What stands behind the last one.
  [[nodiscard]] std::string End(const Transcript& transcript) const;

 private:
  // A segment, or one of its words.
  struct Cue {
    std::int64_t start_ms, end_ms;
    std::string text;
  };

  void AddCue(const Cue& cue, std::string& to);

  Format format_;
  FormatOptions options_;
  std::int64_t cues_ = 0;      // of srt
  std::int64_t segments_ = 0;  // of jsonl
};

}  // namespace pinhole::speech
