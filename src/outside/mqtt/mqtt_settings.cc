// SPDX-License-Identifier: Apache-2.0
#include "outside/mqtt/mqtt_settings.h"

#include <arpa/inet.h>
#include <mosquitto.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "outside/mqtt/device_id.h"
#include "system/failure.h"
#include "system/files.h"

namespace pinhole::outside::mqtt {

namespace {

using base::Diagnosis;
using base::Error;
using base::Status;

constexpr std::uint16_t kPlainPort = 1883;
constexpr std::uint16_t kTlsPort = 8883;
constexpr std::size_t kMostBuffer = 100'000;
constexpr std::uint32_t kLeastExpireS = 6;  // three ticks of the slowest profile
constexpr std::uint32_t kMostExpireS = 86'400;
constexpr std::size_t kMostHost = 253;
constexpr std::size_t kMostName = 100;
constexpr std::size_t kMostId = 64;
constexpr std::size_t kMostPrefix = 200;
constexpr std::size_t kMostFileBytes = std::size_t{1} << 20;
constexpr std::size_t kMostPassword = 65'535;  // what MQTT can carry

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool HasControl(std::string_view text) { return std::any_of(text.begin(), text.end(), IsControl); }

// UTF-8 as MQTT wants it, without control characters.
bool IsText(const std::string& text) {
  return !HasControl(text) &&
         mosquitto_validate_utf8(text.data(), static_cast<int>(text.size())) == MOSQ_ERR_SUCCESS;
}

bool IsIpv6(const std::string& host) {
  std::array<unsigned char, 16> address{};
  // A zone may follow: fe80::1%eth0.
  return inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), address.data()) == 1;
}

Status CheckHost(const MqttOptions& options, Diagnosis& why) {
  const std::string& host = options.host;
  if (host.empty()) {
    return why.Fail(Error::kInvalidArgument,
                    "mqtt host: is empty; give the broker's name or address");
  }
  const auto odd = [](char c) {
    return IsControl(c) || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view(" /@[]\"'").find(c) != std::string_view::npos;
  };
  if (host.size() > kMostHost || std::any_of(host.begin(), host.end(), odd) ||
      (host.find(':') != std::string::npos && !IsIpv6(host))) {
    return why.Fail(Error::kInvalidArgument, "mqtt host: '", host.substr(0, kMostHost),
                    "' is neither a name nor an address; give it without mqtt://, brackets and "
                    "port (the port has an option of its own)");
  }
  return {};
}

Status CheckPort(const MqttOptions& options, Diagnosis& why) {
  if (options.tls && options.port == kPlainPort) {
    return why.Fail(Error::kInvalidArgument, "mqtt port: tls is on, and ", kPlainPort,
                    " is the port without it; give the broker's TLS port (mostly ", kTlsPort,
                    ") or turn tls off");
  }
  if (!options.tls && options.port == kTlsPort) {
    return why.Fail(Error::kInvalidArgument, "mqtt port: ", kTlsPort,
                    " is the port for TLS, and tls is off; turn tls on or give another port "
                    "(mostly ",
                    kPlainPort, ")");
  }
  return {};
}

Status CheckTopic(const std::string& option, const std::string& topic, Diagnosis& why) {
  const bool sound = !topic.empty() && topic.size() <= kMostPrefix && IsText(topic) &&
                     topic.find_first_of("+#") == std::string::npos && topic.front() != '/' &&
                     topic.front() != '$' && topic.back() != '/' &&
                     topic.find("//") == std::string::npos;
  if (!sound) {
    return why.Fail(Error::kInvalidArgument, "mqtt ", option, ": '", topic.substr(0, kMostPrefix),
                    "' can't begin a topic; give 1 to ", kMostPrefix,
                    " bytes without + and #, control characters, a $ in front or an empty level");
  }
  return {};
}

Status CheckNames(const MqttOptions& options, Diagnosis& why) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  const std::string& id = options.device_id;
  if (id.size() > kMostId || !std::all_of(id.begin(), id.end(), allowed)) {
    return why.Fail(Error::kInvalidArgument, "mqtt device_id: '", id.substr(0, kMostId),
                    "' is not made of a-z, 0-9, _ and - (at most ", kMostId,
                    " of them); give such a name");
  }
  if (options.device_name.empty() || options.device_name.size() > kMostName ||
      !IsText(options.device_name)) {
    return why.Fail(Error::kInvalidArgument, "mqtt device_name: '",
                    options.device_name.substr(0, kMostName), "' is no name; give 1 to ", kMostName,
                    " bytes of text in UTF-8 without control characters");
  }
  PINHOLE_TRY(CheckTopic("topic_prefix", options.topic_prefix, why));
  return CheckTopic("discovery_prefix", options.discovery_prefix, why);
}

Status CheckNumbers(const MqttOptions& options, Diagnosis& why) {
  if (options.buffer > kMostBuffer) {
    return why.Fail(Error::kInvalidArgument, "mqtt buffer: ", options.buffer,
                    " states are too many; give 0 to ", kMostBuffer);
  }
  if (options.expire_after_s < kLeastExpireS || options.expire_after_s > kMostExpireS) {
    return why.Fail(Error::kInvalidArgument, "mqtt expire_after_s: ", options.expire_after_s,
                    " is out of range; give ", kLeastExpireS, " to ", kMostExpireS, " seconds");
  }
  if (options.retry_from_ms == 0 || options.retry_up_to_ms < options.retry_from_ms ||
      options.answer_within_ms == 0) {
    return why.Fail(Error::kInvalidArgument,
                    "mqtt retry_from_ms, retry_up_to_ms, answer_within_ms: must be at least 1, and "
                    "the first at most the second");
  }
  return {};
}

