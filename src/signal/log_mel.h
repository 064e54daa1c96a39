// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sound into what Whisper hears: the logarithm of a mel spectrum, a frame every 10 ms.
//
//   16 kHz mono floats in [-1, 1]
//     -> frames of 400 samples, 160 apart, centred (frame t is samples 160 t - 200 .. 160 t + 199;
//        what would lie before the first or behind the last sample is reflected)
//     -> periodic Hann window, |X|^2, mel filters, log10(max(., 1e-10))         Push, Finish
//     -> max(., m - 8), (. + 4) / 4, where m is the largest value of the whole  Normalize
//
// n samples give n / 160 frames. Frames come out as samples go in; their bits do not depend on how
// the samples were cut into pieces. Only Normalize needs the whole, or what a caller takes for it.
//
//   LogMel log_mel;
//   PINHOLE_TRY(log_mel.SetUp(80, filters));             // filters: mel_filters.h, or a model's
//   own const auto n = log_mel.Push(samples, frames);        // ... as often as there are samples
//   const auto rest = log_mel.Finish(30 * 16000, ...);   // Whisper puts 30 s of silence behind a
//   file LogMel::Normalize(frames, log_mel.max());
//
// Layout of the output: [frame][mels], so that neighbouring frames are neighbours in memory.
// OpenAI's is the transposed one. Values are within 1e-4 of the same in double precision.
//
// Memory: fixed members, about 36 KiB, no heap; `filters` are the caller's. One object a stream.
// Source: github.com/openai/whisper, whisper/audio.py.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "signal/power_spectrum.h"

namespace pinhole::signal {

class LogMel {
 public:
  static constexpr int kSampleRate = 16000;
  static constexpr int kWindow = PowerSpectrum::kSamples;
  static constexpr int kHop = 160;
  static constexpr int kBins = PowerSpectrum::kBins;
  static constexpr int kMaxMels = 128;

  LogMel();

  // `filters`, [mels][201], finite and not negative, stays where it is as long as this object is
  // used. Error: kInvalidArgument (1 <= mels <= kMaxMels).
  base::Status SetUp(int mels, std::span<const float> filters);
  // A new stream.
  void Reset();

  // Frames of a stream of so many samples, the zeros of Finish() among them.
  static constexpr std::int64_t Frames(std::int64_t samples) { return samples / kHop; }
  // Frames that Push of so many more samples, or Finish with so many zeros, would write.
  [[nodiscard]] std::int64_t FramesOfPush(std::size_t more) const;
  [[nodiscard]] std::int64_t FramesOfFinish(std::size_t zeros) const;

  // Takes all of `samples` and writes the frames that are complete with them to the front of `out`.
  // Samples that are no number, or beyond 2^20, count as 0. Returns the number of frames. Errors:
  // kNotReady before SetUp, kInvalidArgument where `out` can't hold them all; then nothing was
  // taken.
  base::Result<std::int64_t> Push(std::span<const float> samples, std::span<float> out);
  // Ends the stream with `zeros` samples of silence and writes the frames that are left. Errors: as
  // Push. Afterwards only Reset() makes sense.
  base::Result<std::int64_t> Finish(std::size_t zeros, std::span<float> out);

  // The largest value of the frames written since Reset(); -10 is the smallest there is.
  [[nodiscard]] float max() const { return max_; }
  [[nodiscard]] int mels() const { return mels_; }

  // In place. `max`: of the whole that is heard together.
  static void Normalize(std::span<float> values, float max);

 private:
  // Samples that as many frames as there are lanes span.
  static constexpr int kSpan = kWindow + (PowerSpectrum::kLanes - 1) * kHop;
  static constexpr int kMargin = kWindow / 2;

  struct Band {
    std::int16_t first = 0, count = 0;  // bins whose weight is not 0 lie among these
  };

  float* Take(std::span<const float> samples, float* out);
  float* EmitComplete(float* out);
  float* Emit(int frames, float* out);
  void MirrorBegin();

  std::span<const float> filters_;
  int mels_ = 0;
  std::array<Band, kMaxMels> bands_;
  std::array<float, kWindow> window_;

  // The stream from sample kHop * frames_ - kMargin on.
  std::array<float, kSpan> samples_;
  int filled_ = kMargin;
  bool begin_mirrored_ = false;
  std::int64_t taken_ = 0;   // samples
  std::int64_t frames_ = 0;  // written
  float max_ = -10.0F;
  PowerSpectrum spectrum_;
};

}  // namespace pinhole::signal
