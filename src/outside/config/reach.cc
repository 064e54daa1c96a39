// SPDX-License-Identifier: Apache-2.0
#include "outside/config/reach.h"

#include <filesystem>

namespace pinhole::outside::config {

namespace {

constexpr std::uint16_t kMqttPort = 1883;
constexpr std::uint16_t kMqttTlsPort = 8883;

void AddIfAny(const std::string& path, std::vector<std::string>& paths) {
  if (!path.empty()) {
    paths.push_back(path);
  }
}

void AddMqtt(const mqtt::MqttOptions& mqtt, Reach& reach) {
  reach.network = true;
  reach.connect_tcp.push_back(mqtt.port != 0 ? mqtt.port : mqtt.tls ? kMqttTlsPort : kMqttPort);
  // What the C library looks into to turn a name into an address.
  for (const char* const file : {"/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf",
                                 "/etc/resolv.conf", "/etc/gai.conf", "/run/systemd/resolve"}) {
    reach.read.emplace_back(file);
  }
  AddIfAny(mqtt.password_file, reach.read);
  if (mqtt.device_id.empty()) {
    reach.read.emplace_back("/etc/machine-id");
  }
  if (mqtt.tls) {
    reach.read.emplace_back("/etc/ssl");  // openssl.cnf, and the system's authorities
    reach.read.emplace_back("/usr/share/ca-certificates");
    AddIfAny(mqtt.ca_file, reach.read);
    AddIfAny(mqtt.cert_file, reach.read);
    AddIfAny(mqtt.key_file, reach.read);
  }
}

}  // namespace

Reach ReachOf(const Config& config) {
  Reach reach;
  if (config.pin.enabled) {
    const std::string& chip = config.pin.chip;
    reach.gpio_chip = chip.find('/') == std::string::npos ? "/dev/" + chip : chip;
  }
  if (config.i2c.enabled) {
    reach.i2c = config.i2c.path;
  }
  if (config.mqtt.enabled) {
    AddMqtt(config.mqtt, reach);
  }
  if (config.http.enabled) {
    reach.network = true;
    reach.bind_tcp.push_back(config.http.port);
    AddIfAny(config.http.token_file, reach.read);
  }
  if (config.log.enabled && config.log.path != "-") {
    const std::string folder = std::filesystem::path(config.log.path).parent_path().string();
    reach.write.push_back(folder.empty() ? "." : folder);
  }
  return reach;
}

}  // namespace pinhole::outside::config
