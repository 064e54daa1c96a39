// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: where the pictures, sounds, models and reference outputs lie that the repository
// does not carry. The environment's PINHOLE_DATA names the folder; without it, "../shared/data"
// beside the repository is tried, whose root the build passes as PINHOLE_SOURCE. A test that lacks
// its data skips and says what is missing:
//
//   const auto path = base::TestData("golden/faces");
//   if (!exists(path)) GTEST_SKIP() << path << " is missing (set PINHOLE_DATA)";

#include <cstdlib>
#include <filesystem>

namespace pinhole::base {

inline std::filesystem::path TestData(const std::filesystem::path& below) {
  if (const char* const data = std::getenv("PINHOLE_DATA"); data != nullptr) {
    return std::filesystem::path(data) / below;
  }
  const char* const source = std::getenv("PINHOLE_SOURCE");
  return std::filesystem::path(source != nullptr ? source : ".") / "../shared/data" / below;
}

}  // namespace pinhole::base
