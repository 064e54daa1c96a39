// SPDX-License-Identifier: Apache-2.0
#include "signal/log_mel.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace pinhole::signal {
namespace {

constexpr int kLanes = PowerSpectrum::kLanes;
using Lanes = float[kLanes];
constexpr float kLeast = 1e-10F;     // power
constexpr float kLargest = 0x1p20F;  // sample: its power, summed, is far from infinity

// log10 of kLanes positive normal numbers, within 2e-7 of the larger of 1 and the result. By hand:
// the same bits with every compiler and library.
// x = 2^e m, 0.7 < m < 1.42; with s = (m - 1) / (m + 1), ln m = 2 (s + s^3/3 + s^5/5 + ...), and
// the first term left out, s^11/11, is below 4e-10.
void Log10(const Lanes& from, Lanes& to) {
  constexpr std::int32_t kRootHalf = 0x3F3504F3;
  constexpr float kLog10Of2 = 0.30102999566398120F;
  constexpr float kTwiceLog10OfE = 0.86858896380650365F;
  for (int lane = 0; lane < kLanes; ++lane) {
    const std::int32_t shifted = std::bit_cast<std::int32_t>(from[lane]) - kRootHalf;
    const float m = std::bit_cast<float>((shifted & 0x7FFFFF) + kRootHalf);
    const auto e = static_cast<float>(shifted >> 23);
    const float s = (m - 1.0F) / (m + 1.0F);
    const float square = s * s;
    const float series =
        1.0F +
        square * (1.0F / 3 + square * (1.0F / 5 + square * (1.0F / 7 + square * (1.0F / 9))));
    to[lane] = e * kLog10Of2 + s * series * kTwiceLog10OfE;
  }
}

}  // namespace

LogMel::LogMel() {
  for (int i = 0; i < kWindow; ++i) {
    window_[static_cast<std::size_t>(i)] =
        static_cast<float>(0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * i / kWindow));
  }
  Reset();
}

base::Status LogMel::SetUp(int mels, std::span<const float> filters) {
  if (mels < 1 || mels > kMaxMels || filters.size() != static_cast<std::size_t>(mels) * kBins) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  if (!std::ranges::all_of(filters, [](float w) { return w >= 0.0F && w <= kLargest; })) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  filters_ = filters;
  mels_ = mels;
  for (int m = 0; m < mels; ++m) {
    const auto row = filters.subspan(static_cast<std::size_t>(m) * kBins, kBins);
    const auto is_used = [](float w) { return w != 0.0F; };
    const auto begin = std::ranges::find_if(row, is_used);
    auto end = row.end();
    while (end != begin && !is_used(*(end - 1))) {
      --end;
    }
    bands_[static_cast<std::size_t>(m)] = {static_cast<std::int16_t>(begin - row.begin()),
                                           static_cast<std::int16_t>(end - begin)};
  }
  Reset();
  return {};
}

void LogMel::Reset() {
  samples_.fill(0.0F);
  filled_ = kMargin;
  begin_mirrored_ = false;
  taken_ = frames_ = 0;
  max_ = -10.0F;
}

std::int64_t LogMel::FramesOfPush(std::size_t more) const {
  // Frame t ends before sample kHop t + kMargin; the first one needs a sample more, for its mirror.
  const std::int64_t samples = taken_ + static_cast<std::int64_t>(more);
  return samples > kMargin ? (samples - kMargin) / kHop + 1 - frames_ : 0;
}

std::int64_t LogMel::FramesOfFinish(std::size_t zeros) const {
  return std::max<std::int64_t>(0, Frames(taken_ + static_cast<std::int64_t>(zeros)) - frames_);
}

base::Result<std::int64_t> LogMel::Push(std::span<const float> samples, std::span<float> out) {
  if (mels_ == 0) {
    return base::Unexpected(base::Error::kNotReady);
  }
  const std::int64_t frames = FramesOfPush(samples.size());
  if (static_cast<std::int64_t>(out.size()) / mels_ < frames) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  Take(samples, out.data());
  return frames;
}

