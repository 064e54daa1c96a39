// SPDX-License-Identifier: Apache-2.0
#include "inside/source/source_options.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "system/failure.h"

namespace pinhole::inside::source {

namespace {

using system::Printable;
using system::WrongUsage;

template <typename Number>
Number NumberOf(std::string_view name, std::string_view text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= least) ||
      !(value <= most)) {
    throw WrongUsage(std::string(name) + " is '" + Printable(text) + "'; a number from " +
                     std::to_string(least) + " to " + std::to_string(most) + " is expected");
  }
  return value;
}

void Set(SourceOptions& options, std::string_view name, std::string_view value) {
  constexpr int kMaxFd = 1 << 20;
  constexpr int kMaxSide = 32767;
  if (name == "--handover-fd") {
    options.handover_fd = NumberOf(name, value, 0, kMaxFd);
  } else if (name == "--step-fd") {
    options.step_fd = NumberOf(name, value, 0, kMaxFd);
  } else if (name == "--input") {
    options.input = InputOf(value);
  } else if (name == "--fps") {
    options.fps = NumberOf(name, value, 0.01, 1000.0);
  } else if (name == "--width") {
    options.width = std::min(NumberOf(name, value, 1, kMaxSide), kMaxWidth);
  } else if (name == "--height") {
    options.height = std::min(NumberOf(name, value, 1, kMaxSide), kMaxHeight);
  } else {
    throw WrongUsage("'" + Printable(name) +
                     "' is not known; known are --handover-fd, --input, --fps, --loop, --step-fd, "
                     "--width and --height");
  }
}

}  // namespace

Input InputOf(std::string_view text) {
  struct Prefix {
    std::string_view text;
    InputKind kind;
    bool stays;  // in the value
  };
  constexpr Prefix kPrefixes[] = {
      {"rtsp://", InputKind::kRtsp, true},        {"rtsps://", InputKind::kRtsp, true},
      {"gst:", InputKind::kPipeline, false},      {"v4l2:", InputKind::kV4l2, false},
      {"pipewire:", InputKind::kPipewire, false}, {"libcamera:", InputKind::kLibcamera, false},
  };
  for (const Prefix& prefix : kPrefixes) {
    if (text.starts_with(prefix.text)) {
      const std::string_view rest = text.substr(prefix.text.size());
      if (rest.empty()) {
        throw WrongUsage("--input is '" + Printable(text) + "', and nothing behind it");
      }
      return {prefix.kind, std::string(prefix.stays ? text : rest)};
    }
  }
  if (text == "pipewire") {
    return {InputKind::kPipewire, ""};
  }
  if (text == "libcamera") {
    return {InputKind::kLibcamera, ""};
  }
  if (text.empty() || text.find("://") != std::string_view::npos) {
    throw WrongUsage("--input is '" + Printable(text) +
                     "'; give a file, a folder, rtsp://..., pipewire, libcamera, v4l2:/dev/videoN "
                     "or gst:PIPELINE");
  }
  std::error_code ignored;
  const std::filesystem::path path(text);
  return {std::filesystem::is_directory(path, ignored) ? InputKind::kFolder : InputKind::kFile,
          std::string(text)};
}

SourceOptions ParseSource(int argc, const char* const* argv) {
  SourceOptions options;
  bool has_input = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--loop") {
      options.loop = true;
      continue;
    }
    if (i + 1 == argc) {
      throw WrongUsage("'" + Printable(name) + "' is the last word, and takes a value");
    }
    Set(options, name, argv[++i]);
    has_input = has_input || name == "--input";
  }
  if (!has_input || options.handover_fd < 0) {
    throw WrongUsage("give --handover-fd and --input");
  }
  if ((options.width == 0) != (options.height == 0)) {
    throw WrongUsage("give both of --width and --height, or none");
  }
  return options;
}

std::string ShownInput(const Input& input) {
  std::string text = input.value;
  switch (input.kind) {
    case InputKind::kPipewire: return "pipewire" + Printable(text.empty() ? "" : ":" + text);
    case InputKind::kLibcamera: return "libcamera" + Printable(text.empty() ? "" : ":" + text);
    case InputKind::kPipeline: return "the pipeline";  // it may hold an address with a password
    default: break;
  }
  if (input.kind == InputKind::kRtsp) {
    const std::size_t begin = text.find("://") + 3;
    const std::size_t end = text.find_first_of("/?#", begin);
    const std::size_t at = text.substr(0, end).rfind('@');
    if (at != std::string::npos && at >= begin) {
      text.erase(begin, at + 1 - begin);
    }
    text = text.substr(0, text.find_first_of("?#"));  // tokens
  }
  return Printable(text);
}

}  // namespace pinhole::inside::source
