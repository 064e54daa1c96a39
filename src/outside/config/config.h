// SPDX-License-Identifier: Apache-2.0
#pragma once

// One TOML file (and what `--set` says over it) in, the options of every part of a sensor out.
//
//   std::vector<std::string> warnings;
//   const Config config = ReadConfig("/etc/pinhole/pinhole.toml", {"sensor.fps=5"}, warnings);
//   auto outlet = pin::OpenPin(config.pin, notices, why);
//
// A configuration that was read holds what it says: every value is in its range, and values that
// depend on each other fit. One table of keys (keys.h) says what there is; the parser, the
// documented defaults, the reference page and the man page are all made of it.
//
// Hostile files are expected: at most 1 MB is read, nesting is bounded before it is followed, and
// everything that is shown of a file is printable. Up to ten problems are found in one go, each
// with the place it stands at. Secrets stand in files of their own, whose names are configured; no
// key takes a secret itself.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outside/http/http_outlet.h"
#include "outside/i2cdev/i2cdev_outlet.h"
#include "outside/log/log_outlet.h"
#include "outside/mqtt/mqtt_outlet.h"
#include "outside/pin/pin_outlet.h"

namespace pinhole::outside::config {

struct SensorConfig {
  std::string model;  // a file; empty: the bundled one
  // A folder of pictures, a picture, a video file, rtsp://..., v4l2:/dev/videoN, gst:PIPELINE;
  // empty: the bundled film.
  std::string input;
  unsigned fps = 10;                   // of films, 1 to 60
  bool loop = false;                   // a film begins again at its end
  unsigned width = 640, height = 480;  // wanted of a camera
  unsigned threads = 1;                // 1 to 16
  std::string profile = "people";      // a name of facts/person_profile.h
  std::string name = "Person sensor";
};

struct WallConfig {
  std::string at_least = "C";  // A, B or C: the least grade to start with
};

struct RestartConfig {
  unsigned first_s = 1, most_s = 60;  // waited before a part is started again; doubles up to most_s
};

// An outlet's own options, and whether it is wanted. Given to its Open as it is.
template <typename Options>
struct Switched : Options {
  bool enabled = false;
};

struct Config {
  SensorConfig sensor;
  WallConfig wall;
  RestartConfig restart;
  Switched<pin::PinOptions> pin;
  Switched<i2cdev::I2cdevOptions> i2c;
  Switched<mqtt::MqttOptions> mqtt;  // device_name and profile are the sensor's
  Switched<http::HttpOptions>
      http;  // sensor_name, profile and tick are the sensor's; label is empty
  Switched<log::LogOptions> log;

  Config() { http.enabled = log.enabled = true; }
};

inline constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxProblems = 10;

struct Reading {
  Config config;  // means something where there are no problems
  // One line each, printable: "FILE:LINE:COLUMN: what was found; what is allowed". Behind ten of
  // them one more line says how many there were.
  std::vector<std::string> problems;
  std::vector<std::string> warnings;  // of the same form; about what works but should not be so
};

// Reads `text`, which messages call `name`, and lays `overrides` ("section.key=value", the value as
// in TOML, or a bare word) over it, the later over the earlier. Never throws for what `text` and
// `overrides` hold. Looks at the files that the configuration names (their rights only).
Reading ParseConfig(std::string_view text, const std::string& name,
                    std::span<const std::string> overrides);

// The same from the file `path` ("-": standard input); an empty path is an empty file: the defaults
// with `overrides`. Throws system::Failure with all problems, a line each, where there are any or
// the file can't be read. Warnings are added to `warnings`.
Config ReadConfig(const std::string& path, std::span<const std::string> overrides,
                  std::vector<std::string>& warnings);

}  // namespace pinhole::outside::config
