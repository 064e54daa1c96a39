// SPDX-License-Identifier: Apache-2.0
#include "outside/i2cdev/i2c_dev_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <random>
#include <vector>

#include "facts/person_sensor_packet.h"
#include "outside/i2cdev/packets_for_tests.h"
#include "outside/i2cdev/process_memory.h"

namespace pinhole::outside::i2cdev {
namespace {

Bytes First(const Bytes& bytes, std::size_t count) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)};
}

std::uint64_t Address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

constexpr PointerSize kOurs = sizeof(void*) == 8 ? PointerSize::k8 : PointerSize::k4;

// A program with the file open, whose memory is this process's: the kernel's own structures.
struct Program {
  I2cBus bus;
  I2cDevFile file{bus};
  ProcessMemory memory{::gettid()};

  explicit Program(std::uint16_t address = 0x62) {
    bus.Publish(Somebody(1));
    EXPECT_EQ(Ioctl(I2C_SLAVE, address), 0);
  }
  int Ioctl(std::uint32_t number, std::uint64_t argument) {
    return file.Ioctl(number, argument, kOurs, memory);
  }
  int Transfer(std::vector<i2c_msg> messages) {
    i2c_rdwr_ioctl_data data{messages.data(), static_cast<__u32>(messages.size())};
    return Ioctl(I2C_RDWR, Address(&data));
  }
  int Smbus(std::uint8_t read_write, std::uint8_t command, std::uint32_t size,
            i2c_smbus_data* data) {
    i2c_smbus_ioctl_data request{read_write, command, size, data};
    return Ioctl(I2C_SMBUS, Address(&request));
  }
  CommandCounts Counts() const { return bus.command_counts(); }
};

i2c_msg Message(Bytes& bytes, std::uint16_t flags, std::uint16_t address = 0x62) {
  return {address, flags, static_cast<__u16>(bytes.size()), bytes.data()};
}

TEST(I2cDevFile, ReadAndWriteGoToTheAddressThatWasSet) {
  Program program;
  Bytes read(40);
  EXPECT_EQ(program.file.Read(read), 40);
  Bytes expected = Packet(Somebody(1));
  expected.push_back(0);
  EXPECT_EQ(read, expected);
  EXPECT_EQ(program.file.Write(Bytes{4, 3}), 2);
  EXPECT_EQ(program.Counts()[4], 1U);
  EXPECT_EQ(program.Ioctl(I2C_SLAVE_FORCE, 0x50), 0);
  EXPECT_EQ(program.file.Read(read), -ENXIO);
  EXPECT_EQ(program.file.Write(Bytes{4, 3}), -ENXIO);
  EXPECT_EQ(program.Counts()[4], 1U);
}

TEST(I2cDevFile, BeforeAnAddressIsSetThereIsNobody) {
  I2cBus bus;
  I2cDevFile file(bus);
  Bytes read(1);
  EXPECT_EQ(file.Read(read), -ENXIO);
}

TEST(I2cDevFile, EachOpenFileHasItsOwnAddress) {
  Program program;
  I2cDevFile other(program.bus);
  EXPECT_EQ(other.Ioctl(I2C_SLAVE, 0x50, kOurs, program.memory), 0);
  Bytes read(39);
  EXPECT_EQ(program.file.Read(read), 39);
  EXPECT_EQ(other.Read(read), -ENXIO);
}

TEST(I2cDevFile, LongReadsAndWritesAreCutAsTheKernelCutsThem) {
  Program program;
  Bytes read(20000, 7);
  EXPECT_EQ(program.file.Read(read), 8192);
  EXPECT_EQ(read[8191], 0);
  EXPECT_EQ(read[8192], 7);
  EXPECT_EQ(program.file.Write(Bytes(20000, 1)), 8192);
  EXPECT_EQ(program.bus.refused_writes(), 1);
}

