// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a model can be emitted for: how its weights are laid out, and how much memory there is.

#include <cstdint>
#include <optional>
#include <string_view>

namespace pinhole::engine::emit {

enum class Layout : std::uint8_t { kPlain, kPairs, kQuads };

struct Target {
  std::string_view name, what;
  Layout layout = Layout::kPlain;
  bool quick = false;             // no wide multiplication: see pack.h
  int cores = 1;                  // that the chip has
  std::uint64_t flash_bytes = 0;  // 0: not limited
  std::uint64_t ram_bytes = 0;
  // Instructions for a multiply-add, in hundredths, and for an output, and cycles for a hundred of
  // them: fitted to what benchmarks/cortexm counts, from which most models differ by less than a
  // fifth, and to `pinhole emulate` for the cycles. 0: not known.
  std::uint32_t hundredths_a_product = 0, hundredths_a_depthwise_product = 0, an_output = 0;
  std::uint32_t cycles_a_hundred = 0;
};

// rp2040, rp2350, cortex-m4, host.
std::optional<Target> FindTarget(std::string_view name);
// "rp2040, rp2350, cortex-m4, host"
std::string_view TargetNames();

}  // namespace pinhole::engine::emit
