// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: models nobody would write, and what running one by a plan does to memory.
//
// RandomModel draws graphs with long and short lives, in-place permissions, scratch, state,
// variables, constants, absent inputs, unread outputs, taps and graphs that run once; and, where
// wanted, operators with windows over pictures, which can run by rows. TaggedRun walks one by a
// plan with a tag in every byte, as the least obliging kernels would: scratch and outputs are
// scribbled on before the inputs are read wherever the kernel has not promised otherwise. Inside a
// group each row has a tag of its own. It says what went wrong, or nothing. It knows nothing of
// lifetimes: whatever the plan, it only looks at bytes.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "engine/plan/plan.h"
#include "engine/plan/stripe_walk.h"

namespace pinhole::engine::plan {

class RandomModel {
 public:
  struct Size {
    int operators = 12;
    std::uint32_t max_bytes = 400;
    int resources = 2;
    int once_graphs = 1;
    int pictures = 0;  // per cent of the operators that can run by rows
    int max_rows = 12;
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

  std::int32_t AddPicture(std::vector<Tensor>& tensors, std::int32_t rows) {
    const auto columns = static_cast<std::int32_t>(1 + Below(8));
    const auto channels = static_cast<std::int32_t>(1 + Below(12));
    const std::int32_t index =
        AddTensor(tensors, static_cast<std::uint32_t>(rows * columns * channels));
    tensors.back().shape = {1, rows, columns, channels};
    return index;
  }
  static bool IsPicture(const Tensor& tensor) { return tensor.shape.rank() == 4; }

  // A window of any kind over pictures known so far that have equally many rows.
  bool AddWindowed(std::vector<Tensor>& tensors, std::vector<std::int32_t>& known,
                   std::vector<Operator>& operators, std::vector<OpDemand>& demands) {
    std::vector<std::int32_t> pictures;
    for (const std::int32_t t : known) {
      if (IsPicture(tensors[t])) {
        pictures.push_back(t);
      }
    }
    if (pictures.empty()) {
      return false;
    }
    const auto pick = [&] {
      const std::size_t back = Chance(75) ? Below(2) : Below(pictures.size());
      return pictures[pictures.size() - 1 - std::min<std::size_t>(back, pictures.size() - 1)];
    };
    std::vector<std::int32_t>& inputs = index_lists_.emplace_back();
    std::vector<std::int32_t>& outputs = index_lists_.emplace_back();
    inputs.push_back(pick());
    const std::int32_t rows = tensors[inputs[0]].shape.dim(1);
    while (Chance(35)) {
      const std::int32_t other = pick();
      if (tensors[other].shape.dim(1) == rows) {
        inputs.push_back(other);
      }
    }
    if (Chance(30)) {
      inputs.push_back(AddTensor(tensors, 1 + Below(20)));
      tensors.back().data = constant_;
    }
    RowWindow window = RowWindow::Same();
    std::int32_t out_rows = rows;
    if (Chance(65)) {
      window.height = static_cast<std::int32_t>(1 + Below(4));
      window.stride = static_cast<std::int32_t>(Chance(60) ? 1 : 1 + Below(3));
      window.pad = static_cast<std::int32_t>(Below(static_cast<std::uint32_t>(window.height)));
      const auto after = static_cast<std::int32_t>(Below(3));
      out_rows = std::max(0, rows + window.pad + after - window.height) / window.stride + 1;
    }
    outputs.push_back(AddPicture(tensors, out_rows));
    OpDemand demand;
    demand.rows = window;
    demand.scratch_bytes = Chance(15) ? 1 + Below(60) : 0;
    const Tensor& from = tensors[inputs[0]];
    if (window == RowWindow::Same() && Chance(70)) {
      Tensor& out = tensors[outputs[0]];
      if (Chance(70)) {
        out.shape = from.shape;
        out.bytes = from.bytes;
      }
      demand.in_place_inputs = static_cast<std::uint8_t>(Below(4));
    }
    Operator op;
    op.kind = OpKind::kConv2d;
    op.inputs = inputs;
    op.outputs = outputs;
    operators.push_back(op);
    demands.push_back(demand);
    known.push_back(outputs[0]);
    return true;
  }

