// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the ring oscillator that a chip wakes up with to the board's clocks.
//
// All devices but the flash's pins and the PLLs go into reset first, so that a chip that was reset
// by its watchdog starts as one that was switched on; those that every program needs leave it. Then
// crystal, both PLLs, and the clocks: system and peripherals at the board's frequency, the
// reference at the crystal's, USB and ADC at 48 MHz, the timer counting microseconds.
//
// Effect on registers alone; takes about a millisecond. The board's frequency must be one that
// PlanPll finds: a build that asks for another does not compile.

#include <cstdint>

namespace pinhole::firmware::chip {

inline constexpr std::uint32_t kUsbHz = 48'000'000;

struct PllPlan {
  unsigned multiply = 0;  // 16 to 320; 0: there is no plan
  unsigned first = 0;     // divisors, 1 to 7, the first not below the second
  unsigned second = 0;
};

// crystal · multiply / (first · second) = hz, with the oscillator in between from 750 to 1600 MHz
// and as fast as possible, which jitters least. Source: RP2040 datasheet, chapter 2.18.
constexpr PllPlan PlanPll(std::uint32_t crystal_hz, std::uint32_t hz) {
  for (unsigned multiply = 320; multiply >= 16; --multiply) {
    const std::uint64_t fast = std::uint64_t{crystal_hz} * multiply;
    if (fast > 1'600'000'000 || fast < 750'000'000) {
      continue;
    }
    for (unsigned first = 7; first >= 1; --first) {
      for (unsigned second = 1; second <= first; ++second) {
        if (fast == std::uint64_t{hz} * first * second) {
          return {multiply, first, second};
        }
      }
    }
  }
  return {};
}
static_assert(PlanPll(12'000'000, 125'000'000).multiply == 125);
static_assert(PlanPll(12'000'000, 1).multiply == 0);

// Once, before anything else.
void StartClocks();

// The chip's own part of it: the reference divided by `cycles_per_microsecond`, for the timer and
// the watchdog to count.
void StartTicks(std::uint32_t cycles_per_microsecond);

}  // namespace pinhole::firmware::chip
