// SPDX-License-Identifier: Apache-2.0
#include "engine/format/keep_folded.h"

#include <cstring>

namespace pinhole::engine::format {

namespace {

constexpr std::size_t kAlignment = 16;
// What a constant points to that is gone.
constexpr std::byte kGone{};

}  // namespace

base::Result<std::size_t> KeepFolded(const Model& model, const base::Arena& folded,
                                     std::span<const std::span<const bool>> read,
                                     base::Arena& model_arena) {
  std::size_t moved = 0;
  for (std::size_t g = 0; g < model.graphs.size(); ++g) {
    for (std::size_t t = 0; t < model.graphs[g].tensors.size(); ++t) {
      // The reader made the tensors in memory that is the model's; nobody else writes them.
      auto& tensor = const_cast<Tensor&>(model.graphs[g].tensors[t]);
      if (tensor.data == nullptr || !folded.Holds(tensor.data)) {
        continue;
      }
      if (!read[g][t]) {
        tensor.data = &kGone;
        continue;
      }
      PINHOLE_ASSIGN(const std::span<std::byte> kept, model_arena.Take(tensor.bytes, kAlignment));
      std::memcpy(kept.data(), tensor.data, tensor.bytes);
      tensor.data = kept.data();
      moved += tensor.bytes;
    }
  }
  return moved;
}

}  // namespace pinhole::engine::format
