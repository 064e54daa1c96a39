// SPDX-License-Identifier: Apache-2.0
#include "system/installed.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "system/failure.h"

namespace pinhole::system {

namespace {

namespace fs = std::filesystem;

// The folder that this program lies in; empty where the system does not say.
fs::path OwnFolder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : program.parent_path();
}

std::string FirstThatExists(const std::vector<fs::path>& folders, const std::string& below,
                            const std::string& advice) {
  std::string tried;
  for (const fs::path& folder : folders) {
    std::error_code error;
    if (fs::exists(folder / below, error)) {
      return (folder / below).string();
    }
    tried += (tried.empty() ? "" : ", ") + Printable(folder.string());
  }
  throw Failure(below + " is missing (looked in " + tried + "); " + advice);
}

}  // namespace

std::string Bundled(const std::string& below) {
  std::vector<fs::path> folders;
  if (const char* given = std::getenv("PINHOLE_MODELS"); given != nullptr && *given != '\0') {
    folders.emplace_back(given);
  } else {
    if (const fs::path own = OwnFolder(); !own.empty()) {
      folders.push_back(own.parent_path() / "share/pinhole/models");
    }
    folders.emplace_back(PINHOLE_SOURCE_MODELS);
  }
  return FirstThatExists(folders, below, "set PINHOLE_MODELS to the folder that has it");
}

std::string HelperProgram(const std::string& name) {
  const fs::path own = OwnFolder();
  return FirstThatExists({own, own.parent_path() / "libexec/pinhole"}, name,
                         "install Pinhole again, or build all of it");
}

}  // namespace pinhole::system
