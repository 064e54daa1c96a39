// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bytes of a sound or video file -> 16 kHz mono, by FFmpeg's libraries. In this process: for
// files that nobody vouches for it belongs behind the wall (sound_program.h).
//
//   PINHOLE_ASSIGN(const auto decoder, SoundDecoder::Open(bytes, why));
//   PINHOLE_ASSIGN(const std::size_t count, decoder->Read(samples, why));   // ... until 0
//
// What the libraries may do is a list: containers and codecs (SupportedFormats). No file names
// another one, no video, picture or subtitle is decoded, one thread, no block of memory above 256
// MiB.
//
// Mixing down: FFmpeg's matrix for the layout, scaled so that its weights add up to one (stereo:
// the mean; 5.1: the centre counts most); where the layout is unknown, the mean. Rate: windowed
// sinc of 64 taps a phase, Kaiser window of beta 9, cut off at 0.95 of the lower of both half
// rates. Aliases lie below -75 dB and 0 to 7.2 kHz pass within 0.1 dB (sound_decoder_test.cc); a
// 16 kHz mono file is not filtered at all, and 16-bit samples are exactly n / 32768.
//
// Damaged packets are left out, a file that ends early ends early, and warning() says so.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/diagnosis.h"
#include "base/result.h"
#include "speech/sound/sound_info.h"

namespace pinhole::speech {

// A file that can be read at any place.
class SoundBytes {
 public:
  virtual ~SoundBytes() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Bytes from `position` on into `to`, at least one unless it is the end; below 0: reading failed.
  virtual std::ptrdiff_t ReadAt(std::uint64_t position, std::span<std::uint8_t> to) = 0;
};

class SoundDecoder {
 public:
  // `bytes` outlives the decoder. Errors: kWrongKind, kUnsupported, kTruncated, kMalformed, kIo,
  // kOutOfMemory, with a sentence that has no subject: "is no sound file ...".
  static base::Result<std::unique_ptr<SoundDecoder>> Open(SoundBytes& bytes, base::Diagnosis& why);

  SoundDecoder(const SoundDecoder&) = delete;
  SoundDecoder& operator=(const SoundDecoder&) = delete;
  ~SoundDecoder();

  // The next samples, as many as `to` holds; fewer only at the end, 0 from then on. They are as the
  // file has them: beyond 1, or no number.
  base::Result<std::size_t> Read(std::span<float> to, base::Diagnosis& why);

  [[nodiscard]] const SoundInfo& info() const { return info_; }
  // At the end: what could not be used; empty where all was.
  [[nodiscard]] std::string Warning() const;

 private:
  class Parts;
  SoundDecoder(std::unique_ptr<Parts> parts, SoundInfo info);

  std::unique_ptr<Parts> parts_;
  SoundInfo info_;
};

// "WAV, FLAC, MP3, ...", for people.
std::string_view SupportedFormats();

}  // namespace pinhole::speech
