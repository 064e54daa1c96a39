// SPDX-License-Identifier: Apache-2.0
#include "speech/weights/read_vocabulary.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "speech/text/utf8.h"
#include "speech/weights/assemble.h"
#include "speech/weights/json_pull.h"

namespace pinhole::speech {
namespace {

using base::Error;

// GPT-2's spelling of bytes: those that print in Latin-1 stand for themselves, the others, in their
// order, for the characters from 256 on.
constexpr bool StandsForItself(std::uint32_t byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

struct Spelling {
  std::array<std::uint8_t, 512> byte{};
  std::array<bool, 512> is_known{};
};

constexpr Spelling MakeSpelling() {
  Spelling spelling;
  std::uint32_t next = 256;
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    const std::uint32_t code = StandsForItself(byte) ? byte : next++;
    spelling.byte[code] = static_cast<std::uint8_t>(byte);
    spelling.is_known[code] = true;
  }
  return spelling;
}

std::optional<std::string> UndoSpelling(std::string_view token) {
  static constexpr Spelling kSpelling = MakeSpelling();
  std::string bytes;
  while (!token.empty()) {
    const Utf8Character next = FirstUtf8(token);
    if (next.length == 0 || next.code >= kSpelling.byte.size() || !kSpelling.is_known[next.code]) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<char>(kSpelling.byte[next.code]));
    token.remove_prefix(next.length);
  }
  return bytes;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  std::string bytes;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) {
      return std::nullopt;
    }
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<char>(bits >> held & 0xFFU));
    }
  }
  return bytes;
}

// Tokens come in any order; each rank once, none left out.
class Ranks {
 public:
  explicit Ranks(base::Diagnosis& why) : why_(why) {}

  base::Status Put(std::int64_t rank, std::string token) {
    if (rank < 0 || rank >= static_cast<std::int64_t>(kMaxVocabulary)) {
      return why_.Fail(Error::kTooLarge, "the vocabulary has a token of rank ", rank, ", at most ",
                       kMaxVocabulary, " are supported");
    }
    const auto index = static_cast<std::size_t>(rank);
    if (index >= tokens_.size()) {
      tokens_.resize(index + 1);
    }
    if (tokens_[index]) {
      return why_.Fail(Error::kMalformed, "the vocabulary has two tokens of rank ", rank);
    }
    tokens_[index] = std::move(token);
    return {};
  }

  base::Status MoveTo(std::vector<std::string>& vocabulary) {
    vocabulary.clear();
    for (auto& token : tokens_) {
      if (!token) {
        return why_.Fail(Error::kMalformed, "the vocabulary has no token of rank ",
                         vocabulary.size(), ", but some above it");
      }
      vocabulary.push_back(std::move(*token));
    }
    if (vocabulary.empty()) {
      return why_.Fail(Error::kMalformed, "the vocabulary is empty");
    }
    return {};
  }

 private:
  base::Diagnosis& why_;
  std::vector<std::optional<std::string>> tokens_;
};

base::Status ReadVocab(JsonPull& json, Ranks& ranks, base::Diagnosis& why) {
  std::string token;
  for (json.BeginObject(); json.NextMember(token);) {
    std::int64_t rank = 0;
    if (!json.ReadInteger(rank)) {
      return {};  // said by who looks at json.failed()
    }
    auto bytes = UndoSpelling(token);
    if (!bytes) {
      return why.Fail(Error::kMalformed, "tokenizer.json: the token of rank ", rank,
                      " isn't spelled with GPT-2's characters: this is no Whisper's vocabulary");
    }
    PINHOLE_TRY(ranks.Put(rank, std::move(*bytes)));
  }
  return {};
}

std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

base::Status ReadTokenizerJson(std::string_view text, std::vector<std::string>& vocabulary,
                               base::Diagnosis& why) {
  JsonPull json(text);
  Ranks ranks(why);
  std::string key;
  for (json.BeginObject(); json.NextMember(key);) {
    if (key != "model") {
      json.Skip();
      continue;
    }
    std::string part;
    for (json.BeginObject(); json.NextMember(part);) {
      if (part == "vocab") {
        PINHOLE_TRY(ReadVocab(json, ranks, why));
      } else {
        json.Skip();
      }
    }
  }
  if (!json.Finish()) {
    return why.Fail(Error::kMalformed, "tokenizer.json: ", json.failure(), " at byte ",
                    json.offset());
  }
  return ranks.MoveTo(vocabulary);
}

base::Status ReadTiktoken(std::string_view text, std::vector<std::string>& vocabulary,
                          base::Diagnosis& why) {
  Ranks ranks(why);
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    std::string_view entry = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (entry.ends_with('\r')) {
      entry.remove_suffix(1);
    }
    if (entry.empty()) {
      continue;
    }
    const std::size_t blank = entry.find(' ');
    std::int64_t rank = -1;
    const char* const last = entry.data() + entry.size();
    const auto bytes = DecodeBase64(entry.substr(0, blank));
    const auto [stop, error] = blank == std::string_view::npos
                                   ? std::from_chars_result{last, std::errc::invalid_argument}
                                   : std::from_chars(entry.data() + blank + 1, last, rank);
    if (!bytes || error != std::errc() || stop != last) {
      return why.Fail(Error::kMalformed, "line ", line,
                      " of the .tiktoken vocabulary is no token in base64 and its rank");
    }
    PINHOLE_TRY(ranks.Put(rank, *bytes));
  }
  return ranks.MoveTo(vocabulary);
}

base::Status ReadVocabulary(const ReadOptions& options, std::vector<std::string>& vocabulary,
                            base::Diagnosis& why) {
  if (!options.tiktoken.empty()) {
    return ReadTiktoken(AsText(options.tiktoken), vocabulary, why);
  }
  if (!options.tokenizer_json.empty()) {
    return ReadTokenizerJson(AsText(options.tokenizer_json), vocabulary, why);
  }
  return {};
}

}  // namespace pinhole::speech