// The whole file; the sentence begins with the option's name.
base::Result<std::string> ReadOptionFile(std::string_view option, const std::string& path,
                                         Diagnosis& why) {
  if (path == "-") {
    return why.Fail(Error::kInvalidArgument, "mqtt ", option,
                    ": can't be standard input; give a file");
  }
  try {
    system::AlignedBytes bytes = system::ReadFile(path, kMostFileBytes);
    std::string text(bytes.size(), '\0');
    std::transform(bytes.span().begin(), bytes.span().end(), text.begin(),
                   [](std::byte byte) { return static_cast<char>(byte); });
    return text;
  } catch (const system::Failure& failure) {
    return why.Fail(Error::kIo, "mqtt ", option, ": ", failure.what());
  }
}

Status CheckPem(std::string_view option, const std::string& path, std::string_view mark,
                std::string_view kind, Diagnosis& why) {
  if (path.empty()) {
    return {};
  }
  PINHOLE_ASSIGN(const std::string text, ReadOptionFile(option, path, why));
  if (text.find(mark) == std::string::npos) {
    return why.Fail(Error::kWrongKind, "mqtt ", option, ": ", system::ShownPath(path), " holds no ",
                    kind, "; give one in PEM form");
  }
  if (text.find("ENCRYPTED") != std::string::npos) {
    return why.Fail(Error::kUnsupported, "mqtt ", option, ": ", system::ShownPath(path),
                    " is locked with a passphrase, and nobody is there to type it; give an "
                    "unlocked key that only this program's user may read");
  }
  return {};
}

Status CheckTls(const MqttOptions& options, Diagnosis& why) {
  const bool files =
      !options.ca_file.empty() || !options.cert_file.empty() || !options.key_file.empty();
  if (!options.tls && files) {
    return why.Fail(Error::kInvalidArgument,
                    "mqtt tls: is off, so ca_file, cert_file and key_file would not be used; turn "
                    "it on or leave them out");
  }
  if (options.cert_file.empty() != options.key_file.empty()) {
    return why.Fail(Error::kInvalidArgument,
                    "mqtt cert_file, key_file: one is given without the other; give both or none");
  }
  PINHOLE_TRY(CheckPem("ca_file", options.ca_file, " CERTIFICATE-----", "certificate", why));
  PINHOLE_TRY(CheckPem("cert_file", options.cert_file, " CERTIFICATE-----", "certificate", why));
  return CheckPem("key_file", options.key_file, " PRIVATE KEY-----", "private key", why);
}

base::Result<std::string> ReadPassword(const MqttOptions& options, Diagnosis& why) {
  if (options.user.size() > kMostName || !IsText(options.user)) {
    return why.Fail(Error::kInvalidArgument, "mqtt user: is no name; give at most ", kMostName,
                    " bytes of text without control characters");
  }
  if (options.password_file.empty()) {
    return std::string();
  }
  if (options.user.empty()) {
    return why.Fail(Error::kInvalidArgument,
                    "mqtt password_file: is given without user; give both");
  }
  PINHOLE_ASSIGN(std::string password, ReadOptionFile("password_file", options.password_file, why));
  password.resize(std::min(password.find('\n'), password.size()));
  if (password.ends_with('\r')) {
    password.pop_back();
  }
  const std::string shown = system::ShownPath(options.password_file);
  if (password.empty()) {
    return why.Fail(Error::kMalformed, "mqtt password_file: the first line of ", shown,
                    " is empty; write the password there");
  }
  if (password.size() > kMostPassword || HasControl(password)) {
    return why.Fail(Error::kMalformed, "mqtt password_file: the first line of ", shown,
                    " is no password: it is too long or has control characters");
  }
  return password;
}

base::Result<std::string> OwnDeviceId(const std::string& machine_id_file, Diagnosis& why) {
  const auto text = ReadOptionFile("device_id", machine_id_file, why);
  const std::optional<std::string> id = text ? DeviceIdFor(*text) : std::nullopt;
  if (!id) {
    return why.Fail(Error::kNotFound, "mqtt device_id: ", system::ShownPath(machine_id_file),
                    " holds no machine id to make one of; give a device_id");
  }
  return *id;
}

}  // namespace

base::Result<Settings> CheckOptions(const MqttOptions& options, Diagnosis& why,
                                    const std::string& machine_id_file) {
  PINHOLE_TRY(CheckHost(options, why));
  PINHOLE_TRY(CheckPort(options, why));
  PINHOLE_TRY(CheckNames(options, why));
  PINHOLE_TRY(CheckNumbers(options, why));
  const std::optional<facts::PersonProfile> profile = facts::ProfileNamed(options.profile);
  if (!profile) {
    return why.Fail(Error::kInvalidArgument, "mqtt profile: there is no '",
                    options.profile.substr(0, kMostName), "'; give presence, people or compatible");
  }
  PINHOLE_TRY(CheckTls(options, why));
  PINHOLE_ASSIGN(std::string password, ReadPassword(options, why));
  Settings settings{options, *profile, std::move(password)};
  if (settings.options.port == 0) {
    settings.options.port = options.tls ? kTlsPort : kPlainPort;
  }
  if (settings.options.device_id.empty()) {
    PINHOLE_ASSIGN(settings.options.device_id, OwnDeviceId(machine_id_file, why));
  }
  return settings;
}

std::string ShownBroker(const MqttOptions& options) {
  const bool brackets = options.host.find(':') != std::string::npos;
  return (brackets ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
}

}  // namespace pinhole::outside::mqtt
