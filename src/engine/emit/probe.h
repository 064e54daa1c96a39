// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an operator does, learnt from its reference kernel.
//
// Many operators only move bytes, and many make one byte of one byte. Which byte goes where, or
// what each value becomes, does not depend on the data, so the kernel itself can be asked: it is
// run on inputs whose bytes say where they stand, or on every value. What comes out is true by
// construction, whatever the operator's options mean.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/emit/prepared_model.h"

namespace pinhole::engine::emit {

// Bytes of one output: `bytes` at a time, in three nested loops (runtime/pinhole_nn.h, Move).
struct LearntMove {
  int input = -1;  // of the operator; -1: filled
  std::uint8_t fill = 0;
  std::int64_t out = 0, in = 0, bytes = 0;
  std::array<std::int64_t, 3> count{1, 1, 1}, out_step{}, in_step{};

  friend bool operator==(const LearntMove&, const LearntMove&) = default;
};

// How output `output` of operator `op` of the main graph is made of its inputs that are no
// constants. Nullopt where the kernel needs scratch, or fails on such inputs.
std::optional<std::vector<LearntMove>> LearnMoves(const PreparedModel& model, std::size_t op,
                                                  std::size_t output);

// What each byte becomes. The operator has one input and one output of as many bytes.
std::optional<std::array<std::uint8_t, 256>> LearnTable(const PreparedModel& model, std::size_t op);

// Nested runs of sources: what LearnMoves makes of what it saw. sources[i] is the input and byte
// that output byte i comes from, or a value.
struct Source {
  int input = -1;
  std::int64_t at = 0;  // of the input, or the value
};
std::vector<LearntMove> CompressMoves(const std::vector<Source>& sources);

}  // namespace pinhole::engine::emit
