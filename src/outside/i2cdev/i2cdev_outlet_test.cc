// SPDX-License-Identifier: Apache-2.0
// The file, with the kernel's FUSE under it: programs here open it as they would open /dev/i2c-1.
#include "outside/i2cdev/i2cdev_outlet.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "facts/person_sensor_packet.h"
#include "outside/i2cdev/file_server.h"
#include "outside/i2cdev/packets_for_tests.h"

namespace pinhole::outside::i2cdev {
namespace {

using base::Diagnosis;
using base::Error;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = i2c::HostCommand::Kind;

constexpr std::chrono::seconds kDeadline{20};

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// A folder of this test's own, taken away at the end, mounts and all.
class Folder {
 public:
  Folder() {
    std::string name = testing::TempDir() + "pinhole-i2c-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    char real[PATH_MAX];
    path_ = ::realpath(name.c_str(), real);
  }
  ~Folder() {
    for (const char* name : {"/i2c-1", "/made/i2c-1"}) {
      ::umount2((path_ + name).c_str(), MNT_FORCE | MNT_DETACH);
      ::unlink((path_ + name).c_str());
    }
    ::rmdir((path_ + "/made").c_str());
    ::rmdir(path_.c_str());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

bool Exists(const std::string& path) {
  struct stat found{};
  return ::lstat(path.c_str(), &found) == 0;
}

bool IsMounted(const std::string& path) {
  std::ifstream lines("/proc/self/mountinfo");
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" " + path + " ") != std::string::npos) {
      return true;
    }
  }
  return false;
}

// Why there can be no FUSE here, or nothing.
const std::string& NoFuse() {
  static const std::string reason = [] {
    if (const int fd = ::open("/dev/fuse", O_RDWR | O_CLOEXEC); fd >= 0) {
      ::close(fd);
    } else {
      return std::string("/dev/fuse can't be opened: ") + std::strerror(errno);
    }
    Folder folder;
    Diagnosis why;
    const auto opened = OpenI2cdev({.path = folder / "i2c-1"}, nullptr, why);
    const std::string text(why.text());
    return text.starts_with("fusermount3 can't mount") ? "nothing may be mounted here: " + text
                                                       : std::string();
  }();
  return reason;
}

#define NEEDS_FUSE()            \
  do {                          \
    if (!NoFuse().empty()) {    \
      GTEST_SKIP() << NoFuse(); \
    }                           \
  } while (false)

#define NEEDS_ROOT()                \
  do {                              \
    NEEDS_FUSE();                   \
    if (::geteuid() != 0) {         \
      GTEST_SKIP() << "needs root"; \
    }                               \
  } while (false)

// A program with the file open. Results are as the system gives them, -errno for an error.
class Program {
 public:
  explicit Program(const std::string& path, unsigned long address = 0x62, int flags = O_RDWR)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC)), error_(fd_ < 0 ? errno : 0) {
    if (fd_ >= 0) {
      EXPECT_EQ(Ioctl(I2C_SLAVE, address), 0);
    }
  }
  ~Program() { ::close(fd_); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  int fd() const { return fd_; }
  int error() const { return error_; }  // of open

  int Ioctl(unsigned long number, unsigned long argument) const {
    const int result = ::ioctl(fd_, number, argument);
    return result < 0 ? -errno : result;
  }
  int Ioctl(unsigned long number, void* argument) const {
    return Ioctl(number, reinterpret_cast<unsigned long>(argument));
  }
  Bytes Read(std::size_t count) const {
    Bytes bytes(count);
    const ssize_t got = ::read(fd_, bytes.data(), count);
    EXPECT_GE(got, 0) << std::strerror(errno);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  }
  int Write(const Bytes& bytes) const {
    const ssize_t got = ::write(fd_, bytes.data(), bytes.size());
    return got < 0 ? -errno : static_cast<int>(got);
  }
  // I2C_RDWR: what `parts` writes, and as many bytes read as its reads ask for.
  struct Part {
    Bytes write{};
    std::size_t read = 0;  // 0: a write
    std::uint16_t address = 0x62;
  };
  int Transfer(const std::vector<Part>& parts, Bytes* all_read = nullptr) const {
    std::vector<Bytes> bytes;
    std::vector<i2c_msg> messages;
    for (const Part& part : parts) {
      bytes.push_back(part.read != 0 ? Bytes(part.read) : part.write);
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      messages.push_back({parts[i].address, static_cast<__u16>(parts[i].read != 0 ? I2C_M_RD : 0),
                          static_cast<__u16>(bytes[i].size()), bytes[i].data()});
    }
    i2c_rdwr_ioctl_data data{messages.data(), static_cast<__u32>(messages.size())};
    const int result = Ioctl(I2C_RDWR, &data);
    for (std::size_t i = 0; all_read != nullptr && i < parts.size(); ++i) {
      if (parts[i].read != 0) {
        *all_read = *all_read + bytes[i];
      }
    }
    return result;
  }
  Bytes ReadParts(const std::vector<Part>& parts) const {
    Bytes all;
    EXPECT_EQ(Transfer(parts, &all), static_cast<int>(parts.size()));
    return all;
  }
  int Smbus(std::uint8_t read_write, std::uint8_t command, std::uint32_t size,
            i2c_smbus_data* data) const {
    i2c_smbus_ioctl_data request{read_write, command, size, data};
    return Ioctl(I2C_SMBUS, &request);
  }
  Bytes SmbusBlock(std::uint8_t command, std::uint8_t count) const {
    i2c_smbus_data data{};
    data.block[0] = count;
    EXPECT_EQ(Smbus(I2C_SMBUS_READ, command, I2C_SMBUS_I2C_BLOCK_DATA, &data), 0);
    return {data.block + 1, data.block + 1 + data.block[0]};
  }

 private:
  int fd_, error_;
};

