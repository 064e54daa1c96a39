// SPDX-License-Identifier: Apache-2.0
#include "host/live_text.h"

#include <utility>

namespace pinhole::host {

namespace {

constexpr std::int64_t kPauseMs = 1000;

bool EndsSentence(const std::string& word) {
  return word.ends_with('.') || word.ends_with('?') || word.ends_with('!') ||
         word.ends_with("\u3002");
}

}  // namespace

LiveText::LiveText(speech::Format format, const speech::FormatOptions& options,
                   std::string language, std::function<void(const std::string&)> print)
    : keeps_all_(format == speech::Format::kJson),
      writer_(format, options),
      print_(std::move(print)) {
  said_.language = std::move(language);
}

void LiveText::Begin() { print_(writer_.Begin()); }

void LiveText::Take(std::vector<speech::Word> words) {
  for (speech::Word& word : words) {
    if (!utterance_.words.empty() && word.start_ms - utterance_.end_ms >= kPauseMs) {
      EndUtterance();
    }
    if (utterance_.words.empty()) {
      utterance_.start_ms = word.start_ms;
    }
    utterance_.end_ms = word.end_ms;
    utterance_.text += word.text;
    const bool ends = EndsSentence(word.text);
    utterance_.words.push_back(std::move(word));
    if (ends) {
      EndUtterance();
    }
  }
}

void LiveText::EndUtterance() {
  if (utterance_.words.empty()) {
    return;
  }
  line_.Clear();
  print_(writer_.Add(utterance_));
  if (keeps_all_) {
    said_.segments.push_back(std::move(utterance_));
  }
  utterance_ = {};
}

void LiveText::Show(speech::StreamingText& text) {
  Take(text.TakeSettled());
  std::string shown = utterance_.text;
  for (const speech::Word& word : text.open()) {
    shown += word.text;
  }
  line_.Show(shown.empty() ? "(listening; Ctrl-C ends)" : shown);
  if (utterance_.words.empty() || !text.open().empty()) {
    return;
  }
  if (text.taken_ms() - utterance_.end_ms >= kPauseMs) {
    EndUtterance();
  }
}

void LiveText::End(speech::StreamingText& text) {
  Take(text.TakeSettled());
  EndUtterance();
  line_.Clear();
  said_.duration_ms = text.taken_ms();
  print_(writer_.End(said_));
}

}  // namespace pinhole::host
