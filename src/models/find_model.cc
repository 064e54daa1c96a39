// SPDX-License-Identifier: Apache-2.0
#include "models/find_model.h"

#include <filesystem>
#include <system_error>

#include "models/catalogue.h"
#include "models/store.h"
#include "system/failure.h"

namespace pinhole::models {

namespace {

using system::Failure;
using system::Printable;

std::string InFolder(const ModelEntry& entry, const std::string& folder) {
  const Holding holding = Look(folder, entry);
  const std::string get = "'pinhole models pull " + std::string(entry.name) + "'";
  switch (holding.held) {
    case Held::kThere: return PathOf(folder, entry);
    case Held::kWrongSize:
      throw Failure(Printable(PathOf(folder, entry)) + " has " + std::to_string(holding.bytes) +
                    " bytes where the model " + std::string(entry.name) + " has " +
                    std::to_string(entry.bytes) + "; get it again with " + get);
    case Held::kPartly:
      throw Failure("the model " + std::string(entry.name) + " is only partly there, " +
                    ShownBytes(holding.bytes) + " of " + ShownBytes(entry.bytes) +
                    "; get the rest with " + get);
    case Held::kMissing: break;
  }
  throw Failure("the model " + std::string(entry.name) + " is not in " + Printable(folder) +
                "; get it with " + get + " (" + ShownBytes(entry.bytes) + ")");
}

}  // namespace

std::string FindModel(const std::string& name_or_path, const std::string& folder) {
  if (name_or_path.find('/') == std::string::npos) {
    if (const ModelEntry* entry = FindEntry(name_or_path); entry != nullptr) {
      return InFolder(*entry, folder.empty() ? ModelsFolder() : folder);
    }
  }
  std::error_code error;
  if (std::filesystem::exists(name_or_path, error)) {
    return name_or_path;
  }
  if (name_or_path.find('/') != std::string::npos) {
    throw Failure("there is no file " + Printable(name_or_path) +
                  "; give a model file, or a name that 'pinhole models list' shows");
  }
  EntryNamed(name_or_path);  // throws, and knows what was probably meant
  return name_or_path;
}

}  // namespace pinhole::models
