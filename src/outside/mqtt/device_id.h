// SPDX-License-Identifier: Apache-2.0
#pragma once

// A name for this sensor that stays the same and gives nothing away.
//
// The machine id is a secret of the machine (machine-id(5) says so). The device id is "pinhole-"
// and the first eight hexadecimal digits of SHA-256 over "pinhole mqtt device id" and the machine
// id: 32 bits, from which neither it nor what other programs derive from it can be computed.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pinhole::outside::mqtt {

// `machine_id` is what /etc/machine-id holds: 32 hexadecimal digits, perhaps a line feed. Nothing
// where it is anything else ("uninitialized" on a first start).
std::optional<std::string> DeviceIdFor(std::string_view machine_id);

// FIPS 180-4.
std::array<std::uint8_t, 32> Sha256(std::span<const std::uint8_t> bytes);

}  // namespace pinhole::outside::mqtt
