// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/i2c.h"

#include <algorithm>

#include "firmware/chips/chip.h"
#include "firmware/hal/i2c_registers.h"
#include "firmware/hal/system.h"
#include "firmware/hal/timer.h"

namespace chip = pinhole::firmware::chip;
using namespace pinhole::firmware::hal;  // NOLINT(google-build-using-namespace): the registers

i2c_inst_t pinhole_i2cs[2] = {{0, false}, {1, false}};

namespace {

constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};

chip::Register& At(const i2c_inst_t* i2c, std::uint32_t offset) {
  return chip::At(chip::kI2c[i2c->index] + offset);
}

enum class Wait { kThere, kAborted, kTooLate };

Wait WaitFor(const i2c_inst_t* i2c, std::uint32_t event, std::uint64_t until) {
  for (;;) {
    const std::uint32_t raw = At(i2c, kI2cRaw);
    if ((raw & kI2cTxAbort) != 0) {
      return Wait::kAborted;
    }
    if ((raw & event) != 0) {
      return Wait::kThere;
    }
    if (until != kNoLimit && time_us_64() >= until) {
      return Wait::kTooLate;
    }
  }
}

// The block lets go of the bus by itself where it can; otherwise it is switched off.
void GiveUp(i2c_inst_t* i2c) {
  constexpr std::uint64_t kPatienceUs = 1000;
  At(i2c, kI2cEnable) = 3;
  const std::uint64_t until = time_us_64() + kPatienceUs;
  while ((At(i2c, kI2cRaw) & kI2cTxAbort) == 0 && time_us_64() < until) {
  }
  chip::Touch(At(i2c, kI2cClearTxAbort));
  At(i2c, kI2cEnable) = 0;
  i2c->restart_on_next = false;
}

int Failed(i2c_inst_t* i2c, Wait wait, std::uint64_t until) {
  if (wait == Wait::kTooLate) {
    GiveUp(i2c);
    return PICO_ERROR_TIMEOUT;
  }
  chip::Touch(At(i2c, kI2cClearTxAbort));
  // The block sends a stop by itself.
  while ((At(i2c, kI2cRaw) & kI2cStop) == 0) {
    if (until != kNoLimit && time_us_64() >= until) {
      break;
    }
  }
  chip::Touch(At(i2c, kI2cClearStop));
  i2c->restart_on_next = false;
  return PICO_ERROR_GENERIC;
}

// The address can change only while the block is off, which would let go of a bus that is held.
void Address(i2c_inst_t* i2c, std::uint8_t address) {
  if (i2c->restart_on_next && At(i2c, kI2cTarget) == address) {
    return;
  }
  At(i2c, kI2cEnable) = 0;
  At(i2c, kI2cTarget) = address;
  At(i2c, kI2cEnable) = 1;
}

std::uint32_t Command(const i2c_inst_t* i2c, size_t at, size_t count, bool nostop) {
  return (at == 0 && i2c->restart_on_next ? kI2cCommandRestart : 0) |
         (at + 1 == count && !nostop ? kI2cCommandStop : 0);
}

int Finish(i2c_inst_t* i2c, size_t count, bool nostop, std::uint64_t until) {
  if (!nostop) {
    if (const Wait wait = WaitFor(i2c, kI2cStop, until); wait != Wait::kThere) {
      return Failed(i2c, wait, until);
    }
    chip::Touch(At(i2c, kI2cClearStop));
  }
  i2c->restart_on_next = nostop;
  return static_cast<int>(count);
}

int Write(i2c_inst_t* i2c, std::uint8_t address, const std::uint8_t* from, size_t count,
          bool nostop, std::uint64_t until) {
  if (count == 0 || address >= 0x80) {
    return PICO_ERROR_GENERIC;
  }
  Address(i2c, address);
  for (size_t i = 0; i < count; ++i) {
    At(i2c, kI2cData) = from[i] | Command(i2c, i, count, nostop);
    // Empty means sent, so that an answer belongs to its byte.
    if (const Wait wait = WaitFor(i2c, kI2cTxEmpty, until); wait != Wait::kThere) {
      return Failed(i2c, wait, until);
    }
  }
  return Finish(i2c, count, nostop, until);
}

