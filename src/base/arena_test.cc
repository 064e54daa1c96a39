// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace pinhole::base {
namespace {

TEST(Arena, FrontAndBackNeverMeet) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    alignas(64) std::byte memory[512];
    Arena arena(memory);
    std::vector<std::pair<const std::byte*, const std::byte*>> taken;
    Arena::Scratch scratch(arena);
    for (int i = 0; i < 40; ++i) {
      const std::size_t count = random() % 40;
      Result<std::span<std::uint64_t>> eights =
          random() % 2 == 0 ? arena.Make<std::uint64_t>(count) : scratch.Make<std::uint64_t>(count);
      if (!eights) {
        EXPECT_EQ(eights.error(), Error::kOutOfMemory);
        continue;
      }
      for (const std::uint64_t value : *eights) {
        EXPECT_EQ(value, 0U);
      }
      std::fill(eights->begin(), eights->end(), 0x5A5A5A5A5A5A5A5AULL);
      const auto bytes = std::as_bytes(*eights);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.data()) % (bytes.empty() ? 1 : 8), 0U);
      for (const auto& [begin, end] : taken) {
        EXPECT_TRUE(bytes.data() + bytes.size() <= begin || bytes.data() >= end || bytes.empty());
      }
      if (!bytes.empty()) {
        taken.emplace_back(bytes.data(), bytes.data() + bytes.size());
      }
    }
    EXPECT_LE(arena.high_water(), arena.capacity());
  }
}

TEST(Arena, ScratchIsGivenBack) {
  std::byte memory[64];
  Arena arena(memory);
  for (int i = 0; i < 10; ++i) {
    Arena::Scratch scratch(arena);
    EXPECT_TRUE(scratch.Make<std::byte>(60));
    EXPECT_FALSE(arena.Make<std::byte>(5));
  }
  EXPECT_TRUE(arena.Make<std::byte>(64));
}

TEST(Arena, RefusesCountsThatOverflow) {
  std::byte memory[64];
  Arena arena(memory);
  Arena::Scratch scratch(arena);
  volatile std::size_t huge = ~std::size_t{0} / 4;  // not known to the optimiser
  EXPECT_FALSE(arena.Make<std::uint64_t>(huge));
  EXPECT_FALSE(scratch.Make<std::uint64_t>(huge));
  EXPECT_FALSE(arena.Take(~std::size_t{0}, 16));
  EXPECT_EQ(arena.used(), 0U);
}

TEST(Arena, AlignsWhateverTheMemorysStart) {
  alignas(64) std::byte memory[200];
  for (std::size_t start = 0; start < 16; ++start) {
    Arena arena(std::span<std::byte>(memory).subspan(start));
    ASSERT_TRUE(arena.Make<std::byte>(3));
    const auto sixteen = arena.Take(32, 16);
    ASSERT_TRUE(sixteen);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(sixteen->data()) % 16, 0U);
  }
}

}  // namespace
}  // namespace pinhole::base