  // An operator that reads tensors known so far and writes new ones.
  void AddOperator(std::vector<Tensor>& tensors, std::vector<std::int32_t>& known,
                   std::vector<Operator>& operators, std::vector<OpDemand>& demands) {
    if (size_.pictures > 0 && Chance(size_.pictures) &&
        AddWindowed(tensors, known, operators, demands)) {
      return;
    }
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
        const bool picture = size_.pictures > 0 && (i == 0 || Chance(50));
        inputs.push_back(
            picture ? AddPicture(tensors, static_cast<std::int32_t>(1 + Below(size_.max_rows)))
                    : AddTensor(tensors, 1 + Below(size_.max_bytes)));
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

  // What a tensor's bytes should be: one tag for all of it, or, where it was made by rows, row r
  // has the tag `first` + r.
  struct Value {
    Tag first = 0;
    bool by_rows = false;
  };

  std::uint32_t RowBytes(std::size_t g, std::int32_t t) const {
    const Tensor& tensor = model_.graphs[g].tensor(t);
    return tensor.bytes / static_cast<std::uint32_t>(tensor.shape.dim(1));
  }
  std::uint32_t RowOffset(std::size_t g, std::int32_t t, std::int32_t row) const {
    const GraphPlan& plan = plan_.graphs[g];
    const auto held = static_cast<std::int32_t>(plan.held(static_cast<std::size_t>(t)));
    return plan.tensor_offsets[t] +
           static_cast<std::uint32_t>(held > 0 ? row % held : row) * RowBytes(g, t);
  }
  void ExpectTensor(std::size_t g, std::int32_t t, const char* what) {
    const Tensor& tensor = model_.graphs[g].tensor(t);
    const Value& value = value_[t];
    if (!value.by_rows) {
      Expect(plan_.graphs[g].tensor_offsets[t], tensor.bytes, value.first, what);
      return;
    }
    for (std::int32_t row = 0; row < tensor.shape.dim(1); ++row) {
      const std::uint32_t bytes = RowBytes(g, t);
      // As a whole: that is how the caller and operators outside of groups read it.
      Expect(plan_.graphs[g].tensor_offsets[t] + static_cast<std::uint32_t>(row) * bytes, bytes,
             value.first + static_cast<Tag>(row), what);
    }
  }
  void FillTensor(std::size_t g, std::int32_t t) {
    value_[t] = {++last_tag_, false};
    Fill(plan_.graphs[g].tensor_offsets[t], model_.graphs[g].tensor(t).bytes, last_tag_);
  }

  void RunGraph(std::size_t g) {
    const Graph& graph = model_.graphs[g];
    value_.assign(graph.tensors.size(), Value{});
    const auto expect = [&](std::int32_t t, const char* what) {
      if (t >= 0 && IsMoved(graph.tensor(t))) {
        ExpectTensor(g, t, what);
      }
    };
    for (const std::int32_t t : graph.inputs) {
      FillTensor(g, t);
    }
    for (const std::int32_t t : graph.inputs) {
      expect(t, "two inputs share bytes");
    }
    std::span<const RowGroup> groups = plan_.graphs[g].groups;
    for (std::size_t i = 0; i < graph.operators.size() && harm_.empty(); ++i) {
      if (!groups.empty() && groups.front().first == i) {
        RunRowGroup(g, groups.front());
        i = groups.front().last;
        groups = groups.subspan(1);
      } else {
        RunOperator(g, i);
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

  void ScribbleScratch(std::size_t g, std::size_t i) {
    const std::uint32_t bytes = request_.demands[g][i].scratch_bytes;
    if (bytes > 0) {
      Fill(plan_.graphs[g].scratch_offset(i), bytes, ++last_tag_);
    }
  }

  void RunOperator(std::size_t g, std::size_t i) {
    const Graph& graph = model_.graphs[g];
    const Operator& op = graph.operators[i];
    ScribbleScratch(g, i);
    for (std::size_t k = 0; k < op.outputs.size(); ++k) {
      if (!PromisedInPlace(g, i, k)) {
        FillTensor(g, op.outputs[k]);
      }
    }
    for (const std::int32_t t : op.inputs) {
      if (t >= 0 && IsMoved(graph.tensor(t))) {
        ExpectTensor(g, t, "what an operator reads is written over");
      }
    }
    Transfer(g, i);
    for (const std::int32_t t : op.outputs) {
      if (op.kind != OpKind::kReadVariable) {
        FillTensor(g, t);
      }
    }
    ScribbleScratch(g, i);
    for (const std::int32_t t : op.outputs) {
      if (IsMoved(graph.tensor(t))) {
        ExpectTensor(g, t, "an output shares bytes with scratch or another output");
      }
    }
  }

  void RunRowGroup(std::size_t g, const RowGroup& group) {
    const Graph& graph = model_.graphs[g];
    for (std::uint32_t i = group.first; i <= group.last; ++i) {
      const std::int32_t out = graph.operators[i].outputs[0];
      value_[out] = {last_tag_ + 1, true};
      last_tag_ += static_cast<Tag>(graph.tensor(out).shape.dim(1));
    }
    StripeWalk walk(graph, group);
    for (StripeWalk::Step step; walk.Next(step) && harm_.empty();) {
      ScribbleScratch(g, step.op);
      if (!RowsPromisedInPlace(g, step)) {
        FillRows(g, step, true);
      }
      ForRowsRead(g, step, [&](std::int32_t t, std::int32_t row, std::size_t) {
        const Tag tag = value_[t].first + (value_[t].by_rows ? static_cast<Tag>(row) : 0);
        Expect(RowOffset(g, t, row), RowBytes(g, t), tag, "a row that is read is not there");
      });
      FillRows(g, step, false);
      ScribbleScratch(g, step.op);
      const std::int32_t out = graph.operators[step.op].outputs[0];
      for (std::int32_t row = step.begin; row < step.end; ++row) {
        Expect(RowOffset(g, out, row), RowBytes(g, out), value_[out].first + static_cast<Tag>(row),
               "rows of one step share bytes with each other or with scratch");
      }
    }
  }
  void FillRows(std::size_t g, const StripeWalk::Step& step, bool scribble) {
    const std::int32_t out = model_.graphs[g].operators[step.op].outputs[0];
    for (std::int32_t row = step.begin; row < step.end; ++row) {
      Fill(RowOffset(g, out, row), RowBytes(g, out),
           scribble ? ++last_tag_ : value_[out].first + static_cast<Tag>(row));
    }
  }
  // visit(tensor, row, input) for each row of each input that the step reads.
  template <typename Visit>
  void ForRowsRead(std::size_t g, const StripeWalk::Step& step, const Visit& visit) const {
    const Graph& graph = model_.graphs[g];
    const Operator& op = graph.operators[step.op];
    const RowWindow window = request_.demands[g][step.op].rows;
    for (std::size_t n = 0; n < op.inputs.size(); ++n) {
      const std::int32_t t = op.inputs[n];
      if (t < 0 || !IsMoved(graph.tensor(t))) {
        continue;
      }
      const std::int32_t rows = graph.tensor(t).shape.dim(1);
      for (std::int32_t row = 0; row < rows; ++row) {
        bool read = false;  // by definition
        for (std::int32_t r = step.begin; r < step.end; ++r) {
          const std::int32_t begin = r * window.stride - window.pad;
          read = read || (begin <= row && row < begin + window.height);
        }
        if (read) {
          visit(t, row, n);
        }
      }
    }
  }
  // The kernel has promised to read row r of an input before it writes row r of the output there;
  // all that the step reads and writes at the same bytes is of that kind.
  bool RowsPromisedInPlace(std::size_t g, const StripeWalk::Step& step) const {
    const std::int32_t out = model_.graphs[g].operators[step.op].outputs[0];
    const OpDemand& demand = request_.demands[g][step.op];
    bool found = false;
    bool kept = true;
    ForRowsRead(g, step, [&](std::int32_t t, std::int32_t read, std::size_t n) {
      const std::uint32_t begin = RowOffset(g, t, read);
      const std::uint32_t end = begin + RowBytes(g, t);
      for (std::int32_t row = step.begin; row < step.end; ++row) {
        const std::uint32_t to = RowOffset(g, out, row);
        if (begin < to + RowBytes(g, out) && to < end) {
          found = true;
          kept = kept && read == row && begin == to && RowBytes(g, t) == RowBytes(g, out) &&
                 demand.rows == RowWindow::Same() && n <= 7 &&
                 (demand.in_place_inputs >> n & 1) != 0;
        }
      }
    });
    return found && kept;
  }

  // READ_VARIABLE and ASSIGN_VARIABLE carry values, and with them tags, from place to place.
  void Transfer(std::size_t g, std::size_t i) {
    const Graph& graph = model_.graphs[g];
    const Operator& op = graph.operators[i];
    const std::size_t r = op.options<VariableOptions>().resource;
    if (op.kind == OpKind::kReadVariable) {
      Expect(plan_.resource_offsets[r], model_.resources[r].bytes, resource_value_[r],
             "a resource is written over by what is read from it");
      const std::int32_t out = op.outputs[0];
      value_[out] = {resource_value_[r], false};
      Fill(plan_.graphs[g].tensor_offsets[out], graph.tensor(out).bytes, resource_value_[r]);
    } else if (op.kind == OpKind::kAssignVariable) {
      const std::int32_t in = op.inputs[1];
      resource_value_[r] =
          IsMoved(graph.tensor(in)) && !value_[in].by_rows ? value_[in].first : ++last_tag_;
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
  std::vector<Value> value_;  // of the tensors of the graph that runs
  Tag last_tag_ = 0;
  std::string harm_;
};

}  // namespace pinhole::engine::plan
