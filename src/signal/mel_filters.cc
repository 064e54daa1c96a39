// SPDX-License-Identifier: Apache-2.0
#include "signal/mel_filters.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "signal/log_mel.h"

namespace pinhole::signal {
namespace {

constexpr double kHzPerMel = 200.0 / 3.0;  // below the break
constexpr double kBreakHz = 1000.0;
constexpr double kBreakMel = kBreakHz / kHzPerMel;

double LogStep() { return std::log(6.4) / 27.0; }

double HzToMel(double hz) {
  return hz < kBreakHz ? hz / kHzPerMel : kBreakMel + std::log(hz / kBreakHz) / LogStep();
}

double MelToHz(double mel) {
  return mel < kBreakMel ? mel * kHzPerMel : kBreakHz * std::exp((mel - kBreakMel) * LogStep());
}

}  // namespace

base::Status SlaneyMelFilters(int mels, std::span<float> filters) {
  if (mels < 1 || mels > LogMel::kMaxMels ||
      filters.size() != static_cast<std::size_t>(mels) * LogMel::kBins) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  constexpr double kHighestHz = LogMel::kSampleRate / 2.0;
  const double step = HzToMel(kHighestHz) / (mels + 1);
  float* next = filters.data();
  for (int m = 0; m < mels; ++m) {
    const double from = MelToHz(step * m);
    const double peak = MelToHz(step * (m + 1));
    const double to = MelToHz(step * (m + 2));
    for (int bin = 0; bin < LogMel::kBins; ++bin) {
      const double hz = bin * kHighestHz / (LogMel::kBins - 1);
      const double height = std::min((hz - from) / (peak - from), (to - hz) / (to - peak));
      *next++ = static_cast<float>(std::max(0.0, height) * 2.0 / (to - from));
    }
  }
  return {};
}

}  // namespace pinhole::signal
