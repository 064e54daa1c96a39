// SPDX-License-Identifier: Apache-2.0
#pragma once

// An operator's constants as one block that a single copy brings to its place (fetch_plan.h).

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/emit/operator_text.h"

namespace pinhole::engine::emit {

// Of the arrays one behind the other, each rounded up to words.
std::uint64_t BlockBytes(const std::vector<ArrayConstant>& arrays);

// "kOp3Block"
std::string BlockName(std::size_t op);

// Turns the operator's arrays into one constant, and what its other constants say of them into
// addresses in `g_stream`, where the block lies from `offset`. No arrays are left in `text`.
void WriteBlock(std::size_t op, std::uint32_t offset, OperatorText& text);

}  // namespace pinhole::engine::emit
