// SPDX-License-Identifier: Apache-2.0
// The arguments of pinhole-inside. They come from the supervisor or a service file, so that a few
// plain words do: no parser library inside the wall.

#include <charconv>
#include <string_view>

#include "inside/process/inside_process.h"
#include "system/failure.h"

namespace pinhole::inside::process {

namespace {

template <typename Number>
Number NumberOf(std::string_view name, std::string_view text, Number low, Number high) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) {
    throw system::WrongUsage(std::string(name) + ": a number from " + std::to_string(low) + " to " +
                             std::to_string(high) + " expected, '" + system::Printable(text) +
                             "' found");
  }
  return value;
}

wall::Grade GradeNamed(std::string_view text) {
  if (text != "A" && text != "B" && text != "C") {
    throw system::WrongUsage("--at-least: A, B or C expected, '" + system::Printable(text) +
                             "' found");
  }
  return static_cast<wall::Grade>(text[0]);
}

void LeaveOut(InsideOptions& options, std::string_view layer) {
  if (layer == "namespaces") {
    options.layers.namespaces = false;
  } else if (layer == "landlock") {
    options.layers.landlock = false;
  } else if (layer == "seccomp") {
    options.layers.seccomp = false;
  } else {
    throw system::WrongUsage("--without: namespaces, landlock or seccomp expected");
  }
}

void Set(InsideOptions& options, std::string_view name, std::string_view value) {
  constexpr int kFds = 1 << 20;
  if (name == "--facts-fd") {
    options.facts_fd = NumberOf(name, value, 0, kFds);
  } else if (name == "--facts") {
    options.facts_path = value;
  } else if (name == "--handover-fd") {
    options.handover_fd = NumberOf(name, value, 0, kFds);
  } else if (name == "--camera") {
    options.camera = value;
  } else if (name == "--width") {
    options.width = NumberOf(name, value, 16, 8192);
  } else if (name == "--height") {
    options.height = NumberOf(name, value, 16, 8192);
  } else if (name == "--fps") {
    options.fps = NumberOf(name, value, 1, 240);
  } else if (name == "--model") {
    options.model = value;
  } else if (name == "--threads") {
    options.threads = NumberOf(name, value, 1, 256);
  } else if (name == "--at-least") {
    options.at_least = GradeNamed(value);
  } else if (name == "--attempt") {
    options.attempt = value;
  } else if (name == "--send") {
    options.send = value;
  } else if (name == "--plant") {
    options.plant = value;
  } else if (name == "--seed") {
    options.seed = NumberOf<std::uint32_t>(name, value, 0, ~0U);
  } else if (name == "--beat-fd") {
    options.beat_fd = NumberOf(name, value, 0, kFds);
  } else if (name == "--without") {
    LeaveOut(options, value);
  } else {
    throw system::WrongUsage("'" + system::Printable(name) + "' is not known");
  }
}

void Check(const InsideOptions& options) {
  if ((options.facts_fd < 0) == options.facts_path.empty()) {
    throw system::WrongUsage("give one of --facts-fd and --facts");
  }
  const bool is_sensor = options.attempt.empty() && options.send.empty();
  if (is_sensor && (options.handover_fd < 0) == options.camera.empty()) {
    throw system::WrongUsage("give one of --camera and --handover-fd");
  }
  const bool all = options.layers.namespaces && options.layers.landlock && options.layers.seccomp;
  if ((options.attempt.empty() && !all) || (options.send.empty() && !options.plant.empty())) {
    throw system::WrongUsage("a layer can't be left out of a sensor, nor a leak planted in it");
  }
  if (!is_sensor && (!options.camera.empty() || options.handover_fd >= 0)) {
    throw system::WrongUsage("an audit gets no camera and no frames");
  }
}

}  // namespace

InsideOptions ParseInside(int argc, const char* const* argv) {
  InsideOptions options;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc) {
      throw system::WrongUsage("'" + system::Printable(argv[i]) + "' needs a value");
    }
    Set(options, argv[i], argv[i + 1]);
  }
  Check(options);
  return options;
}

}  // namespace pinhole::inside::process