int Read(i2c_inst_t* i2c, std::uint8_t address, std::uint8_t* to, size_t count, bool nostop,
         std::uint64_t until) {
  if (count == 0 || address >= 0x80) {
    return PICO_ERROR_GENERIC;
  }
  Address(i2c, address);
  for (size_t i = 0; i < count; ++i) {
    At(i2c, kI2cData) = kI2cCommandRead | Command(i2c, i, count, nostop);
    if (const Wait wait = WaitFor(i2c, kI2cRxFull, until); wait != Wait::kThere) {
      return Failed(i2c, wait, until);
    }
    to[i] = static_cast<std::uint8_t>(At(i2c, kI2cData));
  }
  return Finish(i2c, count, nostop, until);
}

}  // namespace

extern "C" {

uint i2c_init(i2c_inst_t* i2c, uint baud) {
  const std::uint32_t reset = 1u << (chip::kResetI2c + i2c->index);
  reset_block(reset);
  unreset_block_wait(reset);
  At(i2c, kI2cEnable) = 0;
  i2c->restart_on_next = false;
  At(i2c, kI2cControl) =
      kI2cController | kI2cFast | kI2cMayRestart | kI2cNoTarget | kI2cEmptyWhenSent;
  At(i2c, kI2cRxThreshold) = 0;
  At(i2c, kI2cTxThreshold) = 0;
  return i2c_set_baudrate(i2c, baud);
}

void i2c_deinit(i2c_inst_t* i2c) { reset_block(1u << (chip::kResetI2c + i2c->index)); }

uint i2c_set_baudrate(i2c_inst_t* i2c, uint baud) {
  const std::uint32_t hz = clock_get_hz(clk_sys);
  const std::uint32_t rate = std::clamp<std::uint32_t>(baud, 1000, 1'000'000);
  const std::uint32_t period = (hz + rate / 2) / rate;
  // Low for three fifths: the standard asks for 1.3 of 2.5 microseconds, and 0.5 of 1.
  const std::uint32_t low = std::min<std::uint32_t>(period * 3 / 5, 0xFFFF);
  const std::uint32_t high = std::min<std::uint32_t>(period - period * 3 / 5, 0xFFFF);
  // Data stay for 300 ns behind the falling clock, 120 ns where the bus is as fast as it gets.
  const std::uint32_t hold = rate < 1'000'000 ? hz / 1'000'000 * 3 / 10 + 1 : hz / 8'000'000 + 1;
  At(i2c, kI2cEnable) = 0;
  At(i2c, kI2cFastHigh) = high;
  At(i2c, kI2cFastLow) = low;
  At(i2c, kI2cSpikes) = std::max<std::uint32_t>(low / 16, 1);
  At(i2c, kI2cHold) = hold;
  At(i2c, kI2cEnable) = 1;
  return hz / (low + high);
}

int i2c_write_blocking(i2c_inst_t* i2c, uint8_t address, const uint8_t* from, size_t count,
                       bool nostop) {
  return Write(i2c, address, from, count, nostop, kNoLimit);
}

int i2c_read_blocking(i2c_inst_t* i2c, uint8_t address, uint8_t* to, size_t count, bool nostop) {
  return Read(i2c, address, to, count, nostop, kNoLimit);
}

int i2c_write_timeout_us(i2c_inst_t* i2c, uint8_t address, const uint8_t* from, size_t count,
                         bool nostop, uint timeout_us) {
  return Write(i2c, address, from, count, nostop, time_us_64() + timeout_us);
}

int i2c_read_timeout_us(i2c_inst_t* i2c, uint8_t address, uint8_t* to, size_t count, bool nostop,
                        uint timeout_us) {
  return Read(i2c, address, to, count, nostop, time_us_64() + timeout_us);
}

size_t i2c_get_read_available(i2c_inst_t* i2c) { return At(i2c, kI2cRxCount); }
uint8_t i2c_read_byte_raw(i2c_inst_t* i2c) { return static_cast<uint8_t>(At(i2c, kI2cData)); }
void i2c_write_byte_raw(i2c_inst_t* i2c, uint8_t byte) { At(i2c, kI2cData) = byte; }

}  // extern "C"