TEST(I2cDevFile, AddressesAreOfSevenBits) {
  Program program;
  EXPECT_EQ(program.Ioctl(I2C_SLAVE, 0x7f), 0);
  EXPECT_EQ(program.Ioctl(I2C_SLAVE, 0x80), -EINVAL);
  EXPECT_EQ(program.Ioctl(I2C_SLAVE_FORCE, 0x62 + (1ULL << 32)), -EINVAL);
  EXPECT_EQ(program.Ioctl(I2C_TENBIT, 0), 0);
  EXPECT_EQ(program.Ioctl(I2C_TENBIT, 1), -EOPNOTSUPP);
}

TEST(I2cDevFile, SettingsThatMeanNothingAreTaken) {
  Program program;
  EXPECT_EQ(program.Ioctl(I2C_RETRIES, 3), 0);
  EXPECT_EQ(program.Ioctl(I2C_TIMEOUT, 100), 0);
  EXPECT_EQ(program.Ioctl(I2C_RETRIES, 1ULL << 31), -EINVAL);
  EXPECT_EQ(program.Ioctl(I2C_TIMEOUT, 1ULL << 31), -EINVAL);
  EXPECT_EQ(program.Ioctl(I2C_PEC, 0), 0);
  EXPECT_EQ(program.Ioctl(I2C_PEC, 1), -EOPNOTSUPP);
  EXPECT_EQ(program.Ioctl(0x5401, 0), -ENOTTY);  // TCGETS: what isatty asks
  EXPECT_EQ(program.Ioctl(0, 0), -ENOTTY);
}

TEST(I2cDevFile, FunctionsAreWhatIsServed) {
  Program program;
  unsigned long functions = ~0UL;
  ASSERT_EQ(program.Ioctl(I2C_FUNCS, Address(&functions)), 0);
  EXPECT_EQ(functions, 0x00000001UL      // I2C
                           | 0x00010000  // SMBus quick
                           | 0x00060000  // byte
                           | 0x00180000  // byte data
                           | 0x00600000  // word data
                           | 0x0c000000  // I2C block
  );
  EXPECT_EQ(program.Ioctl(I2C_FUNCS, 0), -EFAULT);
}

TEST(I2cDevFile, TransferOfOneMessage) {
  Program program;
  Bytes read(39), write{4, 2};
  EXPECT_EQ(program.Transfer({Message(read, I2C_M_RD)}), 1);
  EXPECT_EQ(read, Packet(Somebody(1)));
  EXPECT_EQ(program.Transfer({Message(write, 0)}), 1);
  EXPECT_EQ(program.Counts()[4], 1U);
}

TEST(I2cDevFile, MessagesOfOneTransferAreRepeatedStarts) {
  Program program;
  Bytes first(32), second(7), reg{0x62};
  EXPECT_EQ(program.Transfer({Message(first, I2C_M_RD), Message(second, I2C_M_RD)}), 2);
  first.insert(first.end(), second.begin(), second.end());
  EXPECT_EQ(first, Packet(Somebody(1)));
  Bytes read(39);
  EXPECT_EQ(program.Transfer({Message(reg, 0), Message(read, I2C_M_RD)}), 2);
  EXPECT_EQ(read, Packet(Somebody(1)));
  // A register byte with a repeated start behind it is no single shot; alone it is.
  Bytes standby{1, 0}, shot{3};
  EXPECT_EQ(program.Transfer({Message(standby, 0), Message(shot, 0), Message(read, I2C_M_RD)}), 3);
  EXPECT_EQ(program.Counts()[3], 0U);
  EXPECT_EQ(program.Transfer({Message(shot, 0)}), 1);
  EXPECT_EQ(program.Counts()[3], 1U);
}

