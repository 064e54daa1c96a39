// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the source process is told, and what kind of input that is.
//
//   pinhole-source --handover-fd N --input X [--fps F] [--loop] [--step-fd M] [--width W --height
//   H]
//
//   X                        kind
//   FOLDER                   pictures in the order of their names
//   FILE                     a picture or a video, told apart by content
//   rtsp://... rtsps://...   a network camera
//   pipewire, pipewire:NODE  a PipeWire node
//   libcamera, libcamera:ID  a camera behind an image signal processor (Raspberry Pi)
//   v4l2:/dev/videoN         a camera that the inside does not own, such as one that gives JPEG
//   gst:PIPELINE             anything that GStreamer can, ending in raw video

#include <cstdint>
#include <string>
#include <string_view>

namespace pinhole::inside::source {

enum class InputKind : std::uint8_t {
  kFolder,
  kFile,
  kRtsp,
  kPipewire,
  kLibcamera,
  kV4l2,
  kPipeline,
};

struct Input {
  InputKind kind = InputKind::kFile;
  std::string value;  // path, address, node, camera or pipeline; may be empty for the two cameras
};

struct SourceOptions {
  int handover_fd = -1;
  int step_fd = -1;  // below 0: paced by the clock
  Input input;
  double fps = 0;  // 0: not given
  bool loop = false;
  // Frames are made smaller to fit; 0: not given. At most kMaxWidth x kMaxHeight, whatever is
  // asked.
  int width = 0, height = 0;
};

inline constexpr double kDefaultFps = 10;
inline constexpr int kMaxWidth = 1920;
inline constexpr int kMaxHeight = 1440;
// What moving pictures are scaled down to where nothing is said: more than any model looks at.
inline constexpr int kVideoWidth = 1280;
inline constexpr int kVideoHeight = 960;

// Throws system::WrongUsage. Looks at the file system only to tell a folder from a file.
SourceOptions ParseSource(int argc, const char* const* argv);

Input InputOf(std::string_view text);

// The input as a message shows it: printable, without the user and password of an address.
std::string ShownInput(const Input& input);

}  // namespace pinhole::inside::source
