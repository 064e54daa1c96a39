// SPDX-License-Identifier: Apache-2.0
// pinhole run person: the person sensor, live with its outlets, or over pictures one by one.

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "facts/person_profile.h"
#include "host/commands.h"
#include "host/json.h"
#include "host/names.h"
#include "host/replay.h"
#include "host/supervisor.h"
#include "inside/pictures/picture.h"
#include "outside/config/config.h"
#include "outside/log/person_log.h"

namespace pinhole::host {

namespace {

using facts::PersonFacts;
using outside::config::Config;
namespace log = outside::log;

// As many frames as the sensor looks back at: then it has made up its mind about a still.
constexpr std::size_t kStillFrames = 5;

std::string FileName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string Padded(std::string text, std::size_t width) {
  text.append(width - std::min(width, ShownWidth(text)), ' ');
  return text;
}

std::string AsJson(std::size_t frame, const std::string& picture, std::string_view changed,
                   const PersonFacts& facts) {
  std::array<char, log::kMaxJsonLine> line{};
  return Json::Object({{"frame", frame},
                       {"picture", picture},
                       {"changed", changed},
                       {"facts", Json::Verbatim(log::JsonLine(facts, line))}})
      .Line();
}

std::string AsText(const std::string& picture, std::size_t name_width, std::string_view changed,
                   const PersonFacts& facts) {
  constexpr std::size_t kNewsWidth = 29;
  std::array<char, log::kMaxTextLine> line{};
  return Padded(Printable(picture), name_width + 2) +
         Inked(Padded(std::string(changed), kNewsWidth), Ink::kBold) +
         std::string(log::TextLine(facts, line)) + "\n";
}

std::vector<std::string> FramesOf(const std::string& input) {
  std::error_code ignored;
  if (std::filesystem::is_directory(input, ignored)) {
    std::vector<std::string> pictures = system::PicturesIn(input);
    std::transform(pictures.begin(), pictures.end(), pictures.begin(), FileName);
    return pictures;
  }
  return std::vector<std::string>(kStillFrames, FileName(input));
}

bool IsPictures(const std::string& input) {
  std::error_code ignored;
  return std::filesystem::is_directory(input, ignored) || inside::pictures::IsPictureFile(input);
}

int RunOverPictures(const RunPersonOptions& options, InsideNeeds needs) {
  // As large as a source gives them: they have all the time they need.
  needs.width = 1920;
  needs.height = 1440;
  const std::vector<std::string> names = FramesOf(needs.input);
  std::size_t name_width = 0;
  for (const std::string& name : names) {
    name_width = std::max(name_width, ShownWidth(Printable(name)));
  }
  Progress progress(names.size());
  PersonFacts before;
  std::size_t frame = 0;
  int code = 0;
  const int replayed = Replay(needs, names.size(), [&](const PersonFacts& now) {
    progress.Show(frame, names[frame]);
    code = now.reading == 0 ? 1 : code;  // the source has said why
    const std::string_view changed = log::WhatChanged(before, now);
    before = now;
    if (options.all || !changed.empty()) {
      progress.Clear();
      Print(options.json ? AsJson(frame, names[frame], changed, now)
                         : AsText(names[frame], name_width, changed, now));
      FlushOutput();
    }
    ++frame;
  });
  return std::max(code, replayed);
}

// What the command's own words say is laid over the file, and --set over both.
std::vector<std::string> Overrides(const RunPersonOptions& options) {
  std::vector<std::string> overrides;
  const auto set = [&overrides](const std::string& key, const std::string& value) {
    overrides.push_back(key + "=\"" + value + "\"");
  };
  if (!options.input.empty()) {
    set("sensor.input", options.input);
  }
  if (!options.model.empty()) {
    set("sensor.model", options.model);
  }
  if (!options.profile.empty()) {
    set("sensor.profile", options.profile);
  }
  if (options.threads > 1) {
    overrides.push_back("sensor.threads=" + std::to_string(options.threads));
  }
  if (options.json) {
    set("log.format", "json");
  }
  if (options.all) {
    overrides.emplace_back("log.all=true");
  }
  overrides.insert(overrides.end(), options.set.begin(), options.set.end());
  return overrides;
}

InsideNeeds NeedsOf(const Config& config) {
  InsideNeeds needs;
  needs.input = config.sensor.input.empty() ? Bundled("person/clip") : config.sensor.input;
  needs.model = config.sensor.model.empty() ? Bundled("person/person.tflite") : config.sensor.model;
  needs.width = config.sensor.width;
  needs.height = config.sensor.height;
  needs.fps = config.sensor.fps;
  needs.threads = config.sensor.threads;
  needs.loop = config.sensor.loop || config.sensor.input.empty();
  needs.at_least = config.wall.at_least;
  return needs;
}

void SayWhatCanLeave(const Config& config) {
  const auto profile = facts::ProfileNamed(config.sensor.profile).value_or(facts::kDefaultProfile);
  if (profile == facts::PersonProfile::kCompatible) {
    PrintError(std::string(facts::kCompatibleWarning));
    return;
  }
  const facts::ProfileDeclaration& declared = facts::Declaration(profile);
  PrintError("profile " + std::string(declared.name) + ": at most " +
             std::to_string(declared.bits_per_second()) +
             " bits a second can leave; 'pinhole facts' lists them");
}

SupervisorOptions SupervisionOf(const RunPersonOptions& options, const Config& config,
                                const std::vector<std::string>& overrides) {
  SupervisorOptions supervision;
  supervision.inside = NeedsOf(config);
  std::error_code ignored;
  supervision.input_is_file = std::filesystem::exists(supervision.inside.input, ignored);
  supervision.run_inside = options.only != "outside";
  supervision.run_outside = options.only != "inside";
  supervision.facts_path = options.facts;
  supervision.config = options.config;
  supervision.overrides = overrides;
  supervision.first_wait = std::chrono::seconds(config.restart.first_s);
  supervision.longest_wait = std::chrono::seconds(config.restart.most_s);
  if (options.seconds > 0) {
    supervision.lasts = std::chrono::seconds(options.seconds);
  }
  return supervision;
}

}  // namespace

int RunPerson(const RunPersonOptions& options) {
  if (options.only.empty() != options.facts.empty()) {
    throw WrongUsage(
        "--only and --facts go together: one half of a sensor, and the FIFO to the other");
  }
  const std::vector<std::string> overrides = Overrides(options);
  std::vector<std::string> warnings;
  const Config config = outside::config::ReadConfig(options.config, overrides, warnings);
  const InsideNeeds needs = NeedsOf(config);
  const bool wants_outlets = options.live || !options.config.empty() || !options.only.empty() ||
                             options.seconds > 0 || !options.profile.empty();
  if (!options.input.empty() && !wants_outlets && IsPictures(needs.input)) {
    return RunOverPictures(options, needs);
  }
  for (const std::string& warning : warnings) {
    PrintError(warning);
  }
  SayWhatCanLeave(config);
  return Supervise(SupervisionOf(options, config, overrides));
}

}  // namespace pinhole::host
