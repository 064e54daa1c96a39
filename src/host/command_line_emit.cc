// SPDX-License-Identifier: Apache-2.0
// The command that writes a model as C++.

#include "host/command_line_parts.h"
#include "host/commands.h"

namespace pinhole::host {

void AddEmit(CLI::App& parent, Action& chosen) {
  CLI::App* command =
      parent.add_subcommand("emit", "Write a model as C++ for a microcontroller, or any computer");
  const auto options = OptionsOf<EmitCommandOptions>(command, chosen, EmitModel);
  command->add_option("MODEL", options->model, "A TensorFlow Lite file")->type_name("")->required();
  command->add_option("--target", options->target, "What the code is for")
      ->type_name("CHIP")
      ->check(CLI::IsMember({"rp2040", "rp2350", "cortex-m4", "host"}))
      ->capture_default_str();
  command->add_option("-o,--out", options->out, "The folder for the files; made if missing")
      ->type_name("DIR")
      ->required();
  command
      ->add_option("--namespace", options->name_space,
                   "The code's namespace, and the name of its files")
      ->type_name("NAME")
      ->capture_default_str();
  command
      ->add_option("--cores", options->cores,
                   "2: Run takes a second core that does half of the work; may take more RAM")
      ->type_name("N")
      ->check(CLI::Range(1, 2))
      ->capture_default_str();
  command
      ->add_option(
          "--stream", options->stream_bytes,
          "RAM, at most, into which constants are fetched ahead of their use while kernels "
          "run; 0: they are read where they lie")
      ->type_name("BYTES")
      ->check(CLI::Range(0, 16 * 1024 * 1024))
      ->capture_default_str();
  command->add_flag("--without-runtime", options->without_runtime,
                    "Only the model's own two files, not the kernels'");
  command->add_flag("--json", options->json, "One JSON object instead of text");
  command->footer(
      "The folder needs nothing else: any C++17 compiler takes it.\n"
      "\n"
      "Examples:\n"
      "  pinhole model emit person.tflite --target rp2040 -o person/ --namespace person\n"
      "  pinhole model emit wake.tflite --target host -o wake/ --json");
}

}  // namespace pinhole::host
