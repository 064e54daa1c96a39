// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/traffic/network.h"

#include <set>

#include "engine/plan/traffic/shapes.h"

namespace pinhole::engine::plan::traffic {

namespace {

constexpr std::size_t kMostOperators = 20'000;
constexpr std::size_t kMostTensors = 200'000;

std::int64_t FloorDiv(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

class Reader {
 public:
  explicit Reader(const format::Model& model) : graph_(model.main()) {
    network_.graph = &graph_;
    network_.root.assign(graph_.tensors.size(), -1);
    resources_.assign(model.resources.size(), -1);
  }

  Network Read() {
    for (const std::int32_t t : graph_.inputs) {
      Root(t);
      if (IsComputed(t)) {
        network_.tensors[Index(network_.root[Index(t)])].input = true;
      }
    }
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      ReadOperator(i);
    }
    for (const std::int32_t t : graph_.outputs) {
      MarkOutput(t);
    }
    SetUses();
    return std::move(network_);
  }

 private:
  static std::size_t Index(std::int32_t i) { return static_cast<std::size_t>(i); }
  [[nodiscard]] bool IsComputed(std::int32_t t) const {
    const Tensor& tensor = graph_.tensor(t);
    return !tensor.is_constant() && tensor.type != Type::kResource;
  }

  std::int32_t NewTensor(std::int32_t t) {
    const Tensor& tensor = graph_.tensor(t);
    NetworkTensor made;
    made.tensor = t;
    made.bytes = tensor.bytes;
    network_.tensors.push_back(made);
    return static_cast<std::int32_t>(network_.tensors.size()) - 1;
  }
  // What tensor t of the graph is here; made if it is new.
  std::int32_t Root(std::int32_t t) {
    std::int32_t& root = network_.root[Index(t)];
    if (root < 0 && IsComputed(t)) {
      root = NewTensor(t);
      network_.tensors[Index(root)].input = graph_.tensor(t).is_variable;
    }
    return root;
  }
  void MarkOutput(std::int32_t t) {
    if (const std::int32_t root = Root(t); root >= 0) {
      network_.tensors[Index(root)].output = true;
    }
  }

  // True for an operator that moves nothing itself.
  bool ReadNames(const Operator& op) {
    switch (op.kind) {
      case OpKind::kCallOnce:
      case OpKind::kVarHandle: return true;
      case OpKind::kReshape:
      case OpKind::kSqueeze:
      case OpKind::kExpandDims:
        if (op.inputs.empty() || op.outputs.empty() || op.inputs[0] < 0 ||
            !IsComputed(op.inputs[0]) ||
            graph_.tensor(op.inputs[0]).bytes != graph_.tensor(op.outputs[0]).bytes) {
          return false;
        }
        network_.root[Index(op.outputs[0])] = Root(op.inputs[0]);
        return true;
      case OpKind::kReadVariable:
      case OpKind::kAssignVariable: return ReadVariable(op);
      default: return false;
    }
  }
  bool ReadVariable(const Operator& op) {
    const std::size_t resource = op.options<VariableOptions>().resource;
    if (resource >= resources_.size()) {
      return false;
    }
    if (op.kind == OpKind::kAssignVariable) {
      const std::int32_t from = op.inputs.size() > 1 ? op.inputs[1] : -1;
      if (from < 0 || !IsComputed(from)) {
        return false;
      }
      MarkOutput(from);
      resources_[resource] = network_.root[Index(from)];
      return true;
    }
    if (op.outputs.empty()) {
      return false;
    }
    const std::int32_t to = op.outputs[0];
    std::int32_t& known = resources_[resource];
    if (known < 0) {
      known = Root(to);
      network_.tensors[Index(known)].input = true;
    }
    network_.root[Index(to)] = known;
    return true;
  }

  void ReadOperator(std::size_t i) {
    const Operator& op = graph_.operators[i];
    if (ReadNames(op)) {
      return;
    }
    const OperatorShape shape = ShapeOf(graph_, op);
    Work work;
    work.op = static_cast<std::uint32_t>(i);
    work.channels = shape.channels;
    work.channelwise = shape.channelwise;
    work.channel_bytes = shape.channel_bytes;
    work.constants = shape.constants;
    work.channels_last = shape.channels_last;
    std::vector<std::int32_t> kept;
    for (const OperandShape& in : shape.inputs) {
      work.inputs.push_back(in.operand);
      work.inputs.back().tensor = Root(in.tensor);
      if (graph_.tensor(in.tensor).is_variable) {
        kept.push_back(in.tensor);
      }
    }
    for (const OperandShape& out : shape.outputs) {
      work.outputs.push_back(out.operand);
      work.outputs.back().tensor = Written(out.tensor);
    }
    // What the operator remembers is written anew each run.
    for (const std::int32_t t : kept) {
      network_.root[Index(t)] = -1;
      Operand after;
      after.row_bytes = graph_.tensor(t).bytes;
      after.pixel_bytes = after.row_bytes;
      after.tensor = NewTensor(t);
      network_.root[Index(t)] = after.tensor;
      network_.tensors[Index(after.tensor)].output = true;
      work.outputs.push_back(after);
    }
    if (!work.outputs.empty()) {
      network_.works.push_back(std::move(work));
    }
  }
  // What an operator writes is new, whatever the tensor was before.
  std::int32_t Written(std::int32_t t) {
    network_.root[Index(t)] = NewTensor(t);
    return network_.root[Index(t)];
  }

  void SetUses() {
    for (std::size_t w = 0; w < network_.works.size(); ++w) {
      for (const Operand& in : network_.works[w].inputs) {
        network_.tensors[Index(in.tensor)].last_use = static_cast<std::int32_t>(w);
      }
      for (const Operand& out : network_.works[w].outputs) {
        network_.tensors[Index(out.tensor)].producer = static_cast<std::int32_t>(w);
      }
    }
    for (NetworkTensor& tensor : network_.tensors) {
      // What nobody writes lies in slow memory all the time.
      tensor.input = tensor.input || tensor.producer < 0;
      if (tensor.output && tensor.producer >= 0) {
        tensor.last_use = static_cast<std::int32_t>(network_.works.size());
      }
    }
  }

  const Graph& graph_;
  Network network_;
  std::vector<std::int32_t> resources_;  // what a resource is now; -1: nobody has asked
};

}  // namespace

Window::Reach Window::Unclipped(Rows of) const {
  if (scaled_ == 0) {
    return {std::int64_t{of.begin} * b_ - c_, (std::int64_t{of.end} - 1) * b_ - c_ + a_};
  }
  const std::int64_t from = 2 * std::int64_t{a_};
  const std::int64_t to = 2 * std::int64_t{b_};
  const std::int64_t shift = half_ != 0 ? std::int64_t{a_} - b_ : 0;
  return {FloorDiv(of.begin * from + shift, to) - 1,
          FloorDiv((std::int64_t{of.end} - 1) * from + shift, to) + 3};
}

Rows Window::Need(Rows of, std::uint32_t rows) const {
  if (of.empty()) {
    return {};
  }
  const Reach reach = Unclipped(of);
  const auto clipped = [rows](std::int64_t row) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(row, 0, rows));
  };
  if (scaled_ != 0) {  // a place beyond an edge is the edge's
    return {std::min(clipped(reach.begin), rows - 1), std::max(clipped(reach.end), 1U)};
  }
  return {clipped(reach.begin), clipped(reach.end)};
}

