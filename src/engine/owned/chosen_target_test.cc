// SPDX-License-Identifier: Apache-2.0
#include "engine/owned/chosen_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "system/failure.h"

namespace pinhole::engine::owned {
namespace {

// Sets PINHOLE_ISA and puts back what was there.
class ChosenTargetTest : public ::testing::Test {
 protected:
  ChosenTargetTest() {
    if (const char* const before = std::getenv("PINHOLE_ISA")) {
      before_ = before;
    }
  }
  ~ChosenTargetTest() override {
    if (before_) {
      ::setenv("PINHOLE_ISA", before_->c_str(), 1);
    } else {
      ::unsetenv("PINHOLE_ISA");
    }
  }
  static std::string Refusal(const char* name) {
    ::setenv("PINHOLE_ISA", name, 1);
    try {
      return std::string("none: ") + std::string(ChosenTarget().name);
    } catch (const system::Failure& failure) {
      return failure.what();
    }
  }

 private:
  std::optional<std::string> before_;
};

TEST_F(ChosenTargetTest, IsTheBestWhereNothingIsSaid) {
  ::unsetenv("PINHOLE_ISA");
  EXPECT_EQ(ChosenTarget().name, kernels::fast::BestTarget().name);
  ::setenv("PINHOLE_ISA", "", 1);
  EXPECT_EQ(ChosenTarget().name, kernels::fast::BestTarget().name);
}

TEST_F(ChosenTargetTest, IsTheOneNamed) {
  for (const kernels::fast::Target& target : kernels::fast::AllTargets()) {
    if (target.runs_here()) {
      ::setenv("PINHOLE_ISA", std::string(target.name).c_str(), 1);
      EXPECT_EQ(ChosenTarget().name, target.name);
    }
  }
}

TEST_F(ChosenTargetTest, SaysWhatThereIsWhereItCant) {
  EXPECT_THAT(Refusal("mmx"), ::testing::AllOf(::testing::HasSubstr("'mmx'"),
                                               ::testing::HasSubstr("reference")));
  for (const kernels::fast::Target& target : kernels::fast::AllTargets()) {
    if (!target.runs_here()) {
      EXPECT_THAT(Refusal(std::string(target.name).c_str()),
                  ::testing::HasSubstr("lacks " + std::string(target.needs)));
    }
  }
}

}  // namespace
}  // namespace pinhole::engine::owned