// A served bus whose commands can be counted.
struct Served {
  Folder folder;
  std::string path = folder / "i2c-1";
  std::shared_ptr<I2cBus> bus = std::make_shared<I2cBus>();
  std::unique_ptr<FileServer> server;

  explicit Served(unsigned mode = 0660) {
    Diagnosis why;
    auto opened = FileServer::Open({.path = path, .mode = mode}, bus, nullptr, why);
    EXPECT_TRUE(opened) << why.text();
    server = opened ? *std::move(opened) : nullptr;
    bus->Publish(Somebody(1));
  }
  std::uint64_t Count(Kind kind) const {
    return bus->command_counts()[static_cast<std::size_t>(kind)];
  }
  std::uint64_t AllCommands() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : bus->command_counts()) {
      sum += count;
    }
    return sum;
  }
};

// An outlet and what it told its owner.
struct Owned {
  std::mutex mutex;
  std::condition_variable told;
  std::vector<std::string> notices;
  std::unique_ptr<outlet::Outlet> outlet;

  void Open(const I2cdevOptions& options) {
    Diagnosis why;
    auto opened = OpenI2cdev(
        options,
        [this](std::string_view sentence) {
          const std::scoped_lock lock(mutex);
          notices.emplace_back(sentence);
          told.notify_all();
        },
        why);
    ASSERT_TRUE(opened) << why.text();
    outlet = *std::move(opened);
  }
};

// Runs `work` in a process of its own; its result is the exit status (0 to 100), or 128 and the
// signal that ended it.
int InAProcess(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(static_cast<unsigned>(kDeadline.count()));
    ::_exit(work());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// What a person's programs do, each as docs/decisions/0004-person-sensor-i2c.md lists it.

TEST(I2cFile, ReadOf39Bytes) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  EXPECT_EQ(program.Read(39), Packet(Somebody(1)));
  EXPECT_EQ(program.ReadParts({{.read = 39}}), Packet(Somebody(1)));
  served.bus->Publish(Somebody(2));
  EXPECT_EQ(program.Read(39), Packet(Somebody(2)));
}

TEST(I2cFile, ReadOf40Bytes) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  EXPECT_EQ(program.Read(40), Packet(Somebody(1)) + Bytes{0});
  EXPECT_EQ(program.ReadParts({{.read = 40}}), Packet(Somebody(1)) + Bytes{0});
  // The guide's own program for Linux opens the file for reading only.
  EXPECT_EQ(Program(served.path, 0x62, O_RDONLY).Read(40), Packet(Somebody(1)) + Bytes{0});
  EXPECT_EQ(program.Read(20000), Packet(Somebody(1)) + Bytes(8192 - 39, 0));
}

TEST(I2cFile, ReadOf32BytesARepeatedStartAnd7) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  for (const std::uint8_t which : {3, 4, 5}) {
    served.bus->Publish(Somebody(which));
    EXPECT_EQ(program.ReadParts({{.read = 32}, {.read = 7}}), Packet(Somebody(which)));
  }
}

