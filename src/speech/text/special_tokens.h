// SPDX-License-Identifier: Apache-2.0
#pragma once

// The numbers of Whisper's special tokens, which lie behind the ordinary ones, in this order:
//
//   <|endoftext|> <|startoftranscript|> a token a language <|translate|> <|transcribe|>
//   <|startoflm|>
//   <|startofprev|> <|nospeech|> <|notimestamps|> <|0.00|> <|0.02|> ... <|30.00|>
//
//   vocabulary   ordinary tokens   languages
//   51864        50256             99          English only: the tokens are there, and mean nothing
//   51865        50257             99
//   51866        50257             100         large-v3
//   other        n                 99          English only: n + 107 and a timestamp for each of the
//                                              window's positions and its end
//
// Source: github.com/openai/whisper, whisper/tokenizer.py.

#include <cstdint>
#include <string>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "speech/text/tokenizer.h"

namespace pinhole::speech {

struct SpecialTokens {
  // Of a model with so many tokens in all, `ordinary` of which are ordinary ones, and a window of
  // `positions` of 20 ms. The first three kinds above are known by their vocabulary alone. Error:
  // kUnsupported where it is none of them and the numbers don't add up.
  static base::Result<SpecialTokens> Of(std::int32_t vocabulary, std::int32_t ordinary,
                                        int positions, base::Diagnosis& why);

  static constexpr int kTimestampMs = 20;

  bool is_multilingual = false;
  int languages = 0;
  std::int32_t end_of_text = 0;  // and the number of ordinary tokens
  std::int32_t start_of_transcript = 0;
  std::int32_t first_language = 0;  // in the order of languages.h
  std::int32_t translate = 0;
  std::int32_t transcribe = 0;
  std::int32_t start_of_lm = 0;
  std::int32_t start_of_previous = 0;
  std::int32_t no_speech = 0;
  std::int32_t no_timestamps = 0;
  std::int32_t first_timestamp = 0;
  int timestamps = 0;  // 1501: 0.00 to 30.00 s

  [[nodiscard]] bool IsTimestamp(std::int32_t token) const {
    return token >= first_timestamp && token < first_timestamp + timestamps;
  }
  [[nodiscard]] bool IsLanguage(std::int32_t token) const {
    return token >= first_language && token < first_language + languages;
  }
  // "<|de|>", "<|1.08|>"; "" for ordinary tokens and numbers that are none.
  [[nodiscard]] std::string Name(std::int32_t token) const;
};

// The ordinary tokens that begin what isn't said: brackets, notes, dashes and quotes at the
// beginning of a word, and the like; OpenAI's list "-1". In order.
std::vector<std::int32_t> NonSpeechTokens(const Tokenizer& tokenizer);

}  // namespace pinhole::speech
