// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the files that define subcommands share (command_line*.cc, the ones that know the parser).

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <memory>

namespace pinhole::host {

// What the words on the command line chose to do; answers the exit code.
using Action = std::function<int()>;

// Puts `command` into the line with options of type Options: `does` is chosen when it is given.
template <typename Options>
std::shared_ptr<Options> OptionsOf(CLI::App* command, Action& chosen, int (*does)(const Options&)) {
  const auto options = std::make_shared<Options>();
  command->callback(
      [options, does, &chosen] { chosen = [options, does] { return does(*options); }; });
  return options;
}

void AddThreads(CLI::App* command, int& threads);

// command_line_sensor.cc
void AddRun(CLI::App& app, Action& chosen);
void AddAudit(CLI::App& app, Action& chosen);

}  // namespace pinhole::host
