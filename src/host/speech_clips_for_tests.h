// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: the recordings that the bundled speech model's recipe left beside it, and what is
// said in them.

#include <nlohmann/json.hpp>
#include <string>

#include "host/command_for_tests.h"

namespace pinhole::host {

inline const std::string kClips = PINHOLE_MODELS_FOLDER "/speech/golden/";

// Without the blank that Whisper's texts begin with.
inline std::string Said(const std::string& clip) {
  const std::string text = nlohmann::json::parse(ReadText(kClips + clip + ".json"))["text"];
  return text.starts_with(' ') ? text.substr(1) : text;
}

}  // namespace pinhole::host
