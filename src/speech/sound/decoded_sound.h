// SPDX-License-Identifier: Apache-2.0
#pragma once

// A sound or video file as 16 kHz mono: WAV, FLAC, MP3, Ogg, Opus, M4A, AAC, AIFF, and the sound of
// MP4, MKV, WebM, AVI and MPEG files.
//
//   PINHOLE_ASSIGN(const auto sound, DecodedSound::Open("talk.mp3", {}, why));
//   Show(sound->info());
//   transcriber.Run(*sound, ...);           // Read and Restart, as often as it likes
//   if (!sound->warning().empty()) { ... }  // after the end: "talk.mp3: ends after 12 s ..."
//
// The file is decoded by another process, `pinhole-sound`, which locks itself in before it looks at
// the first byte: it can read this file and write samples and a sentence, nothing else
// (sound_wall.h). Here nothing of it is believed: samples are clamped to [-1, 1] and what is no
// number becomes 0, the length is limited, and a process that dies or stands still is an error with
// a name.
//
// Memory: 16 KiB, whatever the file's length. Sound that comes from a pipe is first written
// to a temporary file that has no name, since it has to be readable from its beginning again.
// One thread at a time. Errors of all functions are one sentence that begins with the file's name.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/diagnosis.h"
#include "base/result.h"
#include "signal/sound_source.h"
#include "speech/sound/sound_info.h"
#include "system/child_process.h"

namespace pinhole::speech {

struct SoundOptions {
  std::int64_t max_seconds = 24LL * 3600;                    // of sound
  std::uint64_t max_spooled_bytes = std::uint64_t{2} << 30;  // of a pipe
  int patience_ms = 30000;   // without one sample from the decoder while they are waited for
  std::string program = {};  // the decoder's path; empty: the one that is installed with us
};

class DecodedSound : public signal::SoundSource {
 public:
  // The file `path`; "-" is standard input. Returns once the decoder has told what the file is.
  // Errors: kNotFound, kIo (the file can't be read, the decoder can't be started, died or stood
  // still), kWrongKind (no sound file, or a video without sound), kUnsupported (a format or codec
  // that is not decoded, encrypted), kTruncated (nothing in it), kMalformed, kTooLarge.
  static base::Result<std::unique_ptr<DecodedSound>> Open(const std::string& path,
                                                          const SoundOptions& options,
                                                          base::Diagnosis& why);
  // The file or pipe behind `fd`, from its beginning where it has one. `name` is for messages.
  static base::Result<std::unique_ptr<DecodedSound>> FromDescriptor(system::UniqueFd fd,
                                                                    std::string name,
                                                                    const SoundOptions& options,
                                                                    base::Diagnosis& why);
  // A copy of `bytes`, which hold a whole file: what a service was sent.
  static base::Result<std::unique_ptr<DecodedSound>> FromBytes(std::span<const std::byte> bytes,
                                                               std::string name,
                                                               const SoundOptions& options,
                                                               base::Diagnosis& why);

  DecodedSound(const DecodedSound&) = delete;
  DecodedSound& operator=(const DecodedSound&) = delete;
  ~DecodedSound() override;  // ends the decoder

  base::Status Restart(base::Diagnosis& why) override;
  base::Result<std::size_t> Read(std::span<float> to, base::Diagnosis& why) override;

  [[nodiscard]] const SoundInfo& info() const { return info_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  // Samples read since the beginning.
  [[nodiscard]] std::int64_t position() const { return position_; }
  // One sentence once Read has come to the end, where not all of the file could be used: it was cut
  // or damaged. Else empty.
  [[nodiscard]] const std::string& warning() const { return warning_; }

 private:
  enum class State : std::uint8_t { kHeader, kSamples, kEnded, kFailed };

  DecodedSound(system::UniqueFd file, std::string name, SoundOptions options);

  base::Status StartDecoder(base::Diagnosis& why);
  base::Status ReadHeader(base::Diagnosis& why);
  // More into buffer_, or the end.
  base::Status Fill(base::Diagnosis& why);
  base::Status Finish(base::Diagnosis& why);
  std::size_t Take(std::span<float> to);
  void StopDecoder();

  system::UniqueFd file_;  // can be read at any place
  std::string name_;
  SoundOptions options_;
  SoundInfo info_;
  std::string warning_;
  std::int64_t position_ = 0;
  State state_ = State::kFailed;

  system::Child decoder_;
  system::UniqueFd samples_, sentence_;  // its standard output and error
  std::array<std::byte, 16384> buffer_;  // bytes begin_ to end_ have come and were not taken
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace pinhole::speech