TEST(I2cFile, ReadOf32BytesAndAStopBeginsAnew) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  const Bytes packet = Packet(Somebody(1));
  EXPECT_EQ(program.Read(32), Bytes(packet.begin(), packet.begin() + 32));
  EXPECT_EQ(program.Read(7), Bytes(packet.begin(), packet.begin() + 7));
}

TEST(I2cFile, ReadsWithoutAStop) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  const Bytes packet = Packet(Somebody(1));
  EXPECT_EQ(program.ReadParts({{.read = 39}, {.read = 39}, {.read = 39}}),
            packet + packet + packet);
}

TEST(I2cFile, RegisterByteFirst) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  for (const std::uint8_t reg : {0x62, 0, 1, 2}) {
    EXPECT_EQ(program.ReadParts({{.write = {reg}}, {.read = 39}}), Packet(Somebody(1)));
    EXPECT_EQ(program.Write({reg}), 1);
    EXPECT_EQ(program.Read(39), Packet(Somebody(1)));
    const Bytes block = program.SmbusBlock(reg, 32);
    EXPECT_TRUE(block.size() == 32 &&
                std::equal(block.begin(), block.end(), Packet(Somebody(1)).begin()));
  }
  EXPECT_EQ(served.AllCommands(), 0U);
  EXPECT_EQ(served.bus->refused_writes(), 0);
}

TEST(I2cFile, RegisterAndValue) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  EXPECT_EQ(program.Write({4, 3}), 2);
  EXPECT_EQ(program.Transfer({{.write = {2, 1}}}), 1);
  i2c_smbus_data data{};
  data.byte = 1;
  EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 5, I2C_SMBUS_BYTE_DATA, &data), 0);
  EXPECT_EQ(served.bus->command_counts(), (CommandCounts{0, 0, 1, 0, 1, 1, 0, 0}));
}

TEST(I2cFile, ThreeByteWritesHighByteFirst) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  EXPECT_EQ(program.Write({4, 0, 7}), 3);
  EXPECT_EQ(program.Write({1, 0, 1}), 3);  // continuous, not standby
  served.bus->Publish(Somebody(2));
  EXPECT_EQ(program.Read(39), Packet(Somebody(2)));
  EXPECT_EQ(program.Write({4, 0, 8}), 3);
  EXPECT_EQ(served.bus->command_counts(), (CommandCounts{0, 1, 0, 0, 1, 0, 0, 0}));
  EXPECT_EQ(served.bus->refused_writes(), 1);
}

TEST(I2cFile, ThreeByteWritesLowByteFirst) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  i2c_smbus_data data{};
  data.word = 1;
  EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 2, I2C_SMBUS_WORD_DATA, &data), 0);
  EXPECT_EQ(program.Write({5, 1, 0}), 3);
  EXPECT_EQ(served.bus->command_counts(), (CommandCounts{0, 0, 1, 0, 0, 1, 0, 0}));
}

TEST(I2cFile, ThreePairsInOneWrite) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  EXPECT_EQ(program.Write({1, 1, 2, 1, 5, 1}), 6);
  EXPECT_EQ(served.bus->command_counts(), (CommandCounts{0, 1, 1, 0, 0, 1, 0, 0}));
}

TEST(I2cFile, SingleShotAsALoneByteWithAStop) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  EXPECT_EQ(program.Write({1, 0}), 2);
  program.ReadParts({{.write = {3}}, {.read = 39}});
  EXPECT_EQ(served.Count(Kind::kSingleShot), 0U);
  EXPECT_EQ(program.Write({3}), 1);
  EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 3, I2C_SMBUS_BYTE, nullptr), 0);
  EXPECT_EQ(served.Count(Kind::kSingleShot), 2U);
}

TEST(I2cFile, SingleShotAndErasingAsValue0) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  EXPECT_EQ(program.Write({3, 0}), 2);  // not while continuous
  EXPECT_EQ(program.Write({1, 0}), 2);
  served.bus->Publish(Somebody(2));
  EXPECT_EQ(program.Read(39), Packet(Somebody(1)));
  EXPECT_EQ(program.Write({3, 0}), 2);
  served.bus->Publish(Somebody(3));
  served.bus->Publish(Somebody(4));
  EXPECT_EQ(program.Read(39), Packet(Somebody(3)));
  EXPECT_EQ(program.Write({6, 0}), 2);
  EXPECT_EQ(program.Write({1, 1}), 2);
  served.bus->Publish(Somebody(5));
  EXPECT_EQ(program.Read(39), Packet(Somebody(5)));
  EXPECT_EQ(served.bus->command_counts(), (CommandCounts{0, 2, 0, 1, 0, 0, 1, 0}));
}

