// SPDX-License-Identifier: Apache-2.0
#pragma once

// The DW_apb_i2c block's registers, as far as they are used. Source: RP2040 datasheet, chapter
// 4.3.17.

#include <cstdint>

namespace pinhole::firmware::hal {

inline constexpr std::uint32_t kI2cControl = 0x00;
inline constexpr std::uint32_t kI2cController = 1u << 0;
inline constexpr std::uint32_t kI2cFast = 2u << 1;
inline constexpr std::uint32_t kI2cMayRestart = 1u << 5;
inline constexpr std::uint32_t kI2cNoTarget = 1u << 6;
inline constexpr std::uint32_t kI2cStopIfAddressed = 1u << 7;
inline constexpr std::uint32_t kI2cEmptyWhenSent = 1u << 8;
inline constexpr std::uint32_t kI2cHoldWhenFull = 1u << 9;

inline constexpr std::uint32_t kI2cTarget = 0x04;      // whom a controller addresses
inline constexpr std::uint32_t kI2cOwnAddress = 0x08;  // what a target answers to

inline constexpr std::uint32_t kI2cData = 0x10;
inline constexpr std::uint32_t kI2cCommandRead = 1u << 8;
inline constexpr std::uint32_t kI2cCommandStop = 1u << 9;
inline constexpr std::uint32_t kI2cCommandRestart = 1u << 10;
inline constexpr std::uint32_t kI2cFirstByte = 1u << 11;  // received behind an address

inline constexpr std::uint32_t kI2cFastHigh = 0x1C;
inline constexpr std::uint32_t kI2cFastLow = 0x20;
inline constexpr std::uint32_t kI2cMask = 0x30;
inline constexpr std::uint32_t kI2cRaw = 0x34;
// Bits of both.
inline constexpr std::uint32_t kI2cRxFull = 1u << 2;
inline constexpr std::uint32_t kI2cTxEmpty = 1u << 4;
inline constexpr std::uint32_t kI2cReadRequest = 1u << 5;
inline constexpr std::uint32_t kI2cTxAbort = 1u << 6;
inline constexpr std::uint32_t kI2cRxDone = 1u << 7;
inline constexpr std::uint32_t kI2cStop = 1u << 9;
inline constexpr std::uint32_t kI2cStart = 1u << 10;
inline constexpr std::uint32_t kI2cRestart = 1u << 12;

inline constexpr std::uint32_t kI2cRxThreshold = 0x38;
inline constexpr std::uint32_t kI2cTxThreshold = 0x3C;
// Reading them clears what they are named after.
inline constexpr std::uint32_t kI2cClearAll = 0x40;
inline constexpr std::uint32_t kI2cClearReadRequest = 0x50;
inline constexpr std::uint32_t kI2cClearTxAbort = 0x54;
inline constexpr std::uint32_t kI2cClearRxDone = 0x58;
inline constexpr std::uint32_t kI2cClearStop = 0x60;
inline constexpr std::uint32_t kI2cClearStart = 0x64;
inline constexpr std::uint32_t kI2cClearRestart = 0xA8;

inline constexpr std::uint32_t kI2cEnable = 0x6C;
inline constexpr std::uint32_t kI2cStatus = 0x70;
inline constexpr std::uint32_t kI2cTargetActive = 1u << 6;
inline constexpr std::uint32_t kI2cRxCount = 0x78;
inline constexpr std::uint32_t kI2cHold = 0x7C;
inline constexpr std::uint32_t kI2cAbortSource = 0x80;
inline constexpr std::uint32_t kI2cFlushed = 1u << 13;  // bytes for a read that was over
inline constexpr unsigned kI2cFlushedCount = 23;        // how many: from this bit on
inline constexpr std::uint32_t kI2cSpikes = 0xA0;

}  // namespace pinhole::firmware::hal