TEST(I2cDevFile, AsManyMessagesAsTheKernelTakes) {
  Program program;
  Bytes byte(1);
  EXPECT_EQ(program.Transfer(std::vector<i2c_msg>(42, Message(byte, I2C_M_RD))), 42);
  EXPECT_EQ(program.Transfer(std::vector<i2c_msg>(43, Message(byte, I2C_M_RD))), -EINVAL);
  EXPECT_EQ(program.Transfer({}), -EINVAL);
  Bytes long_read(8192), longer(8193);
  EXPECT_EQ(program.Transfer(std::vector<i2c_msg>(42, Message(long_read, I2C_M_RD))), 42);
  EXPECT_EQ(program.Transfer({Message(longer, I2C_M_RD)}), -EINVAL);
}

TEST(I2cDevFile, MessagesOfNoBytesAskWhetherSomebodyIsThere) {
  Program program;
  Bytes none;
  EXPECT_EQ(program.Transfer({Message(none, 0)}), 1);
  EXPECT_EQ(program.Transfer({Message(none, I2C_M_RD)}), 1);
  EXPECT_EQ(program.Transfer({Message(none, 0, 0x48)}), -ENXIO);
}

TEST(I2cDevFile, FlagsThatCannotBeServedStopEverything) {
  for (int bit = 1; bit < 16; ++bit) {
    Program program;
    Bytes write{4, 2}, read(1);
    const auto flag = static_cast<std::uint16_t>(1 << bit);
    EXPECT_EQ(program.Transfer({Message(write, 0), Message(read, I2C_M_RD | flag)}), -EOPNOTSUPP);
    EXPECT_EQ(program.Counts()[4], 0U) << "the message before was carried out";
  }
}

TEST(I2cDevFile, SmbusReads) {
  Program program;
  const Bytes packet = Packet(Somebody(1));
  i2c_smbus_data data{};
  EXPECT_EQ(program.Smbus(I2C_SMBUS_READ, 0, I2C_SMBUS_BYTE, &data), 0);
  EXPECT_EQ(data.byte, packet[0]);
  EXPECT_EQ(program.Smbus(I2C_SMBUS_READ, 0x62, I2C_SMBUS_BYTE_DATA, &data), 0);
  EXPECT_EQ(data.byte, packet[0]);
  EXPECT_EQ(program.Smbus(I2C_SMBUS_READ, 0, I2C_SMBUS_WORD_DATA, &data), 0);
  EXPECT_EQ(data.word, packet[0] | packet[1] << 8);
  for (const std::uint8_t count : {0, 1, 13, 31, 32}) {
    std::memset(&data, 0xee, sizeof data);
    data.block[0] = count;
    EXPECT_EQ(program.Smbus(I2C_SMBUS_READ, 0, I2C_SMBUS_I2C_BLOCK_DATA, &data), 0);
    EXPECT_EQ(data.block[0], count);
    EXPECT_EQ(Bytes(data.block + 1, data.block + 1 + count), First(packet, count));
    EXPECT_EQ(data.block[1 + count], 0xee) << "more was written than asked for";
  }
  // As libi2c asks for 32.
  std::memset(&data, 0xee, sizeof data);
  EXPECT_EQ(program.Smbus(I2C_SMBUS_READ, 0, I2C_SMBUS_I2C_BLOCK_BROKEN, &data), 0);
  EXPECT_EQ(data.block[0], 32);
  EXPECT_EQ(Bytes(data.block + 1, data.block + 33), First(packet, 32));
}

TEST(I2cDevFile, SmbusWordsBeginWithTheLowByte) {
  Program program;
  i2c_smbus_data data{};
  data.word = 0x0700;  // register 4, bytes 0 and 7: a value of 16 bits, high byte first
  EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 4, I2C_SMBUS_WORD_DATA, &data), 0);
  data.word = 0x0001;  // register 2, bytes 1 and 0
  EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 2, I2C_SMBUS_WORD_DATA, &data), 0);
  data.word = 0x0800;  // bytes 0 and 8: out of range for register 4
  EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 4, I2C_SMBUS_WORD_DATA, &data), 0);
  EXPECT_EQ(program.Counts(), (CommandCounts{0, 0, 1, 0, 1, 0, 0, 0}));
  EXPECT_EQ(program.bus.refused_writes(), 1);
}