TEST(I2cFile, WritesThatMeanNothingAreAcknowledged) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  EXPECT_EQ(program.Write({99, 1}), 2);
  EXPECT_EQ(program.Write({1, 2}), 2);
  EXPECT_EQ(program.Write(Bytes(15, 1)), 15);
  EXPECT_EQ(program.Write(Bytes(10000, 1)), 8192);
  EXPECT_EQ(served.AllCommands(), 0U);
  EXPECT_EQ(served.bus->refused_writes(), 4);
}

TEST(I2cFile, ScanForDevices) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  i2c_smbus_data data{};
  for (unsigned long address = 3; address < 0x78; ++address) {
    ASSERT_EQ(program.Ioctl(I2C_SLAVE, address), 0);
    const int expected = address == 0x62 ? 0 : -ENXIO;
    EXPECT_EQ(program.Smbus(I2C_SMBUS_WRITE, 0, I2C_SMBUS_QUICK, nullptr), expected) << address;
    EXPECT_EQ(program.Smbus(I2C_SMBUS_READ, 0, I2C_SMBUS_BYTE, &data), expected) << address;
  }
  EXPECT_EQ(served.AllCommands(), 0U);
}

TEST(I2cFile, ProgramThatReadsOneByteAndLeaves) {
  NEEDS_FUSE();
  Served served;
  for (int i = 0; i < 50; ++i) {
    Program(served.path).Read(1);
  }
  EXPECT_EQ(Program(served.path).Read(39), Packet(Somebody(1)));
}

// What the file is.

TEST(I2cFile, EachProgramHasItsAddress) {
  NEEDS_FUSE();
  Served served;
  Program sensor(served.path), other(served.path, 0x50);
  EXPECT_EQ(sensor.Read(39), Packet(Somebody(1)));
  EXPECT_EQ(other.Write({1, 0}), -ENXIO);
  EXPECT_EQ(sensor.Read(39), Packet(Somebody(1)));
}

TEST(I2cFile, FunctionsAndOddCalls) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  unsigned long functions = 0;
  EXPECT_EQ(program.Ioctl(I2C_FUNCS, &functions), 0);
  EXPECT_EQ(functions, 0x0c7f0001UL);
  EXPECT_EQ(program.Ioctl(I2C_FUNCS, nullptr), -EFAULT);
  EXPECT_EQ(program.Ioctl(I2C_RDWR, reinterpret_cast<void*>(8)), -EFAULT);
  EXPECT_EQ(program.Ioctl(0x7777, 0UL), -ENOTTY);
  EXPECT_EQ(::isatty(program.fd()), 0);
  EXPECT_EQ(::lseek(program.fd(), 0, SEEK_SET), -1);
  EXPECT_EQ(errno, ESPIPE);
  struct stat found{};
  ASSERT_EQ(::fstat(program.fd(), &found), 0);
  EXPECT_TRUE(S_ISREG(found.st_mode));
  EXPECT_EQ(found.st_size, 0);
  EXPECT_EQ(Program(served.path, 0x62, O_RDWR | O_TRUNC).Read(39), Packet(Somebody(1)));
}

// A buffer that is a mapping of the file itself: the answer needs another answer first. More
// programs than there are threads to wait in.
TEST(I2cFile, BuffersThatAreTheFileItself) {
  NEEDS_FUSE();
  Served served;
  std::vector<pid_t> children;
  for (int i = 0; i < 12; ++i) {
    children.push_back(::fork());
    if (children.back() == 0) {
      ::alarm(static_cast<unsigned>(kDeadline.count()));
      Program program(served.path);
      program.Write(Bytes(8000, 1));
      void* mapped = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, program.fd(), 0);
      if (mapped != MAP_FAILED) {
        i2c_msg message{0x62, 0, 100, static_cast<__u8*>(mapped)};
        i2c_rdwr_ioctl_data data{&message, 1};
        program.Ioctl(I2C_RDWR, &data);
      }
      ::_exit(0);
    }
  }
  for (const pid_t child : children) {
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(Program(served.path).ReadParts({{.read = 39}}), Packet(Somebody(1)));
}

#ifdef __x86_64__
// A program of 32 bits: the system call that such programs make, with their structures.
int NarrowIoctl(int fd, std::uint32_t number, std::uint32_t argument) {
  int result = 0;
  asm volatile("int $0x80"
               : "=a"(result)
               : "a"(54), "b"(fd), "c"(number), "d"(argument)
               : "memory", "r8", "r9", "r10", "r11");
  return result;
}

