// SPDX-License-Identifier: Apache-2.0
// Never run. Source: RP2350 datasheet, chapter 8.5.
#include <initializer_list>

#include "firmware/chips/chip.h"
#include "firmware/chips/clock_start.h"

namespace pinhole::firmware::chip {

void StartTicks(std::uint32_t cycles_per_microsecond) {
  // Each user of ticks divides the reference by itself: the first timer and the watchdog.
  for (const std::uint32_t user : {0x18u, 0x30u}) {
    At(kTicks + user + 4) = cycles_per_microsecond;
    At(kTicks + user) = 1;
  }
}

}  // namespace pinhole::firmware::chip
