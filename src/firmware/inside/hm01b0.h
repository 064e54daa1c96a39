// SPDX-License-Identifier: Apache-2.0
#pragma once

// The HM01B0's registers, as far as they are set: a window of 324 x 244 pixels, eight bits wide, as
// fast as its 12 MHz clock lets it, exposure by itself.
//
// Source: Himax HM01B0 datasheet, register table. Not yet tried on silicon.

#include <cstdint>

namespace pinhole::firmware::inside::hm01b0 {

inline constexpr std::uint8_t kAddress = 0x24;
inline constexpr int kModel = 0x01B0;
inline constexpr std::uint32_t kMasterClockHz = 12'000'000;
inline constexpr unsigned kResetMs = 2;

inline constexpr std::uint16_t kModelHigh = 0x0000;
inline constexpr std::uint16_t kModelLow = 0x0001;
inline constexpr std::uint16_t kSoftReset = 0x0103;

struct Setting {
  std::uint16_t address;
  std::uint8_t value;
};

inline constexpr Setting kSettings[] = {
    {0x0100, 0x00},  // standby while it is set up
    {0x0101, 0x00},  // upright, not mirrored
    // Geometry: every pixel and row, a window of 324 x 244 in rows of 376 clocks, 260 rows.
    {0x0383, 0x01},
    {0x0387, 0x01},
    {0x0390, 0x00},
    {0x3010, 0x01},
    {0x0340, 0x01},
    {0x0341, 0x04},
    {0x0342, 0x01},
    {0x0343, 0x78},
    // Interface: all eight bits, eight lines, frame and row lines high while there is something.
    {0x3011, 0x70},
    {0x3059, 0x02},
    {0x3060, 0x0A},  // the pixel clock is an eighth of the sensor's own
    {0x1012, 0x00},
    // Levels: the black level's correction on, its target 32.
    {0x1000, 0x01},
    {0x1003, 0x20},
    {0x1007, 0x20},
    {0x1008, 0x00},
    // Exposure by itself: mean brightness 96, at most 258 rows long, analogue gain up to 8.
    {0x2100, 0x01},
    {0x2101, 0x60},
    {0x2102, 0x0A},
    {0x2103, 0x03},
    {0x2105, 0x01},
    {0x2106, 0x02},
    {0x2108, 0x03},
    {0x2150, 0x00},  // no motion detection
    {0x0104, 0x01},  // take all of it over
    {0x0100, 0x01},  // stream
};

}  // namespace pinhole::firmware::inside::hm01b0
