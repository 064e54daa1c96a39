// SPDX-License-Identifier: Apache-2.0
#include "outside/config/config.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "facts/person_profile.h"
#include "outside/config/keys.h"
#include "outside/config/nearest.h"
#include "outside/config/text_rules.h"
#include "outside/config/toml_entries.h"
#include "system/failure.h"
#include "system/files.h"

namespace pinhole::outside::config {

namespace {

using system::Failure;
using system::Printable;

std::string DidYouMean(const std::string& nearest) {
  return nearest.empty() ? "; 'pinhole config --defaults' shows all there are"
                         : "; did you mean " + nearest + "?";
}

std::string ShownName(const std::string& section, const std::string& key) {
  return Printable(Shortened(section.empty() ? key : key.empty() ? section : section + "." + key));
}

// The key that was meant, in its own section first, then by its exact name in another.
std::string NearestKey(const std::string& section, const std::string& name) {
  std::vector<std::string_view> names;
  for (const Key& key : Keys()) {
    if (key.section == section) {
      names.push_back(key.name);
    }
  }
  if (const std::string_view near = Nearest(name, names); !near.empty()) {
    return section + "." + std::string(near);
  }
  const std::span<const Key> keys = Keys();
  const auto elsewhere = std::find_if(keys.begin(), keys.end(), [&](const Key& key) {
    return key.name == name && key.name != "enabled";
  });
  return elsewhere == keys.end() ? "" : FullName(*elsewhere);
}

std::string NearestSection(const std::string& name) {
  std::vector<std::string_view> names;
  for (const Section& section : Sections()) {
    names.push_back(section.name);
  }
  return std::string(Nearest(name, names));
}

bool IsSection(const std::string& name) {
  const std::span<const Section> sections = Sections();
  return std::any_of(sections.begin(), sections.end(),
                     [&](const Section& section) { return section.name == name; });
}

// What is wrong with where an entry stands; empty where that is a key.
std::string WrongPlace(const TomlEntry& entry) {
  const std::string shown = ShownName(entry.section, entry.key);
  if (entry.section.empty()) {
    if (IsSection(entry.key)) {
      return shown + " is a section, not a key; write [" + shown + "] and its keys below";
    }
    return "the key " + shown + " stands in no section" +
           DidYouMean(NearestKey(entry.section, entry.key));
  }
  if (!IsSection(entry.section)) {
    return "[" + ShownName(entry.section, "") + "] is no known section" +
           DidYouMean(NearestSection(entry.section));
  }
  if (entry.key.empty()) {
    return entry.value == FoundValue(OtherKind{"a table"})
               ? ""
               : "[[" + shown + "]] is an array; write [" + shown + "] once";
  }
  return FindKey(entry.section, entry.key) != nullptr
             ? ""
             : shown + " is no known key" + DidYouMean(NearestKey(entry.section, entry.key));
}

std::optional<Value> AsValue(const FoundValue& found) {
  if (const auto* truth = std::get_if<bool>(&found)) {
    return Value(*truth);
  }
  if (const auto* number = std::get_if<std::int64_t>(&found)) {
    return Value(*number);
  }
  if (const auto* text = std::get_if<std::string>(&found)) {
    return Value(*text);
  }
  return std::nullopt;
}

// Puts a Config together, and remembers what was wrong and where each key was set.
class Assembly {
 public:
  explicit Assembly(const std::string& name) : name_(name) {}

  void TakeFile(std::string_view text) {
    if (text.size() > kMaxConfigBytes) {
      Problem(Place(0, 0), "more than 1 MB; a configuration is a few lines");
      return;
    }
    const TomlEntries read = ReadToml(text);
    if (!read.problem.empty()) {
      Problem(Place(read.line, read.column), read.problem);
    }
    for (const TomlEntry& entry : read.entries) {
      const std::string place = Place(entry.line, entry.column);
      if (const std::string wrong = WrongPlace(entry); !wrong.empty()) {
        Problem(place, wrong);
      } else if (!entry.key.empty()) {
        Set(*FindKey(entry.section, entry.key), entry.value, place);
      }
    }
  }

