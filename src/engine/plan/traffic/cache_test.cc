// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/traffic/cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <random>
#include <set>

#include "engine/plan/traffic/random_network_for_test.h"
#include "engine/plan/traffic/stream.h"
#include "engine/plan/traffic/traffic_verifier.h"
#include "engine/run/test_model.h"

namespace pinhole::engine::plan::traffic {
namespace {

// LRU as one would write it down, a list a set.
class NaiveLru {
 public:
  explicit NaiveLru(const CacheShape& shape) : shape_(shape), sets_(shape.sets()) {}

  void Touch(std::uint64_t line, bool write) {
    std::list<std::pair<std::uint64_t, bool>>& set = sets_[line % sets_.size()];
    for (auto one = set.begin(); one != set.end(); ++one) {
      if (one->first == line) {
        one->second |= write;
        set.splice(set.begin(), set, one);
        return;
      }
    }
    ++filled;
    set.emplace_front(line, write);
    if (set.size() > shape_.ways) {
      written += set.back().second ? 1 : 0;
      set.pop_back();
    }
  }

  std::uint64_t filled = 0, written = 0;

 private:
  CacheShape shape_;
  std::vector<std::list<std::pair<std::uint64_t, bool>>> sets_;
};

TEST(CacheTest, LruIsWhatAListSays) {
  for (const CacheShape& shape : {CacheShape{1024, 64, 8}, CacheShape{4096, 32, 4},
                                  CacheShape{512, 64, 1}, CacheShape{3 * 512, 64, 8}}) {
    std::minstd_rand random(5);
    Cache cache(shape, Policy::kLru);
    NaiveLru naive(shape);
    for (int i = 0; i < 20000; ++i) {
      const std::uint64_t line = random() % 100;
      const bool write = random() % 3 == 0;
      cache.Access(line * shape.line_bytes + random() % shape.line_bytes, 1, write);
      naive.Touch(line, write);
    }
    EXPECT_EQ(cache.filled_lines(), naive.filled);
    EXPECT_EQ(cache.written_lines(), naive.written);
  }
}

TEST(CacheTest, TreeSendsAwayWhatItsBitsPointAt) {
  // One set of four ways. After 0 1 2 3 all bits point at way 0; a use of 0 turns them to the other
  // half, to way 2.
  Cache cache({256, 64, 4}, Policy::kTreePlru);
  const auto touch = [&cache](std::uint64_t line) {
    const std::uint64_t before = cache.filled_lines();
    cache.Access(line * 64, 64, false);
    return cache.filled_lines() > before;
  };
  for (const std::uint64_t line : {0, 1, 2, 3}) {
    EXPECT_TRUE(touch(line));
  }
  EXPECT_FALSE(touch(0));
  EXPECT_TRUE(touch(9));  // in place of 2: true LRU would have sent 1 away
  EXPECT_FALSE(touch(1));
  EXPECT_FALSE(touch(3));
  EXPECT_TRUE(touch(2));
}

TEST(CacheTest, WritesBackWhatWasWrittenOnce) {
  Cache cache({512, 64, 8}, Policy::kLru);
  cache.Access(10, 100, true);          // lines 0 and 1
  EXPECT_EQ(cache.filled_lines(), 2U);  // brought in, though they are written
  EXPECT_EQ(cache.written_lines(), 0U);
  cache.Flush(0, 64);
  EXPECT_EQ(cache.written_lines(), 1U);
  cache.Flush(0, 64);
  EXPECT_EQ(cache.written_lines(), 1U);
  cache.Access(1024, 8 * 64, false);  // eight others: line 1 must go back, line 0 is clean
  EXPECT_EQ(cache.written_lines(), 2U);
  EXPECT_EQ(cache.moved_bytes(), (2 + 8 + 2) * 64U);
}

TEST(CacheTest, RefusesWhatIsNoCache) {
  base::Diagnosis why;
  EXPECT_TRUE(CheckCache({65536, 64, 8}, why));
  for (const CacheShape& shape :
       {CacheShape{0, 64, 8}, CacheShape{65536 + 64, 64, 8}, CacheShape{65536, 48, 8},
        CacheShape{65536, 64, 6}, CacheShape{65536, 64, 0}, CacheShape{65536, 0, 8},
        CacheShape{65536, 64, 128}, CacheShape{std::uint64_t{1} << 40, 64, 8}}) {
    EXPECT_FALSE(CheckCache(shape, why));
    EXPECT_THAT(std::string(why.text()), ::testing::HasSubstr("expected"));
  }
}

// Everything fits: what moves is what any order must move, rounded to lines, and what is brought in
// only to be written over.
TEST(StreamTest, AllOrdersReadWhatThereIsToRead) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    const RandomNetwork made(seed, {.operators = 8, .plain = true});
    base::Diagnosis why;
    const auto network = ReadNetwork(made.model(), why);
    ASSERT_TRUE(network);
    const auto plan = MakeTrafficPlan(*network, {.fast_bytes = 2 * LeastFastBytes(*network)}, why);
    ASSERT_TRUE(plan);
    for (const Order order : {Order::kLayers, Order::kPlanned, Order::kRings}) {
      Cache cache({1 << 20, 64, 8}, Policy::kLru);
      RunThroughCache(*network, *plan, order, cache);
      EXPECT_GE(cache.moved_bytes() + 64, network->BoundBytes());
      std::uint64_t all = network->BoundBytes() + 64 * (3 * network->works.size() + 3);
      for (const NetworkTensor& tensor : network->tensors) {
        all += tensor.bytes + 128;
      }
      EXPECT_LE(cache.moved_bytes(), all);
    }
  }
}