base::Result<std::int64_t> LogMel::Finish(std::size_t zeros, std::span<float> out) {
  if (mels_ == 0) {
    return base::Unexpected(base::Error::kNotReady);
  }
  const std::int64_t frames = FramesOfFinish(zeros);
  if (static_cast<std::int64_t>(out.size()) / mels_ < frames) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  const std::int64_t all = frames_ + frames;
  float* next = out.data();
  // Behind two windows of silence every frame is silence, its mirrored end too.
  static constexpr std::array<float, 2 * kWindow> kSilence{};
  const std::size_t heard = std::min(zeros, kSilence.size());
  next = Take(std::span(kSilence).first(heard), next);
  if (heard < zeros) {
    Lanes power, silence;
    std::fill_n(power, kLanes, kLeast);
    Log10(power, silence);
    std::fill(next, out.data() + frames * mels_, silence[0]);
    frames_ = all;
  } else if (frames_ < all) {
    // One frame at most reaches over the end, by 39 samples.
    MirrorBegin();
    for (int end = filled_, k = 1; filled_ < kWindow; ++k) {
      samples_[static_cast<std::size_t>(filled_++)] =
          samples_[static_cast<std::size_t>(end - 1 - k)];
    }
    Emit(1, next);
  }
  return frames;
}

void LogMel::Normalize(std::span<float> values, float max) {
  const float least = max - 8.0F;
  for (float& value : values) {
    value = (std::max(value, least) + 4.0F) / 4.0F;
  }
}

float* LogMel::Take(std::span<const float> samples, float* out) {
  while (!samples.empty()) {
    const std::size_t count = std::min(samples.size(), static_cast<std::size_t>(kSpan - filled_));
    for (std::size_t i = 0; i < count; ++i) {
      const float sample = samples[i];
      samples_[static_cast<std::size_t>(filled_) + i] =
          std::abs(sample) <= kLargest ? sample : 0.0F;
    }
    filled_ += static_cast<int>(count);
    taken_ += static_cast<std::int64_t>(count);
    samples = samples.subspan(count);
    out = EmitComplete(out);
  }
  return out;
}

// Sample -k is sample k, where there is one.
void LogMel::MirrorBegin() {
  if (begin_mirrored_) {
    return;
  }
  begin_mirrored_ = true;
  constexpr auto kBegin = static_cast<std::size_t>(kMargin);
  for (std::size_t k = 1; k <= kBegin; ++k) {
    const bool is_there = kBegin + k < static_cast<std::size_t>(filled_);
    samples_[kBegin - k] = is_there ? samples_[kBegin + k] : 0.0F;
  }
}

float* LogMel::EmitComplete(float* out) {
  if (!begin_mirrored_) {
    if (filled_ <= kWindow) {
      return out;
    }
    MirrorBegin();
  }
  return filled_ < kWindow ? out : Emit((filled_ - kWindow) / kHop + 1, out);
}

// The next `frames` frames, at most kLanes; their samples are there.
float* LogMel::Emit(int frames, float* out) {
  for (int lane = 0; lane < kLanes; ++lane) {
    if (lane < frames) {
      const float* const from = samples_.data() + lane * kHop;
      for (int i = 0; i < kWindow; ++i) {
        spectrum_.Sample(i, lane) = from[i] * window_[static_cast<std::size_t>(i)];
      }
    } else {
      for (int i = 0; i < kWindow; ++i) {
        spectrum_.Sample(i, lane) = 0.0F;
      }
    }
  }
  const float* const power = spectrum_.Transform();
  for (int m = 0; m < mels_; ++m) {
    const Band band = bands_[static_cast<std::size_t>(m)];
    const float* const weights = filters_.data() + m * kBins;
    Lanes sum = {};
    for (int bin = band.first; bin < band.first + band.count; ++bin) {
      for (int lane = 0; lane < kLanes; ++lane) {
        sum[lane] += weights[bin] * power[bin * kLanes + lane];
      }
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      sum[lane] = std::max(sum[lane], kLeast);
    }
    Lanes logarithm;
    Log10(sum, logarithm);
    for (int lane = 0; lane < frames; ++lane) {
      out[lane * mels_ + m] = logarithm[lane];
      max_ = std::max(max_, logarithm[lane]);
    }
  }
  const int used = frames * kHop;
  std::copy(samples_.begin() + used, samples_.begin() + filled_, samples_.begin());
  filled_ -= used;
  frames_ += frames;
  return out + frames * mels_;
}

}  // namespace pinhole::signal