TEST(I2cDevFile, SmbusWrites) {
  Program program;
  EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 0, I2C_SMBUS_QUICK, nullptr), 0);
  EXPECT_EQ(program.Smbus(I2C_SMBUS_READ, 0, I2C_SMBUS_QUICK, nullptr), 0);
  i2c_smbus_data data{};
  data.byte = 0;
  EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 1, I2C_SMBUS_BYTE_DATA, &data), 0);
  EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 3, I2C_SMBUS_BYTE, nullptr), 0);  // a single shot
  data.block[0] = 3;
  const Bytes rest{1, 7, 0};
  std::copy(rest.begin(), rest.end(), data.block + 1);
  EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 2, I2C_SMBUS_I2C_BLOCK_DATA, &data), 0);
  EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 2, I2C_SMBUS_I2C_BLOCK_BROKEN, &data), 0);
  EXPECT_EQ(program.Counts(), (CommandCounts{0, 1, 2, 1, 0, 0, 0, 2}));
}

TEST(I2cDevFile, SmbusThatIsNotServed) {
  Program program;
  i2c_smbus_data data{};
  data.block[0] = 1;
  for (const std::uint32_t size :
       {I2C_SMBUS_PROC_CALL, I2C_SMBUS_BLOCK_DATA, I2C_SMBUS_BLOCK_PROC_CALL}) {
    for (const std::uint8_t direction : {I2C_SMBUS_READ, I2C_SMBUS_WRITE}) {
      EXPECT_EQ(program.Smbus(direction, 1, size, &data), -EOPNOTSUPP);
    }
  }
  EXPECT_EQ(program.Smbus(I2C_SMBUS_READ, 0, 9, &data), -EINVAL);
  EXPECT_EQ(program.Smbus(I2C_SMBUS_READ, 0, ~0U, &data), -EINVAL);
  EXPECT_EQ(program.Smbus(2, 0, I2C_SMBUS_BYTE, &data), -EINVAL);
  EXPECT_EQ(program.Smbus(I2C_SMBUS_READ, 0, I2C_SMBUS_BYTE, nullptr), -EINVAL);
  EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 0, I2C_SMBUS_BYTE_DATA, nullptr), -EINVAL);
  data.block[0] = 33;
  EXPECT_EQ(program.Smbus(I2C_SMBUS_READ, 0, I2C_SMBUS_I2C_BLOCK_DATA, &data), -EINVAL);
  EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 0, I2C_SMBUS_I2C_BLOCK_DATA, &data), -EINVAL);
  EXPECT_EQ(program.Counts(), CommandCounts{});
}

TEST(I2cDevFile, SmbusToNobody) {
  Program program(0x10);
  i2c_smbus_data data{};
  for (const std::uint32_t size : {I2C_SMBUS_QUICK, I2C_SMBUS_BYTE, I2C_SMBUS_BYTE_DATA,
                                   I2C_SMBUS_WORD_DATA, I2C_SMBUS_I2C_BLOCK_DATA}) {
    EXPECT_EQ(program.Smbus(I2C_SMBUS_READ, 0, size, &data), -ENXIO) << size;
    EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 0, size, &data), -ENXIO) << size;
  }
}

