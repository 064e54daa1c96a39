// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: models nobody would write, and what running one by a plan does to memory.
//
// RandomModel draws graphs with long and short lives, in-place permissions, scratch, state,
// variables, constants, absent inputs, unread outputs, taps and graphs that run once. Run walks one
// by a plan with a tag in every byte, as the least obliging kernels would: scratch and outputs are
// scribbled on before the inputs are read wherever the kernel has not promised otherwise. It says
// what went wrong, or nothing. It knows nothing of lifetimes: whatever the plan, it only looks at
// bytes.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "engine/plan/plan.h"

namespace pinhole::engine::plan {

class RandomModel {
 public:
  struct Size {
    int operators = 12;
    std::uint32_t max_bytes = 400;
    int resources = 2;
    int once_graphs = 1;
  };

  RandomModel(std::uint32_t seed, const Size& size) : random_(seed), size_(size) {
    for (int r = 0; r < size.resources; ++r) {
      resources_.push_back({"r", 1 + Below(size.max_bytes)});
    }
    for (int g = 0; g <= size.once_graphs; ++g) {
      graphs_.push_back(MakeGraph(g == 0));
    }
    model_.graphs = graphs_;
    model_.resources = resources_;
    for (const auto& demands : demand_lists_) {
      demands_.emplace_back(demands);
    }
    request_.model = &model_;
    request_.demands = demands_;
    request_.taps = taps_;
  }
  RandomModel(const RandomModel&) = delete;
  RandomModel& operator=(const RandomModel&) = delete;

  [[nodiscard]] const Request& request() const { return request_; }
  [[nodiscard]] Request& request() { return request_; }

 private:
  std::uint32_t Below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  bool Chance(int percent) { return Below(100) < static_cast<std::uint32_t>(percent); }

  std::int32_t AddTensor(std::vector<Tensor>& tensors, std::uint32_t bytes) {
    Tensor tensor;
    tensor.name_text = names_.emplace_back("t" + std::to_string(tensors.size())).c_str();
    tensor.type = Type::kInt8;
    tensor.bytes = bytes;
    tensor.shape = {static_cast<std::int32_t>(bytes)};
    tensors.push_back(tensor);
    return static_cast<std::int32_t>(tensors.size()) - 1;
  }

  // An operator that reads tensors known so far and writes new ones.
  void AddOperator(std::vector<Tensor>& tensors, std::vector<std::int32_t>& known,
                   std::vector<Operator>& operators, std::vector<OpDemand>& demands) {
    Operator op;
    OpDemand demand;
    std::vector<std::int32_t>& inputs = index_lists_.emplace_back();
    std::vector<std::int32_t>& outputs = index_lists_.emplace_back();
    const bool variable = !resources_.empty() && Chance(30);
    if (variable) {
      const auto resource = static_cast<std::uint16_t>(Below(size_.resources));
      op.attributes = VariableOptions{resource};
      const std::int32_t handle = AddTensor(tensors, 0);
      tensors.back().type = Type::kResource;
      inputs.push_back(handle);
      if (Chance(50)) {
        op.kind = OpKind::kReadVariable;
        outputs.push_back(AddTensor(tensors, resources_[resource].bytes));
      } else {
        op.kind = OpKind::kAssignVariable;
        // A value of the resource's size, where one is at hand.
        for (const std::int32_t tensor : known) {
          if (tensors[tensor].bytes == resources_[resource].bytes && Chance(60)) {
            inputs.push_back(tensor);
            break;
          }
        }
        if (inputs.size() == 1) {
          inputs.push_back(AddTensor(tensors, resources_[resource].bytes));
          tensors.back().data = constant_;
        }
      }
    } else {
      op.kind = OpKind::kAdd;
      const int count = 1 + static_cast<int>(Below(3));
      for (int i = 0; i < count && !known.empty(); ++i) {
        // Mostly what is young: chains, with a long way around now and then.
        const std::size_t back = Chance(70) ? Below(3) : Below(known.size());
        inputs.push_back(known[known.size() - 1 - std::min(back, known.size() - 1)]);
      }
      if (Chance(10)) {
        inputs.push_back(-1);
      }
      if (Chance(15)) {
        inputs.push_back(AddTensor(tensors, 1 + Below(size_.max_bytes)));
        (Chance(50) ? tensors.back().data = constant_ : nullptr);
        tensors.back().is_variable = !tensors.back().is_constant();
      }
      const int results = Chance(20) ? 2 : 1;
      for (int i = 0; i < results; ++i) {
        std::uint32_t bytes = 1 + Below(size_.max_bytes);
        if (i == 0 && !inputs.empty() && inputs[0] >= 0 && Chance(70)) {
          bytes = tensors[inputs[0]].bytes;
        }
        outputs.push_back(AddTensor(tensors, bytes));
      }
      demand.in_place_inputs = static_cast<std::uint8_t>(Chance(60) ? Below(8) : 0);
      demand.scratch_bytes = Chance(25) ? 1 + Below(size_.max_bytes) : 0;
      demand.state_bytes = Chance(10) ? 1 + Below(40) : 0;
    }
    known.insert(known.end(), outputs.begin(), outputs.end());
    op.inputs = inputs;
    op.outputs = outputs;
    operators.push_back(op);
    demands.push_back(demand);
  }

