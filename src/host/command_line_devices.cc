// SPDX-License-Identifier: Apache-2.0
// The command that lists what this machine has for a sensor.

#include "host/command_line_parts.h"
#include "host/commands.h"

namespace pinhole::host {

void AddDevices(CLI::App& root, Action& chosen) {
  CLI::App* command = root.add_subcommand(
      "devices", "List cameras, microphones, pins, buses, and what walls are made of");
  const auto options = OptionsOf<DevicesOptions>(command, chosen, ShowDevices);
  command->add_flag("--json", options->json, "One JSON object instead of text");
  command->footer(
      "Grade A: the inside owns the camera itself. Grade B: a source process decodes its pictures\n"
      "and hands them over. Nothing is captured, and nothing is changed.\n"
      "\n"
      "Examples:\n"
      "  pinhole devices\n"
      "  pinhole devices --json | jq -r '.cameras[].input'");
}

}  // namespace pinhole::host
