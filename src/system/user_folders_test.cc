// SPDX-License-Identifier: Apache-2.0
#include "system/user_folders.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace pinhole::system {
namespace {

// Puts the environment back as it was.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    const char* const before = std::getenv(name);
    had_ = before != nullptr;
    before_ = had_ ? before : "";
    if (value != nullptr) {
      ::setenv(name, value, 1);
    } else {
      ::unsetenv(name);
    }
  }
  ~Environment() {
    if (had_) {
      ::setenv(name_.c_str(), before_.c_str(), 1);
    } else {
      ::unsetenv(name_.c_str());
    }
  }

 private:
  std::string name_, before_;
  bool had_ = false;
};

TEST(CacheFolder, IsWhereTheSpecificationSays) {
  const Environment home("HOME", "/home/ada");
  {
    const Environment cache("XDG_CACHE_HOME", "/var/tmp/cache");
    EXPECT_EQ(CacheFolder("packed"), "/var/tmp/cache/pinhole/packed");
  }
  {
    const Environment cache("XDG_CACHE_HOME", "cache");
    EXPECT_EQ(CacheFolder("packed"), "/home/ada/.cache/pinhole/packed");
  }
  const Environment cache("XDG_CACHE_HOME", nullptr);
  EXPECT_EQ(CacheFolder("packed"), "/home/ada/.cache/pinhole/packed");
  const Environment homeless("HOME", nullptr);
  EXPECT_EQ(CacheFolder("packed"), "");
}

}  // namespace
}  // namespace pinhole::system
