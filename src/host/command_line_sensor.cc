// SPDX-License-Identifier: Apache-2.0
// The subcommands that run sensors and test them: run, audit.

#include <string>

#include "host/command_line_parts.h"
#include "host/commands.h"

namespace pinhole::host {

namespace {

void AddRunPerson(CLI::App& parent, Action& chosen) {
  CLI::App* command = parent.add_subcommand(
      "person", "Say whether somebody is there, how many faces, and roughly where");
  const auto options = OptionsOf<RunPersonOptions>(command, chosen, RunPerson);
  command
      ->add_option(
          "--input", options->input,
          "v4l2:/dev/video0, a video file, rtsp://..., gst:PIPELINE,\na folder of pictures "
          "as a film, or a picture; the bundled\nfilm if none")
      ->type_name("FILE");
  command->add_option("--config", options->config, "A TOML file; see 'pinhole config --defaults'")
      ->type_name("FILE");
  command
      ->add_option("--set", options->set,
                   "One key of the configuration, over the file: --set http.port=8080")
      ->type_name("KEY=VALUE");
  command->add_option("--profile", options->profile, "What may leave")
      ->type_name("HOW")
      ->check(CLI::IsMember({"presence", "people", "compatible"}));
  command->add_option("--model", options->model, "A face detection model; the bundled one if none")
      ->type_name("FILE");
  command->add_flag("--live", options->live,
                    "Pictures too as a camera, with outlets and at the profile's pace");
  command->add_option("--for", options->seconds, "End after that many seconds")
      ->type_name("SECONDS")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 31).description(""));
  command->add_flag("--json", options->json, "Facts as JSON, one object a line");
  command->add_flag("--all", options->all,
                    "A line for every frame or tick, not only for what is new");
  command->add_option("--only", options->only, "Start one half only, for services")
      ->type_name("HALF")
      ->check(CLI::IsMember({"inside", "outside"}));
  command->add_option("--facts", options->facts, "The FIFO between the halves, with --only")
      ->type_name("FILE");
  AddThreads(command, options->threads);
  command->footer(
      "Live, the sensor is two or three processes: the inside sees pictures and can do nothing "
      "but\n"
      "write records to one pipe; the outside never saw one and serves the outlets: dashboard, "
      "log,\n"
      "pin, I2C, MQTT (see --config). It runs until Ctrl-C.\n"
      "\n"
      "Pictures given with --input are looked at one by one instead, through the same processes,\n"
      "and nothing is served: what is printed is what the sensor would believe at each. A picture\n"
      "that can't be read is a frame without a reading, and an exit code of 1 at the end.\n"
      "\n"
      "Examples:\n"
      "  pinhole run person                                the bundled film, with a dashboard\n"
      "  pinhole run person --input v4l2:/dev/video0       a camera\n"
      "  pinhole run person --config pinhole.toml --profile presence\n"
      "  pinhole run person --input film/ --json --all > facts.jsonl");
}

void AddAuditWall(CLI::App& parent, Action& chosen) {
  CLI::App* command = parent.add_subcommand("wall", "Try every way out of the sensor's inside");
  const auto options = OptionsOf<AuditWallOptions>(command, chosen, AuditWall);
  command
      ->add_option(
          "--plant", options->plant,
          "Plant a leak that the audit must find: resident memory, the\nmoment of writing, "
          "or the low bits of boxes")
      ->type_name("LEAK")
      ->check(CLI::IsMember({"rss", "timing", "lsb"}));
  command->add_option("--only", options->only, "Ways out whose name begins so, or 'channels'")
      ->type_name("NAME");
  command->add_flag("--layers", options->layers,
                    "Also with one layer at a time: what would stop each if\nseccomp did not");
  command->add_flag("--json", options->json, "One JSON object instead of a table");
  command->footer(
      "The inside is started as for a sensor, by the same code, behind the same lock, and becomes "
      "one\n"
      "attempt to break out after the other instead of looking at a camera. Then it tries to talk\n"
      "without the facts: by resident memory, processor time, the moment of writing, the number "
      "of\n"
      "records, the low bits of boxes; a listener outside tries to understand it.\n"
      "\n"
      "Exit code 0: nothing is open; 1: something is, or a planted leak was not found.\n"
      "\n"
      "Examples:\n"
      "  pinhole audit wall\n"
      "  pinhole audit wall --layers --only socket\n"
      "  pinhole audit wall --plant rss    # must find it: exits with 1");
}

}  // namespace

void AddRun(CLI::App& app, Action& chosen) {
  CLI::App* run = app.add_subcommand("run", "Run a sensor: raw signals in, facts out");
  run->require_subcommand(1);
  run->footer(
      "Examples:\n"
      "  pinhole run person                 the person sensor on the bundled film\n"
      "  pinhole run person --input film/   on pictures of yours");
  AddRunPerson(*run, chosen);
}

void AddAudit(CLI::App& app, Action& chosen) {
  CLI::App* audit = app.add_subcommand("audit", "Test the claim that nothing but facts leaves");
  audit->require_subcommand(1);
  audit->footer(
      "Examples:\n"
      "  pinhole audit wall                 a hundred ways out, and the covert channels");
  AddAuditWall(*audit, chosen);
}

}  // namespace pinhole::host
