// SPDX-License-Identifier: Apache-2.0
#pragma once

// Scripts that complete the command line in bash, zsh and fish, written from the command line's own
// definition, so that they know every option there is.

#include <string>
#include <utility>
#include <vector>

namespace pinhole::host {

struct Flag {
  std::vector<std::string> names;  // "-h", "--help"
  std::string help;
  bool takes_value = false;
  bool takes_file = false;
  std::string choices;  // "a b c"; empty where anything goes
};

struct Level {
  std::string path;                                           // "", "model", "model plan"
  std::vector<std::pair<std::string, std::string>> commands;  // name, help
  std::vector<Flag> flags;
  std::string choices;  // of its argument; empty where that is a file, or there is none
};

std::string BashCompletion(const std::vector<Level>& levels);
std::string ZshCompletion(const std::vector<Level>& levels);
std::string FishCompletion(const std::vector<Level>& levels);

}  // namespace pinhole::host
