// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: a test that is run for each target, and skips where this processor lacks it; and
// for AMX once more, with its tiles emulated, on every processor.
//
//   class Differential : public TargetTest {};
//   INSTANTIATE_TEST_SUITE_P(Targets, Differential, ::testing::ValuesIn(TargetNames()), NameOf);

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "engine/kernels/fast/amx_emulated.h"
#include "engine/kernels/fast/targets.h"
#include "engine/kernels/registry.h"

namespace pinhole::engine::kernels::fast {

inline constexpr std::string_view kEmulatedAmx = "amxemulated";

// By name, the emulated one too.
inline Target TargetNamed(std::string_view name) {
  if (name == kEmulatedAmx) {
    return {kEmulatedAmx, "any processor", [] { return true; }, kEmulatedAmxKernels};
  }
  const Target* const found = FindTarget(name);
  return found != nullptr ? *found : Target{};
}

class TargetTest : public ::testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    target_ = TargetNamed(GetParam());
    ASSERT_NE(target_.runs_here, nullptr);
    if (!target_.runs_here()) {
      GTEST_SKIP() << "this processor lacks " << target_.needs;
    }
  }
  const Kernel& Fast(OpKind kind) { return *FindKernel(target_.kernels, kind); }
  static const Kernel& Ref(OpKind kind) { return *FindKernel(AllKernels(), kind); }

  Target target_;
};

inline std::vector<std::string_view> TargetNames() {
  std::vector<std::string_view> names;
  for (const Target& target : AllTargets()) {
    names.push_back(target.name);
  }
  names.push_back(kEmulatedAmx);
  return names;
}

inline std::string NameOf(const ::testing::TestParamInfo<std::string_view>& one) {
  return std::string(one.param);
}

}  // namespace pinhole::engine::kernels::fast
