// SPDX-License-Identifier: Apache-2.0
// The audit as a user runs it, on the machine that the test runs on.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/sanitized.h"
#include "host/command_for_tests.h"
#include "wall/kernel.h"

namespace pinhole::host {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class AuditWall : public testing::Test {
 protected:
  void SetUp() override {
    if (PINHOLE_SANITIZED) {
      GTEST_SKIP() << "a sanitizer's run-time makes calls of its own";
    }
  }
};

TEST_F(AuditWall, NothingIsOpen) {
  const Ran ran = RunPinhole("audit wall --json");
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  const json audit = json::parse(ran.out);
  EXPECT_EQ(audit["open"], 0);
  ASSERT_GE(audit["attempts"].size(), 70U);
  for (const json& attempt : audit["attempts"]) {
    EXPECT_EQ(attempt["fate"], "killed") << attempt;
  }
  ASSERT_EQ(audit["channels"].size(), 5U);
  for (const json& channel : audit["channels"]) {
    EXPECT_EQ(channel["fate"], "closed") << channel;
  }
}

// A check that can't fail is worth nothing.
TEST_F(AuditWall, EachPlantedLeakIsFound) {
  for (const std::string leak : {"rss", "timing", "lsb"}) {
    const Ran ran = RunPinhole("audit wall --plant " + leak);
    EXPECT_EQ(ran.code, 1);
    EXPECT_THAT(ran.out, HasSubstr("OPEN")) << leak;
    EXPECT_THAT(ran.out, HasSubstr("the planted leak was found")) << leak;
  }
}

// Without seccomp, what the other layers stop by themselves: the table must tell them apart.
TEST_F(AuditWall, LayersAreSeenOneByOne) {
  if (wall::LandlockAbi() == 0) {
    GTEST_SKIP() << "this kernel has no Landlock";
  }
  const Ran ran = RunPinhole("audit wall --layers --json");
  const json audit = json::parse(ran.out.substr(0, ran.out.find('\n')));
  std::set<std::string> by_landlock;
  std::size_t open_without_seccomp = 0;
  for (const json& attempt : audit["attempts"]) {
    if (std::string(attempt["landlock_alone"]).starts_with("refused")) {
      by_landlock.insert(attempt["name"]);
    }
    open_without_seccomp += static_cast<std::size_t>(attempt["landlock_alone"] == "open" &&
                                                     attempt["namespaces_alone"] == "open");
  }
  EXPECT_TRUE(by_landlock.count("open-read") == 1 && by_landlock.count("open-create") == 1);
  EXPECT_GT(open_without_seccomp, 10U);  // getpid, memory, pipes: seccomp's alone
}

TEST_F(AuditWall, AnUnknownNameIsSaid) {
  const Ran ran = RunPinhole("audit wall --only nonsense");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("no attempt is named 'nonsense'"));
}

}  // namespace
}  // namespace pinhole::host
