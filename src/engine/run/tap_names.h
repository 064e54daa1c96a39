// SPDX-License-Identifier: Apache-2.0
#pragma once

// Finds the tensor that a person named, or says which names are near.

#include <cstdint>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"
#include "engine/tensor/graph.h"

namespace pinhole::engine::run {

// The first tensor called `name` that holds something while the graph runs. Errors: kNotFound, with
// the names that share the longest piece with `name`; kInvalidArgument for a tensor that nothing
// computes, or a variable's handle.
base::Result<std::int32_t> FindTap(const Graph& graph, std::string_view name,
                                   base::Diagnosis& why);

}  // namespace pinhole::engine::run
