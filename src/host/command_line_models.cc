// SPDX-License-Identifier: Apache-2.0
// The commands about official model files.

#include "host/command_line_parts.h"
#include "host/commands.h"

namespace pinhole::host {

namespace {

void AddFolder(CLI::App* command, std::string& folder) {
  command
      ->add_option("--folder", folder,
                   "Where models lie; PINHOLE_MODELS_FOLDER, or\n~/.cache/pinhole/models if none")
      ->type_name("DIR");
}

void AddList(CLI::App& parent, Action& chosen) {
  CLI::App* command =
      parent.add_subcommand("list", "Show the catalogue, and which of its files are here");
  const auto options = OptionsOf<ModelsListOptions>(command, chosen, ListModels);
  AddFolder(command, options->folder);
  command->add_flag("--json", options->json, "One JSON object instead of text");
  command->footer(
      "Examples:\n"
      "  pinhole models list\n"
      "  pinhole models list --json | jq -r '.models[] | select(.here == \"yes\").name'");
}

void AddPull(CLI::App& parent, Action& chosen) {
  CLI::App* command = parent.add_subcommand("pull", "Download models and check their digests");
  const auto options = OptionsOf<ModelsPullOptions>(command, chosen, PullModels);
  command->add_option("NAME", options->names, "Names that 'pinhole models list' shows")
      ->type_name("")
      ->required();
  AddFolder(command, options->folder);
  command
      ->add_option("--mirror", options->mirror,
                   "Fetch the files from below this https address, by their\nnames, instead")
      ->type_name("URL")
      ->envname("PINHOLE_MODELS_MIRROR");
  command->add_flag("--offline", options->offline,
                    "Ask nothing of the network: fail where a model is missing");
  command->footer(
      "Prints the path of each model. A file gets its name when its digest is right; a download\n"
      "that was cut off, also by Ctrl-C, goes on where it was when it is pulled again. A mirror "
      "is\n"
      "trusted with nothing: what it sends has to have the same digests.\n"
      "\n"
      "Examples:\n"
      "  pinhole models pull tiny.en\n"
      "  pinhole models pull base.en-q5_1 --folder /srv/models\n"
      "  pinhole models pull tiny.en --mirror https://mirror.example.org/models");
}

void AddVerify(CLI::App& parent, Action& chosen) {
  CLI::App* command =
      parent.add_subcommand("verify", "Compute the digests of what is here once more");
  const auto options = OptionsOf<ModelsVerifyOptions>(command, chosen, VerifyModels);
  command->add_option("NAME", options->names, "Models to look at; all that are here if none")
      ->type_name("");
  AddFolder(command, options->folder);
  command->add_flag("--json", options->json, "One JSON object instead of text");
  command->footer(
      "Exits with 1 where a file is wrong, or one that was named is missing.\n"
      "\n"
      "Examples:\n"
      "  pinhole models verify\n"
      "  pinhole models verify tiny.en");
}

}  // namespace

void AddModels(CLI::App& root, Action& chosen) {
  CLI::App* models =
      root.add_subcommand("models", "Get official model files, and check those that are here");
  models->require_subcommand(1);
  models->footer(
      "Examples:\n"
      "  pinhole models list                            what there is\n"
      "  pinhole models pull tiny.en                    one of them, checked");
  AddList(*models, chosen);
  AddPull(*models, chosen);
  AddVerify(*models, chosen);
}

}  // namespace pinhole::host