// Pointers that lead nowhere, at every place where one is followed.
TEST(I2cDevFile, BadPointersAreFaults) {
  Program program;
  Bytes read(39), write{4, 2};
  void* gone = ::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(gone, MAP_FAILED);
  ASSERT_EQ(::mprotect(static_cast<char*>(gone) + 4096, 4096, PROT_NONE), 0);
  auto* edge = static_cast<std::uint8_t*>(gone) + 4096;

  for (const std::uint64_t argument : {std::uint64_t{0}, Address(edge), Address(edge - 4),
                                       ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
    EXPECT_EQ(program.Ioctl(I2C_RDWR, argument), -EFAULT) << argument;
    EXPECT_EQ(program.Ioctl(I2C_SMBUS, argument), -EFAULT) << argument;
    EXPECT_EQ(program.Ioctl(I2C_FUNCS, argument), -EFAULT) << argument;
  }
  i2c_rdwr_ioctl_data nowhere{nullptr, 1};
  EXPECT_EQ(program.Ioctl(I2C_RDWR, Address(&nowhere)), -EFAULT);
  EXPECT_EQ(program.Transfer({{0x62, 0, 2, nullptr}}), -EFAULT);
  EXPECT_EQ(program.Transfer({{0x62, I2C_M_RD, 2, edge - 1}}), -EFAULT);
  EXPECT_EQ(program.Transfer({Message(write, 0), {0x62, 0, 1, edge}}), -EFAULT);
  EXPECT_EQ(program.Counts()[4], 0U) << "the message before was carried out";
  EXPECT_EQ(
      program.Smbus(I2C_SMBUS_READ, 0, I2C_SMBUS_BYTE, reinterpret_cast<i2c_smbus_data*>(edge)),
      -EFAULT);
  edge[-1] = 32;
  for (const std::uint8_t direction : {I2C_SMBUS_READ, I2C_SMBUS_WRITE}) {
    EXPECT_EQ(program.Smbus(direction, 0, I2C_SMBUS_I2C_BLOCK_DATA,
                            reinterpret_cast<i2c_smbus_data*>(edge - 1)),
              -EFAULT);
  }
  // What may only be read is not written.
  ASSERT_EQ(::mprotect(gone, 4096, PROT_READ), 0);
  EXPECT_EQ(program.Transfer({{0x62, I2C_M_RD, 2, static_cast<__u8*>(gone)}}), -EFAULT);
  ::munmap(gone, 8192);
  EXPECT_EQ(program.Transfer({Message(read, I2C_M_RD)}), 1);
  EXPECT_EQ(read, Packet(Somebody(1)));
}

TEST(ProcessMemory, OfAProcessThatIsNotThereIsOutOfReach) {
  for (const pid_t thread : {0, -1, 0x7ffffffe}) {
    ProcessMemory memory(thread);
    Bytes bytes(1);
    EXPECT_FALSE(memory.out_of_reach());
    EXPECT_EQ(memory.Read(Address(bytes.data()), bytes), ESRCH);
    EXPECT_TRUE(memory.out_of_reach());
  }
}

// A program of 32 bits: an array that begins at address 0x1000, in its layout.
class NarrowMemory final : public CallerMemory {
 public:
  Bytes bytes = Bytes(512);

  int Read(std::uint64_t address, std::span<std::uint8_t> out) override {
    const auto part = Part(address, out.size());
    std::copy(part.begin(), part.end(), out.begin());
    return part.size() == out.size() ? 0 : EFAULT;
  }
  int Write(std::uint64_t address, std::span<const std::uint8_t> in) override {
    const auto part = Part(address, in.size());
    std::copy_n(in.begin(), part.size(), part.begin());
    return part.size() == in.size() ? 0 : EFAULT;
  }
  template <typename T>
  void Put(std::size_t at, T value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
  }

 private:
  std::span<std::uint8_t> Part(std::uint64_t address, std::size_t size) {
    const bool inside = address >= 0x1000 && address - 0x1000 <= bytes.size() &&
                        size <= bytes.size() - (address - 0x1000);
    return inside ? std::span(bytes).subspan(address - 0x1000, size) : std::span<std::uint8_t>();
  }
};

TEST(I2cDevFile, ProgramsOf32BitsHaveNarrowStructures) {
  I2cBus bus;
  bus.Publish(Somebody(5));
  I2cDevFile file(bus);
  NarrowMemory memory;
  EXPECT_EQ(file.Ioctl(I2C_SLAVE, 0x62, PointerSize::k4, memory), 0);
  // struct i2c_rdwr_ioctl_data at 0, two struct i2c_msg at 16, bytes at 64 and 128.
  memory.Put<std::uint32_t>(0, 0x1010);
  memory.Put<std::uint32_t>(4, 2);
  for (const auto& [at, length, buffer] :
       {std::array<std::uint32_t, 3>{16, 32, 0x1040}, {28, 7, 0x1080}}) {
    memory.Put<std::uint16_t>(at, 0x62);
    memory.Put<std::uint16_t>(at + 2, I2C_M_RD);
    memory.Put<std::uint16_t>(at + 4, static_cast<std::uint16_t>(length));
    memory.Put<std::uint32_t>(at + 8, buffer);
  }
  ASSERT_EQ(file.Ioctl(I2C_RDWR, 0x1000, PointerSize::k4, memory), 2);
  Bytes read(memory.bytes.begin() + 64, memory.bytes.begin() + 96);
  read.insert(read.end(), memory.bytes.begin() + 128, memory.bytes.begin() + 135);
  EXPECT_EQ(read, Packet(Somebody(5)));
  EXPECT_EQ(memory.bytes[135], 0);
  // struct i2c_smbus_ioctl_data at 200, data at 220.
  memory.Put<std::uint8_t>(200, I2C_SMBUS_READ);
  memory.Put<std::uint32_t>(204, I2C_SMBUS_I2C_BLOCK_DATA);
  memory.Put<std::uint32_t>(208, 0x1000 + 220);
  memory.bytes[220] = 9;
  ASSERT_EQ(file.Ioctl(I2C_SMBUS, 0x1000 + 200, PointerSize::k4, memory), 0);
  EXPECT_EQ(Bytes(memory.bytes.begin() + 221, memory.bytes.begin() + 230),
            First(Packet(Somebody(5)), 9));
  // I2C_FUNCS is a long of four bytes.
  memory.Put<std::uint32_t>(304, 0x77777777);
  ASSERT_EQ(file.Ioctl(I2C_FUNCS, 0x1000 + 300, PointerSize::k4, memory), 0);
  EXPECT_EQ(memory.bytes[300], 1);
  EXPECT_EQ(memory.bytes[304], 0x77);
}

// Whatever programs do, the next one gets a right answer.
TEST(I2cDevFile, AnswersCorrectlyAfterTenThousandRandomCalls) {
  std::mt19937 random(1);
  Program program;
  NarrowMemory memory;
  const std::uint32_t numbers[] = {I2C_RDWR, I2C_SMBUS, I2C_SLAVE, I2C_FUNCS, I2C_PEC, 0x1234};
  for (int i = 0; i < 10000; ++i) {
    for (std::uint8_t& byte : memory.bytes) {
      byte = static_cast<std::uint8_t>(random() % 4 == 0 ? random() : random() % 3);
    }
    memory.Put<std::uint32_t>(0, 0x1000 + random() % 600);
    memory.Put<std::uint32_t>(8, 0x1000 + random() % 600);
    const int result =
        program.file.Ioctl(numbers[random() % 6], 0x1000 + random() % 16,
                           random() % 2 == 0 ? PointerSize::k4 : PointerSize::k8, memory);
    ASSERT_GT(result, -4096);
    ASSERT_LE(result, 42);
    Bytes bytes(random() % 20);
    for (std::uint8_t& byte : bytes) {
      byte = static_cast<std::uint8_t>(random() % 9);
    }
    static_cast<void>(program.file.Write(bytes));
    ASSERT_EQ(program.Ioctl(I2C_SLAVE, 0x62), 0);
    ASSERT_EQ(program.file.Write(Bytes{1, 1}), 2);
    program.bus.Publish(Somebody(static_cast<std::uint8_t>(i)));
    Bytes read(39);
    ASSERT_EQ(program.file.Read(read), 39);
    ASSERT_EQ(read, Packet(Somebody(static_cast<std::uint8_t>(i)))) << i;
  }
}

}  // namespace
}  // namespace pinhole::outside::i2cdev
