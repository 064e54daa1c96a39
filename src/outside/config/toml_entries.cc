// SPDX-License-Identifier: Apache-2.0
#include "outside/config/toml_entries.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "system/failure.h"

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_MAX_NESTED_VALUES 16
#define TOML_ENABLE_UNRELEASED_FEATURES 0
// The library asserts, and lets optimisers assume, things about the next character that do not hold
// on text that is no TOML ("[`"). It checks the same again right after: so nothing is assumed.
#include <toml++/impl/preprocessor.h>
#undef TOML_ASSERT
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_ASSERT_ASSUME(expression) static_assert(true)
#include <toml++/toml.h>

namespace pinhole::outside::config {

namespace {

// Parts that a dotted key or a section's name may have. Known ones have two.
constexpr std::size_t kMaxKeyParts = 16;

// A first look at a text, before the library has it: tells keys from strings and comments, and
// finds what the library does not bear. On text that is TOML up to some point this agrees with it
// up to there, and the library stops at the first error.
//
// - Dotted keys of many parts: the library bounds the nesting of values, but not of keys, and tears
//   its tables down by recursion.
// - NUL bytes, which are never text.
// - Characters beyond ASCII outside of strings and comments, where TOML has none: version 3.3 asks
//   whether they are blanks, and runs into code that is declared unreachable.
// - Strings over several lines, where it asks the same behind a backslash. No value has a line
// feed.
class FirstLook {
 public:
  explicit FirstLook(std::string_view text) : text_(text) {
    at_ = text_.starts_with("\xEF\xBB\xBF") ? 3 : 0;  // a byte order mark
  }

  // What the library can't be given, with at() the place; empty where there is nothing.
  std::string Problem() {
    std::size_t parts = 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        if (text_.substr(at_, 3) == std::string(3, c)) {
          return "a string over several lines; write it in one line, in single quotes";
        }
        SkipString(c);
        continue;
      }
      if (c == '#') {
        SkipTo('\n');
        continue;
      }
      if (c == '\0') {
        return "a NUL byte: this is no text file";
      }
      if (static_cast<unsigned char>(c) >= 0x80) {
        return "a character beyond ASCII outside of a string; put the text into quotes";
      }
      if (c == '.' && ++parts > kMaxKeyParts) {
        return "a key of more than " + std::to_string(kMaxKeyParts) +
               " parts; keys have a section and a name";
      }
      if (std::string_view("=,{}[]\n").find(c) != std::string_view::npos) {
        parts = 1;
      }
      ++at_;
    }
    return "";
  }

  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  // A NUL in a comment or string is a problem like any other, so it ends what is skipped.
  void SkipTo(char end) {
    while (at_ < text_.size() && text_[at_] != end && text_[at_] != '\0') {
      ++at_;
    }
  }

  // From the opening quote to behind the closing one, or to where the string breaks off, which is
  // an error that the library tells.
  void SkipString(char quote) {
    for (++at_; at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\0'; ++at_) {
      if (text_[at_] == quote) {
        ++at_;
        return;
      }
      if (text_[at_] == '\\' && quote == '"' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n' &&
          text_[at_ + 1] != '\0') {
        ++at_;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
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
  FirstLook look(text);
  if (read.problem = look.Problem(); !read.problem.empty()) {
    const std::string_view before = text.substr(0, look.at());
    read.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    read.column = look.at() - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0: the first line
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