TEST(I2cFile, ProgramsOf32Bits) {
  NEEDS_FUSE();
  Served served;
  const int result = InAProcess([&] {
    Program program(served.path);
    auto* low = static_cast<std::uint8_t*>(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0));
    if (low == MAP_FAILED) {
      return 1;
    }
    const auto at = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(low));
    const std::uint32_t head[2] = {at + 16, 1};
    const std::uint16_t message[4] = {0x62, I2C_M_RD, 39, 0};
    const std::uint32_t buffer = at + 64;
    std::memcpy(low, head, sizeof head);
    std::memcpy(low + 16, message, sizeof message);
    std::memcpy(low + 24, &buffer, sizeof buffer);
    if (NarrowIoctl(program.fd(), I2C_RDWR, at) != 1) {
      return 2;
    }
    const Bytes packet = Packet(Somebody(1));
    if (std::memcmp(low + 64, packet.data(), packet.size()) != 0) {
      return 3;
    }
    std::memset(low + 200, 0xee, 8);
    if (NarrowIoctl(program.fd(), I2C_FUNCS, at + 200) != 0 || low[200] != 1 || low[204] != 0xee) {
      return 4;
    }
    return NarrowIoctl(program.fd(), I2C_RDWR, 8) == -EFAULT ? 0 : 5;
  });
  if (result == 128 + SIGSEGV) {
    GTEST_SKIP() << "this kernel runs no programs of 32 bits";
  }
  EXPECT_EQ(result, 0);
}
#endif

TEST(I2cFile, RightsAreThoseOfTheFile) {
  NEEDS_ROOT();
  Served served;
  ASSERT_EQ(::chmod(served.path.substr(0, served.path.rfind('/')).c_str(), 0755), 0);
  const auto as_nobody = [&] {
    return InAProcess([&] {
      if (::setgid(65534) != 0 || ::setuid(65534) != 0) {
        return 1;
      }
      Program program(served.path);
      if (program.error() != 0) {
        return program.error();
      }
      return program.ReadParts({{.read = 39}}) == Packet(Somebody(1)) ? 0 : 2;
    });
  };
  EXPECT_EQ(as_nobody(), EACCES);
  ASSERT_EQ(::chmod(served.path.c_str(), 0666), 0);
  EXPECT_EQ(as_nobody(), 0);
  ASSERT_EQ(::chmod(served.path.c_str(), 0600), 0);
  ASSERT_EQ(::chown(served.path.c_str(), 65534, 65534), 0);
  EXPECT_EQ(as_nobody(), 0);
}

TEST(I2cFile, NoPacketIsTornBetweenPrograms) {
  NEEDS_FUSE();
  Served served;
  std::atomic<bool> done{false};
  std::vector<std::thread> programs;
  std::atomic<int> torn{0}, read{0};
  for (int i = 0; i < 4; ++i) {
    programs.emplace_back([&, i] {
      Program program(served.path);
      for (int turn = 0; turn < 300; ++turn) {
        const Bytes bytes =
            i % 2 == 0 ? program.ReadParts({{.read = 32}, {.read = 7}}) : program.Read(39);
        torn += bytes == Packet(Somebody(bytes[6])) ? 0 : 1;
        ++read;
      }
    });
  }
  std::thread ticks([&] {
    for (int i = 0; !done; ++i) {
      served.bus->Publish(Somebody(static_cast<std::uint8_t>(i)));
    }
  });
  for (std::thread& program : programs) {
    program.join();
  }
  done = true;
  ticks.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(read, 1200);
}

TEST(I2cFile, AnswersCorrectlyAfterTenThousandRandomWrites) {
  NEEDS_FUSE();
  Served served;
  Program program(served.path);
  std::mt19937 random(1);
  for (int i = 0; i < 10000; ++i) {
    Bytes bytes(1 + random() % 20);
    for (std::uint8_t& byte : bytes) {
      byte = static_cast<std::uint8_t>(random() % 4 == 0 ? random() : random() % 9);
    }
    ASSERT_EQ(program.Write(bytes), static_cast<int>(bytes.size()));
  }
  EXPECT_GT(served.bus->refused_writes(), 0);
  EXPECT_GT(served.AllCommands(), 0U);
  ASSERT_EQ(program.Write({1, 1}), 2);
  served.bus->Publish(Somebody(77));
  EXPECT_EQ(program.Read(39), Packet(Somebody(77)));
}

