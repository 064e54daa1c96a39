// SPDX-License-Identifier: Apache-2.0
#include "emulator/program.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace pinhole::emulator {
namespace {

using base::Error;

void Put(std::vector<std::byte>& file, std::size_t at, std::uint32_t value, unsigned bytes = 4) {
  for (unsigned i = 0; i < bytes; ++i) {
    file[at + i] = static_cast<std::byte>(value >> i * 8);
  }
}

// A header, one segment of 16 bytes for `address`, a symbol table with one function of 8 bytes.
std::vector<std::byte> MakeElf(std::uint32_t address, std::uint32_t entry) {
  std::vector<std::byte> file(400);
  std::memcpy(file.data(),
              "\x7F"
              "ELF\1\1\1",
              7);
  Put(file, 16, 2, 2);
  Put(file, 18, 40, 2);
  Put(file, 24, entry);
  Put(file, 28, 52);   // program headers
  Put(file, 32, 200);  // section headers
  Put(file, 42, 32, 2);
  Put(file, 44, 1, 2);
  Put(file, 46, 40, 2);
  Put(file, 48, 3, 2);
  Put(file, 52, 1);
  Put(file, 56, 100);
  Put(file, 64, address);
  Put(file, 68, 16);
  for (unsigned i = 0; i < 16; ++i) {
    file[100 + i] = static_cast<std::byte>(i + 1);
  }
  // Names at 120, symbols at 140.
  std::memcpy(file.data() + 120, "\0main", 6);
  Put(file, 140, 1);
  Put(file, 144, address | 1);
  Put(file, 148, 8);
  file[152] = std::byte{2};
  Put(file, 240 + 4, 2);
  Put(file, 240 + 16, 140);
  Put(file, 240 + 20, 16);
  Put(file, 240 + 24, 2);
  Put(file, 280 + 4, 3);
  Put(file, 280 + 16, 120);
  Put(file, 280 + 20, 6);
  return file;
}

std::vector<std::byte> MakeUf2(std::uint32_t address, unsigned blocks) {
  std::vector<std::byte> file(blocks * 512);
  for (unsigned i = 0; i < blocks; ++i) {
    const std::size_t at = i * 512;
    Put(file, at, 0x0A32'4655);
    Put(file, at + 4, 0x9E5D'5157);
    Put(file, at + 8, 0x2000);
    Put(file, at + 12, address + i * 256);
    Put(file, at + 16, 256);
    Put(file, at + 20, i);
    Put(file, at + 24, blocks);
    Put(file, at + 28, 0xE48B'FF56);
    std::memset(file.data() + at + 32, static_cast<int>(i + 1), 256);
    Put(file, at + 508, 0x0AB1'6F30);
  }
  return file;
}

class ProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(memory_.Allocate({.rom = 4096, .flash = 65536, .ram = 16384}));
  }
  void ExpectRefused(const std::vector<std::byte>& file, Error error) {
    base::Diagnosis why;
    const auto program = LoadProgram(file, memory_, why);
    ASSERT_FALSE(program);
    EXPECT_EQ(program.error(), error) << why.text();
    EXPECT_FALSE(why.empty());
  }
  Memory memory_;
  base::Diagnosis why_;
};

TEST_F(ProgramTest, ElfGoesWhereItsSegmentsSay) {
  const auto file = MakeElf(kFlashBase + 0x100, kFlashBase + 0x101);
  const auto program = LoadProgram(file, memory_, why_);
  ASSERT_TRUE(program) << why_.text();
  EXPECT_EQ(program->kind, ProgramKind::kElf);
  EXPECT_EQ(program->ram_entry, 0u);
  EXPECT_EQ(program->flash_bytes, 16u);
  EXPECT_EQ(memory_.flash.bytes[0x10F], 16);
  EXPECT_EQ(memory_.flash.bytes[0x110], 0xFF);
  const auto in_ram = LoadProgram(MakeElf(kRamBase, kRamBase | 1), memory_, why_);
  ASSERT_TRUE(in_ram);
  EXPECT_EQ(in_ram->ram_entry, kRamBase | 1);
}

TEST_F(ProgramTest, ElfNamesAddresses) {
  const auto file = MakeElf(kFlashBase, kFlashBase | 1);
  EXPECT_EQ(FindSymbol(file, kFlashBase + 6).name, "main");
  EXPECT_EQ(FindSymbol(file, kFlashBase + 6).offset, 6u);
  EXPECT_EQ(FindSymbol(file, kFlashBase + 8).name, "");
  EXPECT_EQ(FindSymbol({}, kFlashBase).name, "");
}

TEST_F(ProgramTest, ElfWithAFaultIsRefusedByIt) {
  const auto good = MakeElf(kFlashBase, kFlashBase | 1);
  ASSERT_TRUE(LoadProgram(good, memory_, why_));
  auto file = good;
  file.resize(40);
  ExpectRefused(file, Error::kTruncated);
  file = good;
  Put(file, 18, 62, 2);  // another processor
  ExpectRefused(file, Error::kUnsupported);
  file = good;
  Put(file, 28, 0xFFFF'FFF0);  // headers behind the end
  ExpectRefused(file, Error::kTruncated);
  file = good;
  Put(file, 68, 0xFFFF'FFFF);  // a segment behind the end
  ExpectRefused(file, Error::kTruncated);
  file = good;
  Put(file, 64, kFlashBase + 65536 - 8);  // a segment that sticks out
  ExpectRefused(file, Error::kTooLarge);
  file = good;
  Put(file, 24, 0x3000'0000);
  ExpectRefused(file, Error::kMalformed);
}

TEST_F(ProgramTest, Uf2GoesWhereItsBlocksSay) {
  const auto program = LoadProgram(MakeUf2(kFlashBase, 3), memory_, why_);
  ASSERT_TRUE(program) << why_.text();
  EXPECT_EQ(program->flash_bytes, 768u);
  EXPECT_EQ(program->ram_entry, 0u);
  EXPECT_EQ(memory_.flash.bytes[256], 2);
  const auto in_ram = LoadProgram(MakeUf2(kRamBase, 1), memory_, why_);
  ASSERT_TRUE(in_ram);
  EXPECT_EQ(in_ram->ram_entry, kRamBase | 1);
}

TEST_F(ProgramTest, Uf2WithAFaultIsRefusedByIt) {
  const auto good = MakeUf2(kFlashBase, 2);
  auto file = good;
  file.resize(1000);
  ExpectRefused(file, Error::kTruncated);
  file = good;
  Put(file, 512 + 508, 0);
  ExpectRefused(file, Error::kMalformed);
  file = good;
  Put(file, 512 + 16, 477);
  ExpectRefused(file, Error::kMalformed);
  file = good;
  Put(file, 512 + 12, 0x3000'0000);
  ExpectRefused(file, Error::kTooLarge);
  file = good;
  Put(file, 512 + 28, 0x1234'5678);
  ExpectRefused(file, Error::kUnsupported);
}

// Every prefix and every file with one byte changed is loaded or refused with a sentence.
TEST_F(ProgramTest, CutAndChangedFilesNeverHurt) {
  for (const auto& good : {MakeElf(kFlashBase, kFlashBase | 1), MakeUf2(kFlashBase, 1)}) {
    for (std::size_t i = 0; i < good.size(); ++i) {
      auto cut = good;
      cut.resize(i);
      auto changed = good;
      changed[i] ^= std::byte{0xFF};
      for (const auto& file : {cut, changed}) {
        base::Diagnosis why;
        const auto program = LoadProgram(file, memory_, why);
        EXPECT_TRUE(program || !why.empty());
        static_cast<void>(FindSymbol(file, kFlashBase));
      }
    }
  }
}

TEST_F(ProgramTest, PlainBytesAreAFlash) {
  std::vector<std::byte> file(1000, std::byte{7});
  ASSERT_TRUE(LoadProgram(file, memory_, why_));
  EXPECT_EQ(memory_.flash.bytes[999], 7);
  ExpectRefused(std::vector<std::byte>(100), Error::kTruncated);
  ExpectRefused(std::vector<std::byte>(65537), Error::kTooLarge);
}

TEST_F(ProgramTest, AGlobalSymbolHasAValue) {
  std::vector<std::byte> file = MakeElf(kFlashBase, kFlashBase);
  EXPECT_EQ(FindValue(file, "main").error(), Error::kNotFound);  // a local one
  file[152] = std::byte{0x12};
  ASSERT_TRUE(FindValue(file, "main").has_value());
  EXPECT_EQ(*FindValue(file, "main"), kFlashBase | 1);
  EXPECT_EQ(FindValue(file, "mai").error(), Error::kNotFound);
  EXPECT_EQ(FindValue({}, "main").error(), Error::kNotFound);
}

}  // namespace
}  // namespace pinhole::emulator
