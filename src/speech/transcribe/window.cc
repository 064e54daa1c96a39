// SPDX-License-Identifier: Apache-2.0
#include "speech/transcribe/window.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace pinhole::speech {

namespace {

float Score(float log_probability, std::size_t length, float penalty) {
  const auto count = static_cast<float>(std::max<std::size_t>(length, 1));
  return log_probability / (penalty < 0 ? count : std::pow((5 + count) / 6, penalty));
}

}  // namespace

WindowSearch::WindowSearch(const Network& network, const SpecialTokens& special, const Rules& rules,
                           Decoder& decoder, const Team& team)
    : network_(network), special_(special), rules_(rules), decoder_(decoder), team_(team) {
  shares_.resize(static_cast<std::size_t>(network.dims.vocabulary));
}

int WindowSearch::Sequences(const SearchOptions& options) {
  return std::max(1, options.temperature > 0 ? options.best_of : options.beam);
}

std::span<float> WindowSearch::LogitsOf(std::size_t sequence) {
  return std::span<float>(logits_).subspan(sequence * shares_.size(), shares_.size());
}

std::vector<float> WindowSearch::LogitsAfter(std::int32_t token) {
  decoder_.Restart();
  std::vector<float> logits(shares_.size());
  const TokenAt first = {token, 0, 0, true};
  decoder_.Step({&first, 1}, logits, team_);
  return logits;
}

void WindowSearch::Begin(const Prompt& prompt, int sequences) {
  decoder_.Restart();
  const int last = static_cast<int>(prompt.tokens.size()) - 1;
  std::vector<TokenAt> tokens;
  for (int i = 0; i <= last; ++i) {
    tokens.push_back({prompt.tokens[static_cast<std::size_t>(i)], i, 0,
                      i == prompt.start_of_transcript || i == last});
  }
  const bool together = prompt.start_of_transcript == last;
  logits_.resize(shares_.size() * static_cast<std::size_t>(std::max(sequences, 2)));
  decoder_.Step(tokens, logits_, team_);

  const std::span<const float> at_start = LogitsOf(0);
  std::copy(at_start.begin(), at_start.end(), shares_.begin());
  const float sum =
      network_.target->exponentials(shares_.data(), static_cast<int>(shares_.size()), 1);
  no_speech_ = shares_[static_cast<std::size_t>(special_.no_speech)] / sum;

  const std::span<float> next = LogitsOf(together ? 0 : 1);
  std::copy(next.begin(), next.end(), LogitsOf(0).begin());
  for (std::size_t i = 1; i < static_cast<std::size_t>(sequences); ++i) {
    std::copy_n(logits_.begin(), shares_.size(), LogitsOf(i).begin());
  }
  decoder_.Fork(std::vector<int>(static_cast<std::size_t>(sequences), 0), last + 1);
  sequences_.assign(static_cast<std::size_t>(sequences), {});
}

void WindowSearch::Normalise(const Sequence& sequence, std::span<float> logits) {
  rules_.Apply(sequence.tokens, logits);
  std::copy(logits.begin(), logits.end(), shares_.begin());
  const float largest = *std::max_element(logits.begin(), logits.end());
  const float sum =
      network_.target->exponentials(shares_.data(), static_cast<int>(shares_.size()), 1);
  const float shift = largest + std::log(sum);
  for (float& logit : logits) {
    logit -= shift;
  }
}

// The last token of each sequence that goes on; their logits end up where theirs belong.
void WindowSearch::Step(int position) {
  std::vector<TokenAt> tokens;
  std::vector<std::size_t> who;
  for (std::size_t i = 0; i < sequences_.size(); ++i) {
    if (!sequences_[i].ended) {
      tokens.push_back({sequences_[i].tokens.back(), position, static_cast<int>(i), true});
      who.push_back(i);
    }
  }
  decoder_.Step(tokens, logits_, team_);
  for (std::size_t i = who.size(); i-- > 0;) {
    if (who[i] != i) {
      const std::span<const float> from = LogitsOf(i);
      std::copy(from.begin(), from.end(), LogitsOf(who[i]).begin());
    }
  }
}

WindowTokens WindowSearch::Run(const Prompt& prompt, const SearchOptions& options) {
  random_.seed(options.seed);
  return options.temperature <= 0 && options.beam > 1 ? Beam(prompt, options)
                                                      : Draw(prompt, options);
}

WindowTokens WindowSearch::Result(const Sequence& best) const {
  return {best.tokens, best.log_probability, no_speech_};
}

