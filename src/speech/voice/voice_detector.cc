// SPDX-License-Identifier: Apache-2.0
#include "speech/voice/voice_detector.h"

#include <algorithm>
#include <cmath>

#include "signal/mel_filters.h"

namespace pinhole::speech {

namespace {

#include "speech/voice/voice_weights.inc"

constexpr float kLowest = -8;    // log10 of power
constexpr float kFirstFloor = 1;    // below the first step
constexpr float kRise = 0.006F;     // of the floor, a step: 3 dB a second
constexpr float kLoudest = 4;       // above the floor
constexpr float kMostContrast = 2;  // against the mean of the bands

}  // namespace

template <std::size_t kInputs, std::size_t kApart, std::size_t kAhead>
void VoiceLayer<kInputs, kApart, kAhead>::Reset() {
  past_ = {};
  next_ = taken_ = 0;
}

template <std::size_t kInputs, std::size_t kApart, std::size_t kAhead>
bool VoiceLayer<kInputs, kApart, kAhead>::Push(const Weights& weights,
                                               std::span<const float, kInputs> x,
                                               std::span<float, kOutputs> y) {
  std::ranges::copy(x, past_[next_].begin());
  next_ = (next_ + 1) % kSpan;  // the oldest one now
  if (taken_ < kAhead) {
    ++taken_;
    return false;
  }
  const std::int8_t* weight = weights.values.data();
  for (std::size_t output = 0; output < kOutputs; ++output) {
    float sum = 0;
    for (std::size_t tap = 0; tap < kTaps; ++tap) {
      for (const float value : past_[(next_ + tap * kApart) % kSpan]) {
        sum += static_cast<float>(*weight++) * value;
      }
    }
    y[output] = std::max(0.0F, sum * weights.steps[output] + weights.biases[output]);
  }
  return true;
}

VoiceDetector::VoiceDetector() {
  // Neither can fail with these numbers.
  static_cast<void>(signal::SlaneyMelFilters(int{kBands}, filters_));
  static_cast<void>(log_mel_.SetUp(int{kBands}, filters_));
}

void VoiceDetector::Reset() {
  log_mel_.Reset();
  has_half_ = began_ = false;
  near_.Reset();
  middle_.Reset();
  far_.Reset();
}

base::Result<std::size_t> VoiceDetector::Push(std::span<const float> samples,
                                              std::span<float> out) {
  if (out.size() < MostOfPush(samples.size())) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  float* next = out.data();
  std::array<float, 4 * kBands> frames;  // of kStep samples: three at most
  while (!samples.empty()) {
    const std::span<const float> some = samples.first(std::min<std::size_t>(samples.size(), kStep));
    samples = samples.subspan(some.size());
    PINHOLE_ASSIGN(const std::int64_t count, log_mel_.Push(some, frames));
    TakeFrames(std::span(frames).first(static_cast<std::size_t>(count) * kBands), next);
  }
  return static_cast<std::size_t>(next - out.data());
}

// What lies behind the end is nothing to every layer.
base::Result<std::size_t> VoiceDetector::Finish(std::span<float> out) {
  if (out.size() < kMostOfFinish) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  float* next = out.data();
  std::array<float, 4 * kBands> frames;
  PINHOLE_ASSIGN(const std::int64_t count, log_mel_.Finish(0, frames));
  TakeFrames(std::span(frames).first(static_cast<std::size_t>(count) * kBands), next);
  constexpr std::array<float, kInputs> kNothing{};
  constexpr std::array<float, kWidth> kStill{};
  for (std::size_t i = 0; i < Near::kAheadSteps; ++i) {
    ToNear(kNothing, next);
  }
  for (std::size_t i = 0; i < Middle::kAheadSteps; ++i) {
    ToMiddle(kStill, next);
  }
  for (std::size_t i = 0; i < Far::kAheadSteps; ++i) {
    ToFar(kStill, next);
  }
  return static_cast<std::size_t>(next - out.data());
}

void VoiceDetector::TakeFrames(std::span<const float> frames, float*& out) {
  for (; !frames.empty(); frames = frames.subspan(kBands)) {
    for (std::size_t band = 0; band < kBands; ++band) {
      const float half = 0.5F * std::max(frames[band], kLowest);
      level_[band] = has_half_ ? level_[band] + half : half;
    }
    if (has_half_) {
      TakeStep(out);
    }
    has_half_ = !has_half_;
  }
}

void VoiceDetector::TakeStep(float*& out) {
  if (!began_) {
    began_ = true;
    smooth_ = level_;
    std::ranges::transform(level_, floor_.begin(),
                           [](float level) { return std::max(level - kFirstFloor, kLowest); });
  }
  float mean = 0;
  for (const float level : level_) {
    mean += level / kBands;
  }
  std::array<float, kInputs> x;
  for (std::size_t band = 0; band < kBands; ++band) {
    const float now = level_[band];
    smooth_[band] += 0.5F * (now - smooth_[band]);
    const float above = smooth_[band] - floor_[band];
    floor_[band] = above < 0 ? smooth_[band] : floor_[band] + std::min(above, kRise);
    x[band] = 0.5F * std::clamp(now - floor_[band], 0.0F, kLoudest);
    x[kBands + band] = 0.5F * std::clamp(now - mean, -kMostContrast, kMostContrast);
  }
  ToNear(x, out);
}

void VoiceDetector::ToNear(std::span<const float, kInputs> x, float*& out) {
  std::array<float, kWidth> y;
  if (near_.Push({kNearWeights, kNearSteps, kNearBiases}, x, y)) {
    ToMiddle(y, out);
  }
}

void VoiceDetector::ToMiddle(std::span<const float, kWidth> x, float*& out) {
  std::array<float, kWidth> y;
  if (middle_.Push({kMiddleWeights, kMiddleSteps, kMiddleBiases}, x, y)) {
    ToFar(y, out);
  }
}

void VoiceDetector::ToFar(std::span<const float, kWidth> x, float*& out) {
  std::array<float, kWidth> y;
  if (!far_.Push({kFarWeights, kFarSteps, kFarBiases}, x, y)) {
    return;
  }
  float sum = 0;
  for (std::size_t i = 0; i < kWidth; ++i) {
    sum += static_cast<float>(kLastWeights[i]) * y[i];
  }
  *out++ = 1 / (1 + std::exp(-(sum * kLastSteps[0] + kLastBiases[0])));
}

}  // namespace pinhole::speech
