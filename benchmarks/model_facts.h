// SPDX-License-Identifier: Apache-2.0
#pragma once

// What our engine tells of a model, as JSON: the facts that every engine is held against. Inputs
// and outputs, and of each operator the multiply-adds and the bytes it must read and write once.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "benchmarks/json_text.h"
#include "engine/format/cost.h"
#include "engine/run/session.h"

namespace pinhole::benchmarks {

inline std::string TensorFacts(const engine::Graph& graph, std::span<const std::int32_t> indices) {
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
inline std::string OperatorFacts(const engine::Graph& graph) {
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

// `kernels` is the name of the instruction set that is measured.
inline std::string ModelFacts(const engine::run::Session& session, std::string_view kernels) {
  const engine::Graph& graph = session.model().main();
  JsonList facts('{');
  facts.Add("version", Quoted("pinhole " PINHOLE_VERSION ", " + std::string(kernels)));
  facts.Add("compiler", Quoted(PINHOLE_COMPILER));
  facts.Add("kernels", Quoted(kernels));
  facts.Add("inputs", TensorFacts(graph, graph.inputs));
  facts.Add("outputs", TensorFacts(graph, graph.outputs));
  facts.Add("operators", OperatorFacts(graph));
  facts.Add("activation_bytes", Text(std::uint64_t{session.activation_bytes()}));
  facts.Add("weight_bytes",
            Text(std::uint64_t{session.model().constant_bytes + session.model().folded_bytes}));
  return facts.Done();
}

}  // namespace pinhole::benchmarks
