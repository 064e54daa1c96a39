// SPDX-License-Identifier: Apache-2.0
#pragma once

// Constants made while loading, once it is known who still reads them.

#include <cstddef>
#include <span>

#include "base/arena.h"
#include "base/result.h"
#include "engine/format/model.h"

namespace pinhole::engine::format {

// Moves the constants of `model` that lie in `folded` and are `read` (by graph and tensor) into
// `model_arena`, so that the memory of `folded` may go. The others stay constants, but there is
// nothing to read any more. Returns the bytes moved. Error: kOutOfMemory.
base::Result<std::size_t> KeepFolded(const Model& model, const base::Arena& folded,
                                     std::span<const std::span<const bool>> read,
                                     base::Arena& model_arena);

}  // namespace pinhole::engine::format
