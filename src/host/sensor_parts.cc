// SPDX-License-Identifier: Apache-2.0
#include "host/sensor_parts.h"

#include <map>
#include <sstream>

#include "host/names.h"

namespace pinhole::host {

namespace {

using system::Child;
using system::Handed;
using system::HelperProgram;

constexpr std::string_view kOwnCamera = "v4l2:";
constexpr int kFactsFd = 3, kHandoverFd = 4, kStepFd = 5;

std::vector<std::string> SourceWords(const InsideNeeds& needs) {
  std::vector<std::string> words = {HelperProgram("pinhole-source"),
                                    "--handover-fd",
                                    std::to_string(kHandoverFd),
                                    "--input",
                                    needs.input,
                                    "--fps",
                                    std::to_string(needs.fps),
                                    "--width",
                                    std::to_string(needs.width),
                                    "--height",
                                    std::to_string(needs.height)};
  if (needs.loop) {
    words.emplace_back("--loop");
  }
  if (needs.lock_step) {
    words.insert(words.end(), {"--step-fd", std::to_string(kStepFd)});
  }
  return words;
}

std::vector<std::string> InsideWords(const InsideNeeds& needs, const std::string& facts_path) {
  std::vector<std::string> words = {
      HelperProgram("pinhole-inside"), "--model",    needs.model,   "--threads",
      std::to_string(needs.threads),   "--at-least", needs.at_least};
  if (facts_path.empty()) {
    words.insert(words.end(), {"--facts-fd", std::to_string(kFactsFd)});
  } else {
    words.insert(words.end(), {"--facts", facts_path});
  }
  if (OwnsCamera(needs.input)) {
    words.insert(words.end(), {"--camera", needs.input.substr(kOwnCamera.size()), "--width",
                               std::to_string(needs.width), "--height",
                               std::to_string(needs.height), "--fps", std::to_string(needs.fps)});
  } else {
    words.insert(words.end(), {"--handover-fd", std::to_string(kHandoverFd)});
  }
  return words;
}

}  // namespace

bool OwnsCamera(std::string_view input) { return input.starts_with(kOwnCamera); }

InsideParts StartInside(const InsideNeeds& needs, int facts, const std::string& facts_path) {
  InsideParts parts;
  std::vector<Handed> handed;
  if (facts_path.empty()) {
    handed.emplace_back(facts, kFactsFd);
  }
  system::PipeEnds sockets;
  if (!OwnsCamera(needs.input)) {
    sockets = system::MakeSocketPair();
    std::vector<Handed> to_source = {{sockets.writing.get(), kHandoverFd}};
    system::PipeEnds steps;
    if (needs.lock_step) {
      steps = system::MakePipe();
      to_source.emplace_back(steps.reading.get(), kStepFd);
    }
    parts.source = Child::Start(SourceWords(needs), to_source);
    parts.step = std::move(steps.writing);
    handed.emplace_back(sockets.reading.get(), kHandoverFd);
  }
  system::PipeEnds says = system::MakePipe();
  handed.emplace_back(says.writing.get(), 1);
  parts.inside = Child::Start(InsideWords(needs, facts_path), handed);
  parts.says = std::move(says.reading);
  return parts;
}

std::string StandingText(std::string_view line) {
  std::istringstream words{std::string(line)};
  std::string word;
  words >> word;
  if (word != "locked") {
    return "";
  }
  std::map<std::string, std::string> said;
  while (words >> word) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) {
      continue;
    }
    const std::string key = word.substr(0, equals);
    said[key] = word.substr(equals + 1);
    if (key == "missing") {  // the rest of the line
      std::string rest;
      std::getline(words, rest);
      said[key] += rest;
    }
  }
  std::string text = "grade " + said["grade"] + ": ";
  text += said["grade"] == "A"   ? "the inside owns its camera"
          : said["grade"] == "B" ? "frames come from a source process"
                                 : "a layer of the wall is missing";
  text += "; seccomp, ";
  text += said["landlock"] == "0" ? "no Landlock" : "Landlock " + said["landlock"];
  text += said["namespaces"] == "yes" ? ", namespaces" : ", no namespaces";
  text += said["clock"] == "no" ? ", no clock" : ", a clock that can't be taken away";
  return said["missing"].empty() ? text : text + " (" + Printable(said["missing"]) + ")";
}

}  // namespace pinhole::host
