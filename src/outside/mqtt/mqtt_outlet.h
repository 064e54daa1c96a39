// SPDX-License-Identifier: Apache-2.0
#pragma once

// Facts to an MQTT broker, in the form that Home Assistant discovers by itself.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/diagnosis.h"
#include "base/result.h"
#include "outside/outlet/outlet.h"

namespace pinhole::outside::mqtt {

struct MqttOptions {
  std::string host = "localhost";
  std::uint16_t port = 0;  // 0: 1883, with tls 8883
  bool tls = false;
  std::string ca_file;              // empty: the system's authorities
  std::string cert_file, key_file;  // this client's, where the broker asks for one
  std::string user, password_file;  // the file's first line is the password
  std::string device_id;  // [a-z0-9_-]; empty: "pinhole-" and eight digits of the machine id's hash
  std::string device_name = "Person sensor";
  std::string topic_prefix = "pinhole";
  bool discovery = true;
  std::string discovery_prefix = "homeassistant";
  std::size_t buffer = 1000;       // states kept while the broker is away; the oldest go first
  std::string profile = "people";  // decides what is announced: presence has no count
  std::uint32_t expire_after_s = 30;
};

base::Result<std::unique_ptr<outlet::Outlet>> OpenMqtt(const MqttOptions& options,
                                                       outlet::Notices notices,
                                                       base::Diagnosis& why);

}  // namespace pinhole::outside::mqtt
