// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which tokens may come next, whatever the network thinks of them.
//
// Always out: tokens that only ever stand in a prompt. By choice: a blank or the end at the
// beginning, what isn't said (NonSpeechTokens), and, with timestamps, whatever would break their
// grammar: a window begins with one, at most `latest_start_ms` late; text stands between a start
// and an end; they never go back; no segment is empty. And where all timestamps together are
// likelier than every other token, it has to be one.
//
// Source: github.com/openai/whisper, whisper/decoding.py (SuppressBlank, SuppressTokens,
// ApplyTimestampRules).

#include <cstdint>
#include <span>
#include <vector>

#include "speech/text/special_tokens.h"
#include "speech/text/tokenizer.h"

namespace pinhole::speech {

struct RuleOptions {
  bool timestamps = true;
  bool suppress_blank = true;
  bool suppress_non_speech = true;
  int latest_start_ms = 1000;               // negative: no limit
  std::vector<std::int32_t> suppress = {};  // others that must not come
};

class Rules {
 public:
  Rules(const Tokenizer& tokenizer, const SpecialTokens& special, const RuleOptions& options);

  // `sampled`: the window's tokens after the prompt. `logits`: one for each token; those that may
  // not come become minus infinity.
  void Apply(std::span<const std::int32_t> sampled, std::span<float> logits) const;

 private:
  void ApplyTimestampRules(std::span<const std::int32_t> sampled, std::span<float> logits) const;

  SpecialTokens special_;
  bool timestamps_;
  int latest_start_;  // as a number of timestamps; negative: no limit
  std::vector<std::int32_t> never_;
  std::vector<std::int32_t> not_first_;
};

}  // namespace pinhole::speech
