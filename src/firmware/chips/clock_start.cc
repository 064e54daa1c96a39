// SPDX-License-Identifier: Apache-2.0
// Both chips have the same clocks but for two offsets and the ticks (RP2040 datasheet,
// chapters 2.15 to 2.18; RP2350 datasheet, chapters 8.1, 8.2 and 8.6). Never run on an RP2350.
#include "firmware/chips/clock_start.h"

#include <pinhole_board.h>

#include "firmware/chips/chip.h"

namespace pinhole::firmware::chip {
namespace {

constexpr std::uint32_t kClockReference = kClocks + 0x30;
constexpr std::uint32_t kClockSystem = kClocks + 0x3C;
constexpr std::uint32_t kClockPeripherals = kClocks + 0x48;
constexpr std::uint32_t kClockEnable = 1u << 11;

void Unreset(std::uint32_t bits) {
  Clear(kResets, bits);
  while ((At(kResets + 8) & bits) != bits) {
  }
}

void ResetDevices() {
  constexpr std::uint32_t kKept = 1u << kResetFlashPins | 1u << kResetFlashPads |
                                  1u << kResetPllSystem | 1u << kResetPllUsb |
                                  1u << kResetSysconfig;
  Set(kResets, kAllResets & ~kKept);
  Unreset(1u << kResetPins | 1u << kResetPads | 1u << kResetTimer | 1u << kResetBusControl |
          1u << kResetSysconfig);
}

void StartCrystal() {
  At(kCrystal) = 0xAA0;        // 1 to 15 MHz
  At(kCrystal + 0x0C) = 47;    // a millisecond in units of 256 periods of 12 MHz
  Set(kCrystal, 0xFAB << 12);  // on
  while ((At(kCrystal + 4) & 1u << 31) == 0) {
  }
}

template <std::uint32_t kHz>
void StartPll(std::uint32_t pll, unsigned reset) {
  constexpr PllPlan kPlan = PlanPll(PINHOLE_BOARD_CRYSTAL_HZ, kHz);
  static_assert(kPlan.multiply != 0, "the crystal and the PLL cannot make the board's clock");
  Set(kResets, 1u << reset);
  Unreset(1u << reset);
  At(pll + 8) = kPlan.multiply;
  Clear(pll + 4, 1u << 0 | 1u << 5);  // power for the PLL and its oscillator
  while ((At(pll) & 1u << 31) == 0) {
  }
  At(pll + 0x0C) = kPlan.first << 16 | kPlan.second << 12;
  Clear(pll + 4, 1u << 3);  // and for the divisors behind it
}

// The two clocks that never stop change their source in two steps, each confirmed in the word eight
// bytes behind the control word.
void ToItsOwnSource(std::uint32_t clock, std::uint32_t source) {
  Change(clock, source, 3);
  while ((At(clock + 8) & 1u << source) == 0) {
  }
}

void UseAuxiliary(std::uint32_t clock, std::uint32_t auxiliary) {
  Clear(clock, kClockEnable);
  At(clock) = auxiliary << 5;
  At(clock + 4) = kClockDivideByOne;
  Set(clock, kClockEnable);
}

}  // namespace

void StartClocks() {
  At(kClockResuscitation) = 0;  // it would take the clock away while it changes
  StartCrystal();
  ToItsOwnSource(kClockSystem, 0);     // the reference
  ToItsOwnSource(kClockReference, 0);  // the ring oscillator
  ResetDevices();
  StartPll<PINHOLE_BOARD_CLOCK_HZ>(kPllSystem, kResetPllSystem);
  StartPll<kUsbHz>(kPllUsb, kResetPllUsb);
  ToItsOwnSource(kClockReference, 2);  // the crystal
  At(kClockSystem + 4) = kClockDivideByOne;
  Change(kClockSystem, 0, 7u << 5);  // the system's PLL
  ToItsOwnSource(kClockSystem, 1);
  UseAuxiliary(kClockPeripherals, 0);  // the system's clock
  UseAuxiliary(kClockUsb, 0);          // the USB PLL
  UseAuxiliary(kClockAdc, 0);          // the same
  StartTicks(PINHOLE_BOARD_CRYSTAL_HZ / 1'000'000);
}

}  // namespace pinhole::firmware::chip
