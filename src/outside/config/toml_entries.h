// SPDX-License-Identifier: Apache-2.0
#pragma once

// TOML text → its keys one by one, with their places. The one file pair that knows the TOML
// library.
//
// What a configuration can hold is two levels deep: sections and keys. Deeper tables and arrays are
// told by their kind and not followed. Of TOML, strings over several lines are not taken: no value
// of a configuration has a line feed. What the library does not bear is refused before it sees it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pinhole::outside::config {

// What a configuration does not know: a table, a date, a number with a fraction. In words, with
// their article.
struct OtherKind {
  std::string_view words;

  friend bool operator==(const OtherKind&, const OtherKind&) = default;
};

using FoundValue = std::variant<bool, std::int64_t, std::string, OtherKind>;

struct TomlEntry {
  std::string section;  // empty: outside of every section
  std::string key;      // empty: the section itself, with nothing in it or no table
  FoundValue value;
  std::size_t line = 0, column = 0;  // of the key, from 1
};

struct TomlEntries {
  std::vector<TomlEntry> entries;  // as they stand in the text
  // Not empty: the text is no TOML, and this is why; at line and column (0: no place).
  std::string problem;
  std::size_t line = 0, column = 0;
};

TomlEntries ReadToml(std::string_view text);

}  // namespace pinhole::outside::config
