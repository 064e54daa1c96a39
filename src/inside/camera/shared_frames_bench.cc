// SPDX-License-Identifier: Apache-2.0
// What a frame costs on its way from the source to the inside: the reader's Capture (find the
// newest, copy it, check that it is whole), 640 x 480 in colour. The writer is not measured: it is
// another process on another core.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "inside/camera/shared_frames.h"
#include "system/child_process.h"

namespace pinhole::inside::camera {
namespace {

void BM_Capture(benchmark::State& state) {
  const capture::FrameShape shape{.width = 640, .height = 480, .channels = 3, .stride = 0};
  const std::vector<std::uint8_t> pixels(std::size_t{640} * 480 * 3, 90);
  base::Diagnosis why;
  auto writer = FrameWriter::Create(pixels.size(), why);
  system::PipeEnds sockets = system::MakeSocketPair();
  if (!writer || !writer->SendTo(sockets.writing.get(), why)) {
    state.SkipWithError(std::string(why.text()).c_str());
    return;
  }
  auto reader = FrameReader::Receive(sockets.reading.get(), why);
  for (auto _ : state) {
    state.PauseTiming();
    static_cast<void>(writer->Publish(shape, pixels, why));
    state.ResumeTiming();
    auto frame = (*reader)->Capture(why);
    benchmark::DoNotOptimize(frame);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(pixels.size()));
}
BENCHMARK(BM_Capture)->Unit(benchmark::kMicrosecond)->Repetitions(5)->ReportAggregatesOnly();

}  // namespace
}  // namespace pinhole::inside::camera