  // "section.key=value".
  void TakeOverride(const std::string& text) {
    if (Printable(text) != text || !ReadToml("# " + text).problem.empty()) {
      // Comments hold any text that TOML can hold.
      Problem("--set", "a value or a name that is no printable UTF-8; write sensor.fps=5");
      return;
    }
    const std::size_t equals = text.find('=');
    const std::size_t dot = text.find('.');
    const std::string place = "--set " + Shortened(text.substr(0, equals));
    if (equals == std::string::npos || dot > equals) {
      Problem(place, "no 'section.key=value'; write it as sensor.fps=5");
      return;
    }
    TomlEntry entry;
    entry.section = text.substr(0, dot);
    entry.key = text.substr(dot + 1, equals - dot - 1);
    if (const std::string wrong = WrongPlace(entry); !wrong.empty() || entry.key.empty()) {
      Problem(place, entry.key.empty() ? "no key before the '='" : wrong);
      return;
    }
    const Key& key = *FindKey(entry.section, entry.key);
    Set(key, OverridingValue(key, text.substr(equals + 1)), place);
  }

  // What no single value can be blamed for.
  void CheckTogether();
  void Warn();

  Reading Done() {
    config_.mqtt.device_name = config_.http.sensor_name = config_.sensor.name;
    config_.mqtt.profile = config_.http.profile = config_.sensor.profile;
    const facts::ProfileDeclaration& profile =
        facts::Declaration(*facts::ProfileNamed(config_.sensor.profile));
    config_.http.tick = std::chrono::microseconds(profile.tick_us());
    if (problems_.size() > kMaxProblems) {
      const std::size_t more = problems_.size() - kMaxProblems;
      problems_.resize(kMaxProblems);
      problems_.push_back(Printable(name_) + ": and " + std::to_string(more) +
                          " more; correct these first");
    }
    return {std::move(config_), std::move(problems_), std::move(warnings_)};
  }

 private:
  [[nodiscard]] std::string Place(std::size_t line, std::size_t column) const {
    return line == 0 ? Printable(name_)
                     : Printable(name_) + ":" + std::to_string(line) + ":" + std::to_string(column);
  }

  // Where the key was set; the file where it was not.
  [[nodiscard]] std::string PlaceOf(const std::string& full_name) const {
    const auto found = places_.find(full_name);
    return found == places_.end() ? Printable(name_) : found->second;
  }

  void Problem(const std::string& place, const std::string& sentence) {
    problems_.push_back(place + ": " + sentence);
  }

  void Together(bool holds, const std::string& full_name, const std::string& sentence) {
    if (!holds) {
      Problem(PlaceOf(full_name), full_name + " " + sentence);
    }
  }

  void Set(const Key& key, const FoundValue& found, const std::string& place) {
    const std::optional<Value> value = AsValue(found);
    if (!value) {
      Problem(place, FullName(key) + " is " + std::string(std::get<OtherKind>(found).words) + "; " +
                         Allowed(key) + " is allowed");
      return;
    }
    if (const std::string wrong = WhatIsWrong(key, *value); !wrong.empty()) {
      Problem(place, FullName(key) + " " + wrong);
      return;
    }
    key.set(config_, *value);
    places_[FullName(key)] = place;
  }

  // A value of the command line: TOML where that gives what the key takes, else a bare word.
  static FoundValue OverridingValue(const Key& key, const std::string& text) {
    const TomlEntries read = ReadToml("v.v = " + text);
    const bool one = read.problem.empty() && read.entries.size() == 1;
    if (one &&
        (key.kind != Kind::kText || std::holds_alternative<std::string>(read.entries[0].value))) {
      return read.entries[0].value;
    }
    return FoundValue(text);
  }

  void WarnAboutSecret(bool used, const std::string& full_name, const std::string& path);

