// SPDX-License-Identifier: Apache-2.0
#include "emulator/uart.h"

namespace pinhole::emulator {
namespace {

constexpr std::uint32_t kReceiveIrq = 1u << 4;
constexpr std::uint32_t kSendIrq = 1u << 5;
constexpr std::uint32_t kTimeoutIrq = 1u << 6;
constexpr std::uint32_t kOverrunIrq = 1u << 10;
constexpr std::uint32_t kFifosOn = 1u << 4;
constexpr std::uint32_t kEnabled = 1;
constexpr std::uint32_t kLoopback = 1u << 7;

constexpr unsigned Threshold(std::uint32_t select) {
  constexpr unsigned kOfThirtyTwo[] = {4, 8, 16, 24, 28};
  return select < 5 ? kOfThirtyTwo[select] : 28;
}

}  // namespace

void Uart::Reset() {
  send_.Clear();
  receive_.Clear();
  sending_ = false;
  timeout_at_ = kNever;
  integer_ = fraction_ = line_ = mask_ = raw_ = dma_ = 0;
  control_ = 0x300;
  levels_ = 0x12;
  Raise();
}

std::uint64_t Uart::ByteCycles() const {
  const std::uint64_t divisor = std::uint64_t{integer_} * 64 + fraction_;
  const std::uint64_t bits = 10;
  // Sixteen clocks a bit, 64ths of a divisor, in cycles of the system clock.
  const std::uint64_t cycles =
      bits * 16 * (divisor != 0 ? divisor : 64) * signals_->sys_hz / signals_->peri_hz / 64;
  return cycles != 0 ? cycles : 1;
}

void Uart::StartByte() {
  if (sending_ || send_.empty()) {
    return;
  }
  byte_ = send_.Pop();
  sending_ = true;
  sent_at_ = signals_->now + ByteCycles();
}

// What waits may have reached the level that interrupts, or the level may have come down to it.
void Uart::NoteReceived() {
  const unsigned threshold = (line_ & kFifosOn) != 0 ? Threshold(levels_ >> 3 & 7) : 1;
  raw_ |= receive_.size() >= threshold ? kReceiveIrq : 0;
}

bool Uart::Receive(std::uint8_t byte) {
  const unsigned depth = (line_ & kFifosOn) != 0 ? 32 : 1;
  const bool room = receive_.size() < depth;
  line_free_at_ = signals_->now + ByteCycles();
  if (room) {
    receive_.Push(byte);
    NoteReceived();
    timeout_at_ = signals_->now + ByteCycles() * 32 / 10;
  } else {
    raw_ |= kOverrunIrq;
  }
  Raise();
  return room;
}

void Uart::Raise() {
  signals_->SetIrq(20 + number_, (raw_ & mask_) != 0);
  signals_->SetDreq(20 + number_ * 2, (dma_ & 2) != 0 && !send_.full());
  signals_->SetDreq(21 + number_ * 2, (dma_ & 1) != 0 && !receive_.empty());
}

std::uint64_t Uart::NextEvent() const {
  const std::uint64_t sent = sending_ ? sent_at_ : kNever;
  return sent < timeout_at_ ? sent : timeout_at_;
}

void Uart::Advance() {
  if (signals_->now >= timeout_at_) {
    timeout_at_ = kNever;
    raw_ |= receive_.empty() ? 0 : kTimeoutIrq;
  }
  if (sending_ && signals_->now >= sent_at_) {
    sending_ = false;
    if ((control_ & kLoopback) != 0) {
      Receive(byte_);
    } else if (sink_ != nullptr) {
      sink_->OnByte(number_, byte_);
    }
    StartByte();
    const unsigned threshold = (line_ & kFifosOn) != 0 ? Threshold(levels_ & 7) : 0;
    if (send_.size() <= threshold) {
      raw_ |= kSendIrq;
    }
  }
  Raise();
}

std::uint32_t Uart::Read(std::uint32_t offset) {
  if (offset == 0 && !receive_.empty()) {
    const std::uint32_t byte = receive_.Pop();
    const unsigned threshold = (line_ & kFifosOn) != 0 ? Threshold(levels_ >> 3 & 7) : 1;
    if (receive_.size() < threshold) {
      raw_ &= ~kReceiveIrq;
    }
    if (receive_.empty()) {
      raw_ &= ~kTimeoutIrq;
      timeout_at_ = kNever;
    }
    Raise();
    return byte;
  }
  return Peek(offset);
}

std::uint32_t Uart::Peek(std::uint32_t offset) {
  static constexpr std::uint8_t kIdentity[] = {0x11, 0x10, 0x34, 0x00, 0x0D, 0xF0, 0x05, 0xB1};
  const bool fifos = (line_ & kFifosOn) != 0;
  switch (offset) {
    case 0x00: return receive_.empty() ? 0 : receive_.front();
    case 0x18:
      return (sending_ ? 8u : 0) | (receive_.empty() ? 0x10u : 0) |
             ((fifos ? send_.full() : !send_.empty()) ? 0x20u : 0) |
             ((fifos ? receive_.full() : !receive_.empty()) ? 0x40u : 0) |
             (send_.empty() ? 0x80u : 0);
    case 0x24: return integer_;
    case 0x28: return fraction_;
    case 0x2C: return line_;
    case 0x30: return control_;
    case 0x34: return levels_;
    case 0x38: return mask_;
    case 0x3C: return raw_;
    case 0x40: return raw_ & mask_;
    case 0x48: return dma_;
    default: return offset >= 0xFE0 && offset <= 0xFFC ? kIdentity[(offset - 0xFE0) / 4] : 0;
  }
}

void Uart::Write(std::uint32_t offset, std::uint32_t value) {
  switch (offset) {
    case 0x00: {
      if ((control_ & kEnabled) == 0) {
        break;
      }
      send_.Push(static_cast<std::uint8_t>(value));
      StartByte();
      const unsigned threshold = (line_ & kFifosOn) != 0 ? Threshold(levels_ & 7) : 0;
      if (send_.size() > threshold) {
        raw_ &= ~kSendIrq;
      }
      break;
    }
    case 0x24: integer_ = value & 0xFFFF; break;
    case 0x28: fraction_ = value & 0x3F; break;
    case 0x2C:
      line_ = value & 0xFF;
      NoteReceived();
      break;
    case 0x30: control_ = value & 0xFFFF; break;
    case 0x34:
      levels_ = value & 0x3F;
      NoteReceived();
      break;
    case 0x38: mask_ = value & 0x7FF; break;
    case 0x44: raw_ &= ~value; break;
    case 0x48: dma_ = value & 7; break;
    default: break;
  }
  Raise();
}

}  // namespace pinhole::emulator
