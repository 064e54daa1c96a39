// SPDX-License-Identifier: Apache-2.0
#pragma once

// Several works in turns of a few rows: who computes which rows when, and how many rows of each
// tensor have to be kept.
//
// In each turn the last work goes on by `stride` rows; the others compute, in order, what that
// needs. In the last turn all finish their outputs. Used by the planner alone.

#include <cstdint>
#include <vector>

#include "engine/plan/traffic/network.h"

namespace pinhole::engine::plan::traffic {

struct GroupStep {
  std::uint32_t work = 0;
  Rows rows;
};

// A tensor that the group touches.
struct GroupTensor {
  std::int32_t tensor = 0;
  const Operand* view = nullptr;  // rows as the group sees them
  bool produced = false;          // in the group
  bool needed_later = false;
  bool streams = true;       // false: it can only be there as a whole
  std::uint32_t ring = 0;    // rows that must have a place if they stream
  std::uint64_t loaded = 0;  // bytes that are read from slow memory if they stream
};

class Group {
 public:
  // Works [first, end) of `network`, which must outlive the group.
  Group(const Network& network, std::uint32_t first, std::uint32_t end, std::uint32_t turn_rows);

  // False where these works can't be run in turns (yet: a longer group may be possible).
  [[nodiscard]] bool possible() const { return possible_; }
  [[nodiscard]] const std::vector<GroupStep>& steps() const { return steps_; }
  [[nodiscard]] const std::vector<GroupTensor>& tensors() const { return tensors_; }
  // Index into tensors(); -1 where the group doesn't touch it.
  [[nodiscard]] int IndexOf(std::int32_t tensor) const;

  // How far a run of the steps has come.
  struct Progress {
    std::vector<std::uint32_t> done;    // per work of the group: rows computed
    std::vector<std::uint32_t> filled;  // per tensor: rows loaded, or skipped
  };
  [[nodiscard]] Progress Begin() const;
  // What a step needs of tensor i that isn't there yet; rows that nobody in the group reads are
  // left out, unless the tensor is to `stay` for others.
  Rows Fill(const GroupStep& step, std::size_t i, bool stay, Progress& progress) const;
  void Finish(const GroupStep& step, Progress& progress) const {
    progress.done[step.work - first_] = step.rows.end;
  }

 private:
  struct Use {
    std::uint32_t work;
    const Operand* operand;
  };

  void FindTensors();
  bool CheckViews();
  void MakeSteps(std::uint32_t turn_rows);
  void MeasureRings();
  [[nodiscard]] std::uint32_t Oldest(std::size_t i, const std::vector<std::uint32_t>& done) const;

  const Network& network_;
  std::uint32_t first_, end_;
  bool possible_ = false;
  std::vector<GroupStep> steps_;
  std::vector<GroupTensor> tensors_;
  std::vector<std::vector<Use>> uses_;  // per tensor
};

}  // namespace pinhole::engine::plan::traffic
