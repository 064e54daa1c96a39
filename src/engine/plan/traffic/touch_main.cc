// SPDX-License-Identifier: Apache-2.0
// Touches real memory as a network would, for a tool that counts what real caches do (cachegrind,
// or perf where the machine has counters).
//
//   pinhole-touch MODEL FAST_BYTES layers|planned|rings|nothing
//
// `nothing` walks through the accesses and touches none of them: what this program itself costs.
// One byte of every 64 is read or written.

#include <algorithm>
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
#include "engine/plan/traffic/stream.h"

namespace {

using pinhole::engine::plan::traffic::Order;

int Fail(std::string_view sentence) {
  std::fprintf(stderr, "pinhole-touch: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    return Fail("write pinhole-touch MODEL FAST_BYTES layers|planned|rings|nothing");
  }
  std::ifstream in(argv[1], std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::vector<std::byte> raw(text.size());
  std::transform(text.begin(), text.end(), raw.begin(),
                 [](char c) { return static_cast<std::byte>(c); });
  const pinhole::engine::format::AlignedBytes file(raw);
  // Not set to zero: that would be counted.
  constexpr std::size_t kMemory = std::size_t{64} << 20;
  const std::unique_ptr<std::byte[]> memory(new std::byte[kMemory]);
  pinhole::base::Arena arena({memory.get(), kMemory});
  pinhole::base::Diagnosis why;
  const auto model = pinhole::engine::format::ReadTflite(file.span(), arena, why);
  if (!model) {
    return Fail(why.text());
  }
  namespace traffic = pinhole::engine::plan::traffic;
  const auto network = traffic::ReadNetwork(**model, why);
  if (!network) {
    return Fail(why.text());
  }
  const auto plan =
      traffic::MakeTrafficPlan(*network, {.fast_bytes = std::strtoull(argv[2], nullptr, 10)}, why);
  if (!plan) {
    return Fail(why.text());
  }
  const std::string_view name = argv[3];
  const Order order = name == "layers"    ? Order::kLayers
                      : name == "planned" ? Order::kPlanned
                                          : Order::kRings;
  const bool touch = name != "nothing";
  std::uint64_t lines = 0;
  const std::uint64_t end =
      traffic::VisitAccesses(*network, *plan, order, [](std::uint64_t, std::uint64_t, bool) {});
  std::vector<unsigned char> block(end + 64);
  volatile unsigned char* const bytes =
      block.data() + (64 - reinterpret_cast<std::uintptr_t>(block.data()) % 64) % 64;
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
  std::printf("%s: %llu lines touched, of %llu bytes\n", argv[3],
              static_cast<unsigned long long>(lines), static_cast<unsigned long long>(end));
  return 0;
}
