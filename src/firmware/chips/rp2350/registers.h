// SPDX-License-Identifier: Apache-2.0
#pragma once

// The RP2350 with its Cortex-M33 cores: where its blocks stand, and what its sister chip has
// elsewhere. Never run: no chip and no model of it was at hand. Source: RP2350 datasheet, chapters
// 2.2 (address map), 3.2 (interrupts), 7.5 (resets), 12.6.4 (DMA requests).

#include <cstdint>

namespace pinhole::firmware::chip {

inline constexpr std::uint32_t kFlash = 0x1000'0000;
inline constexpr std::uint32_t kFlashCache = 0x400C'8000;
inline constexpr std::uint32_t kClocks = 0x4001'0000;
inline constexpr std::uint32_t kClockUsb = kClocks + 0x60;
inline constexpr std::uint32_t kClockResuscitation = kClocks + 0x84;
inline constexpr std::uint32_t kResets = 0x4002'0000;
inline constexpr std::uint32_t kPowerStates = 0x4001'8000;
inline constexpr std::uint32_t kPins = 0x4002'8000;
inline constexpr std::uint32_t kFlashPins = 0x4003'0000;
inline constexpr std::uint32_t kPads = 0x4003'8000;
inline constexpr std::uint32_t kCrystal = 0x4004'8000;
inline constexpr std::uint32_t kPllSystem = 0x4005'0000;
inline constexpr std::uint32_t kPllUsb = 0x4005'8000;
inline constexpr std::uint32_t kUart[] = {0x4007'0000, 0x4007'8000};
inline constexpr std::uint32_t kSpi[] = {0x4008'0000, 0x4008'8000};
inline constexpr std::uint32_t kI2c[] = {0x4009'0000, 0x4009'8000};
inline constexpr std::uint32_t kAdc = 0x400A'0000;
inline constexpr std::uint32_t kPwm = 0x400A'8000;
inline constexpr std::uint32_t kTimer = 0x400B'0000;
inline constexpr std::uint32_t kWatchdog = 0x400D'8000;
inline constexpr std::uint32_t kTicks = 0x4010'8000;
inline constexpr std::uint32_t kDma = 0x5000'0000;
inline constexpr std::uint32_t kPio[] = {0x5020'0000, 0x5030'0000, 0x5040'0000};
inline constexpr std::uint32_t kFlashStream = 0x5050'0000;
inline constexpr std::uint32_t kSio = 0xD000'0000;
inline constexpr std::uint32_t kSystemControl = 0xE000'E000;

inline constexpr unsigned kPinCount = 30;
inline constexpr unsigned kDmaChannels = 16;

// Interrupts.
inline constexpr unsigned kInterrupts = 52;
inline constexpr unsigned kTimerIrq = 0;  // and three more
inline constexpr unsigned kPioIrq = 15;   // two a block
inline constexpr unsigned kDmaIrq = 10;   // and three more
inline constexpr unsigned kPinsIrq = 21;
inline constexpr unsigned kFifoIrq[] = {25, 25};  // by core
inline constexpr unsigned kUartIrq = 33;          // and one more
inline constexpr unsigned kAdcIrq = 35;
inline constexpr unsigned kI2cIrq = 36;  // and one more

// Bits of RESETS.
inline constexpr unsigned kResetAdc = 0;
inline constexpr unsigned kResetBusControl = 1;
inline constexpr unsigned kResetDma = 2;
inline constexpr unsigned kResetI2c = 4;  // and one more
inline constexpr unsigned kResetPins = 6;
inline constexpr unsigned kResetFlashPins = 7;
inline constexpr unsigned kResetPads = 9;
inline constexpr unsigned kResetFlashPads = 10;
inline constexpr unsigned kResetPio = 11;  // and two more
inline constexpr unsigned kResetPllSystem = 14;
inline constexpr unsigned kResetPllUsb = 15;
inline constexpr unsigned kResetPwm = 16;
inline constexpr unsigned kResetSpi = 18;  // and one more
inline constexpr unsigned kResetSysconfig = 20;
inline constexpr unsigned kResetTimer = 23;
inline constexpr unsigned kResetUart = 26;  // and one more
inline constexpr unsigned kResetUsb = 28;
inline constexpr std::uint32_t kAllResets = 0x1FFF'FFFF;

// SIO.
inline constexpr std::uint32_t kSioOutSet = kSio + 0x18;
inline constexpr std::uint32_t kSioOutClear = kSio + 0x20;
inline constexpr std::uint32_t kSioOutFlip = kSio + 0x28;
inline constexpr std::uint32_t kSioDrive = kSio + 0x30;
inline constexpr std::uint32_t kSioDriveSet = kSio + 0x38;
inline constexpr std::uint32_t kSioDriveClear = kSio + 0x40;

// Pins: edges seen, and by core which of them interrupt.
inline constexpr std::uint32_t kPinEvents = kPins + 0x230;
inline constexpr std::uint32_t kPinEventsEnable[] = {kPins + 0x248, kPins + 0x290};
inline constexpr std::uint32_t kPinEventsStatus[] = {kPins + 0x278, kPins + 0x2C0};
inline constexpr std::uint32_t kPadIsolation = 1u << 8;  // set at reset: the pad is cut off
inline constexpr unsigned kFunctionPio = 6;

// Clocks.
inline constexpr std::uint32_t kClockAdc = kClocks + 0x6C;
inline constexpr std::uint32_t kClockDivideByOne = 1u << 16;
inline constexpr std::uint32_t kTimerInterrupts = kTimer + 0x3C;  // raw, enable, force, status

// DMA: places of the fields of CTRL, and requests.
inline constexpr unsigned kDmaIncrementWrite = 6;
inline constexpr unsigned kDmaRingSize = 8;
inline constexpr unsigned kDmaRingSelect = 12;
inline constexpr unsigned kDmaChainTo = 13;
inline constexpr unsigned kDmaRequest = 17;
inline constexpr unsigned kDmaQuiet = 23;
inline constexpr unsigned kDmaByteSwap = 24;
inline constexpr unsigned kDmaBusy = 26;
inline constexpr std::uint32_t kDmaTrigger = kDma + 0x450;
inline constexpr std::uint32_t kDmaAbort = kDma + 0x464;
inline constexpr unsigned kRequestPio = 0;    // eight a block: four to send, four to receive
inline constexpr unsigned kRequestSpi = 24;   // two a block
inline constexpr unsigned kRequestUart = 28;  // two a block
inline constexpr unsigned kRequestI2c = 44;   // two a block
inline constexpr unsigned kRequestAdc = 48;
inline constexpr unsigned kRequestFlashStream = 49;
inline constexpr unsigned kRequestAlways = 63;

// PIO: its interrupts' enable words, two of them, 12 apart.
inline constexpr std::uint32_t kPioInterruptEnable = 0x170;

}  // namespace pinhole::firmware::chip
