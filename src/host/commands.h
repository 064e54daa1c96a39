// SPDX-License-Identifier: Apache-2.0
#pragma once

// The `pinhole` command: one function a subcommand, each in a file of its own (command_*.cc).
//
// Add... puts a subcommand into the command line and, when that subcommand is the one that was
// given, sets `chosen` to what it does. What it does answers the exit code: 0 fine, 1 something
// failed and was said on standard error; a Failure thrown means 1 too, a WrongUsage 2. A new
// subcommand is a new file, a line here and a line in command.cc.

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>

namespace pinhole::host {

using Action = std::function<int()>;

void AddDetect(CLI::App& parent, Action& chosen);
void AddRun(CLI::App& parent, Action& chosen);
void AddModelInspect(CLI::App& parent, Action& chosen);
void AddModelPlan(CLI::App& parent, Action& chosen);
void AddModelRun(CLI::App& parent, Action& chosen);
void AddModelBench(CLI::App& parent, Action& chosen);
// Reads the whole command line of `root`, of which it becomes a part.
void AddCompletion(CLI::App& root, Action& chosen);

// The command from its arguments to its exit code; throws nothing.
int RunCommand(int argc, const char* const* argv);

}  // namespace pinhole::host
