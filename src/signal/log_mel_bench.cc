// SPDX-License-Identifier: Apache-2.0
// How long Whisper's view of sound takes: 30 s, 3000 frames, of noise. The work does not depend on
// what is heard. Not measured: reading and resampling sound.
#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <vector>

#include "signal/log_mel.h"
#include "signal/mel_filters.h"

namespace pinhole::signal {
namespace {

void LogMelOf30Seconds(benchmark::State& state) {
  const int mels = static_cast<int>(state.range(0));
  std::vector<float> filters(static_cast<std::size_t>(mels) * LogMel::kBins);
  const auto log_mel = std::make_unique<LogMel>();
  if (!SlaneyMelFilters(mels, filters) || !log_mel->SetUp(mels, filters)) {
    state.SkipWithError("filters");
    return;
  }
  std::mt19937 random(1);
  std::normal_distribution<float> noise(0.0F, 0.1F);
  std::vector<float> sound(30 * LogMel::kSampleRate);
  for (float& sample : sound) {
    sample = noise(random);
  }
  std::vector<float> frames(3000 * static_cast<std::size_t>(mels));
  for (auto _ : state) {
    log_mel->Reset();
    benchmark::DoNotOptimize(log_mel->Push(sound, frames).has_value());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * 3000);
}
BENCHMARK(LogMelOf30Seconds)->Arg(80)->Arg(128)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace pinhole::signal
