// SPDX-License-Identifier: Apache-2.0
#pragma once

// JSON as text, as much of it as workers' answers want: one line, names given by the program.

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace pinhole::benchmarks {

inline std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
    }
    quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return quoted + "\"";
}

inline std::string Text(std::uint64_t value) { return std::to_string(value); }
inline std::string Text(std::int64_t value) { return std::to_string(value); }
inline std::string Text(std::int32_t value) { return std::to_string(value); }
inline std::string Text(bool value) { return value ? "true" : "false"; }
inline std::string Text(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.9g", value);
  return digits;
}

// [1,2,3] or {"a":1}: pieces that are JSON already, with commas between.
class JsonList {
 public:
  explicit JsonList(char open) : text_(1, open), close_(open == '[' ? ']' : '}') {}

  void Add(std::string_view json) {
    if (text_.size() > 1) {
      text_ += ',';
    }
    text_ += json;
  }
  void Add(std::string_view name, std::string_view json) {
    Add(Quoted(name) + ":" + std::string(json));
  }
  [[nodiscard]] std::string Done() const { return text_ + close_; }

 private:
  std::string text_;
  char close_;
};

}  // namespace pinhole::benchmarks
