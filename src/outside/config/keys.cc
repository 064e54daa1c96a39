// SPDX-License-Identifier: Apache-2.0
#include "outside/config/keys.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <type_traits>
#include <utility>

#include "facts/person_profile.h"
#include "outside/config/text_rules.h"
#include "system/failure.h"

namespace pinhole::outside::config {

namespace {

template <typename Field>
Value AsValue(const Field& field) {
  if constexpr (std::is_same_v<Field, bool> || std::is_same_v<Field, std::string>) {
    return field;
  } else if constexpr (std::is_integral_v<Field>) {
    return static_cast<std::int64_t>(field);
  } else {
    return std::int64_t{field.count()};  // a duration, in its own unit
  }
}

template <typename Field>
void Assign(Field& field, const Value& value) {
  if constexpr (std::is_same_v<Field, bool> || std::is_same_v<Field, std::string>) {
    field = std::get<Field>(value);
  } else if constexpr (std::is_integral_v<Field>) {
    field = static_cast<Field>(std::get<std::int64_t>(value));
  } else {
    field = Field(std::get<std::int64_t>(value));
  }
}

// A row for config.*kPart.*kField, still without its name and rules.
template <auto kPart, auto kField>
Key Row(std::string_view section, std::string_view name, Kind kind, std::string_view help) {
  Key key;
  key.section = section;
  key.name = name;
  key.kind = kind;
  key.help = help;
  key.get = [](const Config& config) { return AsValue(config.*kPart.*kField); };
  key.set = [](Config& config, const Value& value) { Assign(config.*kPart.*kField, value); };
  return key;
}

template <auto kPart, auto kField>
Key Truth(std::string_view section, std::string_view name, std::string_view help) {
  return Row<kPart, kField>(section, name, Kind::kTruth, help);
}

template <auto kPart, auto kField>
Key Number(std::string_view section, std::string_view name, std::int64_t least, std::int64_t most,
           std::string_view help) {
  Key key = Row<kPart, kField>(section, name, Kind::kNumber, help);
  key.least = least;
  key.most = most;
  return key;
}

template <auto kPart, auto kField>
Key Text(std::string_view section, std::string_view name, const TextRule& rule,
         std::string_view help) {
  Key key = Row<kPart, kField>(section, name, Kind::kText, help);
  key.rule = &rule;
  return key;
}

template <auto kPart, auto kField>
Key Choice(std::string_view section, std::string_view name, std::vector<std::string_view> choices,
           std::string_view help) {
  Key key = Row<kPart, kField>(section, name, Kind::kText, help);
  key.choices = std::move(choices);
  return key;
}

// "enabled" of an outlet.
template <auto kPart>
Key Enabled(std::string_view section, std::string_view help) {
  Key key;
  key.section = section;
  key.name = "enabled";
  key.kind = Kind::kTruth;
  key.help = help;
  key.get = [](const Config& config) { return Value((config.*kPart).enabled); };
  key.set = [](Config& config, const Value& value) {
    (config.*kPart).enabled = std::get<bool>(value);
  };
  return key;
}

std::vector<std::string_view> ProfileNames() {
  std::vector<std::string_view> names;
  for (const facts::ProfileDeclaration& profile : facts::kPersonProfiles) {
    names.push_back(profile.name);
  }
  return names;
}

constexpr std::int64_t kHourMs = 3'600'000;

std::vector<Key> SensorKeys() {
  constexpr auto kAt = &Config::sensor;
  using S = SensorConfig;
  return {
      Text<kAt, &S::model>("sensor", "model", kFileOrNone,
                           "The face detection model; the bundled one where it is empty."),
      Text<kAt, &S::input>("sensor", "input", kInput,
                           "Where frames come from: a camera, a stream, a video file, a picture or "
                           "a folder of pictures; the bundled film where it is empty."),
      Number<kAt, &S::fps>("sensor", "fps", 1, 60,
                           "Frames a second that a film is shown at; cameras have their own."),
      Truth<kAt, &S::loop>("sensor", "loop", "Whether a film begins again at its end."),
      Number<kAt, &S::width>("sensor", "width", 64, 4096,
                             "Pixels across that are wanted of a camera; it gives what it can."),
      Number<kAt, &S::height>("sensor", "height", 64, 4096,
                              "Pixels down that are wanted of a camera."),
      Number<kAt, &S::threads>("sensor", "threads", 1, 16,
                               "Threads that share the work; results do not depend on it."),
      Choice<kAt, &S::profile>("sensor", "profile", ProfileNames(),
                               "How much may leave the sensor, from least to most; 'pinhole facts' "
                               "prints what each lets through."),
      Text<kAt, &S::name>("sensor", "name", kName,
                          "What the sensor is called on its pages and in Home Assistant."),
      Choice<&Config::wall, &WallConfig::at_least>(
          "wall", "at_least", {"A", "B", "C"},
          "The least grade of the wall, A the best, with which the sensor starts; below it, it "
          "refuses."),
      Number<&Config::restart, &RestartConfig::first_s>(
          "restart", "first_s", 1, 3600,
          "Seconds to wait before a part that ended is started again; doubled each time it ends "
          "again."),
      Number<&Config::restart, &RestartConfig::most_s>("restart", "most_s", 1, 86400,
                                                       "Seconds to wait at most."),
  };
}

std::vector<Key> PinKeys() {
  constexpr auto kAt = &Config::pin;
  using P = pin::PinOptions;
  return {
      Enabled<kAt>("pin", "Whether a GPIO line is driven."),
      Text<kAt, &P::chip>("pin", "chip", kFile,
                          "The GPIO chip, by name or path, as gpiodetect lists them."),
      Number<kAt, &P::line>("pin", "line", 0, 65535, "The line's offset on its chip."),
      Truth<kAt, &P::active_low>("pin", "active_low",
                                 "Whether the line is low while somebody is there."),
      Number<kAt, &P::rise>("pin", "rise_ms", 0, kHourMs,
                            "Milliseconds that somebody has to be there before the line changes."),
      Number<kAt, &P::fall>("pin", "fall_ms", 0, kHourMs,
                            "Milliseconds that somebody has to be gone before the line changes "
                            "back."),
      Number<kAt, &P::minimum>("pin", "minimum_ms", 0, kHourMs,
                               "Milliseconds for which the line stays once it has changed."),
      Choice<kAt, &P::when_no_reading>("pin", "when_no_reading", {"low", "high", "keep"},
                                       "What the line does without a reading."),
  };
}

std::vector<Key> I2cKeys() {
  constexpr auto kAt = &Config::i2c;
  using I = i2cdev::I2cdevOptions;
  Key mode =
      Row<kAt, &I::mode>("i2c", "mode", Kind::kRights, "Rights of the file, as chmod takes them.");
  mode.most = 0777;
  return {
      Enabled<kAt>("i2c",
                   "Whether there is a file that behaves as an I2C bus with a Person Sensor on "
                   "it."),
      Text<kAt, &I::path>("i2c", "path", kI2cPath, "Where the file appears."),
      Choice<kAt, &I::how>("i2c", "how", {"auto", "cuse", "file"},
                           "How it is made: cuse gives a character device, file a file; auto takes "
                           "what the machine has."),
      mode,
  };
}

std::vector<Key> MqttKeys() {
  constexpr auto kAt = &Config::mqtt;
  using M = mqtt::MqttOptions;
  return {
      Enabled<kAt>("mqtt", "Whether facts go to an MQTT broker."),
      Text<kAt, &M::host>("mqtt", "host", kHost, "The broker's name or address."),
      Number<kAt, &M::port>("mqtt", "port", 0, 65535,
                            "The broker's port; 0 is 1883, and 8883 with tls."),
      Truth<kAt, &M::tls>("mqtt", "tls", "Whether the connection is encrypted by TLS."),
      Text<kAt, &M::ca_file>("mqtt", "ca_file", kFileOrNone,
                             "Authorities whose certificates are believed; the system's where it "
                             "is empty."),
      Text<kAt, &M::cert_file>("mqtt", "cert_file", kFileOrNone,
                               "This sensor's certificate, where the broker asks for one."),
      Text<kAt, &M::key_file>("mqtt", "key_file", kFileOrNone, "The key of that certificate."),
      Text<kAt, &M::user>("mqtt", "user", kUserName, "The name to log in with."),
      Text<kAt, &M::password_file>("mqtt", "password_file", kFileOrNone,
                                   "A file whose first line is the password."),
      Text<kAt, &M::device_id>("mqtt", "device_id", kDeviceId,
                               "This sensor's part of the topics; made of the machine's id where "
                               "it is empty."),
      Text<kAt, &M::topic_prefix>("mqtt", "topic_prefix", kTopicPrefix,
                                  "What all topics begin with."),
      Truth<kAt, &M::discovery>("mqtt", "discovery",
                                "Whether the sensor announces itself to Home Assistant."),
      Text<kAt, &M::discovery_prefix>("mqtt", "discovery_prefix", kTopicPrefix,
                                      "Where Home Assistant listens for announcements."),
      Number<kAt, &M::buffer>("mqtt", "buffer", 1, 1'000'000,
                              "States kept while the broker is away; the oldest go first."),
      Number<kAt, &M::expire_after_s>("mqtt", "expire_after_s", 1, 86400,
                                      "Seconds without news after which Home Assistant says that "
                                      "the sensor is unavailable."),
  };
}

std::vector<Key> HttpKeys() {
  constexpr auto kAt = &Config::http;
  using H = http::HttpOptions;
  return {
      Enabled<kAt>("http", "Whether there is a dashboard, with JSON, events and metrics."),
      Text<kAt, &H::address>("http", "address", kIpAddress,
                             "The address to listen at; any that is not loopback needs a "
                             "token_file."),
      Number<kAt, &H::port>("http", "port", 0, 65535, "The port to listen at; 0 is any free one."),
      Text<kAt, &H::token_file>("http", "token_file", kFileOrNone,
                                "A file whose first line everybody has to give who asks."),
  };
}

std::vector<Key> LogKeys() {
  constexpr auto kAt = &Config::log;
  using L = log::LogOptions;
  return {
      Enabled<kAt>("log", "Whether facts are written as lines."),
      Text<kAt, &L::path>("log", "path", kFile, "The file; - is standard output."),
      Choice<kAt, &L::format>("log", "format", {"text", "json"}, "Lines for people or programs."),
      Truth<kAt, &L::all>("log", "all", "Whether every tick gets a line, not only what is new."),
      Number<kAt, &L::max_bytes>("log", "max_bytes", 10'000, 1'000'000'000'000,
                                 "Bytes of a file after which it becomes PATH.1 and a new one "
                                 "begins."),
  };
}

std::vector<Key> AllKeys() {
  std::vector<Key> keys;
  for (const std::vector<Key>& some :
       {SensorKeys(), PinKeys(), I2cKeys(), MqttKeys(), HttpKeys(), LogKeys()}) {
    keys.insert(keys.end(), some.begin(), some.end());
  }
  return keys;
}

bool HasControlCharacter(std::string_view text) { return system::Printable(text) != text; }

std::string InOctal(std::int64_t value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 8);
  return "0o" + std::string(digits.data(), end.ptr);
}

std::string NumberAsText(const Key& key, std::int64_t value) {
  return key.kind == Kind::kRights && value >= 0 ? InOctal(value) : std::to_string(value);
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return quoted + "\"";
}

}  // namespace