  std::string name_;
  Config config_;
  std::vector<std::string> problems_, warnings_;
  std::map<std::string, std::string> places_;
};

void Assembly::CheckTogether() {
  const Config& c = config_;
  Together(c.restart.first_s <= c.restart.most_s, "restart.first_s",
           "is more than restart.most_s; give at most that");
  if (c.http.enabled) {
    Together(IsLoopback(c.http.address) || !c.http.token_file.empty(), "http.address",
             "is reached by others; give an http.token_file, or a loopback address");
  }
  if (!c.mqtt.enabled) {
    return;
  }
  Together(c.mqtt.cert_file.empty() == c.mqtt.key_file.empty(),
           c.mqtt.cert_file.empty() ? "mqtt.key_file" : "mqtt.cert_file",
           "stands alone; mqtt.cert_file and mqtt.key_file go together");
  Together(c.mqtt.password_file.empty() || !c.mqtt.user.empty(), "mqtt.password_file",
           "is of nobody; give an mqtt.user too");
  for (const std::string& name : {std::string("ca_file"), std::string("cert_file")}) {
    const Key* const key = FindKey("mqtt", name);
    Together(c.mqtt.tls || std::get<std::string>(key->get(c)).empty(), FullName(*key),
             "is for an encrypted connection; set mqtt.tls to true");
  }
}

void Assembly::WarnAboutSecret(bool used, const std::string& full_name, const std::string& path) {
  if (!used || path.empty()) {
    return;
  }
  const std::string what = PlaceOf(full_name) + ": " + full_name + ": " + Printable(path);
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    warnings_.push_back(what + " can't be looked at: " + std::generic_category().message(errno) +
                        "; it has to be there when the sensor starts");
  } else if ((info.st_mode & S_IRWXO) != 0) {
    warnings_.push_back(what + " is a secret that everybody on this machine can get at; take the " +
                        "rights of others away: chmod o= FILE");
  }
}

void Assembly::Warn() {
  const Config& c = config_;
  WarnAboutSecret(c.mqtt.enabled, "mqtt.password_file", c.mqtt.password_file);
  WarnAboutSecret(c.mqtt.enabled, "mqtt.key_file", c.mqtt.key_file);
  WarnAboutSecret(c.http.enabled, "http.token_file", c.http.token_file);
  const bool local =
      c.mqtt.host == "localhost" || c.mqtt.host == "ip6-localhost" || IsLoopback(c.mqtt.host);
  if (c.mqtt.enabled && !c.mqtt.password_file.empty() && !c.mqtt.tls && !local) {
    warnings_.push_back(PlaceOf("mqtt.password_file") +
                        ": mqtt.password_file: the password crosses the network unencrypted; set "
                        "mqtt.tls to true");
  }
  if (PasswordIn(c.sensor.input).second != 0) {
    const bool on_command_line = PlaceOf("sensor.input").starts_with("--set");
    warnings_.push_back(PlaceOf("sensor.input") + ": sensor.input: the address has a password in " +
                        (on_command_line
                             ? "it, which every program on this machine can see; put it into the "
                               "configuration file"
                             : "it; keep this file from others: chmod o= FILE"));
  }
}

}  // namespace

Reading ParseConfig(std::string_view text, const std::string& name,
                    std::span<const std::string> overrides) {
  Assembly assembly(name);
  assembly.TakeFile(text);
  for (const std::string& one : overrides) {
    assembly.TakeOverride(one);
  }
  assembly.CheckTogether();
  assembly.Warn();
  return assembly.Done();
}

Config ReadConfig(const std::string& path, std::span<const std::string> overrides,
                  std::vector<std::string>& warnings) {
  system::AlignedBytes bytes;
  if (!path.empty()) {
    bytes = system::ReadFile(path, kMaxConfigBytes);
  }
  const std::span<const std::byte> span = bytes.span();
  Reading read = ParseConfig({reinterpret_cast<const char*>(span.data()), span.size()},
                             path.empty() ? "the defaults" : system::ShownPath(path), overrides);
  if (!read.problems.empty()) {
    std::string lines;
    for (const std::string& problem : read.problems) {
      lines += (lines.empty() ? "" : "\n") + problem;
    }
    throw Failure(lines);
  }
  warnings.insert(warnings.end(), read.warnings.begin(), read.warnings.end());
  return std::move(read.config);
}

}  // namespace pinhole::outside::config
