// SPDX-License-Identifier: Apache-2.0
// Arbitrary calls of a program with arbitrary memory behind its pointers: nothing outside that
// memory is touched, results are in range, and afterwards a program reads the newest packet.
// Eight bytes a call (what, pointer size, number or argument), after a count; the rest is memory
// from address 0 on.
#include <linux/i2c-dev.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "facts/person_sensor_packet.h"
#include "outside/i2cdev/i2c_dev_file.h"

namespace {

using pinhole::outside::i2cdev::CallerMemory;
using pinhole::outside::i2cdev::I2cBus;
using pinhole::outside::i2cdev::I2cDevFile;
using pinhole::outside::i2cdev::PointerSize;

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

class InputMemory final : public CallerMemory {
 public:
  explicit InputMemory(std::span<const std::uint8_t> bytes) : bytes_(bytes.begin(), bytes.end()) {}

  int Read(std::uint64_t address, std::span<std::uint8_t> out) override {
    Require(out.size() <= I2cDevFile::kMaxBytes);
    if (!Inside(address, out.size())) {
      return EFAULT;
    }
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(address), out.size(), out.begin());
    return 0;
  }
  int Write(std::uint64_t address, std::span<const std::uint8_t> bytes) override {
    Require(bytes.size() <= I2cDevFile::kMaxBytes);
    if (!Inside(address, bytes.size())) {
      return EFAULT;
    }
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(address));
    return 0;
  }

 private:
  [[nodiscard]] bool Inside(std::uint64_t address, std::size_t size) const {
    return address <= bytes_.size() && size <= bytes_.size() - address;
  }
  std::vector<std::uint8_t> bytes_;
};

void Call(std::span<const std::uint8_t, 8> call, I2cDevFile& file, CallerMemory& memory) {
  static constexpr std::array<std::uint32_t, 10> kNumbers = {
      I2C_RDWR, I2C_SMBUS,   I2C_SLAVE,  I2C_SLAVE_FORCE, I2C_FUNCS,
      I2C_PEC,  I2C_RETRIES, I2C_TENBIT, I2C_TIMEOUT,     0};
  std::uint16_t argument = 0;
  std::uint32_t raw = 0;
  std::memcpy(&argument, call.data() + 2, sizeof argument);
  std::memcpy(&raw, call.data() + 4, sizeof raw);
  const PointerSize pointers = call[1] % 2 == 0 ? PointerSize::k4 : PointerSize::k8;
  if (call[0] < 128) {
    const std::uint32_t number = kNumbers[call[0] % kNumbers.size()];
    const std::uint64_t wide = call[1] < 200 ? argument : std::uint64_t{raw} << 32 | argument;
    const int result = file.Ioctl(number == 0 ? raw : number, wide, pointers, memory);
    Require(result > -4096 && result <= static_cast<int>(I2cDevFile::kMaxMessages));
  } else if (call[0] < 192) {
    Require(file.Write(call.subspan(2, call[1] % 7)) <= 6);
  } else {
    std::vector<std::uint8_t> bytes(argument);
    Require(file.Read(bytes) <= static_cast<int>(I2cDevFile::kMaxBytes));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::size_t calls = std::min<std::size_t>(data[0] % 16, (size - 1) / 8);
  const std::span<const std::uint8_t> input(data + 1, size - 1);
  InputMemory memory(input.subspan(8 * calls));
  I2cBus bus;
  I2cDevFile file(bus);
  static_cast<void>(file.Ioctl(I2C_SLAVE, 0x62, PointerSize::k8, memory));
  for (std::size_t i = 0; i < calls; ++i) {
    Call(std::span<const std::uint8_t, 8>(input.subspan(8 * i, 8)), file, memory);
  }

  pinhole::facts::PersonFacts facts;
  facts.reading = facts.present = facts.count = 1;
  facts.faces[0] = {200, 1, 2, 3, 4, 0, 0, 1};
  std::array<std::byte, pinhole::facts::kPersonSensorPacketBytes> packet{};
  EncodePersonSensorPacket(facts, packet);
  Require(file.Ioctl(I2C_SLAVE, 0x62, PointerSize::k8, memory) == 0);
  const std::array<std::uint8_t, 2> continuous{1, 1};
  Require(file.Write(continuous) == 2);
  bus.Publish(facts);
  std::array<std::uint8_t, pinhole::facts::kPersonSensorPacketBytes> read{};
  Require(file.Read(read) == static_cast<int>(read.size()));
  Require(std::memcmp(read.data(), packet.data(), read.size()) == 0);
  return 0;
}
