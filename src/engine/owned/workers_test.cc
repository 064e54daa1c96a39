// SPDX-License-Identifier: Apache-2.0
#include "engine/owned/workers.h"

#include <gtest/gtest.h>

#include <mutex>
#include <numeric>
#include <utility>

namespace pinhole::engine::owned {
namespace {

struct Marks {
  std::vector<int> visits;
  std::mutex mutex;
  std::vector<std::pair<int, int>> ranges;
};

void Mark(void* argument, int begin, int end) {
  auto& marks = *static_cast<Marks*>(argument);
  for (int i = begin; i < end; ++i) {
    ++marks.visits[static_cast<std::size_t>(i)];
  }
  const std::lock_guard lock(marks.mutex);
  marks.ranges.emplace_back(begin, end);
}

TEST(Workers, OneThreadIsNoPool) {
  EXPECT_EQ(WorkerPool(1).workers(), nullptr);
  EXPECT_EQ(WorkerPool(0).workers(), nullptr);
  EXPECT_NE(WorkerPool(2).workers(), nullptr);
}

TEST(Workers, EveryIndexOnceForAnyCount) {
  for (const int threads : {2, 3, 5, 8}) {
    WorkerPool pool(threads);
    const engine::kernels::Workers& workers = *pool.workers();
    for (const int count : {0, 1, 2, 3, 7, 64, 1001}) {
      Marks marks;
      marks.visits.resize(static_cast<std::size_t>(count));
      workers.for_ranges(workers.self, count, Mark, &marks);
      EXPECT_EQ(marks.visits, std::vector<int>(static_cast<std::size_t>(count), 1))
          << threads << " threads, " << count;
    }
  }
}

TEST(Workers, TheSplitIsAlwaysTheSame) {
  WorkerPool pool(3);
  const engine::kernels::Workers& workers = *pool.workers();
  for (int round = 0; round < 200; ++round) {
    Marks marks;
    marks.visits.resize(10);
    workers.for_ranges(workers.self, 10, Mark, &marks);
    std::sort(marks.ranges.begin(), marks.ranges.end());
    const std::vector<std::pair<int, int>> expected = {{0, 3}, {3, 6}, {6, 10}};
    ASSERT_EQ(marks.ranges, expected);
  }
}

TEST(Workers, ManyShortJobsOneAfterTheOther) {
  WorkerPool pool(4);
  const engine::kernels::Workers& workers = *pool.workers();
  std::vector<std::int64_t> values(40);
  for (int round = 0; round < 5000; ++round) {
    workers.for_ranges(
        workers.self, 40,
        [](void* argument, int begin, int end) {
          for (int i = begin; i < end; ++i) {
            (*static_cast<std::vector<std::int64_t>*>(argument))[static_cast<std::size_t>(i)] += i;
          }
        },
        &values);
  }
  EXPECT_EQ(std::accumulate(values.begin(), values.end(), std::int64_t{0}), 5000 * 780);
}

}  // namespace
}  // namespace pinhole::engine::owned
