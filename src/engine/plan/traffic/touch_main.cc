// SPDX-License-Identifier: Apache-2.0
// Touches real memory as a network would, for a tool that counts what real caches do (cachegrind,
// or perf where the machine has counters).
//
//   pinhole-touch MODEL FAST_BYTES layers|planned|rings|nothing
//   pinhole-touch MODEL RUNS engine-whole|engine-rows
//
// The first touches one byte of every 64 in the order of one stream (stream.h); `nothing` walks
// through it and touches none: what this program itself costs. The second runs the engine itself,
// layer by layer or with its groups of operators in turns of rows; 0 runs are what loading costs.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/format/aligned_bytes.h"
#include "engine/format/tflite_reader.h"
#include "engine/kernels/registry.h"
#include "engine/plan/traffic/stream.h"
#include "engine/run/session.h"

namespace {

namespace base = pinhole::base;
namespace engine = pinhole::engine;
namespace traffic = pinhole::engine::plan::traffic;

int Fail(std::string_view sentence) {
  std::fprintf(stderr, "pinhole-touch: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  return 1;
}

engine::format::AlignedBytes Read(const char* path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::vector<std::byte> raw(text.size());
  std::transform(text.begin(), text.end(), raw.begin(),
                 [](char c) { return static_cast<std::byte>(c); });
  return engine::format::AlignedBytes(raw);
}

int RunEngine(std::span<const std::byte> file, base::Arena& arena, std::uint64_t runs, bool rows) {
  base::Diagnosis why;
  engine::run::SessionOptions options;
  options.kernels = engine::kernels::AllKernels();
  options.objective = rows ? engine::plan::Objective::kSmallest : engine::plan::Objective::kWhole;
  auto session = engine::run::Session::Load(file, arena, options, why);
  if (!session) {
    return Fail(why.text());
  }
  const base::Result<std::span<std::byte>> activations =
      arena.Take(session->activation_bytes(), 64);
  if (!activations || !session->Bind(*activations, why)) {
    return Fail("the activations do not fit");
  }
  for (std::uint64_t run = 0; run < runs; ++run) {
    if (!session->Run(why)) {
      return Fail(why.text());
    }
  }
  std::printf("%llu runs in %zu bytes of activations\n", static_cast<unsigned long long>(runs),
              session->activation_bytes());
  return 0;
}

int TouchStream(const engine::format::Model& model, std::uint64_t fast_bytes,
                std::string_view name) {
  base::Diagnosis why;
  const auto network = traffic::ReadNetwork(model, why);
  if (!network) {
    return Fail(why.text());
  }
  const auto plan = traffic::MakeTrafficPlan(*network, {.fast_bytes = fast_bytes}, why);
  if (!plan) {
    return Fail(why.text());
  }
  const traffic::Order order = name == "layers"    ? traffic::Order::kLayers
                               : name == "planned" ? traffic::Order::kPlanned
                                                   : traffic::Order::kRings;
  const bool touch = name != "nothing";
  const std::uint64_t end =
      traffic::VisitAccesses(*network, *plan, order, [](std::uint64_t, std::uint64_t, bool) {});
  std::vector<unsigned char> block(end + 64);
  const auto askew = reinterpret_cast<std::uintptr_t>(block.data()) % 64;
  volatile unsigned char* const bytes = block.data() + (64 - askew) % 64;
  std::uint64_t lines = 0;
  traffic::VisitAccesses(
      *network, *plan, order, [&](std::uint64_t address, std::uint64_t count, bool write) {
        for (std::uint64_t line = address / 64; line * 64 < address + count; ++line) {
          ++lines;
          if (touch && write) {
            bytes[line * 64] = 1;
          } else if (touch) {
            static_cast<void>(bytes[line * 64]);
          }
        }
      });
  std::printf("%llu accesses to lines, in %llu bytes\n", static_cast<unsigned long long>(lines),
              static_cast<unsigned long long>(end));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    return Fail(
        "write pinhole-touch MODEL FAST_BYTES layers|planned|rings|nothing, or MODEL RUNS "
        "engine-whole|engine-rows");
  }
  const engine::format::AlignedBytes file = Read(argv[1]);
  const std::uint64_t number = std::strtoull(argv[2], nullptr, 10);
  const std::string_view name = argv[3];
  // Not set to zero: that would be counted.
  constexpr std::size_t kMemory = std::size_t{64} << 20;
  const std::unique_ptr<std::byte[]> memory(new std::byte[kMemory]);
  base::Arena arena({memory.get(), kMemory});
  if (name.starts_with("engine-")) {
    return RunEngine(file.span(), arena, number, name == "engine-rows");
  }
  base::Diagnosis why;
  const auto model = engine::format::ReadTflite(file.span(), arena, why);
  return model ? TouchStream(**model, number, name) : Fail(why.text());
}
