// SPDX-License-Identifier: Apache-2.0
#include "speech/text/special_tokens.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "speech/text/languages.h"

namespace pinhole::speech {

base::Result<SpecialTokens> SpecialTokens::Of(std::int32_t vocabulary, std::int32_t ordinary,
                                              int positions, base::Diagnosis& why) {
  constexpr std::int32_t kEnglish = 51864, kMultilingual = 51865, kLargeV3 = 51866;
  constexpr std::int32_t kOthers = 107;  // English only: all special tokens but timestamps
  SpecialTokens special;
  special.languages = kLanguages - 1;
  special.timestamps = 1501;
  special.end_of_text = 50257;
  special.is_multilingual = true;
  if (vocabulary == kLargeV3) {
    special.languages = kLanguages;
  } else if (vocabulary == kEnglish) {
    special.end_of_text = 50256;
    special.is_multilingual = false;
  } else if (vocabulary != kMultilingual) {
    if (ordinary <= 0 || positions <= 0 || vocabulary != ordinary + kOthers + positions + 1) {
      return why.Fail(base::Error::kUnsupported, "the model has ", vocabulary,
                      " tokens; Whisper's have ", kEnglish, ", ", kMultilingual, " or ", kLargeV3,
                      ", and one with ", ordinary, " ordinary tokens and ", positions,
                      " positions would have ", ordinary + kOthers + positions + 1);
    }
    special.end_of_text = ordinary;
    special.timestamps = positions + 1;
    special.is_multilingual = false;
  }
  special.start_of_transcript = special.end_of_text + 1;
  special.first_language = special.start_of_transcript + 1;
  special.translate = special.first_language + special.languages;
  special.transcribe = special.translate + 1;
  special.start_of_lm = special.transcribe + 1;
  special.start_of_previous = special.start_of_lm + 1;
  special.no_speech = special.start_of_previous + 1;
  special.no_timestamps = special.no_speech + 1;
  special.first_timestamp = special.no_timestamps + 1;
  return special;
}

std::string SpecialTokens::Name(std::int32_t token) const {
  if (IsLanguage(token)) {
    const auto index = static_cast<std::size_t>(token - first_language);
    return "<|" + std::string(kLanguageTable[index].code) + "|>";
  }
  if (IsTimestamp(token)) {
    const int hundredths = (token - first_timestamp) * kTimestampMs / 10;
    const std::string behind = std::to_string(100 + hundredths % 100).substr(1);
    return "<|" + std::to_string(hundredths / 100) + "." + behind + "|>";
  }
  const std::pair<std::int32_t, const char*> others[] = {
      {end_of_text, "<|endoftext|>"}, {start_of_transcript, "<|startoftranscript|>"},
      {translate, "<|translate|>"},   {transcribe, "<|transcribe|>"},
      {start_of_lm, "<|startoflm|>"}, {start_of_previous, "<|startofprev|>"},
      {no_speech, "<|nospeech|>"},    {no_timestamps, "<|notimestamps|>"},
  };
  for (const auto& [number, name] : others) {
    if (token == number) {
      return name;
    }
  }
  return "";
}

std::vector<std::int32_t> NonSpeechTokens(const Tokenizer& tokenizer) {
  // Left out where they are more than one token.
  constexpr std::string_view kSymbols[] = {
      "\"",  "#",  "(",  ")",   "*",   "+",   "/",   ":",  ";",   "<",  "=",  ">",
      "@",   "[",  "\\", "]",   "^",   "_",   "`",   "{",  "|",   "}",  "~",  "「",
      "」",  "『", "』", "<<",  ">>",  "<<<", ">>>", "--", "---", "-(", "-[", "('",
      "(\"", "((", "))", "(((", ")))", "[[",  "]]",  "{{", "}}",  "♪♪", "♪♪♪"};
  // Of these the first token, whatever follows: all that begins with it lies in U+2640 to U+267F.
  constexpr std::string_view kNotes[] = {"♩", "♪", "♫", "♬", "♭", "♮", "♯"};
  std::vector<std::int32_t> found;
  const auto add = [&](const std::string& text, bool only_whole) {
    const std::vector<std::int32_t> tokens = tokenizer.Encode(text);
    // A small vocabulary may have no such token, and then the first one is the blank alone.
    if (tokens.size() == 1 || (!only_whole && tokenizer.Bytes(tokens.front()) != " ")) {
      found.push_back(tokens.front());
    }
  };
  // Dashes and apostrophes are wanted inside words, not in front of them.
  add(" -", false);
  add(" '", false);
  for (const std::string_view symbol : kSymbols) {
    add(std::string(symbol), true);
    add(" " + std::string(symbol), true);
  }
  for (const std::string_view note : kNotes) {
    add(std::string(note), false);
    add(" " + std::string(note), false);
  }
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

}  // namespace pinhole::speech
