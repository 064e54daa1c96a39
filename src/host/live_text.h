// SPDX-License-Identifier: Apache-2.0
#pragma once

// Words that settle while somebody speaks -> utterances on standard output.
//
// An utterance ends at a pause, or at the end of a sentence; then it is written in the format that
// was chosen. On a terminal the one that is being spoken is shown as it settles, with the words
// that may still change behind it.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "speech/formats/formats.h"
#include "speech/transcribe/streaming.h"
#include "system/terminal.h"

namespace pinhole::host {

class LiveText {
 public:
  // `print` gets what is to be written. `language`: a code.
  LiveText(speech::Format format, const speech::FormatOptions& options, std::string language,
           std::function<void(const std::string&)> print);

  void Begin();
  // What has settled in `text`, and what is open, now.
  void Show(speech::StreamingText& text);
  // Everything has settled.
  void End(speech::StreamingText& text);

 private:
  void Take(std::vector<speech::Word> words);
  void EndUtterance();

  bool keeps_all_;  // json alone is written at the end
  speech::FormatWriter writer_;
  std::function<void(const std::string&)> print_;
  speech::Segment utterance_;
  speech::Transcript said_;
  system::StatusLine line_;
};

}  // namespace pinhole::host
