// SPDX-License-Identifier: Apache-2.0
#pragma once

// JSON as it is written: a value is its text.
//
//   Json found = Json::Object({{"file", path}, {"faces", Json::Array(scores)}});
//   found.Add("threads", 4);
//   Print(found.Line());
//
// For writing only; keys keep the order they were given in. Bytes of a text that are no UTF-8
// become U+FFFD, numbers that JSON has no word for (infinity, NaN) null; a number is as short as
// reads back the same.

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace pinhole::host {

class Json {
 public:
  using Member = std::pair<std::string_view, Json>;

  // Implicit, so that members read as they will be written.
  Json(std::nullptr_t) : text_("null") {}  // NOLINT
  template <std::same_as<bool> Truth>
  Json(Truth value) : text_(value ? "true" : "false") {}  // NOLINT
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>)
  Json(Integer value) : text_(std::to_string(value)) {}   // NOLINT
  Json(float value) : text_(Number(value)) {}             // NOLINT
  Json(double value) : text_(Number(value)) {}            // NOLINT
  Json(std::string_view text) : text_(Quoted(text)) {}    // NOLINT
  Json(const std::string& text) : text_(Quoted(text)) {}  // NOLINT
  Json(const char* text) : text_(Quoted(text)) {}         // NOLINT

  // What is JSON already.
  static Json Verbatim(std::string_view text) {
    Json json(nullptr);
    json.text_ = text;
    return json;
  }
  static Json Object(std::initializer_list<Member> members) {
    Json json(nullptr);
    json.text_ = "{}";
    for (const auto& [key, value] : members) {
      json.Add(key, value);
    }
    return json;
  }
  static Json Array() {
    Json json(nullptr);
    json.text_ = "[]";
    return json;
  }
  template <typename Values>
  static Json Array(const Values& values) {
    Json json = Array();
    for (const auto& value : values) {
      json.Add(Json(value));
    }
    return json;
  }

  // To an object.
  void Add(std::string_view key, const Json& value) { Append(Quoted(key) + ":" + value.text_); }
  // To an array.
  void Add(const Json& value) { Append(value.text_); }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string Line() const { return text_ + "\n"; }

 private:
  template <std::floating_point Real>
  static std::string Number(Real value) {
    char digits[64];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
    const bool finite = std::isfinite(value);
    return error == std::errc() && finite ? std::string(digits, end) : "null";
  }
  static std::string Quoted(std::string_view text);
  void Append(const std::string& item);

  std::string text_;
};

}  // namespace pinhole::host
