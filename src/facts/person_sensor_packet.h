// SPDX-License-Identifier: Apache-2.0
#pragma once

// A person record in the form of Useful Sensors' Person Sensor, the 39 bytes that are read from I2C
// address 0x62, so that programs written for that sensor can read ours.
//
//   0  2  reserved, 0
//   2  2  length of what lies between this header and the checksum: 33, little-endian
//   4  1  number of faces, 0 to 4
//   5  8  each face: confidence 0 to 100, left, top, right, bottom (0 to 255), id_confidence 0 to
//         100 (0: not recognised), id 0 to 7 (-1: not recognised), facing 0 or 1
//  37  2  checksum, little-endian
//
// Where sources disagree or are silent: the developer guide's table says right and bottom, its C
// struct says width and height: we send right and bottom, as all its example programs read. The
// guide does not say how the length and the checksum are made: the length is the guide's "data
// length" taken by its word; the checksum is the one that the only program we know to check it
// wants (riley-williams/person-sensor), CRC-16/MCRF4XX of the 37 bytes before it. The format has no
// way to say "no reading": no faces are named. Presence without a face is lost too; whoever needs
// these reads a record of our own.
// Source: usefulsensors/person_sensor_docs, "Data Format".

#include <cstddef>
#include <span>

#include "facts/person_facts.h"

namespace pinhole::facts {

inline constexpr std::size_t kPersonSensorPacketBytes = 39;

// `facts` is canonical (person_codec.h).
void EncodePersonSensorPacket(const PersonFacts& facts,
                              std::span<std::byte, kPersonSensorPacketBytes> out);

}  // namespace pinhole::facts
