// SPDX-License-Identifier: Apache-2.0
// The command line as the shells' completions see it.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "host/command_line_parts.h"
#include "host/completion.h"
#include "host/names.h"

namespace pinhole::host {

namespace {

Flag FlagOf(const CLI::Option& option) {
  Flag flag;
  for (const std::string& name : option.get_snames()) {
    flag.names.push_back("-" + name);
  }
  for (const std::string& name : option.get_lnames()) {
    flag.names.push_back("--" + name);
  }
  flag.help = option.get_description();
  std::replace(flag.help.begin(), flag.help.end(), '\n', ' ');
  flag.takes_value = option.get_type_size() > 0;
  const std::string type = option.get_type_name();
  flag.choices = ChoicesOf(type);
  flag.takes_file = type.starts_with("FILE") || type.starts_with("DIR");
  return flag;
}

// Hidden ones are for those who build packages.
bool IsShown(const CLI::App* command) { return !command->get_group().empty(); }

void Collect(const CLI::App& app, const std::string& path, std::vector<Level>& levels) {
  Level level{path, {}, {}, {}};
  for (const CLI::App* sub : app.get_subcommands(IsShown)) {
    level.commands.emplace_back(sub->get_name(), sub->get_description());
  }
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) {
      level.flags.push_back(FlagOf(*option));
    } else {
      level.choices = ChoicesOf(option->get_type_name());
    }
  }
  levels.push_back(level);
  for (const auto& [name, help] : level.commands) {
    Collect(*app.get_subcommand(name), path.empty() ? name : path + " " + name, levels);
  }
}

}  // namespace

std::string ChoicesOf(const std::string& type) {
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) {
    return "";
  }
  std::string choices = type.substr(open + 1, close - open - 1);
  std::replace(choices.begin(), choices.end(), ',', ' ');
  return choices;
}

void AddCompletion(CLI::App& root, Action& chosen) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* command = root.add_subcommand("completion", "Print a script that completes commands");
  command->add_option("SHELL", *shell, "The shell to complete in")
      ->type_name("one of")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Examples:\n"
      "  source <(pinhole completion bash)\n"
      "  pinhole completion zsh > ~/.zfunc/_pinhole\n"
      "  pinhole completion fish > ~/.config/fish/completions/pinhole.fish");
  command->callback([shell, &root, &chosen] {
    chosen = [shell, &root] {
      std::vector<Level> levels;
      Collect(root, "", levels);
      Print(*shell == "bash"  ? BashCompletion(levels)
            : *shell == "zsh" ? ZshCompletion(levels)
                              : FishCompletion(levels));
      return 0;
    };
  });
}

}  // namespace pinhole::host
