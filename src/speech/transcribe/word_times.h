// SPDX-License-Identifier: Apache-2.0
#pragma once

// When each word of a window was said, from what the decoder attends to while it reads them.
//
// Some heads of cross-attention follow the sound as text goes on. Their shares, each divided by
// what is usual at that place, smoothed and averaged, are how well each token fits each 20 ms; the
// cheapest way through them that never goes back (dynamic time warping) is when the tokens were
// said.
//
// Cost: the window's tokens go through the decoder once more, many at a time. Times are within some
// hundredths of a second where speech is clear and the model's heads are known.
//
// Source: github.com/openai/whisper, whisper/timing.py, and __init__.py for the heads.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "speech/network/decoder.h"
#include "speech/text/special_tokens.h"
#include "speech/text/tokenizer.h"
#include "speech/transcribe/transcript.h"

namespace pinhole::speech {

// The heads that OpenAI found to follow the sound best, where these are the sizes of one of its
// models (large-v2's for large-v1, which has the same sizes); else all heads of the upper half of
// the decoder's layers.
std::vector<AlignmentHead> AlignmentHeads(const Dims& dims);

// The cheapest way from the first row and column to the last ones, by steps of one row, one column
// or both: for each row the first of its columns. `costs`: [rows][columns], neither 0.
std::vector<int> CheapestWay(std::span<const float> costs, int rows, int columns);

// A word and how many of the tokens it is made of.
struct TimedWord {
  Word word;
  std::size_t tokens = 0;
};

// Tokens into words: before blanks, and around punctuation; in languages that are written without
// blanks, at every character. No times yet.
std::vector<TimedWord> SplitIntoWords(const Tokenizer& tokenizer,
                                      std::span<const std::int32_t> tokens,
                                      std::string_view language);

// Punctuation joins the word before it, or what opens a quotation the word behind it; the word
// keeps its own times. What was joined stays in the list, with no text.
void JoinPunctuation(std::span<TimedWord> words);

class WordTimer {
 public:
  // All that is given must outlive it.
  WordTimer(const Network& network, const Tokenizer& tokenizer, const SpecialTokens& special,
            Decoder& decoder, const Team& team);

  // The words of `tokens`, ordinary ones only, in what the decoder listens to; its sequences begin
  // anew. `prompt`: start of transcript, language, task. `positions`: how many of those that the
  // decoder listens to hold sound. Times count from the window's beginning.
  std::vector<TimedWord> Find(std::span<const std::int32_t> prompt,
                              std::span<const std::int32_t> tokens, std::string_view language,
                              int positions);

 private:
  // Tokens through the decoder: the probability of each of `tokens` among ordinary ones.
  std::vector<float> Read(std::span<const std::int32_t> prompt,
                          std::span<const std::int32_t> tokens);
  // [rows][positions] out of the decoder's shares.
  [[nodiscard]] std::vector<float> Costs(int first_row, int rows, int positions) const;

  const Network& network_;
  const Tokenizer& tokenizer_;
  const SpecialTokens& special_;
  Decoder& decoder_;
  const Team& team_;
  std::vector<AlignmentHead> heads_;
};

// Gives a window's words to its segments, in order: those without text go, none that borders on a
// pause is much longer than usual, and a segment begins and ends with its words. `last_ms`: the end
// of the last word before the window, and afterwards of the last one in it.
void PlaceWords(std::vector<TimedWord> words, std::int64_t window_start_ms,
                std::int32_t end_of_text, std::span<Segment> segments, std::int64_t& last_ms);

}  // namespace pinhole::speech
