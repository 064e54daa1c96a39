// SPDX-License-Identifier: Apache-2.0
#include "firmware/image/firmware_image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string_view>

namespace pinhole::firmware::image {
namespace {

void Put(std::vector<std::byte>& file, std::size_t at, std::uint32_t value, unsigned size = 4) {
  file.resize(std::max(file.size(), at + size));
  for (unsigned i = 0; i < size; ++i) {
    file[at + i] = static_cast<std::byte>(value >> 8 * i);
  }
}

std::uint32_t Get(std::span<const std::byte> file, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, file.data() + at, 4);
  return value;
}

struct Piece {
  std::uint32_t address;
  std::size_t bytes;
};

// An ELF file whose segments hold 1, 2, 3 ... as bytes.
std::vector<std::byte> Elf(std::span<const Piece> pieces) {
  std::vector<std::byte> file(52 + 32 * pieces.size());
  Put(file, 0, 0x464C'457F);
  Put(file, 4, 0x0101, 2);
  Put(file, 18, 40, 2);
  Put(file, 28, 52);
  Put(file, 42, 32, 2);
  Put(file, 44, static_cast<std::uint32_t>(pieces.size()), 2);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::size_t at = 52 + 32 * i;
    Put(file, at, 1);
    Put(file, at + 4, static_cast<std::uint32_t>(file.size()));
    Put(file, at + 12, pieces[i].address);
    Put(file, at + 16, static_cast<std::uint32_t>(pieces[i].bytes));
    for (std::size_t n = 0; n < pieces[i].bytes; ++n) {
      file.push_back(static_cast<std::byte>(n + 1));
    }
  }
  return file;
}

TEST(BootStageChecksum, IsTheOneOfThePublishedCheckString) {
  // CRC-32/MPEG-2 of "123456789", as catalogues of checksums give it.
  constexpr std::string_view kCheck = "123456789";
  EXPECT_EQ(BootStageChecksum(std::as_bytes(std::span(kCheck))), 0x0376'E6E7u);
}

TEST(FinishBootStage, WritesTheChecksumBehindTheStageAndNothingElse) {
  const Piece pieces[] = {{0x2000'0000, 8}, {kFlashBase, 300}};
  std::vector<std::byte> elf = Elf(pieces);
  const std::vector<std::byte> before = elf;
  base::Diagnosis why;
  ASSERT_TRUE(FinishBootStage(elf, why)) << why.text();
  const std::size_t stage = before.size() - 300;
  EXPECT_EQ(Get(elf, stage + 252), BootStageChecksum(std::span(before).subspan(stage, 252)));
  std::memcpy(elf.data() + stage + 252, before.data() + stage + 252, 4);
  EXPECT_EQ(elf, before);
}

TEST(FinishBootStage, RefusesAProgramWithoutOne) {
  const Piece short_one[] = {{kFlashBase, 255}};
  const Piece elsewhere[] = {{kFlashBase + 256, 300}};
  base::Diagnosis why;
  for (std::vector<std::byte> elf : {Elf(short_one), Elf(elsewhere)}) {
    const base::Status done = FinishBootStage(elf, why);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error(), base::Error::kWrongKind);
  }
}

TEST(MakeUf2, BlocksHoldThePagesInOrder) {
  const Piece pieces[] = {{kFlashBase + 600, 20}, {kFlashBase, 300}, {kFlashBase + 0x1000, 1}};
  base::Diagnosis why;
  const auto uf2 = MakeUf2(Elf(pieces), Chip::kRp2040, why);
  ASSERT_TRUE(uf2) << why.text();
  ASSERT_EQ(uf2->size(), 4 * kUf2BlockBytes);
  const std::uint32_t addresses[] = {0, 0x100, 0x200, 0x1000};
  for (std::uint32_t i = 0; i < 4; ++i) {
    const auto block = std::span(*uf2).subspan(i * kUf2BlockBytes, kUf2BlockBytes);
    EXPECT_EQ(Get(block, 0), 0x0A32'4655u);
    EXPECT_EQ(Get(block, 4), 0x9E5D'5157u);
    EXPECT_EQ(Get(block, 8), 0x2000u);
    EXPECT_EQ(Get(block, 12), kFlashBase + addresses[i]);
    EXPECT_EQ(Get(block, 16), 256u);
    EXPECT_EQ(Get(block, 20), i);
    EXPECT_EQ(Get(block, 24), 4u);
    EXPECT_EQ(Get(block, 28), 0xE48B'FF56u);
    EXPECT_EQ(Get(block, 508), 0x0AB1'6F30u);
  }
  // Of the third page only bytes 88 to 107 are the program's, 0 stands around them.
  const auto third = std::span(*uf2).subspan(2 * kUf2BlockBytes + 32, 256);
  EXPECT_EQ(third[87], std::byte{0});
  EXPECT_EQ(third[88], std::byte{1});
  EXPECT_EQ(third[107], std::byte{20});
  EXPECT_EQ(third[108], std::byte{0});
}

TEST(MakeUf2, NamesTheChipsFamily) {
  const Piece pieces[] = {{kFlashBase, 4}};
  base::Diagnosis why;
  const auto uf2 = MakeUf2(Elf(pieces), Chip::kRp2350, why);
  ASSERT_TRUE(uf2);
  EXPECT_EQ(Get(*uf2, 28), 0xE48B'FF59u);
}

TEST(MakeUf2, RefusesNothingAndTooMuch) {
  const Piece in_ram[] = {{0x2000'0000, 8}};
  const Piece too_high[] = {{kFlashBase + kLargestFlash - 8, 9}};
  base::Diagnosis why;
  EXPECT_EQ(MakeUf2(Elf(in_ram), Chip::kRp2040, why).error(), base::Error::kWrongKind);
  EXPECT_EQ(MakeUf2(Elf(too_high), Chip::kRp2040, why).error(), base::Error::kTooLarge);
}

TEST(MakeUf2, AnyCutAndAnyChangedByteIsRefusedOrRead) {
  const Piece pieces[] = {{kFlashBase, 300}, {kFlashBase + 4096, 40}};
  const std::vector<std::byte> whole = Elf(pieces);
  base::Diagnosis why;
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const auto cut = std::span(whole).first(bytes);
    const auto uf2 = MakeUf2(std::vector(cut.begin(), cut.end()), Chip::kRp2040, why);
    EXPECT_FALSE(uf2) << bytes;
  }
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::byte> changed = whole;
    changed[random() % 116] = static_cast<std::byte>(random());
    const auto uf2 = MakeUf2(changed, Chip::kRp2040, why);
    if (uf2) {
      EXPECT_EQ(uf2->size() % kUf2BlockBytes, 0u);
    } else {
      EXPECT_FALSE(why.empty());
    }
    static_cast<void>(FinishBootStage(changed, why));
  }
}

}  // namespace
}  // namespace pinhole::firmware::image
