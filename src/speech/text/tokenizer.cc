// SPDX-License-Identifier: Apache-2.0
#include "speech/text/tokenizer.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <tuple>
#include <utility>

#include "speech/text/split_words.h"

namespace pinhole::speech {
namespace {

// Two neighbouring parts that could be joined: the lowest rank first, then the leftmost.
struct Join {
  std::int32_t rank;
  std::uint32_t begin, middle, end;  // of the two parts, in the piece

  friend bool operator>(const Join& a, const Join& b) {
    return std::tie(a.rank, a.begin) > std::tie(b.rank, b.begin);
  }
};

// The parts of a piece, each known by where it begins: its end, and the beginning of the one
// before.
struct Parts {
  explicit Parts(std::uint32_t size) : end(size), before(size) {
    for (std::uint32_t i = 0; i < size; ++i) {
      end[i] = i + 1;
      before[i] = i == 0 ? 0 : i - 1;
    }
  }
  std::vector<std::uint32_t> end;  // 0: no part begins here any more
  std::vector<std::uint32_t> before;
};

}  // namespace

base::Result<Tokenizer> Tokenizer::Make(std::vector<std::string> vocabulary, base::Diagnosis& why) {
  Tokenizer tokenizer;
  tokenizer.vocabulary_ = std::move(vocabulary);
  tokenizer.ranks_.reserve(tokenizer.vocabulary_.size());
  for (std::size_t rank = 0; rank < tokenizer.vocabulary_.size(); ++rank) {
    // Of equal tokens the first: a later one can't be made.
    tokenizer.ranks_.emplace(tokenizer.vocabulary_[rank], static_cast<std::int32_t>(rank));
  }
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (tokenizer.RankOf({&c, 1}) == kNone) {
      return why.Fail(base::Error::kMalformed, "the vocabulary of ", tokenizer.size(),
                      " tokens has none for the byte ", byte,
                      ": it is no byte-level vocabulary, or not whole");
    }
  }
  return tokenizer;
}

std::int32_t Tokenizer::RankOf(std::string_view bytes) const {
  const auto at = ranks_.find(bytes);
  return at == ranks_.end() ? kNone : at->second;
}

void Tokenizer::Encode(std::string_view text, std::vector<std::int32_t>& tokens) const {
  // Places in a piece are 32-bit; no text is cut that isn't 4 GB of one word.
  constexpr std::size_t kMostAtOnce = 0xFFFFFFFF;
  while (!text.empty()) {
    const std::string_view piece = FirstPiece(text).substr(0, kMostAtOnce);
    EncodePiece(piece, tokens);
    text.remove_prefix(piece.size());
  }
}

std::vector<std::int32_t> Tokenizer::Encode(std::string_view text) const {
  std::vector<std::int32_t> tokens;
  Encode(text, tokens);
  return tokens;
}

void Tokenizer::EncodePiece(std::string_view piece, std::vector<std::int32_t>& tokens) const {
  if (const std::int32_t whole = RankOf(piece); whole != kNone) {
    tokens.push_back(whole);
    return;
  }
  const auto size = static_cast<std::uint32_t>(piece.size());
  Parts parts(size);
  std::priority_queue<Join, std::vector<Join>, std::greater<>> joins;
  const auto propose = [&](std::uint32_t begin, std::uint32_t middle) {
    if (middle < size) {
      const std::uint32_t end = parts.end[middle];
      const std::int32_t rank = RankOf(piece.substr(begin, end - begin));
      if (rank != kNone) {
        joins.push({rank, begin, middle, end});
      }
    }
  };
  for (std::uint32_t i = 0; i + 1 < size; ++i) {
    propose(i, i + 1);
  }
  while (!joins.empty()) {
    const Join join = joins.top();
    joins.pop();
    // Proposed before one of the two was joined with another: no longer there.
    if (parts.end[join.begin] != join.middle || parts.end[join.middle] != join.end) {
      continue;
    }
    parts.end[join.begin] = join.end;
    parts.end[join.middle] = 0;
    if (join.end < size) {
      parts.before[join.end] = join.begin;
    }
    propose(join.begin, join.end);
    if (join.begin > 0) {
      propose(parts.before[join.begin], join.begin);
    }
  }
  for (std::uint32_t begin = 0; begin < size; begin = parts.end[begin]) {
    tokens.push_back(RankOf(piece.substr(begin, parts.end[begin] - begin)));
  }
}

std::string_view Tokenizer::Bytes(std::int32_t token) const {
  return token >= 0 && token < size() ? vocabulary_[static_cast<std::size_t>(token)]
                                      : std::string_view();
}

std::string Tokenizer::Decode(std::span<const std::int32_t> tokens) const {
  std::string text;
  for (const std::int32_t token : tokens) {
    text.append(Bytes(token));
  }
  return text;
}

}  // namespace pinhole::speech
