// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a sound file is, for people and progress bars, and the line in which the decoding program
// says it in front of the samples.
//
//   pinhole-sound 1 duration_ms=10980 rate=44100 channels=2 container=mp3 codec=mp3float\n
//
// The line comes from a process that has read hostile bytes: it is parsed as if anybody had written
// it. Names are of [a-z0-9_,.-], at most 40 characters, or it is no header.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::speech {

struct SoundInfo {
  std::int64_t duration_ms = -1;  // of the sound track, as the file says it; -1: it does not
  std::int32_t rate = 0;          // samples a second in the file
  std::int32_t channels = 0;      // in the file
  std::string container;          // "wav", "mp3", "mov,mp4,m4a,3gp,3g2,mj2"
  std::string codec;              // "pcm_s16le", "aac"

  friend bool operator==(const SoundInfo&, const SoundInfo&) = default;
};

inline constexpr std::size_t kMaxHeaderBytes = 256;  // with the line feed

// With the line feed. Names are cut and cleaned to what ParseHeader takes.
std::string HeaderLine(const SoundInfo& info);

// `line` is without its line feed. Error: kMalformed.
base::Result<SoundInfo> ParseHeader(std::string_view line, base::Diagnosis& why);

}  // namespace pinhole::speech
