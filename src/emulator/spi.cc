// SPDX-License-Identifier: Apache-2.0
#include "emulator/spi.h"

namespace pinhole::emulator {

void Spi::Reset() {
  send_.Clear();
  receive_.Clear();
  busy_ = overrun_ = false;
  control0_ = control1_ = prescale_ = mask_ = dma_ = 0;
  Raise();
}

std::uint32_t Spi::Raw() const {
  // Both half-way marks are at four words.
  return (overrun_ ? 1u : 0) | (receive_.empty() ? 0 : 2u) | (receive_.size() >= 4 ? 4u : 0) |
         (send_.size() <= 4 ? 8u : 0);
}

void Spi::Raise() {
  signals_->SetIrq(18 + number_, (Raw() & mask_) != 0);
  signals_->SetDreq(16 + number_ * 2, (dma_ & 2) != 0 && !send_.full());
  signals_->SetDreq(17 + number_ * 2, (dma_ & 1) != 0 && !receive_.empty());
}

void Spi::Begin() {
  if (busy_ || send_.empty() || (control1_ & 2) == 0) {
    return;
  }
  word_ = send_.Pop();
  busy_ = true;
  const std::uint64_t bits = (control0_ & 15) + 1;
  const std::uint64_t clocks =
      bits * (prescale_ != 0 ? prescale_ : 2) * ((control0_ >> 8 & 0xFF) + 1);
  done_at_ = signals_->now + clocks * signals_->sys_hz / signals_->peri_hz + 1;
}

void Spi::Advance() {
  if (!busy_ || signals_->now < done_at_) {
    return;
  }
  busy_ = false;
  const unsigned bits = (control0_ & 15) + 1;
  const auto mask = static_cast<std::uint16_t>((1u << bits) - 1);
  std::uint16_t back = 0;
  if ((control1_ & 1) != 0) {
    back = word_;
  } else if (peer_ != nullptr) {
    back = peer_->Transfer(number_, word_ & mask, bits);
  }
  overrun_ |= !receive_.Push(back & mask);
  Begin();
  Raise();
}

std::uint32_t Spi::Read(std::uint32_t offset) {
  if (offset == 8 && !receive_.empty()) {
    const std::uint32_t word = receive_.Pop();
    Raise();
    return word;
  }
  return Peek(offset);
}

std::uint32_t Spi::Peek(std::uint32_t offset) {
  static constexpr std::uint8_t kIdentity[] = {0x22, 0x10, 0x34, 0x00, 0x0D, 0xF0, 0x05, 0xB1};
  switch (offset) {
    case 0x00: return control0_;
    case 0x04: return control1_;
    case 0x08: return receive_.empty() ? 0 : receive_.front();
    case 0x0C:
      return (send_.empty() ? 1u : 0) | (send_.full() ? 0 : 2u) | (receive_.empty() ? 0 : 4u) |
             (receive_.full() ? 8u : 0) | (busy_ || !send_.empty() ? 16u : 0);
    case 0x10: return prescale_;
    case 0x14: return mask_;
    case 0x18: return Raw();
    case 0x1C: return Raw() & mask_;
    case 0x24: return dma_;
    default: return offset >= 0xFE0 && offset <= 0xFFC ? kIdentity[(offset - 0xFE0) / 4] : 0;
  }
}

void Spi::Write(std::uint32_t offset, std::uint32_t value) {
  switch (offset) {
    case 0x00: control0_ = value & 0xFFFF; break;
    case 0x04: control1_ = value & 15; break;
    case 0x08: send_.Push(static_cast<std::uint16_t>(value)); break;
    case 0x10: prescale_ = value & 0xFE; break;
    case 0x14: mask_ = value & 15; break;
    case 0x20: overrun_ = overrun_ && (value & 1) == 0; break;
    case 0x24: dma_ = value & 3; break;
    default: break;
  }
  Begin();
  Raise();
}

}  // namespace pinhole::emulator
