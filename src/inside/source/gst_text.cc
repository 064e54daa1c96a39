// SPDX-License-Identifier: Apache-2.0
#include "inside/source/gst_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

#include "system/failure.h"

namespace pinhole::inside::source {

namespace {

using system::Printable;

// Only video is decoded: sound would be one more decoder that a hostile file could aim at.
constexpr std::string_view kDecode =
    "decodebin name=decoder caps=\"video/x-raw(ANY)\" expose-all-streams=false";

using Package = std::pair<std::string_view, std::string_view>;

std::string_view Found(std::string_view name, const auto& packages) {
  for (const Package& package : packages) {
    if (name.starts_with(package.first)) {
      return package.second;
    }
  }
  return {};
}

}  // namespace

std::string OriginText(const Input& input) {
  const std::string decode(kDecode);
  switch (input.kind) {
    case InputKind::kFolder:
    case InputKind::kFile: return "filesrc name=origin ! " + decode;
    // One connection, to one port: what a wall can let through and nothing else.
    case InputKind::kRtsp:
      return "rtspsrc name=origin protocols=tcp latency=100 tcp-timeout=5000000 ! " + decode;
    case InputKind::kPipewire: return "pipewiresrc name=origin ! " + decode;
    case InputKind::kLibcamera: return "libcamerasrc name=origin";
    case InputKind::kV4l2:
      return "v4l2src name=origin ! "
             "image/jpeg,width=[1,1920],height=[1,1440];video/x-raw,width=[1,1920],height=[1,1440] "
             "! " +
             decode;
    case InputKind::kPipeline: return input.value;
  }
  return {};
}

std::string OriginProperty(const Input& input) {
  switch (input.kind) {
    case InputKind::kFolder:
    case InputKind::kFile:
    case InputKind::kRtsp: return "location";
    case InputKind::kPipewire: return input.value.empty() ? "" : "path";
    case InputKind::kLibcamera: return input.value.empty() ? "" : "camera-name";
    case InputKind::kV4l2: return "device";
    case InputKind::kPipeline: return "";
  }
  return {};
}

bool IsLive(const Input& input) {
  return input.kind != InputKind::kFile && input.kind != InputKind::kFolder;
}

std::string FrameText(const SourceOptions& options, bool has_flip) {
  const int width = options.width == 0 ? kVideoWidth : options.width;
  const int height = options.height == 0 ? kVideoHeight : options.height;
  std::string text;
  if (options.fps > 0 && IsLive(options.input)) {
    std::array<char, 32> rate{};
    std::snprintf(rate.data(), rate.size(), "%d/1000",
                  std::max(1, static_cast<int>(options.fps * 1000)));
    text += std::string(" ! videorate drop-only=true ! video/x-raw(ANY),framerate=[0/1,") +
            rate.data() + "]";
  }
  text += " ! videoconvert";
  if (has_flip) {
    text += " ! videoflip video-direction=auto";
  }
  text += " ! videoscale ! videoconvert ! video/x-raw,format=RGB,width=[1," +
          std::to_string(width) + "],height=[1," + std::to_string(height) +
          "],pixel-aspect-ratio=1/1 ! appsink name=sink";
  // In steps every frame counts and the steps are the pace. Else a file keeps its own pace, which
  // its time stamps say, and of a camera the newest frame is wanted.
  const bool steps = options.step_fd >= 0;
  const bool live = IsLive(options.input);
  text += steps && !live ? " sync=false max-buffers=1 drop=false"
          : live         ? " sync=false max-buffers=1 drop=true"
                         : " sync=true max-buffers=1 drop=false";
  if (options.input.kind == InputKind::kPipeline) {
    text += steps ? " drop=false" : " sync=true";
  }
  return text;
}

std::string_view PackageOfElement(std::string_view name) {
  constexpr std::array<Package, 13> kPackages = {{
      {"pipewire", "gstreamer1.0-pipewire"},
      {"libcamera", "gstreamer1.0-libcamera"},
      {"rtsp", "gstreamer1.0-plugins-good"},
      {"v4l2", "gstreamer1.0-plugins-good"},
      {"jpeg", "gstreamer1.0-plugins-good"},
      {"video", "gstreamer1.0-plugins-base"},
      {"decodebin", "gstreamer1.0-plugins-base"},
      {"appsink", "gstreamer1.0-plugins-base"},
      {"filesrc", "libgstreamer1.0-0"},
      {"av", "gstreamer1.0-libav"},
      {"srt", "gstreamer1.0-plugins-bad"},
      {"rtmp", "gstreamer1.0-plugins-bad"},
      {"va", "gstreamer1.0-plugins-bad"},
  }};
  return Found(name, kPackages);
}

std::string_view PackageOfDecoder(std::string_view caps) {
  constexpr std::array<Package, 8> kPackages = {{
      {"video/x-theora", "gstreamer1.0-plugins-base"},
      {"video/x-vp8", "gstreamer1.0-plugins-good"},
      {"video/x-vp9", "gstreamer1.0-plugins-good"},
      {"image/jpeg", "gstreamer1.0-plugins-good"},
      {"video/quicktime", "gstreamer1.0-plugins-good"},
      {"video/x-matroska", "gstreamer1.0-plugins-good"},
      {"video/webm", "gstreamer1.0-plugins-good"},
      {"video/x-av1", "gstreamer1.0-plugins-bad"},
  }};
  const std::string_view package = Found(caps, kPackages);
  return package.empty() ? "gstreamer1.0-libav" : package;
}

std::string Sentence(const Input& input, const GstTrouble& trouble) {
  using Kind = GstTrouble::Kind;
  const bool is_address = input.kind == InputKind::kRtsp;
  std::string said = Printable(trouble.message);
  std::replace(said.begin(), said.end(), '\n', ' ');
  while (said.ends_with('.') || said.ends_with('?')) {
    said.pop_back();
  }
  const std::string shown = ShownInput(input) + ": ";
  switch (trouble.kind) {
    case Kind::kNoElement: {
      const std::string_view package = PackageOfElement(trouble.detail);
      return shown + "needs GStreamer's '" + Printable(trouble.detail) + "', which is missing; " +
             (package.empty() ? "install the package that has it (apt-file search, or "
                                "gst-inspect-1.0 to see what is there)"
                              : "install the package " + std::string(package));
    }
    case Kind::kNoDecoder:
      return shown + "needs GStreamer's '" + Printable(trouble.name) +
             "', which is missing; install the package " +
             std::string(PackageOfDecoder(trouble.detail));
    case Kind::kNotThere:
      return shown + "is not there (" + said + "); check " +
             (is_address ? "the address's path" : "the name");
    case Kind::kCannotOpen:
      return shown + "can't be opened (" + said + "); check " +
             (is_address ? "the address, and that the camera is on and in this network"
                         : "the name and the rights");
    case Kind::kNotAllowed:
      return shown + "does not let us in (" + said +
             "); give user and password: rtsp://USER:PASSWORD@HOST/...";
    case Kind::kUnknownType:
      return shown + "no picture or video format that is known here (" + said +
             "); give a picture (JPEG, PNG, BMP, PGM, PPM) or a video";
    case Kind::kNoPicture: return shown + "has no picture in it that can be decoded; give a video";
    case Kind::kWrongPipeline:
      return shown + "is none that GStreamer understands (" + said +
             "); try it with gst-launch-1.0 first";
    case Kind::kOther: break;
  }
  return shown + "stopped (" + said + "); it may be damaged, or end early";
}

std::vector<std::string> PathsIn(std::string_view pipeline) {
  std::vector<std::string> paths;
  for (std::size_t at = pipeline.find('='); at != std::string_view::npos;
       at = pipeline.find('=', at + 1)) {
    std::size_t begin = at + 1;
    char end = ' ';
    if (begin < pipeline.size() && (pipeline[begin] == '"' || pipeline[begin] == '\'')) {
      end = pipeline[begin++];
    }
    if (pipeline.substr(begin).starts_with("file:///")) {
      begin += 7;
    }
    if (begin < pipeline.size() && pipeline[begin] == '/') {
      paths.emplace_back(pipeline.substr(begin, pipeline.find(end, begin) - begin));
    }
  }
  return paths;
}

bool NeedsNetwork(const Input& input) {
  const bool by_text =
      input.kind == InputKind::kPipeline && (input.value.find("rtsp") != std::string::npos ||
                                             input.value.find("pipewire") != std::string::npos);
  return input.kind == InputKind::kRtsp || input.kind == InputKind::kPipewire || by_text;
}

std::uint16_t PortOf(std::string_view address) {
  const std::uint16_t usual = address.starts_with("rtsps") ? 322 : 554;
  const std::size_t begin = address.find("://");
  if (begin == std::string_view::npos) {
    return usual;
  }
  std::string_view host = address.substr(begin + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  host = host.substr(host.rfind('@') + 1);      // npos + 1 is 0
  const std::size_t bracket = host.rfind(']');  // of an IPv6 address
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
    return usual;
  }
  std::uint16_t port = 0;
  const std::string_view digits = host.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc() && end == digits.data() + digits.size() && port != 0 ? port : usual;
}

}  // namespace pinhole::inside::source
