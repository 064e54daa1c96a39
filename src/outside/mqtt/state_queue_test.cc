// SPDX-License-Identifier: Apache-2.0
#include "outside/mqtt/state_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace pinhole::outside::mqtt {
namespace {

using ::testing::ElementsAre;
using ::testing::IsNull;

std::vector<std::string> SendAll(StateQueue& queue, int first_id) {
  std::vector<std::string> sent;
  while (const std::string* state = queue.NextToSend()) {
    sent.push_back(*state);
    queue.Sent(first_id++);
  }
  return sent;
}

TEST(StateQueue, SendsInOrderAndForgetsOnlyWhatIsAcknowledged) {
  StateQueue queue(10);
  queue.Push("a");
  queue.Push("b");
  queue.Push("c");
  EXPECT_THAT(SendAll(queue, 1), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(queue.Acknowledged(2));
  EXPECT_FALSE(queue.Acknowledged(2)) << "only once";
  EXPECT_FALSE(queue.Acknowledged(7)) << "never sent";
  queue.ConnectionLost();
  EXPECT_THAT(SendAll(queue, 11), ElementsAre("a", "c"));
  EXPECT_FALSE(queue.Acknowledged(1)) << "an id of the connection before";
  EXPECT_TRUE(queue.Acknowledged(11));
  EXPECT_TRUE(queue.Acknowledged(12));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.TakeDropped(), 0U);
}

TEST(StateQueue, AnswersForWhatWaitsAreNoAcknowledgements) {
  StateQueue queue(10);
  queue.Push("a");
  EXPECT_FALSE(queue.Acknowledged(0));
  EXPECT_EQ(queue.size(), 1U);
}

TEST(StateQueue, DropsTheOldestThatWait) {
  StateQueue queue(2);
  for (const char* state : {"a", "b", "c", "d"}) {
    queue.Push(state);
  }
  EXPECT_EQ(queue.TakeDropped(), 2U);
  EXPECT_EQ(queue.TakeDropped(), 0U);
  EXPECT_THAT(SendAll(queue, 1), ElementsAre("c", "d"));
  // What is on its way is not dropped for what comes ...
  queue.Push("e");
  queue.Push("f");
  EXPECT_EQ(queue.size(), 4U);
  EXPECT_EQ(queue.TakeDropped(), 0U);
  // ... until it waits again.
  queue.ConnectionLost();
  EXPECT_EQ(queue.TakeDropped(), 2U);
  EXPECT_THAT(SendAll(queue, 5), ElementsAre("e", "f"));
}

TEST(StateQueue, AWindowIsOnItsWayAndNoMore) {
  StateQueue queue(1000);
  for (int i = 0; i < 100; ++i) {
    queue.Push(std::to_string(i));
  }
  EXPECT_EQ(SendAll(queue, 1).size(), StateQueue::kWindow);
  EXPECT_THAT(queue.NextToSend(), IsNull());
  EXPECT_TRUE(queue.Acknowledged(1));
  ASSERT_NE(queue.NextToSend(), nullptr);
  EXPECT_EQ(*queue.NextToSend(), std::to_string(StateQueue::kWindow));
}

// Any history of pushes, sendings, answers and lost connections: what is not dropped is
// acknowledged in the end, first sendings are in order, and memory stays within its bound.
TEST(StateQueue, NothingIsLostInAnyHistory) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const std::size_t most = 1 + random() % 40;
    StateQueue queue(most);
    int pushed = 0;
    int next_id = 1;
    std::uint64_t acknowledged = 0;
    std::uint64_t dropped = 0;
    int newest_sent = -1;
    std::vector<int> on_their_way;
    const auto send = [&] {
      const std::string* state = queue.NextToSend();
      if (state == nullptr) {
        return;
      }
      newest_sent = std::max(newest_sent, std::stoi(*state));
      queue.Sent(next_id);
      on_their_way.push_back(next_id++);
    };
    const auto answer = [&] {
      if (on_their_way.empty()) {
        return;
      }
      ASSERT_TRUE(queue.Acknowledged(on_their_way.front()));
      on_their_way.erase(on_their_way.begin());
      ++acknowledged;
    };
    for (int step = 0; step < 500; ++step) {
      switch (random() % 8) {
        case 0:
          queue.ConnectionLost();
          on_their_way.clear();
          break;
        case 1:
        case 2:
        case 3: queue.Push(std::to_string(pushed++)); break;
        case 4:
        case 5: send(); break;
        default: answer(); break;
      }
      ASSERT_LE(queue.size(), most + StateQueue::kWindow);
      ASSERT_LE(queue.on_their_way(), StateQueue::kWindow);
      dropped += queue.TakeDropped();
    }
    while (!queue.empty()) {
      send();
      answer();
    }
    EXPECT_EQ(acknowledged + dropped, static_cast<std::uint64_t>(pushed)) << "seed " << seed;
    EXPECT_EQ(newest_sent, pushed - 1) << "the newest always arrives";
  }
}

}  // namespace
}  // namespace pinhole::outside::mqtt
