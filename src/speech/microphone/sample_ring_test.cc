// SPDX-License-Identifier: Apache-2.0
#include "speech/microphone/sample_ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <vector>

namespace pinhole::speech {
namespace {

TEST(SampleRing, IsAQueueWhoseOldestGoFirst) {
  std::mt19937 random(5);
  for (const std::size_t capacity : {1, 2, 7, 100}) {
    SampleRing ring(capacity);
    std::deque<float> model;
    std::int64_t displaced = 0;
    float next = 1;
    for (int round = 0; round < 2000; ++round) {
      for (std::size_t pushes = random() % (capacity + 2); pushes > 0; --pushes) {
        ring.Push(next);
        model.push_back(next++);
        if (model.size() > capacity) {
          model.pop_front();
          ++displaced;
        }
      }
      ASSERT_EQ(ring.size(), model.size());
      ASSERT_EQ(ring.displaced(), displaced);
      std::vector<float> got(random() % (capacity + 2));
      const std::size_t count = ring.Pop(got);
      ASSERT_EQ(count, std::min(got.size(), model.size()));
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(got[i], model.front());
        model.pop_front();
      }
    }
    EXPECT_GT(displaced, 0);
  }
}

}  // namespace
}  // namespace pinhole::speech
