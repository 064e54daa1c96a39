// SPDX-License-Identifier: Apache-2.0
#include "emulator/i2c.h"

namespace pinhole::emulator {
namespace {

constexpr std::uint32_t kRxUnder = 1u << 0;
constexpr std::uint32_t kRxOver = 1u << 1;
constexpr std::uint32_t kRxFull = 1u << 2;
constexpr std::uint32_t kTxOver = 1u << 3;
constexpr std::uint32_t kTxEmpty = 1u << 4;
constexpr std::uint32_t kReadRequest = 1u << 5;
constexpr std::uint32_t kTxAbort = 1u << 6;
constexpr std::uint32_t kRxDone = 1u << 7;
constexpr std::uint32_t kActivity = 1u << 8;
constexpr std::uint32_t kStopDetected = 1u << 9;
constexpr std::uint32_t kStartDetected = 1u << 10;
constexpr std::uint32_t kRestartDetected = 1u << 12;

constexpr std::uint32_t kCommandRead = 1u << 8;
constexpr std::uint32_t kCommandStop = 1u << 9;
constexpr std::uint32_t kCommandRestart = 1u << 10;

constexpr std::uint32_t kAddressRefused = 1u << 0;
constexpr std::uint32_t kDataRefused = 1u << 3;
constexpr std::uint32_t kStaleFlushed = 1u << 13;
constexpr std::uint32_t kUserAbort = 1u << 16;

constexpr std::uint32_t kControllerMode = 1u << 0;
constexpr std::uint32_t kStopIfAddressed = 1u << 7;
constexpr std::uint32_t kEmptyWhenDone = 1u << 8;
constexpr std::uint32_t kHoldWhenFull = 1u << 9;

}  // namespace

// --- the bus ------------------------------------------------------------------------------------

bool I2cBus::Attach(I2cTarget* target) {
  if (count_ == kMostTargets) {
    return false;
  }
  targets_[count_++] = target;
  return true;
}

I2cReply I2cBus::Start(std::uint8_t address, bool read) {
  if (addressed_ != nullptr) {
    addressed_->OnRestart();
    addressed_ = nullptr;
  }
  for (unsigned i = 0; i < count_; ++i) {
    if (targets_[i]->OnStart(address, read) == I2cReply::kAck) {
      addressed_ = targets_[i];
      return I2cReply::kAck;
    }
  }
  return I2cReply::kNack;
}

I2cReply I2cBus::Write(std::uint8_t byte) {
  return addressed_ != nullptr ? addressed_->OnWrite(byte) : I2cReply::kNack;
}

I2cReply I2cBus::Read(std::uint8_t& byte) {
  byte = 0xFF;
  return addressed_ != nullptr ? addressed_->OnRead(byte) : I2cReply::kAck;
}

void I2cBus::Stop() {
  if (addressed_ != nullptr) {
    addressed_->OnStop();
    addressed_ = nullptr;
  }
}

// --- registers ----------------------------------------------------------------------------------

void I2c::Reset() {
  control_ = 0x65;
  address_ = own_address_ = 0x55;
  counts_ = {0x28, 0x2F, 6, 0xD};
  kept_ = {};
  mask_ = 0x8FF;
  latched_ = enable_ = abort_source_ = receive_threshold_ = send_threshold_ = dma_ = 0;
  dma_levels_.fill(0);
  send_.Clear();
  receive_.Clear();
  phase_ = Phase::kIdle;
  next_ = kNever;
  addressed_ = addressed_for_read_ = asked_ = first_byte_ = false;
  Raise();
}

std::uint64_t I2c::ByteCycles() const {
  const bool standard = (control_ >> 1 & 3) == 1;
  const std::uint64_t period = std::uint64_t{counts_[standard ? 0 : 2]} + counts_[standard ? 1 : 3];
  return 9 * (period != 0 ? period : 1);
}

std::uint32_t I2c::Raw() const {
  std::uint32_t raw = latched_;
  if (!Enabled()) {
    return raw;
  }
  const bool busy =
      (control_ & kEmptyWhenDone) != 0 && (phase_ == Phase::kAddress || phase_ == Phase::kByte);
  raw |= send_.size() <= send_threshold_ && !busy ? kTxEmpty : 0;
  raw |= receive_.size() > receive_threshold_ ? kRxFull : 0;
  return raw;
}

std::uint32_t I2c::Status() const {
  const bool controlling = phase_ != Phase::kIdle;
  return (controlling || addressed_ ? 1u : 0) | (send_.full() ? 0 : 2u) | (send_.empty() ? 4u : 0) |
         (receive_.empty() ? 0 : 8u) | (receive_.full() ? 16u : 0) | (controlling ? 32u : 0) |
         (addressed_ ? 64u : 0);
}

void I2c::Raise() {
  signals_->SetIrq(23 + number_, (Raw() & mask_) != 0);
  signals_->SetDreq(32 + number_ * 2, (dma_ & 2) != 0 && send_.size() <= dma_levels_[0]);
  signals_->SetDreq(33 + number_ * 2, (dma_ & 1) != 0 && receive_.size() > dma_levels_[1]);
}

std::uint32_t I2c::Read(std::uint32_t offset) {
  // Reading these clears what they stand for.
  static constexpr std::uint32_t kClears[] = {kRxUnder,     kRxOver,       kTxOver,
                                              kReadRequest, kTxAbort,      kRxDone,
                                              kActivity,    kStopDetected, kStartDetected};
  std::uint32_t value = Peek(offset);
  if (offset == 0x10) {
    if (receive_.empty()) {
      latched_ |= kRxUnder;
    } else {
      value = receive_.Pop();
    }
  } else if (offset == 0x40) {
    value = latched_ != 0 ? 1 : 0;
    latched_ = 0;
    abort_source_ = 0;
  } else if (offset >= 0x44 && offset <= 0x64) {
    const std::uint32_t bit = kClears[(offset - 0x44) / 4];
    value = (latched_ & bit) != 0 ? 1 : 0;
    latched_ &= ~bit;
    if (bit == kTxAbort) {
      abort_source_ = 0;
    }
  } else if (offset == 0xA8) {
    value = (latched_ & kRestartDetected) != 0 ? 1 : 0;
    latched_ &= ~kRestartDetected;
  }
  Raise();
  return value;
}

std::uint32_t I2c::Peek(std::uint32_t offset) {
  switch (offset) {
    case 0x00: return control_;
    case 0x04: return address_;
    case 0x08: return own_address_;
    case 0x10: return receive_.empty() ? 0 : receive_.front();
    case 0x14:
    case 0x18:
    case 0x1C:
    case 0x20: return counts_[(offset - 0x14) / 4];
    case 0x2C: return Raw() & mask_;
    case 0x30: return mask_;
    case 0x34: return Raw();
    case 0x38: return receive_threshold_;
    case 0x3C: return send_threshold_;
    case 0x6C: return enable_ & 1;
    case 0x70: return Status();
    case 0x74: return send_.size();
    case 0x78: return receive_.size();
    case 0x7C: return kept_[0];
    case 0x80: return abort_source_;
    case 0x84: return kept_[1];
    case 0x88: return dma_;
    case 0x8C: return dma_levels_[0];
    case 0x90: return dma_levels_[1];
    case 0x94: return kept_[2];
    case 0x98: return kept_[3];
    case 0x9C: return enable_ & 1;
    case 0xA0: return kept_[4];
    case 0xF8: return 0x3230'312A;
    case 0xFC: return 0x4457'0140;
    default: return 0;
  }
}

void I2c::Write(std::uint32_t offset, std::uint32_t value) {
  switch (offset) {
    case 0x00: control_ = value & 0x3FF; break;
    case 0x04: address_ = value & 0xFFF; break;
    case 0x08: own_address_ = value & 0x3FF; break;
    case 0x10: WriteData(value); break;
    case 0x14:
    case 0x18:
    case 0x1C:
    case 0x20: counts_[(offset - 0x14) / 4] = value & 0xFFFF; break;
    case 0x30: mask_ = value & 0x1FFF; break;
    case 0x38: receive_threshold_ = value & 15; break;
    case 0x3C: send_threshold_ = value & 15; break;
    case 0x6C:
      if ((value & 2) != 0 && phase_ != Phase::kIdle) {
        Abort(kUserAbort);
      }
      if ((value & 1) == 0) {
        if (phase_ != Phase::kIdle && bus_ != nullptr) {
          bus_->Stop();
        }
        phase_ = Phase::kIdle;
        next_ = kNever;
        send_.Clear();
        receive_.Clear();
        latched_ = 0;
        addressed_ = false;
      }
      enable_ = value & 1;
      break;
    case 0x7C: kept_[0] = value; break;
    case 0x84: kept_[1] = value & 1; break;
    case 0x88: dma_ = value & 3; break;
    case 0x8C: dma_levels_[0] = value & 15; break;
    case 0x90: dma_levels_[1] = value & 15; break;
    case 0x94: kept_[2] = value; break;
    case 0x98: kept_[3] = value & 1; break;
    case 0xA0: kept_[4] = value; break;
    default: break;
  }
  Raise();
}

void I2c::WriteData(std::uint32_t value) {
  if (!Enabled()) {
    return;
  }
  if ((latched_ & kTxAbort) != 0) {
    return;  // the FIFO is held empty until the abort was read
  }
  if (!send_.Push(static_cast<std::uint16_t>(value & 0x7FF))) {
    latched_ |= kTxOver;
    return;
  }
  if ((control_ & kControllerMode) != 0 && (phase_ == Phase::kIdle || phase_ == Phase::kHolding)) {
    BeginNext();
  }
}

// --- as a controller ----------------------------------------------------------------------------

// Begins with the command at the front of the FIFO: an address first, where the bus is free, asked
// to or the direction turns.
void I2c::BeginNext() {
  if (send_.empty()) {
    phase_ = phase_ == Phase::kIdle ? Phase::kIdle : Phase::kHolding;
    next_ = kNever;
    return;
  }
  const std::uint32_t command = send_.front();
  const bool read = (command & kCommandRead) != 0;
  const bool again = (command & kCommandRestart) != 0 || read != reading_;
  if (phase_ == Phase::kIdle || again) {
    latched_ |= kActivity | (phase_ == Phase::kIdle ? kStartDetected : kRestartDetected);
    reading_ = read;
    phase_ = Phase::kAddress;
  } else {
    phase_ = Phase::kByte;
  }
  next_ = signals_->now + ByteCycles();
}

void I2c::FinishAddress() {
  const auto address = static_cast<std::uint8_t>(address_ & 0x7F);
  const I2cReply reply = bus_ != nullptr ? bus_->Start(address, reading_) : I2cReply::kNack;
  if (reply == I2cReply::kNack) {
    Abort(kAddressRefused);
    return;
  }
  phase_ = Phase::kByte;
  next_ = signals_->now + ByteCycles();
}

void I2c::FinishByte() {
  const std::uint32_t command = send_.front();
  if (reading_) {
    std::uint8_t byte = 0;
    if (receive_.full() || bus_->Read(byte) == I2cReply::kWait) {
      next_ = signals_->now + ByteCycles() / 9 + 1;
      return;
    }
    receive_.Push(byte);
  } else {
    const I2cReply reply = bus_->Write(static_cast<std::uint8_t>(command));
    if (reply == I2cReply::kWait) {
      next_ = signals_->now + ByteCycles() / 9 + 1;
      return;
    }
    if (reply == I2cReply::kNack) {
      Abort(kDataRefused);
      return;
    }
  }
  send_.Pop();
  if ((command & kCommandStop) != 0) {
    // A bit's time later, so that a target's program sees the byte before the stop.
    phase_ = Phase::kStop;
    next_ = signals_->now + ByteCycles() / 9 + 1;
    return;
  }
  phase_ = Phase::kHolding;
  BeginNext();
}

void I2c::Stop() {
  bus_->Stop();
  phase_ = Phase::kIdle;
  latched_ |= kStopDetected;
}

void I2c::Abort(std::uint32_t source) {
  abort_source_ |= source | send_.size() << 23;
  send_.Clear();
  latched_ |= kTxAbort | kStopDetected;
  if (bus_ != nullptr) {
    bus_->Stop();
  }
  phase_ = Phase::kIdle;
  next_ = kNever;
}

void I2c::Advance() {
  if (signals_->now < next_) {
    return;
  }
  next_ = kNever;
  if (phase_ == Phase::kAddress) {
    FinishAddress();
  } else if (phase_ == Phase::kByte && !send_.empty()) {
    FinishByte();
  } else if (phase_ == Phase::kStop) {
    Stop();
    BeginNext();
  }
  Raise();
}

// --- as a target --------------------------------------------------------------------------------

I2cReply I2c::OnStart(std::uint8_t address, bool read) {
  if (!IsTarget() || address != (own_address_ & 0x7F) || phase_ != Phase::kIdle) {
    return I2cReply::kNack;
  }
  addressed_ = first_byte_ = true;
  addressed_for_read_ = read;
  asked_ = false;
  latched_ |= kStartDetected | kActivity;
  if (read && !send_.empty()) {
    abort_source_ |= kStaleFlushed | send_.size() << 23;
    send_.Clear();
    latched_ |= kTxAbort;
  }
  Raise();
  return I2cReply::kAck;
}

I2cReply I2c::OnWrite(std::uint8_t byte) {
  if (!addressed_) {
    return I2cReply::kNack;
  }
  if (receive_.full()) {
    if ((control_ & kHoldWhenFull) != 0) {
      return I2cReply::kWait;
    }
    latched_ |= kRxOver;
  } else {
    receive_.Push(static_cast<std::uint16_t>(byte | (first_byte_ ? 1u << 11 : 0)));
    first_byte_ = false;
  }
  Raise();
  return I2cReply::kAck;
}

I2cReply I2c::OnRead(std::uint8_t& byte) {
  if (!addressed_) {
    return I2cReply::kAck;  // switched off in mid-read: the line stays high
  }
  if (send_.empty()) {
    if (!asked_) {
      latched_ |= kReadRequest;
      asked_ = true;
      Raise();
    }
    return I2cReply::kWait;
  }
  byte = static_cast<std::uint8_t>(send_.Pop());
  asked_ = false;
  Raise();
  return I2cReply::kAck;
}

void I2c::OnRestart() {
  if (addressed_) {
    latched_ |= kRestartDetected | (addressed_for_read_ ? kRxDone : 0);
    addressed_ = false;
    Raise();
  }
}

void I2c::OnStop() {
  if (addressed_) {
    latched_ |= addressed_for_read_ ? kRxDone : 0;
    latched_ |= kStopDetected;
  } else if ((control_ & kStopIfAddressed) == 0) {
    latched_ |= kStopDetected;
  }
  addressed_ = false;
  Raise();
}

}  // namespace pinhole::emulator
