// SPDX-License-Identifier: Apache-2.0
#pragma once

// A model as it is emitted: read, prepared by the reference kernels, and planned with the demands
// of the emitted kernels, which want other scratch and run fewer operators by rows. The plan is
// checked by plan::VerifyPlan, as everywhere. The reference kernels also say what operators do that
// are learnt from examples (probe.h), and what state a network begins with.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/format/model.h"
#include "engine/kernels/kernel.h"
#include "engine/plan/plan.h"
#include "system/files.h"

namespace pinhole::engine::emit {

class PreparedModel {
 public:
  struct Step {
    const kernels::Kernel* kernel = nullptr;
    kernels::Prepared prepared;
  };
  // What the emitted kernel of operator `op` asks of the plan; `prepared` is the reference's wish.
  using Demand = std::function<plan::OpDemand(const Graph& graph, std::size_t op,
                                              const kernels::Prepared& prepared)>;

  // Throws system::Failure with one sentence.
  PreparedModel(const std::string& path, const Demand& demand);

  [[nodiscard]] const format::Model& model() const { return *model_; }
  [[nodiscard]] const Graph& graph() const { return model_->main(); }
  [[nodiscard]] const plan::Plan& plan() const { return plan_; }
  [[nodiscard]] const plan::GraphPlan& places() const { return plan_.graphs[0]; }
  [[nodiscard]] const Step& step(std::size_t graph, std::size_t op) const {
    return steps_[graph][op];
  }

  // The state's bytes after a reset, graphs that run once included.
  [[nodiscard]] std::vector<std::byte> InitialState() const;

 private:
  base::Status Load(std::span<std::byte> memory, const Demand& demand, base::Diagnosis& why);

  std::string path_;
  system::AlignedBytes file_;
  system::AlignedBytes memory_;
  const format::Model* model_ = nullptr;
  std::vector<std::vector<Step>> steps_;  // [graph][operator]
  plan::Plan plan_;
};

}  // namespace pinhole::engine::emit
