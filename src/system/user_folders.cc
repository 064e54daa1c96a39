// SPDX-License-Identifier: Apache-2.0
#include "system/user_folders.h"

#include <cstdlib>
#include <filesystem>

namespace pinhole::system {

std::string CacheFolder(const std::string& below) {
  namespace fs = std::filesystem;
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && fs::path(cache).is_absolute()) {
    return (fs::path(cache) / "pinhole" / below).string();
  }
  const char* const home = std::getenv("HOME");
  if (home != nullptr && fs::path(home).is_absolute()) {
    return (fs::path(home) / ".cache/pinhole" / below).string();
  }
  return "";
}

}  // namespace pinhole::system
