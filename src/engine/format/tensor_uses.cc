// SPDX-License-Identifier: Apache-2.0
#include "engine/format/tensor_uses.h"

namespace pinhole::engine::format {

void CountUses(std::span<const Operator> operators, std::span<const std::int32_t> outputs,
               std::span<TensorUse> uses) {
  for (std::size_t i = 0; i < operators.size(); ++i) {
    for (const std::int32_t input : operators[i].inputs) {
      if (input >= 0) {
        ++uses[static_cast<std::size_t>(input)].reads;
      }
    }
    for (const std::int32_t output : operators[i].outputs) {
      uses[static_cast<std::size_t>(output)].writer = static_cast<std::int32_t>(i);
    }
  }
  for (const std::int32_t output : outputs) {
    ++uses[static_cast<std::size_t>(output)].reads;
  }
}

std::size_t KeepTheOthers(std::span<Operator> operators, std::span<const bool> gone) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < operators.size(); ++i) {
    if (!gone[i]) {
      operators[kept++] = operators[i];
    }
  }
  return kept;
}

}  // namespace pinhole::engine::format
