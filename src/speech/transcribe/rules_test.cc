// SPDX-License-Identifier: Apache-2.0
#include "speech/transcribe/rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "speech/transcribe/small_model_for_tests.h"

namespace pinhole::speech {
namespace {

constexpr int kSize = SmallModel::kDims.vocabulary;

class RulesTest : public testing::Test {
 protected:
  // What may come next, all tokens being as likely; but with timestamps so unlikely that none is
  // forced.
  [[nodiscard]] std::vector<bool> Allowed(const Rules& rules,
                                          const std::vector<std::int32_t>& sampled) const {
    std::vector<float> logits(kSize, 0.0F);
    for (int i = 0; i < special_.timestamps; ++i) {
      logits[static_cast<std::size_t>(special_.first_timestamp + i)] = -20;
    }
    rules.Apply(sampled, logits);
    std::vector<bool> allowed;
    for (const float logit : logits) {
      allowed.push_back(std::isfinite(logit));
    }
    return allowed;
  }
  [[nodiscard]] std::int32_t Time(int i) const { return special_.first_timestamp + i; }

  SmallModel model_;
  const SpecialTokens& special_ = model_.special;
  const Rules rules_{model_.tokenizer, model_.special, {.suppress_non_speech = false}};
};

TEST_F(RulesTest, AWindowBeginsWithATimestampNotTooLate) {
  const Rules rules(model_.tokenizer, special_, {.latest_start_ms = 100});
  const std::vector<bool> allowed = Allowed(rules, {});
  for (int token = 0; token < kSize; ++token) {
    EXPECT_EQ(allowed[static_cast<std::size_t>(token)], token >= Time(0) && token <= Time(5))
        << token;
  }
}

TEST_F(RulesTest, TextFollowsAStart) {
  const std::vector<bool> allowed = Allowed(rules_, {Time(2)});
  for (int token = 0; token < kSize; ++token) {
    EXPECT_EQ(allowed[static_cast<std::size_t>(token)], token <= special_.end_of_text) << token;
  }
}

TEST_F(RulesTest, AfterAnEndComesAStartNoEarlierOrTheEndOfAll) {
  const std::vector<bool> allowed = Allowed(rules_, {Time(2), 'a', Time(7)});
  for (int token = 0; token < kSize; ++token) {
    EXPECT_EQ(allowed[static_cast<std::size_t>(token)],
              token == special_.end_of_text || token >= Time(7))
        << token;
  }
}

TEST_F(RulesTest, NoSegmentIsEmpty) {
  const std::vector<bool> allowed = Allowed(rules_, {Time(7), 'a'});
  EXPECT_FALSE(allowed[static_cast<std::size_t>(Time(7))]);
  EXPECT_TRUE(allowed[static_cast<std::size_t>(Time(8))]);
  EXPECT_TRUE(allowed['b']);
}

TEST_F(RulesTest, ATimestampMustComeWhereTogetherTheyAreLikelier) {
  std::vector<float> logits(kSize, -30.0F);
  logits['b'] = 0;
  for (int i = 10; i < 13; ++i) {
    logits[static_cast<std::size_t>(Time(i))] = -0.5F;  // three times 0.6 against 1
  }
  rules_.Apply(std::vector<std::int32_t>{Time(0), 'a'}, logits);
  EXPECT_FALSE(std::isfinite(logits['b']));
  EXPECT_TRUE(std::isfinite(logits[static_cast<std::size_t>(Time(11))]));
}

TEST_F(RulesTest, WithoutTimestampsNoneComes) {
  const Rules rules(model_.tokenizer, special_,
                    {.timestamps = false, .suppress_non_speech = false});
  const std::vector<bool> first = Allowed(rules, {});
  const std::vector<bool> later = Allowed(rules, {'a'});
  for (int token = 0; token < kSize; ++token) {
    const auto i = static_cast<std::size_t>(token);
    EXPECT_EQ(first[i], token < special_.end_of_text && token != ' ') << token;
    EXPECT_EQ(later[i], token <= special_.end_of_text) << token;
  }
}

TEST_F(RulesTest, WhatOnlyStandsInPromptsNeverComes) {
  for (const std::vector<std::int32_t>& sampled :
       {std::vector<std::int32_t>{}, {Time(0)}, {Time(0), 'a'}, {Time(0), 'a', Time(3)}}) {
    const std::vector<bool> allowed = Allowed(rules_, sampled);
    for (std::int32_t token = special_.start_of_transcript; token < special_.first_timestamp;
         ++token) {
      EXPECT_FALSE(allowed[static_cast<std::size_t>(token)]) << token;
    }
  }
}

// Whatever is drawn by the rules keeps the grammar.
TEST_F(RulesTest, RandomDrawsKeepTheGrammar) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 3);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::int32_t> sampled;
    while (sampled.size() < 30) {
      std::vector<float> logits(kSize);
      for (float& logit : logits) {
        logit = normal(random);
      }
      rules_.Apply(sampled, logits);
      const auto best = std::max_element(logits.begin(), logits.end());
      ASSERT_TRUE(std::isfinite(*best)) << "nothing may come after " << sampled.size() << " tokens";
      const auto token = static_cast<std::int32_t>(best - logits.begin());
      if (token == special_.end_of_text) {
        break;
      }
      sampled.push_back(token);
    }
    ASSERT_TRUE(special_.IsTimestamp(sampled.front()));
    std::int32_t last = 0;
    int in_a_row = 0;
    for (const std::int32_t token : sampled) {
      in_a_row = special_.IsTimestamp(token) ? in_a_row + 1 : 0;
      ASSERT_LE(in_a_row, 2);
      if (in_a_row > 0) {
        ASSERT_GE(token, last);
        last = token;
      }
    }
  }
}

}  // namespace
}  // namespace pinhole::speech