// The most bytes of tensors that are alive while one operator runs.
std::uint64_t MostAlive(const Network& network) {
  std::uint64_t most = 0;
  for (std::int32_t w = 0; w < static_cast<std::int32_t>(network.works.size()); ++w) {
    std::uint64_t alive = 0;
    for (const NetworkTensor& tensor : network.tensors) {
      alive += tensor.producer <= w && tensor.last_use >= w ? tensor.bytes : 0;
    }
    most = std::max(most, alive);
  }
  return most;
}

class Models : public ::testing::TestWithParam<const char*> {};

// The claim of docs/explanation/caches.md, at all four sizes of its table.
TEST_P(Models, ThePlanMovesNoMoreThanAnyCache) {
  const auto model = run::TestModel::Open(GetParam());
  if (model == nullptr) {
    GTEST_SKIP() << run::TestModel::Missing(GetParam());
  }
  ASSERT_TRUE(model->loaded()) << model->why();
  base::Diagnosis why;
  const auto network = ReadNetwork(model->session().model(), why);
  ASSERT_TRUE(network) << why.text();
  if (run::kSlowBuild && network->BoundBytes() > 600'000) {
    GTEST_SKIP() << "minutes of replaying bytes: too slow under sanitizers";
  }
  for (const std::uint64_t kib : {32, 64, 128, 256}) {
    SCOPED_TRACE(kib);
    const auto plan = MakeTrafficPlan(*network, {.fast_bytes = kib * 1024}, why);
    if (!plan) {
      EXPECT_GT(LeastFastBytes(*network), kib * 1024);
      continue;
    }
    ASSERT_TRUE(VerifyTrafficPlan(*network, *plan, 64, why)) << why.text();
    if (MostAlive(*network) <= kib * 1024) {
      EXPECT_LE(plan->traffic.bytes() * 4, network->BoundBytes() * 5);
    }
    for (const Order order : {Order::kLayers, Order::kPlanned, Order::kRings}) {
      for (const Policy policy : {Policy::kLru, Policy::kTreePlru}) {
        Cache cache({kib * 1024, 64, 8}, policy);
        RunThroughCache(*network, *plan, order, cache);
        EXPECT_LE(plan->traffic.bytes(), cache.moved_bytes());
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    TestData, Models,
    ::testing::Values("audio_preprocessor_int8", "hello_world_float", "hello_world_int8",
                      "mcunet_vww", "micro_speech_quantized", "mlperf_ad01_fp32",
                      "mlperf_ad01_int8", "mlperf_ic_resnet_float", "mlperf_ic_resnet_quant",
                      "mlperf_kws_ref_model", "mlperf_str_ww_ref_model", "mlperf_vww_96_float",
                      "mlperf_vww_96_int8", "mobilenet_v2_quantized_1x3x224x224",
                      "mp_face_detection_full_range", "mp_face_detection_full_range_sparse",
                      "mp_face_detection_short_range", "mp_face_landmark", "mp_iris_landmark",
                      "mww_v2_hey_jarvis", "mww_v2_okay_nabu", "mww_v2_vad", "person_detect",
                      "trained_lstm_int8"));

}  // namespace
}  // namespace pinhole::engine::plan::traffic
