// SPDX-License-Identifier: Apache-2.0
#include "emulator/flash.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "emulator/chip_for_tests.h"

namespace pinhole::emulator {
namespace {

constexpr std::uint32_t kInterface = 0x1800'0000;
constexpr std::uint32_t kXip = 0x1400'0000;
constexpr std::uint32_t kStream = 0x5040'0000;
constexpr std::uint32_t kDma = 0x5000'0000;
constexpr std::uint32_t kTo = 0x2001'0000;

// As the usual boot stage leaves it: four lines, address and mode bits of 8 clocks, 4 dummies.
void SetInterface(Bench& bench, std::uint32_t divider) {
  bench.Write(kInterface + 0x08, 0);
  bench.Write(kInterface + 0x14, divider);
  bench.Write(kInterface + 0x00, 2u << 21 | 31u << 16 | 3u << 8);
  bench.Write(kInterface + 0xF4, 4u << 11 | 8u << 2 | 2u);
  bench.Write(kInterface + 0x08, 1);
}

void Fill(Bench& bench) {
  std::mt19937 random(3);
  Region& flash = bench.chip->memory().flash;
  for (std::uint32_t i = 0; i < flash.size; ++i) {
    flash.bytes[i] = static_cast<std::uint8_t>(random());
  }
}

std::uint32_t FlashWord(Bench& bench, std::uint32_t at) { return bench.Read(kFlashBase + at); }

// The DMA takes `words` from `from`, where `request` says that there are some.
void StartDma(Bench& bench, std::uint32_t from, std::uint32_t words, std::uint32_t request,
              bool swaps) {
  bench.Write(kDma + 0x00, from);
  bench.Write(kDma + 0x04, kTo);
  bench.Write(kDma + 0x08, words);
  bench.Write(kDma + 0x0C, 1u | 2u << 2 | 1u << 5 | request << 15 | (swaps ? 1u << 22 : 0));
}

TEST(XipCache, TwoWaysHoldTwoLinesOfASet) {
  XipCache cache;
  constexpr std::uint32_t kApart = XipCache::kLineBytes * XipCache::kSets;
  EXPECT_FALSE(cache.Access(0x1000'0000));
  EXPECT_TRUE(cache.Access(0x1000'0002));
  EXPECT_FALSE(cache.Access(0x1000'0000 + kApart));
  EXPECT_TRUE(cache.Access(0x1000'0000));
  EXPECT_FALSE(cache.Access(0x1000'0000 + 2 * kApart));
  EXPECT_FALSE(cache.Access(0x1000'0000 + kApart));  // thrown out as the older one
  EXPECT_EQ(cache.counts().flash_bytes(), 4u * 4);
}

TEST(XipCache, ALineIsFilledHalfByHalf) {
  XipCache cache;
  EXPECT_FALSE(cache.Access(0x1000'0100));
  EXPECT_FALSE(cache.Access(0x1000'0104));
  EXPECT_TRUE(cache.Access(0x1000'0100));
  EXPECT_TRUE(cache.Access(0x1000'0107));
  cache.Invalidate(0x1000'0104);  // the whole line
  EXPECT_FALSE(cache.Access(0x1000'0100));
}

TEST(XipCache, AliasesAskAndFillAsTheySay) {
  XipCache cache;
  EXPECT_FALSE(cache.Access(0x1100'0000));  // asks and does not fill
  EXPECT_FALSE(cache.Access(0x1000'0000));
  EXPECT_TRUE(cache.Access(0x1100'0000));
  EXPECT_FALSE(cache.Access(0x1200'0000));  // does not ask
  EXPECT_FALSE(cache.Access(0x1200'0008));  // fills
  EXPECT_TRUE(cache.Access(0x1000'0008));
  EXPECT_FALSE(cache.Access(0x1300'0008));
  EXPECT_FALSE(cache.Access(0x1300'0010));
  EXPECT_FALSE(cache.Access(0x1000'0010));
}

// (8 address and mode clocks + 4 dummies + 8 of data + 2 of chip select) x divider + 6.
TEST(Flash, AWordTakesWhatTheInterfaceIsSetTo) {
  Bench bench({.model_flash_cache = true});
  for (const std::uint32_t divider : {2u, 4u}) {
    SetInterface(bench, divider);
    bench.Write(kXip + 0x04, 1);
    const std::uint64_t before = bench.chip->flash_cache().waited;
    bench.Read(0x1300'0000);
    EXPECT_EQ(bench.chip->flash_cache().waited - before, 22 * divider + 6);
    bench.Pass(1000);
  }
  // One line, an instruction, 24 bits of address, no dummies: 8 + 24 + 32 clocks.
  bench.Write(kInterface + 0x08, 0);
  bench.Write(kInterface + 0x00, 31u << 16 | 3u << 8);
  bench.Write(kInterface + 0xF4, 2u << 8 | 6u << 2);
  bench.Write(kInterface + 0x08, 1);
  const std::uint64_t before = bench.chip->flash_cache().waited;
  bench.Read(0x1300'0100);
  EXPECT_EQ(bench.chip->flash_cache().waited - before, 66u * 4 + 6);
}

TEST(Flash, TheStreamBringsEveryWordInItsTime) {
  Bench bench;
  Fill(bench);
  SetInterface(bench, 2);
  constexpr std::uint32_t kWords = 40;
  StartDma(bench, kStream, kWords, 37, false);
  bench.Write(kXip + 0x14, kFlashBase + 0x1230);
  bench.Write(kXip + 0x18, kWords);
  bench.Pass(50 * (kWords - 1));
  EXPECT_NE(bench.Read(kDma + 0x0C) >> 24 & 1, 0u);  // still busy
  bench.Pass(60);
  EXPECT_EQ(bench.Read(kDma + 0x0C) >> 24 & 1, 0u);
  EXPECT_EQ(bench.Read(kXip + 0x18), 0u);
  EXPECT_EQ(bench.Read(kXip + 0x08) & 2, 2u);
  for (std::uint32_t i = 0; i < kWords; ++i) {
    ASSERT_EQ(bench.Read(kTo + i * 4), FlashWord(bench, 0x1230 + i * 4)) << i;
  }
  EXPECT_EQ(bench.chip->streamed_words(), kWords);
}

TEST(Flash, AStreamThatNobodyReadsStopsAtTwoWords) {
  Bench bench;
  Fill(bench);
  SetInterface(bench, 2);
  bench.Write(kXip + 0x14, kFlashBase + 0x40);
  bench.Write(kXip + 0x18, 10);
  bench.Pass(5000);
  EXPECT_EQ(bench.Read(kXip + 0x18), 8u);
  EXPECT_EQ(bench.Read(kXip + 0x08) & 6, 4u);
  for (std::uint32_t i = 0; i < 10; ++i) {
    EXPECT_EQ(bench.Read(kXip + 0x1C), FlashWord(bench, 0x40 + i * 4));
    bench.Pass(60);
  }
  EXPECT_EQ(bench.Read(kXip + 0x1C), 0u);
}

// A core that reads every 100 cycles takes half of the bus's time; the stream gets the rest, whole.
TEST(Flash, TheStreamGivesWayToReads) {
  Bench bench({.model_flash_cache = true});
  Fill(bench);
  SetInterface(bench, 2);
  constexpr std::uint32_t kWords = 20;
  StartDma(bench, kStream, kWords, 37, false);
  bench.Write(kXip + 0x14, kFlashBase);
  bench.Write(kXip + 0x18, kWords);
  const std::uint64_t start = bench.chip->cycles();
  unsigned reads = 0;
  while ((bench.Read(kDma + 0x0C) >> 24 & 1) != 0) {
    bench.Read(0x1300'8000 + reads++ * 4);
    bench.Pass(100);
    ASSERT_LT(reads, 1000u);
  }
  EXPECT_NEAR(static_cast<double>(bench.chip->cycles() - start), 100 * kWords, 200);
  for (std::uint32_t i = 0; i < kWords; ++i) {
    ASSERT_EQ(bench.Read(kTo + i * 4), FlashWord(bench, i * 4)) << i;
  }
}

// One address and then sixteen cycles a word, which is 2.5 times the stream's speed.
TEST(Flash, ABulkReadByDma) {
  Bench bench;
  Fill(bench);
  SetInterface(bench, 2);
  constexpr std::uint32_t kWords = 100;
  bench.Write(kInterface + 0x08, 0);
  bench.Write(kInterface + 0x04, kWords - 1);
  bench.Write(kInterface + 0x4C, 3);
  bench.Write(kInterface + 0x08, 1);
  StartDma(bench, kInterface + 0x60, kWords, 39, true);
  bench.Write(kInterface + 0x60, 0x2468u << 8 | 0xA0);
  bench.Pass(24 + 16 * (kWords - 1));
  EXPECT_NE(bench.Read(kDma + 0x0C) >> 24 & 1, 0u);
  bench.Pass(20);
  EXPECT_EQ(bench.Read(kDma + 0x0C) >> 24 & 1, 0u);
  for (std::uint32_t i = 0; i < kWords; ++i) {
    ASSERT_EQ(bench.Read(kTo + i * 4), FlashWord(bench, 0x2468 + i * 4)) << i;
  }
}

// Where nobody takes the words the clock stands, and none is lost.
TEST(Flash, ABulkReadWaitsForItsReader) {
  Bench bench;
  Fill(bench);
  SetInterface(bench, 2);
  bench.Write(kInterface + 0x08, 0);
  bench.Write(kInterface + 0x04, 39);
  bench.Write(kInterface + 0x08, 1);
  bench.Write(kInterface + 0x60, 0x100u << 8 | 0xA0);
  bench.Pass(5000);
  EXPECT_EQ(bench.Read(kInterface + 0x24), 16u);
  for (std::uint32_t i = 0; i < 40; ++i) {
    EXPECT_EQ(__builtin_bswap32(bench.Read(kInterface + 0x60)), FlashWord(bench, 0x100 + i * 4));
    bench.Pass(20);
  }
  EXPECT_EQ(bench.Read(kInterface + 0x28) & 1, 0u);
}

}  // namespace
}  // namespace pinhole::emulator
