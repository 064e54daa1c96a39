// SPDX-License-Identifier: Apache-2.0
#pragma once

// A PL022 SPI controller with its two FIFOs of 8 words (RP2040 datasheet, chapter 4.4).
//
// In: registers. Out: whole words to a peer at the rate that is set, an interrupt, two DMA
// requests. Without a peer it reads zeros; loopback reads what it sends. Not modelled: being a
// peripheral.

#include <cstdint>

#include "emulator/device.h"

namespace pinhole::emulator {

// What hangs on an SPI bus. Device seam.
class SpiPeer {
 public:
  virtual ~SpiPeer() = default;
  // One word of `bits` bits out, one back.
  virtual std::uint16_t Transfer(unsigned device, std::uint16_t word, unsigned bits) = 0;
};

class Spi : public Device {
 public:
  Spi(Signals& signals, unsigned number) : signals_(&signals), number_(number) { Spi::Reset(); }
  void set_peer(SpiPeer* peer) { peer_ = peer; }

  std::uint32_t Read(std::uint32_t offset) override;
  std::uint32_t Peek(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  void Reset() override;
  [[nodiscard]] std::uint64_t NextEvent() const override { return busy_ ? done_at_ : kNever; }
  void Advance() override;

 private:
  void Begin();
  void Raise();
  [[nodiscard]] std::uint32_t Raw() const;

  Signals* signals_;
  unsigned number_;
  SpiPeer* peer_ = nullptr;
  Fifo<std::uint16_t, 8> send_;
  Fifo<std::uint16_t, 8> receive_;
  bool busy_ = false;
  bool overrun_ = false;
  std::uint16_t word_ = 0;
  std::uint64_t done_at_ = 0;
  std::uint32_t control0_ = 0;
  std::uint32_t control1_ = 0;
  std::uint32_t prescale_ = 0;
  std::uint32_t mask_ = 0;
  std::uint32_t dma_ = 0;
};

}  // namespace pinhole::emulator
