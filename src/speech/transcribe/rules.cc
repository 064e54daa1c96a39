// SPDX-License-Identifier: Apache-2.0
#include "speech/transcribe/rules.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pinhole::speech {

namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

void Suppress(std::span<float> logits, std::int32_t first, std::int32_t end) {
  const auto size = static_cast<std::int32_t>(logits.size());
  std::fill(logits.begin() + std::clamp(first, 0, size), logits.begin() + std::clamp(end, 0, size),
            kNever);
}

// The largest of them, and the logarithm of the sum of their exponentials.
struct Weight {
  float largest = kNever;
  float together = kNever;
};
Weight WeightOf(std::span<const float> logits) {
  Weight weight;
  for (const float logit : logits) {
    weight.largest = std::max(weight.largest, logit);
  }
  if (weight.largest == kNever) {
    return weight;
  }
  float sum = 0;
  for (const float logit : logits) {
    sum += std::exp(logit - weight.largest);
  }
  weight.together = weight.largest + std::log(sum);
  return weight;
}

}  // namespace

Rules::Rules(const Tokenizer& tokenizer, const SpecialTokens& special, const RuleOptions& options)
    : special_(special),
      timestamps_(options.timestamps),
      latest_start_(
          options.latest_start_ms < 0 ? -1 : options.latest_start_ms / SpecialTokens::kTimestampMs),
      never_(options.suppress) {
  never_.insert(never_.end(),
                {special.start_of_transcript, special.start_of_previous, special.start_of_lm,
                 special.translate, special.transcribe, special.no_speech, special.no_timestamps});
  for (int language = 0; language < special.languages; ++language) {
    never_.push_back(special.first_language + language);
  }
  if (options.suppress_non_speech) {
    const std::vector<std::int32_t> tokens = NonSpeechTokens(tokenizer);
    never_.insert(never_.end(), tokens.begin(), tokens.end());
  }
  if (options.suppress_blank) {
    tokenizer.Encode(" ", not_first_);
    not_first_.push_back(special.end_of_text);
  }
}

void Rules::Apply(std::span<const std::int32_t> sampled, std::span<float> logits) const {
  const auto suppress = [&](const std::vector<std::int32_t>& tokens) {
    for (const std::int32_t token : tokens) {
      if (token >= 0 && static_cast<std::size_t>(token) < logits.size()) {
        logits[static_cast<std::size_t>(token)] = kNever;
      }
    }
  };
  if (sampled.empty()) {
    suppress(not_first_);
  }
  suppress(never_);
  if (timestamps_) {
    ApplyTimestampRules(sampled, logits);
  } else {
    Suppress(logits, special_.first_timestamp, special_.first_timestamp + special_.timestamps);
  }
}

void Rules::ApplyTimestampRules(std::span<const std::int32_t> sampled,
                                std::span<float> logits) const {
  const std::int32_t first = special_.first_timestamp;
  const std::int32_t end = first + special_.timestamps;
  if (sampled.empty()) {
    Suppress(logits, 0, first);
    if (latest_start_ >= 0) {
      Suppress(logits, first + latest_start_ + 1, end);
    }
    return;
  }
  const bool after_one = special_.IsTimestamp(sampled.back());
  const bool after_two = sampled.size() < 2 || special_.IsTimestamp(sampled[sampled.size() - 2]);
  if (after_one && after_two) {
    Suppress(logits, first, end);  // a start, or an end and the next start: text
  } else if (after_one) {
    Suppress(logits, 0, special_.end_of_text);  // an end: the next start, or the end of all
  }
  const auto last = std::find_if(sampled.rbegin(), sampled.rend(),
                                 [&](std::int32_t token) { return special_.IsTimestamp(token); });
  if (last != sampled.rend()) {
    // A start may be where the segment before ended; an end lies behind its start.
    Suppress(logits, first, after_one && !after_two ? *last : *last + 1);
  }
  const auto from = static_cast<std::size_t>(first);
  if (WeightOf(logits.subspan(from)).together > WeightOf(logits.first(from)).largest) {
    Suppress(logits, 0, first);
  }
}

}  // namespace pinhole::speech
