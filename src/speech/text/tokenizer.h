// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text into Whisper's tokens and back: byte-level BPE over a list of tokens in order of rank.
//
// Text is split into pieces (split_words.h). In each piece the two neighbours whose union has the
// lowest rank are joined, the first of equals, until none can be; what is left are tokens, a
// token's number is its rank. The ranks say all that a list of merges would, as in tiktoken.
//
//   PINHOLE_ASSIGN(const Tokenizer tokenizer, Tokenizer::Make(std::move(model.vocabulary), why));
//   std::vector<std::int32_t> tokens;
//   tokenizer.Encode(" a test", tokens);
//
// Any bytes can be encoded, and decode to themselves. Memory: the vocabulary and a table of it,
// some 5 MB. Cost of encoding: n log n of a piece's bytes. Special tokens are special_tokens.h's.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::speech {

class Tokenizer {
 public:
  // `vocabulary`: bytes of each ordinary token in order of rank. An empty token, which the
  // multilingual vocabulary has, is never made. Error: kMalformed where one of the 256 bytes has no
  // token.
  static base::Result<Tokenizer> Make(std::vector<std::string> vocabulary, base::Diagnosis& why);

  // The table's keys look into the vocabulary: not to be copied.
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;
  Tokenizer(Tokenizer&&) = default;
  Tokenizer& operator=(Tokenizer&&) = default;
  ~Tokenizer() = default;

  // Appends to `tokens`.
  void Encode(std::string_view text, std::vector<std::int32_t>& tokens) const;
  [[nodiscard]] std::vector<std::int32_t> Encode(std::string_view text) const;

  // The bytes of a token, maybe a part of a character; empty for special tokens and other numbers.
  [[nodiscard]] std::string_view Bytes(std::int32_t token) const;
  [[nodiscard]] std::string Decode(std::span<const std::int32_t> tokens) const;

  // Ordinary tokens.
  [[nodiscard]] std::int32_t size() const { return static_cast<std::int32_t>(vocabulary_.size()); }

 private:
  Tokenizer() = default;

  // The rank of these bytes, or kNone.
  static constexpr std::int32_t kNone = -1;
  [[nodiscard]] std::int32_t RankOf(std::string_view bytes) const;
  void EncodePiece(std::string_view piece, std::vector<std::int32_t>& tokens) const;

  std::vector<std::string> vocabulary_;
  std::unordered_map<std::string_view, std::int32_t> ranks_;
};

}  // namespace pinhole::speech
