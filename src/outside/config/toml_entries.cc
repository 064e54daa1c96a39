// SPDX-License-Identifier: Apache-2.0
#include "outside/config/toml_entries.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "system/failure.h"

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_MAX_NESTED_VALUES 16
#define TOML_UNRELEASED_FEATURES 0
#include <toml++/toml.h>

namespace pinhole::outside::config {

namespace {

// Parts that a dotted key or a section's name may have. Known ones have two.
constexpr std::size_t kMaxKeyParts = 16;

// Walks over TOML as far as needed to tell keys from strings and comments, and finds a dotted key
// with too many parts. The library bounds the nesting of values, but not of keys; on text that is
// TOML up to some point this agrees with it up to there, and it stops at the first error.
class KeyDepth {
 public:
  explicit KeyDepth(std::string_view text) : text_(text) {}

  // The line, from 1, of the first key that is too deep; 0 where there is none.
  std::size_t LineTooDeep() {
    std::size_t parts = 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        SkipString(c);
        continue;
      }
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
        continue;
      }
      if (c == '.') {
        if (++parts > kMaxKeyParts) {
          return line_;
        }
      } else if (std::string_view("=,{}[]\n").find(c) != std::string_view::npos) {
        parts = 1;
      }
      line_ += c == '\n' ? 1 : 0;
      ++at_;
    }
    return 0;
  }

 private:
  // From the opening quote to behind the closing one.
  void SkipString(char quote) {
    const std::string three(3, quote);
    const bool multi_line = text_.substr(at_, 3) == three;
    at_ += multi_line ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n' && !multi_line) {
        return;  // an error, which the library tells
      }
      line_ += c == '\n' ? 1 : 0;
      if (c == '\\' && quote == '"') {
        line_ += at_ + 1 < text_.size() && text_[at_ + 1] == '\n' ? 1U : 0U;
        at_ += 2;
        continue;
      }
      if (multi_line ? text_.substr(at_, 3) == three : c == quote) {
        at_ += multi_line ? 3 : 1;
        // A multi-line string may end in one or two quotes of its own.
        for (int more = 0; multi_line && more < 2 && at_ < text_.size() && text_[at_] == quote;
             ++more) {
          ++at_;
        }
        return;
      }
      ++at_;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

std::string_view KindInWords(toml::node_type type) {
  switch (type) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::date: return "a date";
    case toml::node_type::time: return "a time of day";
    case toml::node_type::date_time: return "a date and time";
    case toml::node_type::none:
    case toml::node_type::string:
    case toml::node_type::integer:
    case toml::node_type::boolean: break;
  }
  return "something else";
}

FoundValue ValueOf(const toml::node& node) {
  if (const auto* truth = node.as_boolean()) {
    return truth->get();
  }
  if (const auto* number = node.as_integer()) {
    return std::int64_t{number->get()};
  }
  if (const auto* text = node.as_string()) {
    return text->get();
  }
  return OtherKind{KindInWords(node.type())};
}

TomlEntry EntryOf(std::string section, std::string key, const toml::key& at,
                  const toml::node& node) {
  const toml::source_position place = at.source().begin;
  return {std::move(section), std::move(key), ValueOf(node), place.line, place.column};
}

void AddSection(const toml::key& name, const toml::node& node, std::vector<TomlEntry>& entries) {
  const std::string section(name.str());
  const toml::table* const table = node.as_table();
  if (table == nullptr && !node.is_array_of_tables()) {
    entries.push_back(EntryOf("", section, name, node));
    return;
  }
  if (table == nullptr || table->empty()) {
    entries.push_back(EntryOf(section, "", name, node));
    return;
  }
  for (const auto& [key, value] : *table) {
    entries.push_back(EntryOf(section, std::string(key.str()), key, value));
  }
}

}  // namespace

TomlEntries ReadToml(std::string_view text) {
  TomlEntries read;
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    const std::string_view before = text.substr(0, nul);
    read.problem = "a NUL byte: this is no text file";
    read.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    read.column = nul - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0: the first line
    return read;
  }
  if (const std::size_t line = KeyDepth(text).LineTooDeep(); line != 0) {
    read.problem = "a key of more than " + std::to_string(kMaxKeyParts) +
                   " parts; keys have a section and a name";
    read.line = line;
    read.column = 1;
    return read;
  }
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    read.problem = "no TOML: " + system::Printable(parsed.error().description());
    read.line = parsed.error().source().begin.line;
    read.column = parsed.error().source().begin.column;
    return read;
  }
  for (const auto& [key, value] : parsed.table()) {
    AddSection(key, value, read.entries);
  }
  std::sort(read.entries.begin(), read.entries.end(), [](const TomlEntry& a, const TomlEntry& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return read;
}

}  // namespace pinhole::outside::config