  Graph MakeGraph(bool main) {
    std::vector<Tensor>& tensors = tensor_lists_.emplace_back();
    std::vector<Operator>& operators = operator_lists_.emplace_back();
    std::vector<OpDemand>& demands = demand_lists_.emplace_back();
    std::vector<std::int32_t>& inputs = index_lists_.emplace_back();
    std::vector<std::int32_t>& outputs = index_lists_.emplace_back();
    std::vector<std::int32_t> known;
    if (main) {
      const std::uint32_t count = 1 + Below(3);
      for (std::uint32_t i = 0; i < count; ++i) {
        inputs.push_back(AddTensor(tensors, 1 + Below(size_.max_bytes)));
        known.push_back(inputs.back());
      }
    }
    AddTensor(tensors, 8);  // nobody touches it
    const int operators_wanted = 1 + static_cast<int>(Below(size_.operators));
    for (int i = 0; i < operators_wanted; ++i) {
      AddOperator(tensors, known, operators, demands);
    }
    if (main && !known.empty()) {
      for (std::uint32_t i = 0; i <= Below(3); ++i) {
        outputs.push_back(known[known.size() - 1 - Below(std::min<std::size_t>(4, known.size()))]);
      }
      while (Chance(30)) {
        taps_.push_back(known[Below(known.size())]);
      }
    }
    Graph graph;
    graph.name_text = main ? "main" : "once";
    graph.tensors = tensors;
    graph.operators = operators;
    graph.inputs = inputs;
    graph.outputs = outputs;
    return graph;
  }

  std::minstd_rand random_;
  Size size_;
  std::byte constant_[1] = {};
  std::deque<std::string> names_;
  std::deque<std::vector<Tensor>> tensor_lists_;
  std::deque<std::vector<Operator>> operator_lists_;
  std::deque<std::vector<OpDemand>> demand_lists_;
  std::deque<std::vector<std::int32_t>> index_lists_;
  std::vector<std::int32_t> taps_;
  std::vector<Resource> resources_;
  std::vector<Graph> graphs_;
  std::vector<std::span<const OpDemand>> demands_;
  format::Model model_;
  Request request_;
};

class TaggedRun {
 public:
  TaggedRun(const Request& request, const Plan& plan)
      : request_(request),
        plan_(plan),
        model_(*request.model),
        bytes_(plan.arena_bytes),
        resource_value_(model_.resources.size()) {}

  // What went wrong; empty if nothing did. All graphs once, then the main graph once more.
  std::string Run() {
    SetUpState();
    for (std::size_t g = 1; g < model_.graphs.size() && harm_.empty(); ++g) {
      RunGraph(g);
    }
    for (int run = 0; run < 2 && harm_.empty(); ++run) {
      RunGraph(0);
    }
    return harm_;
  }

