// SPDX-License-Identifier: Apache-2.0
// pinhole config: what a configuration says, or what is wrong with it.

#include <string>
#include <string_view>
#include <variant>

#include "host/commands.h"
#include "host/json.h"
#include "host/names.h"
#include "outside/config/config.h"
#include "outside/config/config_text.h"
#include "outside/config/keys.h"

namespace pinhole::host {

namespace {

namespace config = outside::config;

Json AsJson(const config::Config& in_force) {
  Json json = Json::Object({});
  for (const config::Section& section : config::Sections()) {
    Json keys = Json::Object({});
    for (const config::Key& key : config::Keys()) {
      if (key.section == section.name) {
        std::visit([&](const auto& value) { keys.Add(key.name, Json(value)); },
                   config::Shown(key, key.get(in_force)));
      }
    }
    json.Add(section.name, keys);
  }
  return json;
}

}  // namespace

int ShowConfig(const ConfigOptions& options) {
  if (options.defaults && (!options.file.empty() || !options.overrides.empty())) {
    throw WrongUsage("--defaults stands without FILE and --set; see 'pinhole config --help'");
  }
  if (options.defaults && !options.json) {
    Print(config::DefaultsAsToml());
    return 0;
  }
  AlignedBytes bytes;
  if (!options.file.empty()) {
    bytes = ReadFile(options.file, config::kMaxConfigBytes);
  }
  const std::span<const std::byte> span = std::as_const(bytes).span();
  const config::Reading read = config::ParseConfig(
      {reinterpret_cast<const char*>(span.data()), span.size()},
      options.file.empty() ? "the defaults" : ShownPath(options.file), options.overrides);
  for (const std::string& problem : read.problems) {
    PrintError(problem);
  }
  if (!read.problems.empty()) {
    return 1;
  }
  for (const std::string& warning : read.warnings) {
    PrintError("warning: " + warning);
  }
  Print(options.json ? AsJson(read.config).Line() : config::AsToml(read.config));
  return 0;
}

}  // namespace pinhole::host
