// SPDX-License-Identifier: Apache-2.0
#pragma once

// An I2C block as a target: what happens on the bus, in its order, as calls.
//
// The block reports starts, stops, bytes and requests as flags, and more than one of them may be up
// by the time its interrupt runs. Serve sorts them: bytes say by themselves which was the first
// behind an address, a stop that comes with a read open belongs to that read, and where the block
// is idle again whatever was open has ended. While a request waits for its byte the bus is
// stretched; bytes that nobody took yet stretch it too once the FIFO of 16 is full, so nothing is
// lost however late the interrupt runs.
//
// Not seen: an address for a write behind which a repeated start comes and no byte.
//
//   I2cTargetBlock block(i2c1, listener);
//   block.Open(0x62);
//
// Listener and block must outlive the interrupts. One block of each number at a time.

#include <cstdint>

#include "firmware/hal/i2c.h"

namespace pinhole::firmware::hal {

// Device seam. Called from the block's interrupt.
class I2cTargetListener {
 public:
  enum class Direction : std::uint8_t { kWrite, kRead };  // as the controller sees it

  virtual void OnStart(Direction direction) = 0;
  virtual void OnByteWritten(std::uint8_t byte) = 0;
  // The byte to send.
  virtual std::uint8_t OnByteWanted() = 0;
  // The last byte wanted was not sent.
  virtual void OnByteNotSent() = 0;
  virtual void OnStop() = 0;

 protected:
  ~I2cTargetListener() = default;
};

class I2cTargetBlock {
 public:
  // A bus that stands still this long in mid-transfer is given up: its controller is gone.
  static constexpr std::uint32_t kPatienceUs = 100'000;

  I2cTargetBlock(i2c_inst_t* i2c, I2cTargetListener& listener) : i2c_(i2c), listener_(&listener) {}
  I2cTargetBlock(const I2cTargetBlock&) = delete;
  I2cTargetBlock& operator=(const I2cTargetBlock&) = delete;

  // Answers to `address` (7 bits) from now on. Pins are the caller's.
  void Open(std::uint8_t address);
  void Close();

  // To be called now and then: ends a transfer whose controller is gone, and takes the block out of
  // whatever state that left it in.
  void Poll(std::uint32_t now_us);

  // Holds the interrupt off while it lives. Do not nest.
  class Quiet {
   public:
    explicit Quiet(I2cTargetBlock& block) : block_(block) { block_.EnableInterrupt(false); }
    ~Quiet() { block_.EnableInterrupt(true); }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

   private:
    I2cTargetBlock& block_;
  };

  // Transfers that were given up.
  [[nodiscard]] std::uint32_t given_up() const { return given_up_; }

 private:
  enum class Phase : std::uint8_t { kIdle, kWriting, kReading };
  template <unsigned kIndex>
  static void OnInterrupt();

  void Start();
  void Serve();
  void ServeAbort();
  void ServeStop();
  void ServeBytes();
  void ServeRequest();
  void EnableInterrupt(bool enabled);

  i2c_inst_t* i2c_;
  I2cTargetListener* listener_;
  std::uint8_t address_ = 0;
  Phase phase_ = Phase::kIdle;
  bool started_ = false;  // a start was seen that no byte or request belongs to yet
  std::uint32_t events_ = 0;
  std::uint32_t events_seen_ = 0;
  std::uint32_t since_us_ = 0;
  std::uint32_t given_up_ = 0;
};

}  // namespace pinhole::firmware::hal