 private:
  using Tag = std::uint32_t;

  bool Outside(std::uint64_t offset, std::uint64_t size) {
    if (offset + size <= bytes_.size()) {
      return false;
    }
    Harm("outside of the arena");
    return true;
  }
  void Fill(std::uint32_t offset, std::uint32_t size, Tag tag) {
    if (!Outside(offset, size)) {
      std::fill_n(bytes_.begin() + offset, size, tag);
    }
  }
  void Expect(std::uint32_t offset, std::uint32_t size, Tag tag, const char* what) {
    if (!Outside(offset, size) &&
        !std::all_of(bytes_.begin() + offset, bytes_.begin() + offset + size,
                     [tag](Tag found) { return found == tag; })) {
      Harm(what);
    }
  }
  void Harm(const char* what) {
    if (harm_.empty()) {
      harm_ = what;
    }
  }

  static bool IsMoved(const Tensor& tensor) {
    return !tensor.is_constant() && !tensor.is_variable && tensor.type != Type::kResource;
  }

  void SetUpState() {
    for (std::size_t r = 0; r < model_.resources.size(); ++r) {
      resource_value_[r] = ++last_tag_;
      Fill(plan_.resource_offsets[r], model_.resources[r].bytes, resource_value_[r]);
    }
    // Other state never changes its tag: whoever else writes there is seen.
    for (std::size_t g = 0; g < model_.graphs.size(); ++g) {
      ForOwnState(g, [this](std::uint32_t offset, std::uint32_t size, Tag tag) {
        Fill(offset, size, tag);
      });
    }
    ExpectState();
  }
  void ExpectState() {
    for (std::size_t r = 0; r < model_.resources.size(); ++r) {
      Expect(plan_.resource_offsets[r], model_.resources[r].bytes, resource_value_[r],
             "a resource is written over");
    }
    for (std::size_t g = 0; g < model_.graphs.size(); ++g) {
      ForOwnState(g, [this](std::uint32_t offset, std::uint32_t size, Tag tag) {
        Expect(offset, size, tag, "a state is written over");
      });
    }
  }
  template <typename Do>
  void ForOwnState(std::size_t g, const Do& act) {
    const Graph& graph = model_.graphs[g];
    const auto base = static_cast<Tag>(0x40000000U + (g << 20));
    for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
      if (graph.tensors[t].is_variable && !graph.tensors[t].is_constant()) {
        act(plan_.graphs[g].tensor_offsets[t], graph.tensors[t].bytes, base + 2 * t);
      }
    }
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
      const std::uint32_t size = request_.demands[g][i].state_bytes;
      if (size > 0) {
        act(plan_.graphs[g].state_offset(i), size, base + 2 * i + 1);
      }
    }
  }

  void RunGraph(std::size_t g) {
    const Graph& graph = model_.graphs[g];
    const GraphPlan& places = plan_.graphs[g];
    std::vector<Tag> value(graph.tensors.size(), 0);
    const auto expect = [&](std::int32_t t, const char* what) {
      if (t >= 0 && IsMoved(graph.tensor(t))) {
        Expect(places.tensor_offsets[t], graph.tensor(t).bytes, value[t], what);
      }
    };
    const auto fill = [&](std::int32_t t) {
      value[t] = ++last_tag_;
      Fill(places.tensor_offsets[t], graph.tensor(t).bytes, value[t]);
    };
    for (const std::int32_t t : graph.inputs) {
      fill(t);
    }
    for (const std::int32_t t : graph.inputs) {
      expect(t, "two inputs share bytes");
    }
    for (std::size_t i = 0; i < graph.operators.size() && harm_.empty(); ++i) {
      const Operator& op = graph.operators[i];
      const OpDemand& demand = request_.demands[g][i];
      const auto scribble_scratch = [&] {
        if (demand.scratch_bytes > 0) {
          Fill(places.scratch_offset(i), demand.scratch_bytes, ++last_tag_);
        }
      };
      scribble_scratch();
      for (std::size_t k = 0; k < op.outputs.size(); ++k) {
        if (!PromisedInPlace(g, i, k)) {
          fill(op.outputs[k]);
        }
      }
      for (const std::int32_t t : op.inputs) {
        expect(t, "what an operator reads is written over");
      }
      Transfer(g, i, value);
      for (const std::int32_t t : op.outputs) {
        if (op.kind != OpKind::kReadVariable) {
          fill(t);
        }
      }
      scribble_scratch();
      for (const std::int32_t t : op.outputs) {
        expect(t, "an output shares bytes with scratch or another output");
      }
      ExpectState();
    }
    for (const std::int32_t t : graph.outputs) {
      expect(t, "an output is written over before the end");
    }
    if (g == 0) {
      for (const std::int32_t t : request_.taps) {
        expect(t, "a tap is written over before the end");
      }
    }
  }

  // READ_VARIABLE and ASSIGN_VARIABLE carry values, and with them tags, from place to place.
  void Transfer(std::size_t g, std::size_t i, std::vector<Tag>& value) {
    const Graph& graph = model_.graphs[g];
    const Operator& op = graph.operators[i];
    const std::size_t r = op.options<VariableOptions>().resource;
    if (op.kind == OpKind::kReadVariable) {
      Expect(plan_.resource_offsets[r], model_.resources[r].bytes, resource_value_[r],
             "a resource is written over by what is read from it");
      const std::int32_t out = op.outputs[0];
      value[out] = resource_value_[r];
      Fill(plan_.graphs[g].tensor_offsets[out], graph.tensor(out).bytes, value[out]);
    } else if (op.kind == OpKind::kAssignVariable) {
      const std::int32_t in = op.inputs[1];
      resource_value_[r] = IsMoved(graph.tensor(in)) ? value[in] : ++last_tag_;
      Fill(plan_.resource_offsets[r], model_.resources[r].bytes, resource_value_[r]);
    }
  }

  // The kernel has promised to read each byte before it writes there: output 0 begins where some
  // inputs do, all of them inputs it may lie on.
  bool PromisedInPlace(std::size_t g, std::size_t i, std::size_t k) const {
    const Operator& op = model_.graphs[g].operators[i];
    const auto offset = [&](std::int32_t t) { return plan_.graphs[g].tensor_offsets[t]; };
    const std::uint32_t out = offset(op.outputs[k]);
    if (op.kind == OpKind::kReadVariable) {
      return out == plan_.resource_offsets[op.options<VariableOptions>().resource];
    }
    if (k != 0) {
      return false;
    }
    bool found = false;
    for (std::size_t n = 0; n < op.inputs.size(); ++n) {
      const std::int32_t in = op.inputs[n];
      if (in >= 0 && IsMoved(model_.graphs[g].tensor(in)) && offset(in) == out) {
        if (n > 7 || (request_.demands[g][i].in_place_inputs >> n & 1) == 0) {
          return false;
        }
        found = true;
      }
    }
    return found && !MeetsAnotherInput(g, i, out);
  }
  bool MeetsAnotherInput(std::size_t g, std::size_t i, std::uint32_t out) const {
    const Graph& graph = model_.graphs[g];
    const Operator& op = graph.operators[i];
    const std::uint32_t end = out + graph.tensor(op.outputs[0]).bytes;
    return std::any_of(op.inputs.begin(), op.inputs.end(), [&](std::int32_t in) {
      if (in < 0 || !IsMoved(graph.tensor(in))) {
        return false;
      }
      const std::uint32_t begin = plan_.graphs[g].tensor_offsets[in];
      return begin != out && begin < end && out < begin + graph.tensor(in).bytes;
    });
  }

  const Request& request_;
  const Plan& plan_;
  const format::Model& model_;
  std::vector<Tag> bytes_;
  std::vector<Tag> resource_value_;
  Tag last_tag_ = 0;
  std::string harm_;
};

}  // namespace pinhole::engine::plan
