// SPDX-License-Identifier: Apache-2.0
#pragma once

// One open /dev/i2c-N: what a program's read, write and ioctl mean on the bus, and what they
// answer. No kernel and no FUSE: bytes and numbers go in, bytes and -errno come out.
//
//   I2cDevFile file(bus);
//   file.Ioctl(I2C_SLAVE, 0x62, PointerSize::k8, memory);
//   file.Read(bytes);
//
// An ioctl's argument points to structures that point to buffers, all in the caller's memory. That
// memory lies behind CallerMemory, so that it can be another process's (process_memory.h) or a
// test's. Everything in it is hostile: counts and lengths are bounded before anything is taken, a
// pointer that leads nowhere is -EFAULT. It is read before the bus is taken and written after, so a
// caller whose memory answers slowly holds up nobody but itself. Each value is read once.
//
// As the kernel's i2c-dev has it, with these differences: 10-bit addresses, checksums (PEC),
// messages without a start and lengths sent by the device are refused with -EOPNOTSUPP where asked
// for, not ignored; of SMBus there is what I2C_FUNCS says, and no emulation of the rest.
// Time-outs and retries are taken and mean nothing on a bus that never fails.
//
// Source: Documentation/i2c/dev-interface.rst, include/uapi/linux/i2c.h and i2c-dev.h of Linux.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "outside/i2cdev/i2c_bus.h"

namespace pinhole::outside::i2cdev {

// The memory of the program that called.
class CallerMemory {
 public:
  CallerMemory(const CallerMemory&) = delete;
  CallerMemory& operator=(const CallerMemory&) = delete;
  virtual ~CallerMemory() = default;

  // All of it, or none that counts: 0 or an errno (EFAULT: nothing is there).
  [[nodiscard]] virtual int Read(std::uint64_t address, std::span<std::uint8_t> out) = 0;
  [[nodiscard]] virtual int Write(std::uint64_t address, std::span<const std::uint8_t> bytes) = 0;

 protected:
  CallerMemory() = default;
};

// Of the caller's pointers and longs, which shape its structures: a program of 32 bits also runs on
// a kernel of 64.
enum class PointerSize : std::uint8_t { k4 = 4, k8 = 8 };

class I2cDevFile {
 public:
  static constexpr std::size_t kMaxBytes = 8192;  // of one message, one read or one write
  static constexpr std::size_t kMaxMessages = 42;

  // `bus` outlives it.
  explicit I2cDevFile(I2cBus& bus) : bus_(bus) {}

  // Bytes read or written, at most kMaxBytes, or -errno.
  [[nodiscard]] int Read(std::span<std::uint8_t> out);
  [[nodiscard]] int Write(std::span<const std::uint8_t> bytes);

  // What ioctl(file, number, argument) returns, or -errno: for I2C_RDWR the number of messages.
  [[nodiscard]] int Ioctl(std::uint32_t number, std::uint64_t argument, PointerSize pointers,
                          CallerMemory& memory);

 private:
  int ReadWrite(std::uint64_t argument, PointerSize pointers, CallerMemory& memory);
  int Smbus(std::uint64_t argument, PointerSize pointers, CallerMemory& memory);

  I2cBus& bus_;
  // Two threads may use one file; each file has its own.
  std::atomic<std::uint16_t> address_{0};
};

}  // namespace pinhole::outside::i2cdev
