// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/i2c_target.h"

#include "firmware/chips/chip.h"
#include "firmware/hal/i2c_registers.h"
#include "firmware/hal/irq.h"
#include "firmware/hal/system.h"
#include "firmware/hal/timer.h"

namespace pinhole::firmware::hal {
namespace {

// By block: whom its interrupt belongs to.
I2cTargetBlock* blocks[2];
i2c_slave_handler_t handlers[2];
// A transfer is open, for i2c_slave_init's handlers.
bool open[2];

chip::Register& At(const i2c_inst_t* i2c, std::uint32_t offset) {
  return chip::At(chip::kI2c[i2c->index] + offset);
}

void StartTarget(const i2c_inst_t* i2c, std::uint8_t address, std::uint32_t events) {
  const std::uint32_t reset = 1u << (chip::kResetI2c + i2c->index);
  reset_block(reset);
  unreset_block_wait(reset);
  At(i2c, kI2cEnable) = 0;
  At(i2c, kI2cControl) = kI2cFast | kI2cMayRestart | kI2cStopIfAddressed | kI2cHoldWhenFull;
  At(i2c, kI2cOwnAddress) = address;
  At(i2c, kI2cRxThreshold) = 0;
  At(i2c, kI2cTxThreshold) = 0;
  // 300 ns behind the falling clock, as the standard asks of everybody.
  At(i2c, kI2cHold) = clock_get_hz(clk_sys) / 1'000'000 * 3 / 10 + 1;
  At(i2c, kI2cMask) = events;
  At(i2c, kI2cEnable) = 1;
}

}  // namespace

template <unsigned kIndex>
void I2cTargetBlock::OnInterrupt() {
  blocks[kIndex]->Serve();
}

void I2cTargetBlock::Open(std::uint8_t address) {
  address_ = address;
  blocks[i2c_->index] = this;
  const uint irq = chip::kI2cIrq + i2c_->index;
  irq_set_exclusive_handler(irq, i2c_->index == 0 ? OnInterrupt<0> : OnInterrupt<1>);
  Start();
  irq_set_enabled(irq, true);
}

void I2cTargetBlock::Close() {
  EnableInterrupt(false);
  reset_block(1u << (chip::kResetI2c + i2c_->index));
  if (phase_ != Phase::kIdle) {
    phase_ = Phase::kIdle;
    listener_->OnStop();
  }
}

void I2cTargetBlock::Start() {
  StartTarget(
      i2c_, address_,
      kI2cRxFull | kI2cReadRequest | kI2cTxAbort | kI2cRxDone | kI2cStop | kI2cStart | kI2cRestart);
  phase_ = Phase::kIdle;
  started_ = false;
}

void I2cTargetBlock::EnableInterrupt(bool enabled) {
  irq_set_enabled(chip::kI2cIrq + i2c_->index, enabled);
}

void I2cTargetBlock::Serve() {
  ++events_;
  const std::uint32_t raw = At(i2c_, kI2cRaw);
  if ((raw & kI2cTxAbort) != 0) {
    ServeAbort();
  }
  if ((raw & kI2cRxDone) != 0) {
    chip::Touch(At(i2c_, kI2cClearRxDone));
  }
  // A stop while a read is open ended that read: what the FIFO holds came behind it.
  if ((raw & kI2cStop) != 0 && phase_ == Phase::kReading) {
    ServeStop();
  }
  if ((raw & (kI2cStart | kI2cRestart)) != 0) {
    chip::Touch(At(i2c_, kI2cClearStart));
    chip::Touch(At(i2c_, kI2cClearRestart));
    started_ = true;
  }
  ServeBytes();
  // Writing over: by its stop, or by a request for a read, which comes behind a start of its own.
  if ((At(i2c_, kI2cRaw) & kI2cStop) != 0 && phase_ != Phase::kReading) {
    ServeStop();
  }
  if ((At(i2c_, kI2cRaw) & kI2cReadRequest) != 0) {
    ServeRequest();
  } else if (phase_ != Phase::kIdle && (At(i2c_, kI2cStatus) & kI2cTargetActive) == 0 &&
             At(i2c_, kI2cRxCount) == 0) {
    ServeStop();
  }
}

// The block throws away bytes that were written for a read that is over, and holds its FIFO empty
// until that was seen.
void I2cTargetBlock::ServeAbort() {
  const std::uint32_t source = At(i2c_, kI2cAbortSource);
  chip::Touch(At(i2c_, kI2cClearTxAbort));
  if ((source & kI2cFlushed) != 0 && phase_ == Phase::kReading) {
    for (std::uint32_t i = source >> kI2cFlushedCount; i > 0; --i) {
      listener_->OnByteNotSent();
    }
  }
}

void I2cTargetBlock::ServeStop() {
  chip::Touch(At(i2c_, kI2cClearStop));
  if (phase_ != Phase::kIdle) {
    phase_ = Phase::kIdle;
    listener_->OnStop();
  }
}

void I2cTargetBlock::ServeBytes() {
  while (At(i2c_, kI2cRxCount) != 0) {
    const std::uint32_t data = At(i2c_, kI2cData);
    if ((data & kI2cFirstByte) != 0 || phase_ != Phase::kWriting) {
      listener_->OnStart(I2cTargetListener::Direction::kWrite);
      phase_ = Phase::kWriting;
      started_ = false;
    }
    listener_->OnByteWritten(static_cast<std::uint8_t>(data));
  }
}

void I2cTargetBlock::ServeRequest() {
  chip::Touch(At(i2c_, kI2cClearReadRequest));
  if (phase_ != Phase::kReading || started_) {
    listener_->OnStart(I2cTargetListener::Direction::kRead);
    phase_ = Phase::kReading;
    started_ = false;
  }
  At(i2c_, kI2cData) = listener_->OnByteWanted();
}

void I2cTargetBlock::Poll(std::uint32_t now_us) {
  const Quiet quiet(*this);
  const bool busy = phase_ != Phase::kIdle || (At(i2c_, kI2cStatus) & kI2cTargetActive) != 0;
  if (!busy || events_ != events_seen_) {
    events_seen_ = events_;
    since_us_ = now_us;
    return;
  }
  if (now_us - since_us_ < kPatienceUs) {
    return;
  }
  if (phase_ != Phase::kIdle) {
    listener_->OnStop();
  }
  Start();
  ++given_up_;
  since_us_ = now_us;
}

// --- the field's own functions
// --------------------------------------------------------------------

namespace {

template <unsigned kIndex>
void OnSlaveInterrupt() {
  i2c_inst_t* const i2c = &pinhole_i2cs[kIndex];
  const std::uint32_t raw = At(i2c, kI2cRaw);
  const auto call = [&](i2c_slave_event_t event) {
    open[kIndex] = event != I2C_SLAVE_FINISH;
    handlers[kIndex](i2c, event);
  };
  const auto finish = [&] {
    if (open[kIndex]) {
      call(I2C_SLAVE_FINISH);
    }
  };
  if ((raw & kI2cTxAbort) != 0) {
    chip::Touch(At(i2c, kI2cClearTxAbort));
    finish();
  }
  if ((raw & kI2cStart) != 0) {
    chip::Touch(At(i2c, kI2cClearStart));
    finish();
  }
  if ((raw & kI2cRxFull) != 0) {
    call(I2C_SLAVE_RECEIVE);
  }
  if ((raw & kI2cStop) != 0) {
    chip::Touch(At(i2c, kI2cClearStop));
    finish();
  }
  if ((raw & kI2cReadRequest) != 0) {
    chip::Touch(At(i2c, kI2cClearReadRequest));
    call(I2C_SLAVE_REQUEST);
  }
}

}  // namespace

extern "C" {

void i2c_slave_init(i2c_inst_t* i2c, uint8_t address, i2c_slave_handler_t handler) {
  handlers[i2c->index] = handler;
  open[i2c->index] = false;
  const uint irq = chip::kI2cIrq + i2c->index;
  irq_set_exclusive_handler(irq, i2c->index == 0 ? OnSlaveInterrupt<0> : OnSlaveInterrupt<1>);
  StartTarget(i2c, address, kI2cRxFull | kI2cReadRequest | kI2cTxAbort | kI2cStop | kI2cStart);
  irq_set_enabled(irq, true);
}

void i2c_slave_deinit(i2c_inst_t* i2c) {
  irq_set_enabled(chip::kI2cIrq + i2c->index, false);
  reset_block(1u << (chip::kResetI2c + i2c->index));
}

}  // extern "C"
}  // namespace pinhole::firmware::hal
