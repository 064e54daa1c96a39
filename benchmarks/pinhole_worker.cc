// SPDX-License-Identifier: Apache-2.0
// Our engine as a worker: pinhole_worker THREADS
//
// The facts it tells of a model are what every engine is held against: inputs and outputs, and of
// each operator the multiply-adds and the bytes it must read and write once.

#include <cstdlib>
#include <cstring>
#include <memory>

#include "benchmarks/bench_kernels.h"
#include "benchmarks/json_text.h"
#include "benchmarks/loaded_model.h"
#include "benchmarks/worker_protocol.h"
#include "engine/format/cost.h"

namespace pinhole::benchmarks {
namespace {

std::string Tensors(const engine::Graph& graph, std::span<const std::int32_t> indices) {
  JsonList list('[');
  for (const std::int32_t index : indices) {
    const engine::Tensor& tensor = graph.tensor(index);
    JsonList facts('{');
    facts.Add("type", Quoted(engine::TypeName(tensor.type)));
    JsonList shape('[');
    for (int i = 0; i < tensor.shape.rank(); ++i) {
      shape.Add(Text(tensor.shape.dim(i)));
    }
    facts.Add("shape", shape.Done());
    facts.Add("bytes", Text(std::uint64_t{tensor.bytes}));
    facts.Add("scale", Text(double{tensor.scale()}));
    list.Add(facts.Done());
  }
  return list.Done();
}

// [name, multiply-adds, bytes read and written, whether it works on int8] of each.
std::string Operators(const engine::Graph& graph) {
  JsonList list('[');
  for (const engine::Operator& op : graph.operators) {
    std::uint64_t bytes = 0;
    bool is_int8 = false;
    for (const std::span<const std::int32_t> side : {op.inputs, op.outputs}) {
      for (const std::int32_t index : side) {
        bytes += index >= 0 ? graph.tensor(index).bytes : 0;
        is_int8 |= index >= 0 && graph.tensor(index).type == engine::Type::kInt8;
      }
    }
    JsonList facts('[');
    facts.Add(Quoted(engine::OpName(op.kind)));
    facts.Add(Text(engine::format::MultiplyAdds(graph, op)));
    facts.Add(Text(bytes));
    facts.Add(Text(is_int8));
    list.Add(facts.Done());
  }
  return list.Done();
}

class Pinhole : public Engine {
 public:
  explicit Pinhole(int threads) : threads_(threads) {}

  std::string Load(const std::string& path) override {
    const engine::kernels::fast::Target& target = BenchTarget();
    model_ = std::make_unique<LoadedModel>(path, target.kernels, threads_);
    const engine::run::Session& session = model_->session();
    for (std::size_t i = 0; i < session.input_count(); ++i) {
      inputs_.emplace_back(session.input(i).info->bytes);
    }
    const engine::Graph& graph = session.model().main();
    JsonList facts('{');
    facts.Add("version", Quoted("pinhole " PINHOLE_VERSION ", " + std::string(target.name)));
    facts.Add("compiler", Quoted(PINHOLE_COMPILER));
    facts.Add("kernels", Quoted(target.name));
    facts.Add("inputs", Tensors(graph, graph.inputs));
    facts.Add("outputs", Tensors(graph, graph.outputs));
    facts.Add("operators", Operators(graph));
    facts.Add("activation_bytes", Text(std::uint64_t{session.activation_bytes()}));
    facts.Add("weight_bytes",
              Text(std::uint64_t{session.model().constant_bytes + session.model().folded_bytes}));
    return facts.Done();
  }

  std::span<std::byte> Input(std::size_t i) override { return inputs_.at(i); }

  std::vector<std::span<const std::byte>> Outputs() override {
    const engine::run::Session& session = model_->session();
    std::vector<std::span<const std::byte>> outputs;
    for (std::size_t i = 0; i < session.output_count(); ++i) {
      outputs.emplace_back(session.output(i).data, session.output(i).info->bytes);
    }
    return outputs;
  }

  // An input's memory serves others while the network runs.
  void Refill() override {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      std::memcpy(model_->session().input(i).data, inputs_[i].data(), inputs_[i].size());
    }
  }
  [[nodiscard]] bool refills() const override { return true; }

  void Run() override { model_->Run(); }

 private:
  int threads_;
  std::unique_ptr<LoadedModel> model_;
  std::vector<std::vector<std::byte>> inputs_;
};

}  // namespace
}  // namespace pinhole::benchmarks

int main(int argc, char** argv) {
  pinhole::benchmarks::Pinhole engine(argc > 1 ? std::atoi(argv[1]) : 1);
  return pinhole::benchmarks::Serve(engine);
}
