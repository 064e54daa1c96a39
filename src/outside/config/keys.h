// SPDX-License-Identifier: Apache-2.0
#pragma once

// The table of keys: everything that a configuration can say, one row a key.
//
// A row has the key's name, what it takes, one sentence of documentation, and how it is read from
// and written into a Config. The default is what a fresh Config holds. Whoever parses, checks,
// prints or documents a configuration walks over this table; a new key is one row in keys.cc.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "outside/config/config.h"

namespace pinhole::outside::config {

struct Section {
  std::string_view name, help;  // one sentence
};

// Truths, whole numbers, texts.
using Value = std::variant<bool, std::int64_t, std::string>;

enum class Kind : std::uint8_t {
  kTruth,
  kNumber,  // least to most
  kRights,  // of a file, least to most, shown as 0o660
  kText,    // one of `choices` where there are any, else what `rule` allows
};

// What a text may be.
struct TextRule {
  std::string_view expected;  // "an IP address, as 127.0.0.1 or ::1"
  bool (*allows)(std::string_view text);
};

struct Key {
  std::string_view section, name;
  Kind kind = Kind::kTruth;
  std::int64_t least = 0, most = 0;
  std::vector<std::string_view> choices;
  const TextRule* rule = nullptr;
  std::string_view help;  // one sentence
  Value (*get)(const Config& config) = nullptr;
  // `value` is of this key's type and allowed.
  void (*set)(Config& config, const Value& value) = nullptr;
};

// In the order in which they are shown.
std::span<const Section> Sections();
std::span<const Key> Keys();  // section by section

const Key* FindKey(std::string_view section, std::string_view name);  // nullptr: no such key

// "sensor.fps".
std::string FullName(const Key& key);

// What the key takes, in words: "1 to 60", "presence, people or compatible".
std::string Allowed(const Key& key);

// Empty where the key takes `value`; else what was found and what is allowed, without the key's
// name: "is 99; 1 to 60 is allowed".
std::string WhatIsWrong(const Key& key, const Value& value);

// As TOML writes it, in one line.
std::string ValueAsToml(const Key& key, const Value& value);

// `value` as a person may see it: a password in the address of a camera is starred out.
Value Shown(const Key& key, const Value& value);

}  // namespace pinhole::outside::config
