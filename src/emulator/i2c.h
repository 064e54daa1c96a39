// SPDX-License-Identifier: Apache-2.0
#pragma once

// The I2C blocks (Synopsys DW_apb_i2c; RP2040 datasheet, chapter 4.3), as controller and as target,
// and the bus that joins them with other things.
//
// What moves over an I2cBus are whole bytes with their acknowledgement: a controller says start,
// write, read, stop; a target acknowledges, refuses, or asks to wait, which is clock stretching. A
// byte takes nine of the controller's SCL periods. A target may live in another emulated chip: its
// answer to a read comes when its program has written one. Not modelled: ten-bit addresses, general
// calls, two controllers at once, pins that are driven by hand.

#include <array>
#include <cstdint>

#include "emulator/device.h"

namespace pinhole::emulator {

enum class I2cReply : std::uint8_t { kAck, kNack, kWait };

// Something with an address. Device seam.
class I2cTarget {
 public:
  virtual ~I2cTarget() = default;
  // Start or restart with this address: kNack where it isn't its own.
  virtual I2cReply OnStart(std::uint8_t address, bool read) = 0;
  // After kWait the same byte is offered again.
  virtual I2cReply OnWrite(std::uint8_t byte) = 0;
  // kAck with a byte, or kWait.
  virtual I2cReply OnRead(std::uint8_t& byte) = 0;
  virtual void OnStop() = 0;
  // A repeated start ends the transfer; OnStart follows where it names this target again.
  virtual void OnRestart() { OnStop(); }
};

class I2cBus {
 public:
  static constexpr unsigned kMostTargets = 16;
  // `target` is the caller's and outlives the bus. False where there are kMostTargets already.
  bool Attach(I2cTarget* target);
  I2cReply Start(std::uint8_t address, bool read);
  I2cReply Write(std::uint8_t byte);
  I2cReply Read(std::uint8_t& byte);
  void Stop();

 private:
  std::array<I2cTarget*, kMostTargets> targets_{};
  unsigned count_ = 0;
  I2cTarget* addressed_ = nullptr;
};

class I2c : public Device, public I2cTarget {
 public:
  I2c(Signals& signals, unsigned number) : signals_(&signals), number_(number) { I2c::Reset(); }
  // The bus that it is a controller of. Attach it there as a target too where it may be one.
  void set_bus(I2cBus* bus) { bus_ = bus; }

  std::uint32_t Read(std::uint32_t offset) override;
  std::uint32_t Peek(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  void Reset() override;
  [[nodiscard]] std::uint64_t NextEvent() const override { return next_; }
  void Advance() override;

  I2cReply OnStart(std::uint8_t address, bool read) override;
  I2cReply OnWrite(std::uint8_t byte) override;
  I2cReply OnRead(std::uint8_t& byte) override;
  void OnStop() override;
  void OnRestart() override;

 private:
  enum class Phase : std::uint8_t { kIdle, kAddress, kHolding, kByte, kStop };

  [[nodiscard]] bool Enabled() const { return (enable_ & 1) != 0; }
  [[nodiscard]] bool IsTarget() const { return Enabled() && (control_ & 0x40) == 0; }
  [[nodiscard]] std::uint64_t ByteCycles() const;
  [[nodiscard]] std::uint32_t Raw() const;
  [[nodiscard]] std::uint32_t Status() const;
  void BeginNext();
  void FinishAddress();
  void FinishByte();
  void Abort(std::uint32_t source);
  void Stop();
  void WriteData(std::uint32_t value);
  void Raise();

  Signals* signals_;
  unsigned number_;
  I2cBus* bus_ = nullptr;
  std::uint32_t control_ = 0;
  std::uint32_t address_ = 0;
  std::uint32_t own_address_ = 0;
  std::array<std::uint32_t, 4> counts_{};  // SCL high and low, standard and fast
  std::array<std::uint32_t, 8> kept_{};    // registers without effect here
  std::uint32_t mask_ = 0;
  std::uint32_t latched_ = 0;
  std::uint32_t enable_ = 0;
  std::uint32_t abort_source_ = 0;
  std::uint32_t receive_threshold_ = 0;
  std::uint32_t send_threshold_ = 0;
  std::uint32_t dma_ = 0;
  std::array<std::uint32_t, 2> dma_levels_{};
  Fifo<std::uint16_t, 16> send_;
  Fifo<std::uint16_t, 16> receive_;
  Phase phase_ = Phase::kIdle;
  bool reading_ = false;
  std::uint64_t next_ = kNever;
  // As a target.
  bool addressed_ = false;
  bool addressed_for_read_ = false;
  bool asked_ = false;
  bool first_byte_ = false;
};

}  // namespace pinhole::emulator
