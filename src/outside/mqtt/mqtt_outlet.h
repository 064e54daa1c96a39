// SPDX-License-Identifier: Apache-2.0
#pragma once

// Facts to an MQTT broker, in the form that Home Assistant discovers by itself.
//
//   PREFIX/ID/state         the record as one line of JSON (outside/log/person_log.h)
//   PREFIX/ID/availability  "online"; "offline" when the outlet is closed, and as the will
//   DISCOVERY/device/ID/config  what Home Assistant makes of it (home_assistant.h)
//
// All three are retained, with QoS 1. A state is published when the record differs from the one
// before, and as a sign of life after a third of expire_after_s; a sensor that falls silent
// becomes unavailable in Home Assistant. Nothing is published that is not in the record or in the
// options.
//
// Publish only queues: one thread of the outlet looks up names, connects (MQTT 3.1.1, which
// every broker speaks), sends and waits for answers. A state leaves the queue when the broker
// has acknowledged it, so what was published while the broker was away arrives afterwards, in
// order, each at least once; beyond `buffer` waiting states the oldest go, and how many went is
// said when the broker is back. Memory is bounded by the buffer (about 600 bytes a state), and what
// a broker can make the client library hold by the bytes it may send (broker_link.h).
//
// Closing tells the broker "offline" and waits a second at most for it to have heard. A look-up or
// a connect that hangs in the system at that moment is left to end by itself; it can say nothing
// any more.
//
// At each connect the files ca_file, cert_file and key_file, or the system's authorities, are read
// anew: a renewed certificate needs no restart. The password is read once. libmosquitto sets
// SIGPIPE to be ignored in the whole process.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/diagnosis.h"
#include "base/result.h"
#include "outside/outlet/outlet.h"

namespace pinhole::outside::mqtt {

struct MqttOptions {
  std::string host = "localhost";   // a name or an address, nothing else
  std::uint16_t port = 0;           // 0: 1883, with tls 8883
  bool tls = false;                 // TLS 1.2 or newer; the broker's certificate must name `host`
  std::string ca_file;              // empty: the system's authorities
  std::string cert_file, key_file;  // this client's, where the broker asks for one
  std::string user, password_file;  // the file's first line is the password
  std::string device_id;  // [a-z0-9_-]; empty: "pinhole-" and eight digits of the machine id's hash
  std::string device_name = "Person sensor";
  std::string topic_prefix = "pinhole";
  bool discovery = true;
  std::string discovery_prefix = "homeassistant";
  std::size_t buffer = 1000;  // states kept while the broker is away, 0 to 100000; the oldest go
                              // first, the newest is always kept
  std::string profile = "people";     // decides what is announced: presence has no count
  std::uint32_t expire_after_s = 30;  // 6 to 86400

  // How patient the outlet is; tests have less time. The pause after a failed connection doubles
  // from the first figure to the second.
  std::uint32_t retry_from_ms = 1000, retry_up_to_ms = 60'000;
  std::uint32_t answer_within_ms = 15'000;  // else the broker counts as away
};

// Checks all options and reads the files that they name; an error says which one and what to do.
// A broker that can't be reached is none: the outlet opens, says so once and goes on trying.
base::Result<std::unique_ptr<outlet::Outlet>> OpenMqtt(const MqttOptions& options,
                                                       outlet::Notices notices,
                                                       base::Diagnosis& why);

}  // namespace pinhole::outside::mqtt
