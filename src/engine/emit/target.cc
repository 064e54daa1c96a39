// SPDX-License-Identifier: Apache-2.0
#include "engine/emit/target.h"

namespace pinhole::engine::emit {

namespace {

constexpr std::uint64_t kKiB = 1024;

constexpr Target kTargets[] = {
    {"rp2040", "Raspberry Pi Pico: Cortex-M0+, 2 MiB of flash", Layout::kPairs, true, 2,
     2048 * kKiB, 264 * kKiB, 290, 500, 40, 128},
    {"rp2350", "Raspberry Pi Pico 2: Cortex-M33, 4 MiB of flash", Layout::kQuads, false, 2,
     4096 * kKiB, 520 * kKiB, 110, 250, 25, 0},
    {"cortex-m4", "Cortex-M4 with 1 MiB of flash and 256 KiB of RAM", Layout::kQuads, false, 1,
     1024 * kKiB, 256 * kKiB, 110, 250, 25, 0},
    {"host", "this computer, or any other processor", Layout::kPlain, false, 2, 0, 0, 0, 0, 0, 0},
};

}  // namespace

std::optional<Target> FindTarget(std::string_view name) {
  for (const Target& target : kTargets) {
    if (target.name == name) {
      return target;
    }
  }
  return std::nullopt;
}

std::string_view TargetNames() { return "rp2040, rp2350, cortex-m4, host"; }

}  // namespace pinhole::engine::emit
