// SPDX-License-Identifier: Apache-2.0
// The commands that say what may leave a sensor and how one is configured.

#include "facts/person_profile.h"
#include "host/command_line_parts.h"
#include "host/commands.h"

namespace pinhole::host {

void AddFacts(CLI::App& root, Action& chosen) {
  CLI::App* command =
      root.add_subcommand("facts", "Print every field that can leave, with its bits a second");
  const auto options = OptionsOf<FactsOptions>(command, chosen, ShowFacts);
  std::vector<std::string> profiles;
  for (const facts::ProfileDeclaration& profile : facts::kPersonProfiles) {
    profiles.emplace_back(profile.name);
  }
  command->add_option("--profile", options->profile, "This profile only")
      ->type_name("NAME")
      ->check(CLI::IsMember(profiles));
  command->add_flag("--json", options->json, "One JSON object a profile, one a line");
  command->footer(
      "What is printed comes from the declarations that the sensor's own checks are made of. Bits "
      "are\n"
      "what a field can carry at most, whatever it is meant for.\n"
      "\n"
      "Examples:\n"
      "  pinhole facts\n"
      "  pinhole facts --profile people\n"
      "  pinhole facts --json | jq .bits_per_second");
}

void AddConfig(CLI::App& root, Action& chosen) {
  CLI::App* command =
      root.add_subcommand("config", "Check a sensor's configuration and print what is in force");
  const auto options = OptionsOf<ConfigOptions>(command, chosen, ShowConfig);
  command
      ->add_option("FILE", options->file,
                   "A TOML file; - for standard input; the defaults if\nnone is given")
      ->type_name("");
  command
      ->add_option("--set", options->overrides,
                   "Lay a value over the file's, as sensor.fps=5; may be\ngiven "
                   "more than once")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command->add_flag("--defaults", options->defaults,
                    "Print a file with every key, what it means and its\ndefault");
  command->add_flag("--json", options->json, "One JSON object instead of TOML");
  command->footer(
      "Every problem is one line on standard error, with its place in the file; the exit code is "
      "then 1.\n"
      "Warnings are lines too, and change nothing. Passwords and tokens are never printed.\n"
      "\n"
      "Examples:\n"
      "  pinhole config --defaults > pinhole.toml\n"
      "  pinhole config pinhole.toml\n"
      "  pinhole config pinhole.toml --set sensor.profile=presence --json | jq .sensor");
}

}  // namespace pinhole::host
