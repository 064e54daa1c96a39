// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the files that define the command line (command_line*.cc) share. They alone know the parser.

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <memory>
#include <string>

#include "host/commands.h"

namespace pinhole::host {

// What is to be done once the command line is understood; answers the exit code.
using Action = std::function<int()>;

// Puts `command` into the line with options of type Options: `does` is chosen when it is given.
template <typename Options>
std::shared_ptr<Options> OptionsOf(CLI::App* command, Action& chosen, int (*does)(const Options&)) {
  const auto options = std::make_shared<Options>();
  command->callback(
      [options, does, &chosen] { chosen = [options, does] { return does(*options); }; });
  return options;
}

// The words of "{a,b,c}", as the parser shows what a value may be, with spaces between them; empty
// where anything goes.
std::string ChoicesOf(const std::string& type);

void AddThreads(CLI::App* command, int& threads);

// Of the commands that understand speech.
void AddSpeechModel(CLI::App* command, std::string& model, std::string& precision, int& beam);
// The option that says where the queue is.
CLI::Option* AddSpeechQueue(CLI::App* command, SpeechQueueOptions& options,
                            const std::string& what);

// Subcommands that stand in files of their own.
void AddRun(CLI::App& root, Action& chosen);
void AddTranscribe(CLI::App& root, Action& chosen);
void AddServeSpeech(CLI::App& root, Action& chosen);
void AddAudit(CLI::App& root, Action& chosen);
void AddEmulate(CLI::App& root, Action& chosen);
void AddFacts(CLI::App& root, Action& chosen);
void AddConfig(CLI::App& root, Action& chosen);
void AddDevices(CLI::App& root, Action& chosen);
void AddEmit(CLI::App& model, Action& chosen);
void AddModels(CLI::App& root, Action& chosen);
// These two describe all of `root`, as it is when they are run.
void AddCompletion(CLI::App& root, Action& chosen);
void AddMan(CLI::App& root, Action& chosen);

}  // namespace pinhole::host
