// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/watchdog.h"

#include <algorithm>

#include "firmware/chips/chip.h"
#include "firmware/hal/system.h"

namespace chip = pinhole::firmware::chip;

namespace {

constexpr std::uint32_t kControl = chip::kWatchdog + 0x00;
constexpr std::uint32_t kLoad = chip::kWatchdog + 0x04;
constexpr std::uint32_t kReason = chip::kWatchdog + 0x08;
constexpr std::uint32_t kEnable = 1u << 30;
constexpr std::uint32_t kTrigger = 1u << 31;
constexpr std::uint32_t kPauses = 7u << 24;
constexpr std::uint32_t kLongest = 0xFF'FFFF;
// The RP2040 counts two for each microsecond (its erratum E1).
#if defined(PINHOLE_CHIP_RP2040)
constexpr std::uint32_t kCountsPerUs = 2;
constexpr std::uint32_t kPowerStateResets = 0x1'FFFC;
#else
constexpr std::uint32_t kCountsPerUs = 1;
constexpr std::uint32_t kPowerStateResets = 0x1FF'FFF0;
#endif

std::uint32_t load;

}  // namespace

extern "C" {

void watchdog_enable(uint32_t delay_ms, bool pause_on_debug) {
  chip::Clear(kControl, kEnable);
  // It resets all but the oscillators.
  chip::At(chip::kPowerStates + 8) = kPowerStateResets;
  chip::Change(kControl, pause_on_debug ? kPauses : 0, kPauses);
  load = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(std::uint64_t{delay_ms} * 1000 * kCountsPerUs, kLongest));
  chip::At(kLoad) = load;
  chip::Set(kControl, kEnable);
}

void watchdog_update(void) {
  stack_guard_check();
  chip::At(kLoad) = load;
}

bool watchdog_caused_reboot(void) { return chip::At(kReason) != 0; }

void watchdog_reboot_now(void) {
  chip::At(chip::kPowerStates + 8) = kPowerStateResets;
  chip::Set(kControl, kTrigger);
  for (;;) {
  }
}

}  // extern "C"