TEST(I2cFile, ProgramsThatAreKilledInTheMiddle) {
  NEEDS_FUSE();
  Served served;
  for (int i = 0; i < 10; ++i) {
    std::array<int, 2> ready{};
    ASSERT_EQ(::pipe(ready.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      Program program(served.path);
      while (true) {
        program.Transfer({{.write = {4, 1}}, {.read = 39}});
        static_cast<void>(!::write(ready[1], "x", 1));
      }
    }
    ::close(ready[1]);
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
  }
  EXPECT_EQ(Program(served.path).ReadParts({{.read = 39}}), Packet(Somebody(1)));
}

// Memory that does not answer until somebody says what is in it.
class SlowMemory {
 public:
  SlowMemory() : fd_(static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK))) {
    uffdio_api api{.api = UFFD_API, .features = 0, .ioctls = 0};
    page_ = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uffdio_register range{};
    range.range = {reinterpret_cast<std::uintptr_t>(page_), 4096};
    range.mode = UFFDIO_REGISTER_MODE_MISSING;
    works_ = fd_ >= 0 && ::ioctl(fd_, UFFDIO_API, &api) == 0 &&
             ::ioctl(fd_, UFFDIO_REGISTER, &range) == 0;
  }
  ~SlowMemory() {
    Answer();
    ::munmap(page_, 4096);
  }
  SlowMemory(const SlowMemory&) = delete;
  SlowMemory& operator=(const SlowMemory&) = delete;

  bool works() const { return works_; }
  __u8* page() const { return static_cast<__u8*>(page_); }
  // Waits until somebody wants the page.
  void AwaitReader() const {
    pollfd wait{fd_, POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, static_cast<int>(kDeadline.count()) * 1000), 1);
  }
  void Answer() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
    fd_ = -1;
  }

 private:
  int fd_;
  void* page_;
  bool works_;
};

TEST(I2cFile, AProgramWhoseMemoryHangsHoldsUpNobodyElse) {
  NEEDS_FUSE();
  SlowMemory slow;
  if (!slow.works()) {
    GTEST_SKIP() << "userfaultfd is not to be had";
  }
  auto served = std::make_unique<Served>();
  const std::string path = served->path;
  int result = 0;
  std::thread hanging([&] {
    Program program(path);
    i2c_msg message{0x62, 0, 2, slow.page()};
    i2c_rdwr_ioctl_data data{&message, 1};
    result = program.Ioctl(I2C_RDWR, &data);
  });
  slow.AwaitReader();
  served->bus->Publish(Somebody(2));
  {
    Program program(path);
    EXPECT_EQ(program.Read(39), Packet(Somebody(2)));
    EXPECT_EQ(program.ReadParts({{.read = 39}}), Packet(Somebody(2)));
  }
  const auto before = std::chrono::steady_clock::now();
  served->server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, kDeadline);
  EXPECT_FALSE(IsMounted(path));
  slow.Answer();
  hanging.join();
  EXPECT_LT(result, 0);
}

// Coming and going.

TEST(I2cFile, LeavesNothingBehind) {
  NEEDS_FUSE();
  Folder folder;
  const std::string path = folder / "made/i2c-1";
  for (int i = 0; i < 5; ++i) {
    Owned owner;
    owner.Open({.path = path});
    EXPECT_TRUE(IsMounted(path));
    owner.outlet.reset();
    EXPECT_FALSE(IsMounted(path));
    EXPECT_FALSE(Exists(path));
    EXPECT_FALSE(Exists(folder / "made"));
    EXPECT_THAT(owner.notices, IsEmpty());
  }
}

TEST(I2cFile, EndsWhileProgramsHaveItOpen) {
  NEEDS_FUSE();
  auto served = std::make_unique<Served>();
  const std::string path = served->path;
  Program program(path), other(path);
  std::atomic<bool> failed{false};
  std::thread busy([&] {
    std::uint8_t byte = 0;
    while (::read(other.fd(), &byte, 1) == 1) {
    }
    failed = true;
  });
  EXPECT_EQ(program.Read(39), Packet(Somebody(1)));
  served->server.reset();
  EXPECT_FALSE(IsMounted(path));
  EXPECT_FALSE(Exists(path));
  busy.join();
  EXPECT_TRUE(failed);
  EXPECT_LT(program.Write({1, 1}), 0);
  EXPECT_LT(program.Transfer({{.read = 39}}), 0);
}

