// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: a test that is run for each target, and skips where this processor lacks it.
//
//   class Differential : public TargetTest {};
//   INSTANTIATE_TEST_SUITE_P(Targets, Differential, ::testing::ValuesIn(TargetNames()), NameOf);

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "engine/kernels/fast/targets.h"
#include "engine/kernels/registry.h"

namespace pinhole::engine::kernels::fast {

class TargetTest : public ::testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    target_ = FindTarget(GetParam());
    ASSERT_NE(target_, nullptr);
    if (!target_->runs_here()) {
      GTEST_SKIP() << "this processor lacks " << target_->needs;
    }
  }
  const Kernel& Fast(OpKind kind) { return *FindKernel(target_->kernels, kind); }
  static const Kernel& Ref(OpKind kind) { return *FindKernel(AllKernels(), kind); }

  const Target* target_ = nullptr;
};

inline std::vector<std::string_view> TargetNames() {
  std::vector<std::string_view> names;
  for (const Target& target : AllTargets()) {
    names.push_back(target.name);
  }
  return names;
}

inline std::string NameOf(const ::testing::TestParamInfo<std::string_view>& one) {
  return std::string(one.param);
}

}  // namespace pinhole::engine::kernels::fast