std::span<const Section> Sections() {
  static constexpr std::array<Section, 8> kSections = {{
      {"sensor", "What is looked at, and how much of it may leave."},
      {"wall", "How strong the wall around the pictures has to be."},
      {"restart", "How a part that ended is started again."},
      {"pin", "A GPIO line that changes while somebody is there."},
      {"i2c", "The Person Sensor's registers, as a file that behaves as /dev/i2c-N."},
      {"mqtt", "Facts to an MQTT broker, in the form that Home Assistant discovers."},
      {"http", "A dashboard, JSON, events and metrics over HTTP."},
      {"log", "Facts as lines."},
  }};
  return kSections;
}

std::span<const Key> Keys() {
  static const std::vector<Key> kKeys = AllKeys();
  return kKeys;
}

const Key* FindKey(std::string_view section, std::string_view name) {
  const std::span<const Key> keys = Keys();
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const Key& key) {
    return key.section == section && key.name == name;
  });
  return found == keys.end() ? nullptr : &*found;
}

std::string FullName(const Key& key) {
  return std::string(key.section) + "." + std::string(key.name);
}

std::string Allowed(const Key& key) {
  switch (key.kind) {
    case Kind::kTruth: return "true or false";
    case Kind::kNumber:
    case Kind::kRights:
      return NumberAsText(key, key.least) + " to " + NumberAsText(key, key.most) +
             (key.kind == Kind::kRights ? " in octal" : "");
    case Kind::kText: break;
  }
  if (key.rule != nullptr) {
    return std::string(key.rule->expected);
  }
  std::string words;
  for (std::size_t i = 0; i < key.choices.size(); ++i) {
    words += i == 0 ? "" : i + 1 == key.choices.size() ? " or " : ", ";
    words += key.choices[i];
  }
  return words;
}

