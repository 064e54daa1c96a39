// SPDX-License-Identifier: Apache-2.0
// Any text as a file, and any as `--set`. What is read holds its rules, and what is said of it can
// be shown on a terminal.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "outside/config/config.h"
#include "outside/config/config_text.h"
#include "outside/config/keys.h"
#include "system/failure.h"

namespace {

using namespace pinhole;                   // NOLINT(google-build-using-namespace)
using namespace pinhole::outside::config;  // NOLINT(google-build-using-namespace)

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void Check(const Reading& read) {
  Require(read.problems.size() <= kMaxProblems + 1);
  for (const std::vector<std::string>& lines : {read.problems, read.warnings}) {
    Require(std::all_of(lines.begin(), lines.end(), [](const std::string& line) {
      return system::Printable(line) == line && line.size() < 10'000;
    }));
  }
  if (!read.problems.empty()) {
    return;
  }
  for (const Key& key : Keys()) {
    Require(WhatIsWrong(key, key.get(read.config)).empty());
  }
  const std::string text = AsToml(read.config);
  const Reading again = ParseConfig(text, "again", {});
  Require(again.problems.empty() && AsToml(again.config) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  // A NUL parts what is for the command line from the file.
  const std::size_t nul = text.find('\0');
  std::vector<std::string> overrides;
  if (nul != std::string::npos) {
    overrides.push_back(text.substr(0, nul));
  }
  Check(ParseConfig(nul == std::string::npos ? text : text.substr(nul + 1), "f.toml", overrides));
  return 0;
}
