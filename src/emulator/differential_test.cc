// SPDX-License-Identifier: Apache-2.0
// Random programs of a million instructions, here and in qemu-system-arm (-M microbit, a
// Cortex-M0): the same program, made from a seed, gives the same bytes.
//
// Every few instructions a program folds all registers and the flags into a hash; it writes down
// the hash now and then and sends what it wrote at the end. The first difference so says which
// stretch of instructions to look at.

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "emulator/thumb_for_tests.h"

namespace pinhole::emulator {
namespace {

constexpr std::uint32_t kFlash = 256 * 1024;
constexpr std::uint32_t kData = 0x2000'0000;   // what random loads and stores touch
constexpr std::uint32_t kStack = 0x2000'0800;  // addressed upwards for 1 KB too
constexpr std::uint32_t kHash = 0x2000'0F00;   // the hash, and where the next one goes
constexpr std::uint32_t kWritten = 0x2000'1000;
constexpr unsigned kBetweenHashes = 8;
constexpr unsigned kHashesBetweenWrites = 8;

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  // The image of a flash, with `instructions` random ones counted.
  std::vector<std::uint8_t> Make() {
    Emit(0);  // the vectors' place: 48 words
    code_.resize(96);
    const std::uint32_t svc = Here();
    Emit(0x4770);
    const std::uint32_t dump = EmitDump();
    const std::uint32_t reset = Here();
    EmitStart();
    dump_ = dump;
    while (Here() < kFlash - 4096) {
      Random();
      if (++since_ >= kBetweenHashes) {
        since_ = 0;
        Call(dump_);
      }
    }
    EmitEnd();
    code_.resize(kFlash / 2, 0xBF00);
    Set32(0, kStack);
    Set32(4, reset | 1);
    Set32(11 * 4, svc | 1);
    std::vector<std::uint8_t> image(kFlash);
    std::memcpy(image.data(), code_.data(), image.size());
    return image;
  }
  [[nodiscard]] unsigned instructions() const { return instructions_; }

 private:
  std::uint32_t Below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
  std::uint32_t Low() { return Below(8); }
  [[nodiscard]] std::uint32_t Here() const { return static_cast<std::uint32_t>(code_.size() * 2); }
  void Emit(std::uint32_t halfword) { code_.push_back(static_cast<std::uint16_t>(halfword)); }
  void Emit32(std::uint32_t first, std::uint32_t second) {
    Emit(first);
    Emit(second);
  }
  void Set32(std::uint32_t at, std::uint32_t value) {
    code_[at / 2] = static_cast<std::uint16_t>(value);
    code_[at / 2 + 1] = static_cast<std::uint16_t>(value >> 16);
  }
  void Align() {
    if (Here() % 4 != 0) {
      Emit(0xBF00);
    }
  }
  void Call(std::uint32_t target) {
    const std::uint32_t offset = target - (Here() + 4);
    const std::uint32_t s = offset >> 24 & 1;
    const std::uint32_t j1 = (~(offset >> 23) ^ s) & 1;
    const std::uint32_t j2 = (~(offset >> 22) ^ s) & 1;
    Emit32(0xF000 | s << 10 | (offset >> 12 & 0x3FF),
           0xD000 | j1 << 13 | j2 << 11 | (offset >> 1 & 0x7FF));
  }
  // d = value, in up to seven instructions; changes flags.
  void Constant(std::uint32_t d, std::uint32_t value) {
    Emit(0x2000 | d << 8 | value >> 24);
    for (int shift = 16; shift >= 0; shift -= 8) {
      Emit(d << 3 | d | 8 << 6);
      Emit(0x3000 | d << 8 | (value >> shift & 0xFF));
    }
  }

