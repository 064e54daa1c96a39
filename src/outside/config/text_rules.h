// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the texts of a configuration may be. Control characters are never allowed; that is checked
// for all of them in one place (keys.cc).

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "outside/config/keys.h"

namespace pinhole::outside::config {

extern const TextRule kName;         // of a sensor, for people
extern const TextRule kFile;         // a path that has to be there
extern const TextRule kFileOrNone;   // a path, or empty
extern const TextRule kInput;        // where frames come from; empty: the bundled film
extern const TextRule kI2cPath;      // ends in /i2c-N
extern const TextRule kHost;         // a host's name or address
extern const TextRule kIpAddress;    // of an interface
extern const TextRule kUserName;     // for a broker, or empty
extern const TextRule kDeviceId;     // a part of MQTT topics and of Home Assistant's ids, or empty
extern const TextRule kTopicPrefix;  // of MQTT topics

// Where `input` is an address with a password, as rtsp://user:password@camera/: where the password
// begins and how long it is. {npos, 0} where there is none.
std::pair<std::size_t, std::size_t> PasswordIn(std::string_view input);

// For messages: at most 80 bytes of `text`, which is UTF-8, cut between characters.
std::string Shortened(std::string_view text);

// True where only this machine reaches the address.
bool IsLoopback(std::string_view ip_address);

}  // namespace pinhole::outside::config
