// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is said to GStreamer, and what is said about it to people. No GStreamer in here, so that all
// of it can be tested.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "inside/source/source_options.h"

namespace pinhole::inside::source {

// Up to decoded video. An input's own value is never part of the text but of a pipeline that its
// owner wrote; it is set as a property of the element `origin`, so that no file's name can say
// anything to GStreamer.
//   kFile     filesrc name=origin ! decodebin ...
std::string OriginText(const Input& input);
// The property of `origin` that takes the input's value; empty where none does.
std::string OriginProperty(const Input& input);

// From decoded video to frames: upright where GStreamer can turn them (`has_flip`), at most
// options.fps a second where that is given and the input does not have its own pace, no larger
// than asked for, RGB of full range (grey videos too), into the appsink `sink`.
std::string FrameText(const SourceOptions& options, bool has_flip);

// True where frames come when they come, and the newest is the one that is wanted.
bool IsLive(const Input& input);

// The Debian package that has GStreamer's element `name`; empty where that is not known.
std::string_view PackageOfElement(std::string_view name);
// The Debian package that has a decoder for `caps` ("video/x-h264, ...").
std::string_view PackageOfDecoder(std::string_view caps);

// What went wrong, as GStreamer tells it.
struct GstTrouble {
  enum class Kind : std::uint8_t {
    kOther,        // damaged, ends early, or anything else
    kNoElement,    // `detail`: its name
    kNoDecoder,    // `detail`: caps, `name`: for people
    kNotThere,     // no such file, stream or device
    kCannotOpen,   // refused, unreachable, no rights
    kNotAllowed,   // wrong or no password
    kUnknownType,  // no video format that is known
    kNoPicture,    // sound only
    kWrongPipeline,
  };
  Kind kind = Kind::kOther;
  std::string message;  // GStreamer's
  std::string detail, name;
};

// One sentence: the input, what was found, and what to do.
std::string Sentence(const Input& input, const GstTrouble& trouble);

// Files and devices that `pipeline` names: every value of a property that begins with '/'.
std::vector<std::string> PathsIn(std::string_view pipeline);
// True where a pipeline's text names an element or address of a network kind that is let through
// (rtsp, PipeWire).
bool NeedsNetwork(const Input& input);
// Of an rtsp address: its own, or the scheme's.
std::uint16_t PortOf(std::string_view address);

}  // namespace pinhole::inside::source