// False where the sequence has ended.
bool WindowSearch::Choose(Sequence& sequence, std::span<float> logits,
                          const SearchOptions& options) {
  Normalise(sequence, logits);
  std::size_t token = 0;
  if (options.temperature <= 0) {
    token =
        static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  } else {
    std::copy(logits.begin(), logits.end(), shares_.begin());
    const float sum = network_.target->exponentials(
        shares_.data(), static_cast<int>(shares_.size()), 1 / options.temperature);
    float left = std::uniform_real_distribution<float>(0, sum)(random_);
    for (; token + 1 < shares_.size() && left >= shares_[token]; ++token) {
      left -= shares_[token];
    }
    // Rounding may leave a little behind the last that can come.
    while (token > 0 && shares_[token] <= 0) {
      --token;
    }
  }
  sequence.log_probability += logits[token];
  if (static_cast<std::int32_t>(token) == special_.end_of_text) {
    sequence.ended = true;
    return false;
  }
  sequence.tokens.push_back(static_cast<std::int32_t>(token));
  return true;
}

WindowTokens WindowSearch::Draw(const Prompt& prompt, const SearchOptions& options) {
  Begin(prompt, options.temperature > 0 ? std::max(1, options.best_of) : 1);
  const int first = static_cast<int>(prompt.tokens.size());
  const int most = std::min(options.most_tokens, network_.dims.text_context - first);
  for (int i = 0; i < most; ++i) {
    bool any = false;
    for (std::size_t s = 0; s < sequences_.size(); ++s) {
      if (!sequences_[s].ended) {
        any = Choose(sequences_[s], LogitsOf(s), options) || any;
      }
    }
    if (!any || i + 1 == most) {
      break;
    }
    Step(first + i);
  }
  const auto best = std::max_element(
      sequences_.begin(), sequences_.end(), [&](const Sequence& a, const Sequence& b) {
        return Score(a.log_probability, a.tokens.size(), options.length_penalty) <
               Score(b.log_probability, b.tokens.size(), options.length_penalty);
      });
  WindowTokens result = Result(*best);
  result.temperature = options.temperature;
  return result;
}

WindowTokens WindowSearch::Beam(const Prompt& prompt, const SearchOptions& options) {
  struct Candidate {
    float log_probability;
    std::int32_t token;
    int from;
  };
  Begin(prompt, options.beam);
  const int first = static_cast<int>(prompt.tokens.size());
  const int most = std::min(options.most_tokens, network_.dims.text_context - first);
  const auto width = static_cast<std::size_t>(options.beam);
  const auto enough = static_cast<std::size_t>(
      std::max(1L, std::lround(static_cast<float>(options.beam) * options.patience)));
  std::vector<Sequence> ended;
  for (int i = 0; i < most; ++i) {
    std::vector<Candidate> candidates;
    // All sequences are the same at first.
    for (std::size_t s = 0; s < (i == 0 ? 1 : sequences_.size()); ++s) {
      const std::span<float> logits = LogitsOf(s);
      Normalise(sequences_[s], logits);
      std::vector<std::int32_t> order(logits.size());
      std::iota(order.begin(), order.end(), 0);
      const auto end =
          order.begin() + static_cast<std::ptrdiff_t>(std::min(width + 1, order.size()));
      std::partial_sort(order.begin(), end, order.end(), [&](std::int32_t a, std::int32_t b) {
        const float x = logits[static_cast<std::size_t>(a)],
                    y = logits[static_cast<std::size_t>(b)];
        return x != y ? x > y : a < b;
      });
      for (auto at = order.begin(); at != end; ++at) {
        const float logit = logits[static_cast<std::size_t>(*at)];
        if (logit > -std::numeric_limits<float>::infinity()) {
          candidates.push_back({sequences_[s].log_probability + logit, *at, static_cast<int>(s)});
        }
      }
    }
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
      return a.log_probability != b.log_probability ? a.log_probability > b.log_probability
             : a.from != b.from                     ? a.from < b.from
                                                    : a.token < b.token;
    });
    std::vector<Sequence> next;
    std::vector<int> from;
    for (const Candidate& candidate : candidates) {
      Sequence sequence = sequences_[static_cast<std::size_t>(candidate.from)];
      sequence.log_probability = candidate.log_probability;
      if (candidate.token == special_.end_of_text) {
        sequence.ended = true;
        if (ended.size() < enough) {
          ended.push_back(std::move(sequence));
        }
        continue;
      }
      sequence.tokens.push_back(candidate.token);
      next.push_back(std::move(sequence));
      from.push_back(candidate.from);
      if (next.size() == width) {
        break;
      }
    }
    sequences_ = std::move(next);
    if (ended.size() >= enough || sequences_.empty() || i + 1 == most) {
      break;
    }
    decoder_.Fork(from, first + i);
    Step(first + i);
  }
  // Those that never ended, the likeliest first, where too few did.
  for (const Sequence& sequence : sequences_) {
    if (ended.size() < width) {
      ended.push_back(sequence);
    }
  }
  const auto best =
      std::max_element(ended.begin(), ended.end(), [&](const Sequence& a, const Sequence& b) {
        return Score(a.log_probability, a.tokens.size(), options.length_penalty) <
               Score(b.log_probability, b.tokens.size(), options.length_penalty);
      });
  return best == ended.end() ? WindowTokens{} : Result(*best);
}

}  // namespace pinhole::speech
