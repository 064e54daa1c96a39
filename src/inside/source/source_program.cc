// SPDX-License-Identifier: Apache-2.0
#include "inside/source/source_program.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "base/diagnosis.h"
#include "inside/camera/shared_frames.h"
#include "inside/source/beat.h"
#include "inside/source/film_source.h"
#include "inside/source/gst_source.h"
#include "inside/source/gst_text.h"
#include "system/failure.h"

namespace pinhole::inside::source {

namespace {

namespace fs = std::filesystem;

void SayLine(std::string_view sentence) {
  std::fprintf(stderr, "pinhole: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
}

void CheckThatItIsThere(const Input& input) {
  std::error_code error;
  const bool is_file = input.kind == InputKind::kFile || input.kind == InputKind::kV4l2;
  if (is_file && !fs::exists(input.value, error)) {
    throw system::Failure(ShownInput(input) +
                          (input.kind == InputKind::kV4l2
                               ? ": no such device; 'pinhole devices' lists cameras"
                               : ": no such file; check the name"));
  }
}

// By its first bytes, as pictures/picture.h tells them apart; after the wall was closed.
bool IsPicture(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 4> head{};
  file.read(head.data(), head.size());
  const std::string_view text(head.data(), static_cast<std::size_t>(file.gcount()));
  using namespace std::string_view_literals;
  constexpr std::array kMarks = {"\xFF\xD8\xFF"sv, "\x89PNG"sv, "BM"sv, "P2"sv,
                                 "P3"sv,           "P5"sv,      "P6"sv};
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [&](std::string_view mark) { return text.starts_with(mark); });
}

// GStreamer's list of plugins, where its user has one.
std::string RegistryFolder() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  const char* const home = std::getenv("HOME");
  return cache != nullptr && *cache != '\0' ? std::string(cache) + "/gstreamer-1.0"
         : home != nullptr && *home != '\0' ? std::string(home) + "/.cache/gstreamer-1.0"
                                            : std::string();
}

void Append(std::vector<std::string>& to, std::initializer_list<const char*> paths) {
  to.insert(to.end(), paths.begin(), paths.end());
}

// Where devices are looked for by name: sysfs, and udev's database.
constexpr std::initializer_list<const char*> kDeviceLists = {"/sys/bus", "/sys/class", "/sys/dev",
                                                             "/sys/devices", "/run/udev"};

void AllowLibraries(wall::Confinement& allowed) {
  Append(allowed.read, {"/usr/lib", "/lib", "/usr/lib64", "/lib64", "/usr/local/lib",
                        "/usr/share/glib-2.0", "/usr/share/mime", "/usr/share/gstreamer-1.0",
                        "/usr/share/gst-plugins-base", "/etc/ld.so.cache", "/proc/cpuinfo",
                        "/proc/self/auxv", "/sys/devices/system/cpu", "/dev/zero", "/dev/urandom"});
  allowed.write.emplace_back("/dev/null");
  if (const std::string folder = RegistryFolder(); !folder.empty()) {
    allowed.read.push_back(folder);
  }
}

// Names of hosts, and the certificates that rtsps is checked against.
void AllowNames(wall::Confinement& allowed) {
  Append(allowed.read, {"/etc/resolv.conf", "/run/systemd/resolve", "/etc/hosts", "/etc/host.conf",
                        "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/etc/ssl",
                        "/usr/share/ca-certificates"});
}

// All cameras, since which of them there are is libcamera's to find out.
void AllowCameras(wall::Confinement& allowed) {
  Append(allowed.read, kDeviceLists);
  Append(allowed.read, {"/dev", "/usr/share/libcamera", "/etc/libcamera"});
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/dev", error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("video") || name.starts_with("media") || name.starts_with("v4l-subdev") ||
        name == "dma_heap" || name == "udmabuf") {
      allowed.write.push_back(entry.path().string());
    }
  }
}

void Play(const SourceOptions& options, camera::FrameWriter& writer) {
  Beat beat(options.step_fd, options.fps > 0 ? options.fps : kDefaultFps);
  const bool film = options.input.kind == InputKind::kFolder ||
                    (options.input.kind == InputKind::kFile && IsPicture(options.input.value));
  if (film) {
    PlayFilm(options, beat, writer, SayLine);
    return;
  }
  StartGStreamer();
  PlayStream(options, beat, writer, SayLine);
}

}  // namespace

wall::Confinement ConfinementFor(const Input& input) {
  wall::Confinement allowed;
  allowed.network = NeedsNetwork(input);
  allowed.bind_tcp.emplace();  // no port at all
  switch (input.kind) {
    case InputKind::kFolder: allowed.read = {input.value}; return allowed;
    case InputKind::kFile: allowed.read = {input.value}; break;
    case InputKind::kRtsp:
      AllowNames(allowed);
      allowed.connect_tcp = std::vector{PortOf(input.value)};
      break;
    case InputKind::kPipewire:
      allowed.connect_tcp.emplace();
      if (const char* const folder = std::getenv("XDG_RUNTIME_DIR"); folder != nullptr) {
        allowed.write.push_back(std::string(folder) + "/pipewire-0");
      }
      Append(allowed.read, {"/usr/share/pipewire", "/etc/pipewire"});
      break;
    case InputKind::kLibcamera: AllowCameras(allowed); break;
    case InputKind::kV4l2:
      Append(allowed.read, kDeviceLists);
      allowed.write = {input.value};
      break;
    case InputKind::kPipeline:
      for (const std::string& path : PathsIn(input.value)) {
        (path.starts_with("/dev/") ? allowed.write : allowed.read).push_back(path);
      }
      Append(allowed.read, kDeviceLists);
      if (input.value.find("libcamera") != std::string::npos) {
        AllowCameras(allowed);
      }
      if (allowed.network) {
        AllowNames(allowed);
      }
      break;
  }
  AllowLibraries(allowed);
  return allowed;
}

int RunSource(const SourceOptions& options) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::signal(SIGPIPE, SIG_IGN);
  CheckThatItIsThere(options.input);
  base::Diagnosis why;
  base::Result<camera::FrameWriter> writer =
      camera::FrameWriter::Create(camera::kMaxSharedFrameBytes, why);
  if (!writer || !writer->SendTo(options.handover_fd, why)) {
    throw system::Failure(std::string(why.text()));
  }
  ::close(options.handover_fd);
  const wall::Confined confined = wall::Confine(ConfinementFor(options.input));
  if (!confined.missing.empty()) {
    SayLine("is confined less than it could be: " + confined.missing);
  }
  Play(options, *writer);
  writer->PublishEnd();
  return 0;
}

}  // namespace pinhole::inside::source
