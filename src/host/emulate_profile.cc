// SPDX-License-Identifier: Apache-2.0
#include "host/emulate_profile.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "emulator/program.h"

namespace pinhole::host {

namespace {

std::string NameOf(const emulator::Core& core, std::span<const std::byte> file) {
  switch (core.state()) {
    case emulator::CoreState::kOff: return "(off)";
    case emulator::CoreState::kWaitingForInterrupt:
    case emulator::CoreState::kWaitingForEvent: return "(asleep)";
    case emulator::CoreState::kLockup: return "(locked up)";
    case emulator::CoreState::kRunning: break;
  }
  const emulator::Symbol symbol = emulator::FindSymbol(file, core.pc());
  return symbol.name.empty() ? "(no name)" : std::string(symbol.name);
}

}  // namespace

void Profile::Look(emulator::Rp2040& chip, std::span<const std::byte> file) {
  for (unsigned i = 0; i < 2; ++i) {
    ++functions_[NameOf(chip.core(i), file)].cores[i];
  }
  ++looks_;
}

std::string Profile::Text() const {
  std::vector<std::pair<std::string_view, Looks>> sorted(functions_.begin(), functions_.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& one, const auto& other) {
    const auto sum = [](const Looks& looks) { return looks.cores[0] + looks.cores[1]; };
    return sum(one.second) != sum(other.second) ? sum(one.second) > sum(other.second)
                                                : one.first < other.first;
  });
  std::string text = "core 0  core 1  of " + std::to_string(looks_) + " looks, one every " +
                     std::to_string(kStep) + " cycles\n";
  for (const auto& [name, looks] : sorted) {
    const auto share = [&](unsigned i) {
      return 100.0 * static_cast<double>(looks.cores[i]) / static_cast<double>(looks_);
    };
    std::array<char, 32> numbers{};
    std::snprintf(numbers.data(), numbers.size(), "%5.1f%%  %5.1f%%  ", share(0), share(1));
    text += numbers.data();
    text += name;
    text += '\n';
  }
  return text;
}

}  // namespace pinhole::host
