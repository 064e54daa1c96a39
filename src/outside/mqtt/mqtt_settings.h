// SPDX-License-Identifier: Apache-2.0
#pragma once

// MqttOptions, checked and completed: what the outlet works with.
//
// Everything that can be known to be wrong before a broker is asked is refused here, with one
// sentence that names the option: what a person mistypes (an address with "mqtt://", the port of
// the other protocol), files that can't be read or are no certificates, and what would end up in a
// topic or in JSON and must not. The password stays out of every sentence.

#include <string>

#include "base/diagnosis.h"
#include "base/result.h"
#include "facts/person_profile.h"
#include "outside/mqtt/mqtt_outlet.h"

namespace pinhole::outside::mqtt {

struct Settings {
  MqttOptions options;  // port and device_id are filled in
  facts::PersonProfile profile = facts::kDefaultProfile;
  std::string password;
};

// `machine_id_file` is asked only where options.device_id is empty.
base::Result<Settings> CheckOptions(const MqttOptions& options, base::Diagnosis& why,
                                    const std::string& machine_id_file = "/etc/machine-id");

// "localhost:1883", as messages show it.
std::string ShownBroker(const MqttOptions& options);

}  // namespace pinhole::outside::mqtt
