// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: a test that is run for each target, and skips where this processor lacks it.
//
//   class Differential : public TargetTest {};
//   INSTANTIATE_TEST_SUITE_P(Targets, Differential, ::testing::ValuesIn(TargetNames()), NameOf);
//
// AMX is run twice more, as few processors have it: what is written for its tiles with tiles in
// plain C++, everywhere; and the target itself with its instructions trapped, where there is
// AVX-512 VNNI.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kernels/fast/amx_emulated.h"
#include "engine/kernels/fast/amx_traps.h"
#include "engine/kernels/fast/cpu.h"
#include "engine/kernels/fast/targets.h"
#include "engine/kernels/registry.h"

namespace pinhole::engine::kernels::fast {

inline constexpr Target kTargetsForTests[] = {
    {"amxemulated", "any processor", [] { return true; }, kEmulatedAmxKernels},
#if defined(__x86_64__) && defined(__linux__)
    {"amxtrapped", "AVX-512 F, BW, DQ, VL and VNNI", HasAvx512Vnni, kAvx512AmxKernels},
#endif
};

class TargetTest : public ::testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    target_ = FindTarget(GetParam());
    for (const Target& target : kTargetsForTests) {
      target_ = target.name == GetParam() ? &target : target_;
    }
    ASSERT_NE(target_, nullptr);
    if (!target_->runs_here()) {
      GTEST_SKIP() << "this processor lacks " << target_->needs;
    }
#if defined(__x86_64__) && defined(__linux__)
    if (GetParam() == "amxtrapped") {
      traps_.emplace();
    }
#endif
  }
  const Kernel& Fast(OpKind kind) { return *FindKernel(target_->kernels, kind); }
  static const Kernel& Ref(OpKind kind) { return *FindKernel(AllKernels(), kind); }

  const Target* target_ = nullptr;
#if defined(__x86_64__) && defined(__linux__)
  std::optional<AmxTraps> traps_;
#endif
};

inline std::vector<std::string_view> TargetNames() {
  std::vector<std::string_view> names;
  for (const Target& target : AllTargets()) {
    names.push_back(target.name);
  }
  for (const Target& target : kTargetsForTests) {
    names.push_back(target.name);
  }
  return names;
}

inline std::string NameOf(const ::testing::TestParamInfo<std::string_view>& one) {
  return std::string(one.param);
}

}  // namespace pinhole::engine::kernels::fast
