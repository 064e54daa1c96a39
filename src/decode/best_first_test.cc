// SPDX-License-Identifier: Apache-2.0
#include "decode/best_first.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

namespace pinhole::decode {
namespace {

TEST(RankKey, AscendsWhereScoresDescend) {
  constexpr float kMax = std::numeric_limits<float>::max();
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  const std::vector<float> best_first{kMax, 2.0F,   1.0F,  0.6F,  1e-30F, kTiny,
                                      0.0F, -kTiny, -0.5F, -1.0F, -1e30F, -kMax};
  for (std::size_t i = 1; i < best_first.size(); ++i) {
    EXPECT_LT(RankKey(best_first[i - 1]), RankKey(best_first[i])) << i;
  }
  EXPECT_EQ(RankKey(0.0F), RankKey(-0.0F));
}

std::vector<Detection> WithScores(std::size_t count, unsigned seed, float (*score)(std::mt19937&)) {
  std::mt19937 random(seed);
  std::vector<Detection> found(count);
  for (Detection& d : found) {
    d.score = score(random);
    d.anchor = static_cast<std::uint32_t>(random() % (2 * count));  // some are equal
  }
  return found;
}

TEST(SortBestFirst, EqualsSortingByComparison) {
  unsigned seed = 0;
  for (float (*const score)(std::mt19937&) :
       {+[](std::mt19937& random) { return std::uniform_real_distribution<float>(0, 1)(random); },
        +[](std::mt19937& random) { return std::normal_distribution<float>(0, 1e10F)(random); },
        +[](std::mt19937& random) { return static_cast<float>(random() % 5) - 2.0F; },
        +[](std::mt19937& random) { return random() % 2 == 0 ? 0.0F : -0.0F; },
        +[](std::mt19937&) { return 0.5F; }}) {
    for (const std::size_t count : {0U, 1U, 2U, 39U, 40U, 41U, 100U, 256U, 257U, 5000U}) {
      const std::vector<Detection> in = WithScores(count, ++seed, score);
      std::vector<std::uint32_t> numbers(count), keys(count), spare_keys(count),
          spare_numbers(count);
      std::iota(numbers.begin(), numbers.end(), 0U);
      std::shuffle(numbers.begin(), numbers.end(), std::mt19937(seed));
      std::vector<std::uint32_t> expected = numbers;
      std::sort(expected.begin(), expected.end(),
                [&in](std::uint32_t a, std::uint32_t b) { return ComesBefore(in, a, b); });
      std::transform(numbers.begin(), numbers.end(), keys.begin(),
                     [&in](std::uint32_t i) { return RankKey(in[i].score); });
      SortBestFirst(in, keys, numbers, spare_keys, spare_numbers);
      EXPECT_EQ(numbers, expected) << seed;
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(keys[i], RankKey(in[numbers[i]].score)) << seed;
      }
    }
  }
}

}  // namespace
}  // namespace pinhole::decode
