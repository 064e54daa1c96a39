// SPDX-License-Identifier: Apache-2.0
// pinhole run person: the person sensor over a film, facts as they change.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "engine/kernels/registry.h"
#include "engine/owned/owned_sensor.h"
#include "host/commands.h"
#include "host/json.h"
#include "host/names.h"
#include "inside/pictures/film.h"
#include "inside/sense/person_sensor.h"
#include "outside/log/person_log.h"

namespace pinhole::host {

namespace {

using facts::PersonFacts;
namespace log = outside::log;

std::string FileName(const std::string& path) {
  return path == "-" ? ShownPath(path) : path.substr(path.rfind('/') + 1);
}

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

std::size_t NameWidth(const inside::pictures::Film& film) {
  std::size_t width = 0;
  for (const std::string& picture : film.pictures()) {
    width = std::max(width, ShownWidth(Printable(FileName(picture))));
  }
  return width;
}

}  // namespace

int RunPerson(const RunPersonOptions& options) {
  inside::sense::PersonSensorOptions needs;
  needs.kernels = engine::kernels::AllKernels();
  engine::owned::OwnedSensor<inside::sense::PersonSensor> sensor(
      options.model.empty() ? Bundled("person/person.tflite") : options.model, needs,
      options.threads);
  // As many frames as the sensor looks back at: then it has made up its mind about a still.
  inside::pictures::Film film(options.input.empty() ? Bundled("person/clip") : options.input,
                              2 * std::size_t{needs.half_window} + 1);
  const std::size_t name_width = NameWidth(film);
  int code = 0;
  PersonFacts before;
  Progress progress(film.size());
  for (std::size_t frame = 0; frame < film.size(); ++frame) {
    const std::string picture = FileName(film.pictures()[frame]);
    progress.Show(frame, picture);
    base::Diagnosis why;
    base::Result<inside::capture::Frame> captured = film.Capture(why);
    const base::Result<PersonFacts> seen =
        captured ? sensor->Look(*std::move(captured), why) : sensor->Missed();
    if (!captured || !seen) {
      progress.Clear();
      FlushOutput();
      PrintError(why.text());
      code = 1;
    }
    const PersonFacts now = seen ? *seen : PersonFacts{};
    const std::string_view changed = log::WhatChanged(before, now);
    before = now;
    if (options.all || !changed.empty()) {
      progress.Clear();
      Print(options.json ? AsJson(frame, picture, changed, now)
                         : AsText(picture, name_width, changed, now));
      FlushOutput();
    }
  }
  return code;
}

}  // namespace pinhole::host
