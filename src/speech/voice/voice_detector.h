// SPDX-License-Identifier: Apache-2.0
#pragma once

// Does somebody speak? Sound as it comes -> a probability for every 20 ms of it.
//
//   16 kHz mono floats in [-1, 1]
//     -> 16 mel bands every 10 ms (signal/log_mel.h), the mean of two frames, not below -8
//     -> each band above a floor that falls at once and rises 3 dB a second, and against the mean
//        of all: 32 numbers a step of 20 ms
//     -> three convolutions over time (5 steps apart by 1, 3 and 6: 0.6 s back, 0.22 s ahead), 20
//        channels each, and a logistic unit
//
// What is learned is how speech moves: hums, fans and tones become the floor or stay still; clicks,
// beeps and music move otherwise. Made by models/voice/make_voice.py from synthetic speech and
// sounds that the recipe draws; models/voice/CARD.md says how often it errs.
//
//   VoiceDetector detector;
//   std::array<float, VoiceDetector::MostOfPush(1600)> probabilities;
//   PINHOLE_ASSIGN(const std::size_t count, detector.Push(samples, probabilities));
//
// Probability k is about samples 320 k to 320 k + 319 and comes out some 0.25 s after them. Its
// bits do not depend on how the samples were cut into pieces.
//
// Memory: fixed members, about 60 KiB, no heap. Cost: 7,000 multiply-adds a step beside two
// spectra. One object a stream.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "signal/log_mel.h"

namespace pinhole::speech {

// y[t] = max(0, bias + sum over taps of W x[t + tap]), the five taps kApart steps apart and the
// last of them kAhead steps ahead; zeros before the first x.
template <std::size_t kInputs, std::size_t kApart, std::size_t kAhead>
class VoiceLayer {
 public:
  static constexpr std::size_t kTaps = 5, kOutputs = 20;
  static constexpr std::size_t kSpan = (kTaps - 1) * kApart + 1;
  static constexpr std::size_t kAheadSteps = kAhead;

  // Row-major [output][tap][input], a step an output.
  struct Weights {
    std::span<const std::int8_t> values;
    std::span<const float> steps, biases;
  };

  void Reset();
  // Takes x[t]; writes y[t - kAhead] to `y` and is true where that is not before the beginning.
  bool Push(const Weights& weights, std::span<const float, kInputs> x,
            std::span<float, kOutputs> y);

 private:
  std::array<std::array<float, kInputs>, kSpan> past_{};  // a ring
  std::size_t next_ = 0;                                  // where x goes
  std::size_t taken_ = 0;                                 // no further than kAhead
};

class VoiceDetector {
 public:
  static constexpr int kStep = 320;  // samples a probability
  static constexpr std::size_t kBands = 16;
  static constexpr std::size_t kInputs = 2 * kBands;

  VoiceDetector();

  // Before a new stream.
  void Reset();

  // Probabilities that Push of so many samples, or Finish, writes at most.
  static constexpr std::size_t MostOfPush(std::size_t samples) { return samples / kStep + 2; }
  static constexpr std::size_t kMostOfFinish = 16;

  // Takes all of `samples`; those that are no number count as 0. Returns how many probabilities it
  // wrote to `out`. Error: kInvalidArgument where `out` is smaller than the most; nothing was
  // taken.
  base::Result<std::size_t> Push(std::span<const float> samples, std::span<float> out);
  // Ends the stream: the rest, so that n samples have given n / kStep probabilities. Afterwards
  // only Reset() makes sense. Error: as Push.
  base::Result<std::size_t> Finish(std::span<float> out);

 private:
  static constexpr std::size_t kWidth = 20;
  using Near = VoiceLayer<kInputs, 1, 2>;
  using Middle = VoiceLayer<kWidth, 3, 3>;
  using Far = VoiceLayer<kWidth, 6, 6>;

  void TakeFrames(std::span<const float> frames, float*& out);
  void TakeStep(float*& out);
  void ToNear(std::span<const float, kInputs> x, float*& out);
  void ToMiddle(std::span<const float, kWidth> x, float*& out);
  void ToFar(std::span<const float, kWidth> x, float*& out);

  std::array<float, kBands * std::size_t{signal::LogMel::kBins}> filters_;
  signal::LogMel log_mel_;
  std::array<float, kBands> level_{};  // of the step that is being collected
  bool has_half_ = false;              // its first frame has come
  bool began_ = false;
  std::array<float, kBands> smooth_{}, floor_{};
  Near near_;
  Middle middle_;
  Far far_;
};

}  // namespace pinhole::speech
