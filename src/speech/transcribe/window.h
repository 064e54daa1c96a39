// SPDX-License-Identifier: Apache-2.0
#pragma once

// One window of sound -> the likeliest tokens: greedily, by a beam, or drawn by chance.
//
// Source: github.com/openai/whisper, whisper/decoding.py (GreedyDecoder, BeamSearchDecoder,
// MaximumLikelihoodRanker).

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "speech/network/decoder.h"
#include "speech/transcribe/rules.h"

namespace pinhole::speech {

struct SearchOptions {
  float temperature = 0;      // 0: no chance; else the sharpness of the draw
  int beam = 1;               // sequences of a beam at temperature 0; 1: greedy
  float patience = 1;         // beam * patience sequences must have ended
  int best_of = 5;            // sequences drawn at other temperatures
  float length_penalty = -1;  // alpha of ((5 + length) / 6)^alpha in 0..1; negative: length itself
  int most_tokens = 224;
  std::uint32_t seed = 0;  // of the draw
};

struct WindowTokens {
  std::vector<std::int32_t> tokens;  // after the prompt; the end is not among them
  float log_probability = 0;         // of all, and the end's
  float no_speech = 0;               // probability that nothing is said
  float temperature = 0;

  [[nodiscard]] float average_log_probability() const {
    return log_probability / static_cast<float>(tokens.size() + 1);
  }
};

// The window's prompt.
struct Prompt {
  std::vector<std::int32_t> tokens;
  int start_of_transcript = 0;  // where among them
};

// The search of one window, which `decoder` listens to. Sequences that SearchOptions ask for must
// be there: Sequences(options).
class WindowSearch {
 public:
  WindowSearch(const Network& network, const SpecialTokens& special, const Rules& rules,
               Decoder& decoder, const Team& team);

  static int Sequences(const SearchOptions& options);

  // Begins anew from the prompt, which leaves room for at least one token.
  WindowTokens Run(const Prompt& prompt, const SearchOptions& options);

  // Logits after each of a prompt's tokens that is asked for, without any rule: for the language.
  std::vector<float> LogitsAfter(std::int32_t token);

 private:
  struct Sequence {
    std::vector<std::int32_t> tokens;
    float log_probability = 0;
    bool ended = false;
  };

  void Begin(const Prompt& prompt, int sequences);
  WindowTokens Draw(const Prompt& prompt, const SearchOptions& options);
  WindowTokens Beam(const Prompt& prompt, const SearchOptions& options);
  bool Choose(Sequence& sequence, std::span<float> logits, const SearchOptions& options);
  void Step(int position);
  // Log-probabilities in place, after the rules.
  void Normalise(const Sequence& sequence, std::span<float> logits);
  [[nodiscard]] std::span<float> LogitsOf(std::size_t sequence);
  [[nodiscard]] WindowTokens Result(const Sequence& best) const;

  const Network& network_;
  const SpecialTokens& special_;
  const Rules& rules_;
  Decoder& decoder_;
  const Team& team_;
  std::vector<Sequence> sequences_;
  std::vector<float> logits_;  // [sequence][vocabulary]
  std::vector<float> shares_;  // [vocabulary]
  std::mt19937 random_;
  float no_speech_ = 0;
};

}  // namespace pinhole::speech
