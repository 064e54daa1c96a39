// SPDX-License-Identifier: Apache-2.0
// A sensor that says what it is told: records from standard input to the HTTP outlet.
//
//   pinhole_http_demo [--port N] [--address A] [--token-file F] [--profile P] [--tick-ms N]
//   [--film]
//
// A line is one record, published at once and again at every tick until the next line:
//   none | nobody | somebody | faces L,T,R,B,FACING ...     edges 0 to 255, FACING 0 or 1
// "pause" stops the ticks until the next line. Each line is answered with "published MS", the
// milliseconds since 1970 at which Publish was called. It ends with standard input; with --film it
// shows a film of its own instead, until it is stopped.

#include <poll.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/diagnosis.h"
#include "facts/person_codec.h"
#include "facts/person_profile.h"
#include "outside/http/http_outlet.h"

namespace {

using namespace pinhole;  // NOLINT(google-build-using-namespace): its own program

// "10,20,30,40,1" into a face.
std::optional<facts::FaceFacts> FaceOf(std::string_view text) {
  std::array<unsigned, 5> numbers{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto [after, error] = std::from_chars(at, end, numbers[i]);
    const bool last = i + 1 == numbers.size();
    if (error != std::errc() || numbers[i] > 255 || (last ? after != end : after == end)) {
      return std::nullopt;
    }
    at = last ? after : after + 1;
  }
  facts::FaceFacts face;
  face.confidence = 255;
  face.left = static_cast<std::uint8_t>(numbers[0]);
  face.top = static_cast<std::uint8_t>(numbers[1]);
  face.right = static_cast<std::uint8_t>(numbers[2]);
  face.bottom = static_cast<std::uint8_t>(numbers[3]);
  face.facing = static_cast<std::uint8_t>(numbers[4]);
  return face;
}

std::optional<facts::PersonFacts> RecordOf(std::string_view line) {
  facts::PersonFacts record;
  if (line == "none") {
    return record;
  }
  record.reading = 1;
  if (line == "nobody") {
    return record;
  }
  record.present = 1;
  if (line == "somebody") {
    return record;
  }
  constexpr std::string_view kFaces = "faces ";
  if (!line.starts_with(kFaces)) {
    return std::nullopt;
  }
  line.remove_prefix(kFaces.size());
  while (!line.empty() && record.count < facts::kMaxFaces) {
    const std::size_t space = line.find(' ');
    const auto face = FaceOf(line.substr(0, space));
    if (!face) {
      return std::nullopt;
    }
    record.faces[record.count++] = *face;
    line = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
  }
  if (!facts::IsCanonical(record)) {
    return std::nullopt;
  }
  return record;
}

struct Arguments {
  outside::http::HttpOptions options;
  bool film = false;
};

std::optional<Arguments> Read(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--film") {
      arguments.film = true;
      continue;
    }
    if (++i == argc) {
      return std::nullopt;
    }
    if (name == "--port") {
      arguments.options.port = static_cast<std::uint16_t>(std::atoi(argv[i]));
    } else if (name == "--address") {
      arguments.options.address = argv[i];
    } else if (name == "--token-file") {
      arguments.options.token_file = argv[i];
    } else if (name == "--profile") {
      arguments.options.profile = argv[i];
    } else if (name == "--tick-ms") {
      arguments.options.tick = std::chrono::milliseconds(std::atoi(argv[i]));
    } else {
      return std::nullopt;
    }
  }
  const auto profile = facts::ProfileNamed(arguments.options.profile);
  if (!profile) {
    return std::nullopt;
  }
  arguments.options.sensor_name = "Demonstration";
  const std::uint32_t bits = facts::Declaration(*profile).bits_per_second();
  arguments.options.label = "source: a script, no camera\nprofile: " + arguments.options.profile +
                            "\nat most: " + std::to_string(bits) + (bits == 1 ? " bit" : " bits") +
                            " a second";
  return arguments;
}

// The record of the film's second `second`: somebody comes, a second one, both go, a gap.
facts::PersonFacts FilmRecord(int second) {
  const int at = second % 60;
  if (at < 8 || at >= 50) {
    return *RecordOf(at >= 56 ? "none" : "nobody");
  }
  const int left = 24 + 2 * at;
  const auto square = [](int x, int y, int side, bool facing) {
    return std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(x + side) + "," +
           std::to_string(y + side) + (facing ? ",1" : ",0");
  };
  std::string line = "faces " + square(left, 70, 80, at % 20 > 6);
  if (at >= 22 && at < 40) {
    line += " " + square(200 - at, 96, 48, at % 12 > 8);
  }
  return *RecordOf(line);
}

// Waits until `deadline` for a line on standard input. Returns false at its end.
bool AwaitLine(std::chrono::steady_clock::time_point deadline, std::string& buffer,
               std::optional<std::string>& line) {
  line.reset();
  for (;;) {
    if (const std::size_t end = buffer.find('\n'); end != std::string::npos) {
      line = buffer.substr(0, end);
      buffer.erase(0, end + 1);
      return true;
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return true;
    }
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, static_cast<int>(left.count())) == 0) {
      return true;
    }
    std::array<char, 1024> bytes;
    const ssize_t size = read(STDIN_FILENO, bytes.data(), bytes.size());
    if (size <= 0) {
      return false;
    }
    buffer.append(bytes.data(), static_cast<std::size_t>(size));
  }
}

int Follow(outside::http::HttpOutlet& outlet, std::chrono::microseconds tick) {
  facts::PersonFacts record;
  bool paused = false;
  std::string buffer;
  std::optional<std::string> line;
  auto next = std::chrono::steady_clock::now();
  while (AwaitLine(next, buffer, line)) {
    if (!line) {
      if (!paused) {
        outlet.Publish(record);
      }
      next += tick;
      continue;
    }
    if (*line == "pause") {
      paused = true;
      continue;
    }
    const auto wanted = RecordOf(*line);
    if (!wanted) {
      std::fprintf(stderr, "no record: %s\n", line->c_str());
      return 1;
    }
    record = *wanted;
    paused = false;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    outlet.Publish(record);
    next = std::chrono::steady_clock::now() + tick;
    std::printf(
        "published %lld\n",
        static_cast<long long>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = Read(argc, argv);
  if (!arguments) {
    std::fprintf(stderr,
                 "usage: pinhole_http_demo [--port N] [--address A] [--token-file F] [--profile "
                 "presence|people|compatible] [--tick-ms N] [--film]\n");
    return 2;
  }
  base::Diagnosis why;
  const auto say = [](std::string_view sentence) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(sentence.size()), sentence.data());
  };
  auto outlet = outside::http::OpenHttp(arguments->options, say, why);
  if (!outlet) {
    say(why.text());
    return 1;
  }
  std::printf("%s\n", (*outlet)->address().c_str());
  std::fflush(stdout);
  if (!arguments->film) {
    return Follow(**outlet, arguments->options.tick);
  }
  for (int second = 0;; ++second) {
    (*outlet)->Publish(FilmRecord(second));
    usleep(static_cast<useconds_t>(arguments->options.tick.count()));
  }
}