std::string WhatIsWrong(const Key& key, const Value& value) {
  const std::string expected = "; " + Allowed(key) + " is allowed";
  if (key.kind == Kind::kTruth) {
    return std::holds_alternative<bool>(value) ? "" : "is no truth" + expected;
  }
  if (key.kind != Kind::kText) {
    const auto* number = std::get_if<std::int64_t>(&value);
    if (number == nullptr) {
      return "is no whole number" + expected;
    }
    return *number >= key.least && *number <= key.most
               ? ""
               : "is " + NumberAsText(key, *number) + expected;
  }
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) {
    return "is no text" + expected;
  }
  const bool allowed = key.rule != nullptr ? key.rule->allows(*text)
                                           : std::find(key.choices.begin(), key.choices.end(),
                                                       *text) != key.choices.end();
  if (allowed && !HasControlCharacter(*text)) {
    return "";
  }
  const auto shown = std::get<std::string>(Shown(key, *text));
  return "is \"" + system::Printable(Shortened(shown)) + "\"" +
         (allowed ? "; control characters are not allowed" : expected);
}

std::string ValueAsToml(const Key& key, const Value& value) {
  if (const auto* truth = std::get_if<bool>(&value)) {
    return *truth ? "true" : "false";
  }
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return NumberAsText(key, *number);
  }
  return Quoted(std::get<std::string>(value));
}

Value Shown(const Key& key, const Value& value) {
  if (key.rule != &kInput) {
    return value;
  }
  auto text = std::get<std::string>(value);
  const auto [begin, size] = PasswordIn(text);
  return size == 0 ? text : text.replace(begin, size, "***");
}

}  // namespace pinhole::outside::config