// The thread that ends it may have given up its rights since.
TEST(I2cFile, EndsInAThreadThatMayNotUnmount) {
  NEEDS_ROOT();
  auto served = std::make_unique<Served>();
  std::thread([&] {
    ASSERT_EQ(::syscall(SYS_setresuid, 65534, 65534, 65534), 0);  // of this thread only
    ASSERT_NE(::umount2(served->path.c_str(), MNT_DETACH), 0);
    served->server.reset();
  }).join();
  EXPECT_FALSE(IsMounted(served->path));
  EXPECT_FALSE(Exists(served->path));
}

TEST(I2cFile, AKilledOnesMountIsTakenAway) {
  NEEDS_FUSE();
  Folder folder;
  const std::string path = folder / "i2c-1";
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Diagnosis why;
    const auto outlet = OpenI2cdev({.path = path}, nullptr, why);
    static_cast<void>(!::write(ready[1], outlet ? "y" : "n", 1));
    ::alarm(static_cast<unsigned>(kDeadline.count()));
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  Owned owner;
  Diagnosis why;
  const auto second = OpenI2cdev({.path = path}, nullptr, why);
  EXPECT_FALSE(second);
  EXPECT_THAT(std::string(why.text()), HasSubstr("is served already by a mount of 'pinhole-i2c'"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);

  ASSERT_TRUE(IsMounted(path));
  owner.Open({.path = path});
  owner.outlet->Publish(Somebody(3));
  EXPECT_EQ(Program(path).Read(39), Packet(Somebody(3)));
  owner.outlet.reset();
  EXPECT_FALSE(IsMounted(path));
  EXPECT_FALSE(Exists(path));
}

TEST(I2cFile, ADeviceIsMountedOverAndSeenAgain) {
  NEEDS_ROOT();
  Folder folder;
  const std::string path = folder / "i2c-1";
  if (::mknod(path.c_str(), S_IFCHR | 0600, makedev(89, 1)) != 0) {
    GTEST_SKIP() << "no device may be made here: " << std::strerror(errno);
  }
  Owned owner;
  owner.Open({.path = path});
  owner.outlet->Publish(Somebody(4));
  EXPECT_EQ(Program(path).Read(39), Packet(Somebody(4)));
  owner.outlet.reset();
  EXPECT_FALSE(IsMounted(path));
  struct stat found{};
  ASSERT_EQ(::lstat(path.c_str(), &found), 0);
  EXPECT_TRUE(S_ISCHR(found.st_mode));
}

TEST(I2cFile, AnEmptyFileThatWasThereStays) {
  NEEDS_FUSE();
  Folder folder;
  const std::string path = folder / "i2c-1";
  std::ofstream(path).close();
  Owned owner;
  owner.Open({.path = path});
  EXPECT_TRUE(IsMounted(path));
  owner.outlet.reset();
  EXPECT_FALSE(IsMounted(path));
  EXPECT_TRUE(Exists(path));
}

TEST(I2cFile, PathsThatAreNoPlaceForItAreOneSentence) {
  Folder folder;
  const auto refused = [](const I2cdevOptions& options, Error expected) {
    Diagnosis why;
    const auto opened = OpenI2cdev(options, nullptr, why);
    EXPECT_FALSE(opened);
    EXPECT_EQ(opened ? Error::kInternal : opened.error(), expected) << why.text();
    return std::string(why.text());
  };
  for (const char* path : {"", "i2c-1", "/tmp/i2c", "/tmp/i2c-", "/tmp/i2c-x", "/tmp/i2c-123456"}) {
    EXPECT_THAT(refused({.path = path}, Error::kInvalidArgument),
                HasSubstr("an absolute path that ends in i2c- and a number is expected"));
  }
  const std::string path = folder / "i2c-1";
  EXPECT_THAT(refused({.path = folder / "no/such/i2c-1"}, Error::kIo), HasSubstr("can't be made"));
  std::ofstream(path) << "something";
  EXPECT_THAT(refused({.path = path}, Error::kInvalidArgument),
              HasSubstr("is a file with something in it"));
  ::unlink(path.c_str());
  ASSERT_EQ(::symlink("/dev/null", path.c_str()), 0);
  EXPECT_THAT(refused({.path = path}, Error::kInvalidArgument), HasSubstr("is a symbolic link"));
  ::unlink(path.c_str());
  ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
  EXPECT_THAT(refused({.path = path}, Error::kInvalidArgument), HasSubstr("is a folder"));
  ::rmdir(path.c_str());
  EXPECT_THAT(refused({.path = path, .how = "magic"}, Error::kInvalidArgument),
              HasSubstr("choose auto, cuse or file"));
  EXPECT_THAT(refused({.path = path, .how = "cuse"}, Error::kInvalidArgument),
              HasSubstr("a path /dev/i2c-N that is not there yet is expected"));
  EXPECT_THAT(refused({.path = path, .mode = 01777}, Error::kInvalidArgument), HasSubstr("mode"));
  EXPECT_FALSE(Exists(path));
}

TEST(I2cFile, WithoutCuseThereIsOneSentence) {
  if (CuseIsToBeHad() || Exists("/dev/i2c-62")) {
    GTEST_SKIP() << "this machine has CUSE";
  }
  Diagnosis why;
  const auto opened = OpenI2cdev({.path = "/dev/i2c-62", .how = "cuse"}, nullptr, why);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), Error::kNotFound);
  EXPECT_THAT(std::string(why.text()), HasSubstr("modprobe cuse, or choose how = file"));
}

