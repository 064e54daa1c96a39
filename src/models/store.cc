// SPDX-License-Identifier: Apache-2.0
#include "models/store.h"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#include "system/failure.h"
#include "system/user_folders.h"

namespace pinhole::models {

namespace {

namespace fs = std::filesystem;
using system::Failure;

std::optional<std::uint64_t> SizeOf(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = fs::is_regular_file(path, error) ? fs::file_size(path, error) : 0;
  const bool there = !error && fs::is_regular_file(path, error);
  return there ? std::optional<std::uint64_t>(size) : std::nullopt;
}

}  // namespace

std::string ModelsFolder() {
  if (const char* given = std::getenv("PINHOLE_MODELS_FOLDER");
      given != nullptr && *given != '\0') {
    return given;
  }
  if (std::string cache = system::CacheFolder("models"); !cache.empty()) {
    return cache;
  }
  throw Failure(
      "there is no folder for models, since HOME is not set; set PINHOLE_MODELS_FOLDER to one");
}

std::string PathOf(const std::string& folder, const ModelEntry& entry) {
  return folder + "/" + std::string(entry.file);
}

Holding Look(const std::string& folder, const ModelEntry& entry) {
  const std::string path = PathOf(folder, entry);
  if (const auto size = SizeOf(path)) {
    return {.held = *size == entry.bytes ? Held::kThere : Held::kWrongSize, .bytes = *size};
  }
  if (const auto size = SizeOf(path + ".part"); size.value_or(0) > 0) {
    return {.held = Held::kPartly, .bytes = *size};
  }
  return {};
}

}  // namespace pinhole::models
