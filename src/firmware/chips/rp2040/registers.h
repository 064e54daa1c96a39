// SPDX-License-Identifier: Apache-2.0
#pragma once

// The RP2040: where its blocks stand, and what its sister chip has elsewhere. Source: RP2040
// datasheet, chapters 2.2 (address map), 2.3.2 (interrupts), 2.5.3 (DMA requests), 2.14 (resets).

#include <cstdint>

namespace pinhole::firmware::chip {

inline constexpr std::uint32_t kFlash = 0x1000'0000;
inline constexpr std::uint32_t kFlashCache = 0x1400'0000;
inline constexpr std::uint32_t kFlashInterface = 0x1800'0000;
inline constexpr std::uint32_t kClocks = 0x4000'8000;
inline constexpr std::uint32_t kClockUsb = kClocks + 0x54;
inline constexpr std::uint32_t kClockResuscitation = kClocks + 0x78;
inline constexpr std::uint32_t kResets = 0x4000'C000;
inline constexpr std::uint32_t kPowerStates = 0x4001'0000;
inline constexpr std::uint32_t kPins = 0x4001'4000;
inline constexpr std::uint32_t kFlashPins = 0x4001'8000;
inline constexpr std::uint32_t kPads = 0x4001'C000;
inline constexpr std::uint32_t kCrystal = 0x4002'4000;
inline constexpr std::uint32_t kPllSystem = 0x4002'8000;
inline constexpr std::uint32_t kPllUsb = 0x4002'C000;
inline constexpr std::uint32_t kUart[] = {0x4003'4000, 0x4003'8000};
inline constexpr std::uint32_t kSpi[] = {0x4003'C000, 0x4004'0000};
inline constexpr std::uint32_t kI2c[] = {0x4004'4000, 0x4004'8000};
inline constexpr std::uint32_t kAdc = 0x4004'C000;
inline constexpr std::uint32_t kPwm = 0x4005'0000;
inline constexpr std::uint32_t kTimer = 0x4005'4000;
inline constexpr std::uint32_t kWatchdog = 0x4005'8000;
inline constexpr std::uint32_t kDma = 0x5000'0000;
inline constexpr std::uint32_t kPio[] = {0x5020'0000, 0x5030'0000};
inline constexpr std::uint32_t kFlashStream = 0x5040'0000;
inline constexpr std::uint32_t kSio = 0xD000'0000;
inline constexpr std::uint32_t kSystemControl = 0xE000'E000;

inline constexpr unsigned kPinCount = 30;
inline constexpr unsigned kDmaChannels = 12;

// Interrupts.
inline constexpr unsigned kInterrupts = 26;
inline constexpr unsigned kTimerIrq = 0;  // and three more
inline constexpr unsigned kPioIrq = 7;    // two a block
inline constexpr unsigned kDmaIrq = 11;   // and one more
inline constexpr unsigned kPinsIrq = 13;
inline constexpr unsigned kFifoIrq[] = {15, 16};  // by core
inline constexpr unsigned kUartIrq = 20;          // and one more
inline constexpr unsigned kAdcIrq = 22;
inline constexpr unsigned kI2cIrq = 23;  // and one more

// Bits of RESETS.
inline constexpr unsigned kResetAdc = 0;
inline constexpr unsigned kResetBusControl = 1;
inline constexpr unsigned kResetDma = 2;
inline constexpr unsigned kResetI2c = 3;  // and one more
inline constexpr unsigned kResetPins = 5;
inline constexpr unsigned kResetFlashPins = 6;
inline constexpr unsigned kResetPads = 8;
inline constexpr unsigned kResetFlashPads = 9;
inline constexpr unsigned kResetPio = 10;  // and one more
inline constexpr unsigned kResetPllSystem = 12;
inline constexpr unsigned kResetPllUsb = 13;
inline constexpr unsigned kResetPwm = 14;
inline constexpr unsigned kResetSpi = 16;  // and one more
inline constexpr unsigned kResetSysconfig = 18;
inline constexpr unsigned kResetTimer = 21;
inline constexpr unsigned kResetUart = 22;  // and one more
inline constexpr unsigned kResetUsb = 24;
inline constexpr std::uint32_t kAllResets = 0x01FF'FFFF;

// SIO.
inline constexpr std::uint32_t kSioOutSet = kSio + 0x14;
inline constexpr std::uint32_t kSioOutClear = kSio + 0x18;
inline constexpr std::uint32_t kSioOutFlip = kSio + 0x1C;
inline constexpr std::uint32_t kSioDrive = kSio + 0x20;
inline constexpr std::uint32_t kSioDriveSet = kSio + 0x24;
inline constexpr std::uint32_t kSioDriveClear = kSio + 0x28;

// Pins: edges seen, and by core which of them interrupt.
inline constexpr std::uint32_t kPinEvents = kPins + 0xF0;
inline constexpr std::uint32_t kPinEventsEnable[] = {kPins + 0x100, kPins + 0x130};
inline constexpr std::uint32_t kPinEventsStatus[] = {kPins + 0x120, kPins + 0x150};
inline constexpr std::uint32_t kPadIsolation = 0;  // the pads have none
inline constexpr unsigned kFunctionPio = 6;

// Clocks.
inline constexpr std::uint32_t kClockAdc = kClocks + 0x60;
inline constexpr std::uint32_t kClockDivideByOne = 1u << 8;
inline constexpr std::uint32_t kTimerInterrupts = kTimer + 0x34;  // raw, enable, force, status

// DMA: places of the fields of CTRL, and requests.
inline constexpr unsigned kDmaIncrementWrite = 5;
inline constexpr unsigned kDmaRingSize = 6;
inline constexpr unsigned kDmaRingSelect = 10;
inline constexpr unsigned kDmaChainTo = 11;
inline constexpr unsigned kDmaRequest = 15;
inline constexpr unsigned kDmaQuiet = 21;
inline constexpr unsigned kDmaByteSwap = 22;
inline constexpr unsigned kDmaBusy = 24;
inline constexpr std::uint32_t kDmaTrigger = kDma + 0x430;
inline constexpr std::uint32_t kDmaAbort = kDma + 0x444;
inline constexpr unsigned kRequestPio = 0;    // eight a block: four to send, four to receive
inline constexpr unsigned kRequestSpi = 16;   // two a block
inline constexpr unsigned kRequestUart = 20;  // two a block
inline constexpr unsigned kRequestI2c = 32;   // two a block
inline constexpr unsigned kRequestAdc = 36;
inline constexpr unsigned kRequestFlashStream = 37;
inline constexpr unsigned kRequestAlways = 63;

// PIO: its interrupts' enable words, two of them, 12 apart.
inline constexpr std::uint32_t kPioInterruptEnable = 0x12C;

}  // namespace pinhole::firmware::chip
