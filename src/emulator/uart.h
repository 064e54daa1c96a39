// SPDX-License-Identifier: Apache-2.0
#pragma once

// A PL011 UART with its two FIFOs of 32 bytes (RP2040 datasheet, chapter 4.2).
//
// In: bytes from the line (Receive) and registers. Out: bytes to the line at the baud rate that is
// set, an interrupt, two DMA requests. A byte takes ten bits' time. Not modelled: parity and
// framing errors, flow control, breaks.

#include <cstdint>

#include "emulator/device.h"

namespace pinhole::emulator {

// Takes the bytes that a serial device sends.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void OnByte(unsigned device, std::uint8_t byte) = 0;
};

class Uart : public Device {
 public:
  Uart(Signals& signals, unsigned number) : signals_(&signals), number_(number) { Uart::Reset(); }
  void set_sink(ByteSink* sink) { sink_ = sink; }
  // A byte from the line. False where the FIFO is full; the byte is lost and an overrun noted.
  bool Receive(std::uint8_t byte);
  // A program listens, there is room for a byte, and the one before has had its time on the line.
  [[nodiscard]] bool CanReceive() const {
    return (control_ & 0x201) == 0x201 && signals_->now >= line_free_at_ &&
           receive_.size() < ((line_ & 0x10) != 0 ? 32u : 1u);
  }

  std::uint32_t Read(std::uint32_t offset) override;
  std::uint32_t Peek(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  [[nodiscard]] bool ClearedByOnes(std::uint32_t offset) const override { return offset == 0x44; }
  void Reset() override;
  [[nodiscard]] std::uint64_t NextEvent() const override;
  void Advance() override;

 private:
  [[nodiscard]] std::uint64_t ByteCycles() const;
  void StartByte();
  void NoteReceived();
  void Raise();

  Signals* signals_;
  unsigned number_;
  ByteSink* sink_ = nullptr;
  Fifo<std::uint8_t, 32> send_;
  Fifo<std::uint8_t, 32> receive_;
  bool sending_ = false;
  std::uint8_t byte_ = 0;
  std::uint64_t sent_at_ = 0;
  std::uint64_t timeout_at_ = kNever;
  std::uint64_t line_free_at_ = 0;
  std::uint32_t integer_ = 0;
  std::uint32_t fraction_ = 0;
  std::uint32_t line_ = 0;
  std::uint32_t control_ = 0x300;
  std::uint32_t levels_ = 0x12;
  std::uint32_t mask_ = 0;
  std::uint32_t raw_ = 0;
  std::uint32_t dma_ = 0;
};

}  // namespace pinhole::emulator