// A character device, where the kernel can be made to have one (tests/vm).
TEST(I2cDevice, IsServedAndGoesAway) {
  const std::string path = "/dev/i2c-62";
  if (!CuseIsToBeHad() || Exists(path)) {
    GTEST_SKIP() << "/dev/cuse can't be opened, or " << path << " is there";
  }
  for (const char* how : {"cuse", "auto"}) {
    Owned owner;
    owner.Open({.path = path, .how = how, .mode = 0640});
    owner.outlet->Publish(Somebody(6));
    struct stat found{};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode, static_cast<mode_t>(S_IFCHR | 0640));
    {
      Program program(path);
      const Bytes packet = Packet(Somebody(6));
      EXPECT_EQ(program.Read(39), packet);
      EXPECT_EQ(program.ReadParts({{.read = 32}, {.read = 7}}), packet);
      EXPECT_EQ(program.SmbusBlock(0, 13), Bytes(packet.begin(), packet.begin() + 13));
      EXPECT_EQ(program.Write({7, 0}), 2);
      EXPECT_EQ(program.Ioctl(I2C_RDWR, reinterpret_cast<void*>(8)), -EFAULT);
      unsigned long functions = 0;
      EXPECT_EQ(program.Ioctl(I2C_FUNCS, &functions), 0);
      EXPECT_EQ(functions, 0x0c7f0001UL);
    }
    owner.outlet->Publish(Somebody(7));
    EXPECT_THAT(owner.notices, ElementsAre(HasSubstr("register 7")));
    Program open_at_the_end(path);
    owner.outlet.reset();
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (Exists(path) && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_FALSE(Exists(path));
    EXPECT_LT(open_at_the_end.Write({1, 1}), 0);
  }
}

TEST(I2cOutlet, TellsOfCommandsOnce) {
  NEEDS_FUSE();
  Folder folder;
  Owned owner;
  owner.Open({.path = folder / "i2c-1"});
  EXPECT_EQ(owner.outlet->name(), "i2c");
  Program program(folder / "i2c-1");
  for (int i = 0; i < 3; ++i) {
    for (const Bytes& write : {Bytes{7, 0}, Bytes{2, 1}, Bytes{3, 0}, Bytes{1, 1}}) {
      EXPECT_EQ(program.Write(write), 2);
    }
    owner.outlet->Publish(Somebody(static_cast<std::uint8_t>(i)));
  }
  EXPECT_THAT(owner.notices, ElementsAre(HasSubstr("register 1"), HasSubstr("register 2"),
                                         HasSubstr("register 7")));
}

TEST(I2cOutlet, TellsThatSomebodyUnmountedIt) {
  NEEDS_ROOT();
  Folder folder;
  Owned owner;
  owner.Open({.path = folder / "i2c-1"});
  ASSERT_EQ(::umount2((folder / "i2c-1").c_str(), MNT_DETACH), 0);
  std::unique_lock lock(owner.mutex);
  ASSERT_TRUE(owner.told.wait_for(lock, kDeadline, [&] { return !owner.notices.empty(); }));
  EXPECT_THAT(owner.notices, ElementsAre(HasSubstr("was unmounted by somebody")));
  lock.unlock();
  owner.outlet->Publish(Somebody(1));
}

}  // namespace
}  // namespace pinhole::outside::i2cdev
