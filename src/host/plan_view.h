// SPDX-License-Identifier: Apache-2.0
#pragma once

// A plan as people look at it: blocks of bytes with a place, a time and a name.
//
// Times are the plan's: 0 before the run, i + 1 for operator i, operators + 1 after the run
// (engine/plan/lifetimes.h). Only the main graph is shown; graphs that run once share its memory
// before it starts. Sizes of scratch and operators' state, and how long a ring lives, come from
// preparing the operators once more, since the plan itself keeps their offsets only.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/owned/model_file.h"
#include "host/describe.h"

namespace pinhole::host {

struct PlanBlock {
  enum class Kind { kTensor, kScratch, kState };

  Kind kind = Kind::kTensor;
  std::string name;
  std::string type;                   // "int8 [1,48,48,8]"; empty for scratch and state
  std::uint32_t first = 0, last = 0;  // times, both included
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;                // of what has a place at one time
  std::uint32_t held_rows = 0, rows = 0;  // 0: no ring
  int tensor = -1;                        // of the graph
  int in_place_of = -1;      // index of the block whose place this one takes over, maybe shifted
  bool in_resource = false;  // read where the resource lies
};

// Operators that run in turns of some rows.
struct PlanGroup {
  std::uint32_t first = 0, last = 0;         // operators
  std::int32_t rows_per_turn = 1, rows = 1;  // of the last one's output
};

struct PlanView {
  std::string file;
  std::vector<std::string> operators;  // names, in order
  std::vector<PlanBlock> blocks;       // by first time, then by offset
  std::vector<PlanGroup> groups;       // in order
  std::uint32_t arena_bytes = 0;       // activations, state included
  std::uint32_t state_bytes = 0;
  std::uint32_t lower_bound_bytes = 0;  // no packing can be smaller
  std::uint32_t whole_bytes = 0;        // activations if no operators ran by rows
  std::size_t model_bytes = 0;          // graph, prepared parameters, plan
  std::size_t total_bytes = 0;          // arena_bytes + model_bytes
  std::size_t weight_bytes = 0;         // constants, in the file or unfolded

  [[nodiscard]] std::uint32_t end_time() const {
    return static_cast<std::uint32_t>(operators.size()) + 1;
  }
  // "before the run", "3 CONV_2D", "after the run".
  [[nodiscard]] std::string TimeName(std::uint32_t time) const;
  // "0 CONV_2D to 3 DEPTHWISE_CONV_2D, 2 of 24 rows a turn".
  [[nodiscard]] std::string GroupText(const PlanGroup& group) const;
  // "" or "3 of 48 rows held".
  [[nodiscard]] static std::string HeldText(const PlanBlock& block);
};

PlanView ViewPlan(const engine::owned::OwnedSession& owned);

std::string_view KindName(PlanBlock::Kind kind);
Json PlanJson(const PlanView& view);
// A map of `columns` by some 24 characters, and a table of the blocks in it.
std::string PlanText(const PlanView& view, int columns);
// One page that needs nothing beside itself.
std::string PlanHtml(const PlanView& view);

}  // namespace pinhole::host
