// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: a model run step by step on a golden's inputs (stepN.inI.bin), its outputs held
// against the golden's (stepN.outI.bin): integers to the bit, floats within 1e-5 of the tensor's
// peak, because the order of a sum is not theirs.
//
//   EXPECT_GT(RunGolden(*model, base::TestData("golden/engine/person_detect/random")), 0);

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "engine/run/test_model.h"

namespace pinhole::engine::run {

inline constexpr double kFloatTolerance = 1e-5;  // of the largest magnitude in the tensor

inline void ExpectSame(const TensorView& view, std::span<const std::byte> expected) {
  ASSERT_EQ(view.info->bytes, expected.size());
  if (view.type() != Type::kFloat32) {
    std::size_t different = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      different += view.data[i] != expected[i] ? 1U : 0U;
    }
    EXPECT_EQ(different, 0U) << "bytes of " << expected.size() << " in '" << view.info->name()
                             << "'";
    return;
  }
  std::vector<float> values(view.size());
  std::memcpy(values.data(), expected.data(), expected.size());
  double peak = 0;
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    peak = std::max(peak, std::abs(double{values[i]}));
    const double difference = std::abs(double{view.as<float>()[i]} - double{values[i]});
    worst = std::isnan(worst) || difference <= worst ? worst : difference;  // NaN stays
  }
  EXPECT_LE(worst, kFloatTolerance * peak) << "in '" << view.info->name() << "', peak " << peak;
}

// Runs the steps that the folder has, up to the first that differs; how many there were.
inline int RunGolden(TestModel& model, const std::filesystem::path& folder) {
  for (int step = 0;; ++step) {
    const std::string prefix = "step" + std::to_string(step);
    SCOPED_TRACE(prefix);
    for (std::size_t i = 0; i < model.session().input_count(); ++i) {
      const auto input = ReadFile(folder / (prefix + ".in" + std::to_string(i) + ".bin"));
      if (input.empty() && i == 0) {
        return step;
      }
      EXPECT_TRUE(model.Fill(i, input)) << "input " << i << " has " << input.size() << " bytes";
    }
    EXPECT_TRUE(model.Run()) << model.why();
    for (std::size_t i = 0; i < model.session().output_count(); ++i) {
      ExpectSame(model.session().output(i),
                 ReadFile(folder / (prefix + ".out" + std::to_string(i) + ".bin")));
    }
    if (::testing::Test::HasFailure()) {
      return step + 1;
    }
  }
}

}  // namespace pinhole::engine::run
