// SPDX-License-Identifier: Apache-2.0
#include "firmware/chips/chip.h"
#include "firmware/chips/clock_start.h"

namespace pinhole::firmware::chip {

void StartTicks(std::uint32_t cycles_per_microsecond) {
  // The watchdog's tick, which the timer counts too.
  At(kWatchdog + 0x2C) = 1u << 9 | cycles_per_microsecond;
}

}  // namespace pinhole::firmware::chip
