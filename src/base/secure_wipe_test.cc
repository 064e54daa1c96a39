// SPDX-License-Identifier: Apache-2.0
#include "base/secure_wipe.h"

#include <gtest/gtest.h>

#include <vector>

namespace pinhole::base {
namespace {

TEST(SecureWipe, ZeroesExactlyTheBytesGiven) {
  for (std::size_t size = 0; size <= 40; ++size) {
    std::vector<std::byte> memory(size + 2, std::byte{0xA5});
    SecureWipe(std::span(memory).subspan(1, size));
    EXPECT_EQ(memory.front(), std::byte{0xA5});
    EXPECT_EQ(memory.back(), std::byte{0xA5});
    for (std::size_t i = 1; i <= size; ++i) {
      EXPECT_EQ(memory[i], std::byte{0}) << i;
    }
  }
}

}  // namespace
}  // namespace pinhole::base