std::uint32_t Window::Most(std::uint32_t neighbours, std::uint32_t rows) const {
  const std::uint64_t most = scaled_ != 0 ? (std::uint64_t{neighbours} * a_ + b_ - 1) / b_ + 4
                                          : (std::uint64_t{neighbours} - 1) * b_ + a_;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(most, rows));
}

std::uint64_t Network::BoundBytes() const {
  std::uint64_t bytes = 0;
  for (const NetworkTensor& tensor : tensors) {
    bytes += tensor.input && tensor.last_use >= 0 ? tensor.bytes : 0;
    bytes += tensor.output && tensor.producer >= 0 ? tensor.bytes : 0;
  }
  std::set<std::int32_t> counted;
  for (const Work& work : works) {
    for (const std::int32_t t : work.constants) {
      bytes += counted.insert(t).second ? graph->tensor(t).bytes : 0;
    }
  }
  return bytes;
}

std::string Network::NameOf(const Work& work) const {
  const Operator& op = graph->operators[work.op];
  std::string name = "operator " + std::to_string(work.op) + " ";
  name += op.kind == OpKind::kUnknown ? std::string_view(op.custom_name) : OpName(op.kind);
  return name;
}

base::Result<Network> ReadNetwork(const format::Model& model, base::Diagnosis& why) {
  const Graph& graph = model.main();
  if (graph.operators.size() > kMostOperators || graph.tensors.size() > kMostTensors) {
    return why.Fail(base::Error::kTooLarge, "the graph has ", graph.operators.size(),
                    " operators and ", graph.tensors.size(),
                    " tensors; plans are made for at most ", kMostOperators, " and ", kMostTensors);
  }
  return Reader(model).Read();
}

}  // namespace pinhole::engine::plan::traffic