  std::uint32_t EmitDump() {
    const std::uint32_t at = Here();
    Emit(0xB5FF);            // push {r0-r7, lr}
    Emit32(0xF3EF, 0x8000);  // mrs r0, apsr
    Constant(7, kHash);
    Emit(0x683E);  // ldr r6, [r7]
    Constant(5, 0x0100'0193);
    const auto fold = [&](std::uint32_t reg) {
      Emit(0x436E);  // muls r6, r5
      Emit(0x1800 | reg << 6 | 6 << 3 | 6);
    };
    fold(0);
    for (std::uint32_t high = 8; high <= 13; ++high) {
      Emit(0x4600 | high << 3 | 1);
      fold(1);
    }
    for (std::uint32_t word = 0; word < 9; ++word) {
      Emit(0x9900 | word);  // ldr r1, [sp, #]
      fold(1);
    }
    Emit(0x603E);  // str r6, [r7]
    // One in kHashesBetweenWrites is written down.
    Emit(0x68B9);  // ldr r1, [r7, #8]
    Emit(0x3901);  // subs r1, #1
    Emit(0xD103);  // bne over four
    Emit(0x687A);  // ldr r2, [r7, #4]
    Emit(0xC240);  // stmia r2!, {r6}
    Emit(0x607A);  // str r2, [r7, #4]
    Emit(0x2100 | kHashesBetweenWrites);
    Emit(0x60B9);            // str r1, [r7, #8]
    Emit32(0xF380, 0x8800);  // msr apsr, r0
    Emit(0xBDFF);            // pop {r0-r7, pc}
    return at;
  }

  void EmitStart() {
    Constant(7, kHash);
    Constant(0, kWritten);
    Emit(0x6078);
    Emit(0x2000 | kHashesBetweenWrites);
    Emit(0x60B8);
    Emit(0x2000);
    Emit(0x6038);
    for (std::uint32_t high = 8; high <= 12; ++high) {
      Constant(0, static_cast<std::uint32_t>(random_()));
      Emit(0x4680 | (high & 7));
    }
    for (std::uint32_t d = 0; d < 8; ++d) {
      Constant(d, static_cast<std::uint32_t>(random_()));
    }
    // The data that is loaded is known.
    Constant(6, kData);
    for (std::uint32_t word = 0; word < 32; ++word) {
      Constant(0, static_cast<std::uint32_t>(random_()));
      Emit(0x6030 | word << 6);
    }
  }

  void EmitEnd() {
    Align();
    // The blocks lie behind the code: open's and write's.
    const std::uint32_t blocks = kFlash - 2048;
    Emit(0x2001);
    Constant(1, blocks);
    Emit(0xBEAB);
    Constant(2, kHash + 16);
    Emit(0x6010);  // the handle
    Constant(1, kWritten);
    Emit(0x6051);
    Constant(3, kHash);
    Emit(0x685B);
    Emit(0x1A5B);  // how many bytes
    Emit(0x6093);
    Emit(0x0011);  // movs r1, r2
    Emit(0x2005);
    Emit(0xBEAB);
    Emit(0x2018);
    Constant(1, 0x20026);
    Emit(0xBEAB);
    Emit(0xE7FE);
    code_.resize(blocks / 2, 0xBF00);
    for (const std::uint32_t word : {blocks + 12, 4u, 3u, 0x0074'743Au}) {
      Emit(word & 0xFFFF);
      Emit(word >> 16);
    }
  }

  void Random() {
    const unsigned before = static_cast<unsigned>(code_.size());
    switch (Below(24)) {
      case 0:
      case 1:
      case 2:
      case 3: Emit(Below(0x4000)); break;  // 00xxxx: shift, add, move, compare
      case 4:
      case 5:
      case 6:
      case 7:
      case 8: Emit(0x4000 | Below(0x400)); break;  // 010000: arithmetic of two registers
      case 9: High(); break;
      case 10: Emit(0x4800 | Below(0x800)); break;  // a literal: what stands further on
      case 11:
      case 12: LoadStore(); break;
      case 13: Emit(0xA000 | Low() << 8 | Below(256)); break;
      case 14: Emit(0xA800 | Low() << 8 | Below(256)); break;
      case 15: Emit(0xB200 | Below(256)); break;
      case 16: Reverse(); break;
      case 17: PushPop(); break;
      case 18: Multiple(); break;
      case 19: Skip(); break;
      case 20: Branch(); break;
      case 21: Special(); break;
      case 22: StackWord(); break;
      default: Emit(0xDF00 | Below(256)); break;  // SVC and its return
    }
    instructions_ += static_cast<unsigned>(code_.size()) - before;
  }

  // Add, compare, move with at least one of R8 to R12.
  void High() {
    const std::uint32_t high = 8 + Below(5);
    const std::uint32_t other = Below(13);
    const std::uint32_t op = Below(3);
    const bool first = Below(2) == 0;
    const std::uint32_t d = first ? high : other;
    const std::uint32_t m = first ? other : high;
    Emit(0x4400 | op << 8 | (d & 8) << 4 | m << 3 | (d & 7));
  }

  void LoadStore() {
    const std::uint32_t base = Low();
    std::uint32_t d = Low();
    if (Below(2) == 0) {
      const std::uint32_t index = (base + 1 + Below(7)) % 8;
      Constant(base, kData + Below(16) * 4);
      Emit(0x2000 | index << 8 | Below(32) * 4);
      Emit(0x5000 | Below(8) << 9 | index << 6 | base << 3 | d);
      return;
    }
    Constant(base, kData + Below(64) * 4);
    Emit((6 + Below(3)) << 12 | Below(2) << 11 | Below(32) << 6 | base << 3 | d);
  }

  void StackWord() {
    switch (Below(3)) {
      case 0: Emit(0x9000 | Below(0x1000)); break;
      default: {
        const std::uint32_t by = Below(32);
        Emit(0xB080 | by);
        Emit(0x9800 | Low() << 8 | Below(32));
        Emit(0xB000 | by);
        break;
      }
    }
  }

  void Reverse() {
    constexpr std::array<std::uint32_t, 3> kKinds = {0xBA00, 0xBA40, 0xBAC0};
    Emit(kKinds[Below(3)] | Low() << 3 | Low());
  }

  void PushPop() {
    const std::uint32_t list = 1 + Below(255);
    std::uint32_t other = 0;
    // As many registers, not the same ones.
    for (int left = std::popcount(list); left > 0;) {
      const std::uint32_t bit = 1u << Low();
      if ((other & bit) == 0) {
        other |= bit;
        --left;
      }
    }
    Emit(0xB400 | list);
    Emit(0xBC00 | other);
  }

  void Multiple() {
    const std::uint32_t base = Low();
    Constant(base, kData + Below(16) * 4);
    if (Below(2) == 0) {
      Emit(0xC800 | base << 8 | (1 + Below(255)));
    } else {
      const std::uint32_t list = Below(256) & ~(1u << base);
      Emit(0xC000 | base << 8 | (list != 0 ? list : 1u << (base + 1) % 8));
    }
  }

  void Skip() {
    Emit(0xD000 | Below(14) << 8);  // over one
    Emit(0x3000 | Low() << 8 | Below(256));
  }

  void Branch() {
    const std::uint32_t x = Low();
    Align();
    switch (Below(4)) {
      case 0: Emit(0xE000); break;
      case 1:
        Emit(0xA000 | x << 8 | 1);
        Emit(0x3001 | x << 8);
        Emit(0x4700 | x << 3 | Below(2) << 7);
        break;
      case 2:
        Emit(0xA000 | x << 8 | 1);
        Emit(0x4687 | x << 3);
        Emit(0xBF00);
        break;
      default:
        Emit(0x2000 | x << 8 | 2);
        Emit(0x4487 | x << 3);
        break;
    }
    Emit(0x3000 | Low() << 8 | Below(256));  // jumped over
    Align();
  }

  void Special() {
    constexpr std::array<std::uint32_t, 6> kReadable = {0, 3, 5, 8, 16, 20};
    switch (Below(5)) {
      case 0: Emit32(0xF3EF, 0x8000 | Low() << 8 | kReadable[Below(6)]); break;
      case 1: {
        // Without Q, which this architecture does not have and qemu keeps.
        const std::uint32_t n = Low();
        Emit(0x0F00 | n << 3 | n);
        Emit(0x0700 | n << 3 | n);
        Emit32(0xF380 | n, 0x8800);
        break;
      }
      case 2: Emit32(0xF3BF, 0x8F4F + Below(3) * 16); break;
      case 3: Emit(Below(2) == 0 ? 0xBF00 : 0xBF40); break;
      default:
        Emit(0xB672);
        Emit32(0xF3EF, 0x8010 | Low() << 8);
        Emit(0xB662);
        break;
    }
  }

  std::mt19937 random_;
  std::vector<std::uint16_t> code_;
  std::uint32_t dump_ = 0;
  unsigned since_ = 0;
  unsigned instructions_ = 0;
};

std::string RunHere(const std::vector<std::uint8_t>& image) {
  TestMachine machine(kFlash);
  std::memcpy(machine.memory.rom.bytes.get(), image.data(), image.size());
  machine.core.Reset(0);
  machine.core.Run(100'000'000);
  EXPECT_TRUE(machine.bus.ended) << "fault " << static_cast<int>(machine.core.fault().kind)
                                 << " at " << std::hex << machine.core.fault().registers[15];
  return machine.bus.written;
}

std::string RunInQemu(const std::vector<std::uint8_t>& image, std::uint32_t seed) {
  const std::string path = testing::TempDir() + "differential_" + std::to_string(seed) + ".bin";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(image.data()),
             static_cast<std::streamsize>(image.size()));
  const std::string command =
      "timeout 120 qemu-system-arm -M microbit -nographic -monitor none -serial null "
      "-semihosting-config enable=on,target=native -kernel " +
      path + " 2>/dev/null";
  std::FILE* const pipe = popen(command.c_str(), "r");
  std::string output;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    output.push_back(static_cast<char>(c));
  }
  pclose(pipe);
  std::filesystem::remove(path);
  return output;
}

TEST(Differential, RandomProgramsDoWhatQemuDoes) {
  if (std::system("qemu-system-arm --version > /dev/null 2>&1") != 0) {
    GTEST_SKIP() << "qemu-system-arm is missing (Debian package qemu-system-arm)";
  }
  unsigned instructions = 0;
  for (std::uint32_t seed = 1; instructions < 1'000'000; ++seed) {
    Generator generator(seed);
    const std::vector<std::uint8_t> image = generator.Make();
    instructions += generator.instructions();
    const std::string ours = RunHere(image);
    const std::string theirs = RunInQemu(image, seed);
    ASSERT_GT(theirs.size(), 1000u) << "seed " << seed;
    ASSERT_EQ(ours.size(), theirs.size()) << "seed " << seed;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      ASSERT_EQ(ours[i], theirs[i])
          << "seed " << seed << ", hash " << i / 4 << " of " << ours.size() / 4;
    }
  }
  RecordProperty("instructions", static_cast<int>(instructions));
}

}  // namespace
}  // namespace pinhole::emulator
