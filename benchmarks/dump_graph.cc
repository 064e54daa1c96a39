// SPDX-License-Identifier: Apache-2.0
// dump_graph MODEL OUT: what our reader makes of a .tflite file, for programs in other languages.
//
// OUT.json has the graph: tensors (constants as [offset, bytes] into OUT.bin), operators with the
// options that convolutions and their like have, inputs and outputs. Constants come as the engine
// sees them: float16 and sparse ones unfolded to float32.

#include <cstdio>
#include <exception>

#include "benchmarks/json_text.h"
#include "benchmarks/worker_protocol.h"
#include "engine/owned/model_file.h"

namespace pinhole::benchmarks {
namespace {

template <typename Range>
std::string Numbers(const Range& range) {
  JsonList list('[');
  for (const auto value : range) {
    if constexpr (std::is_floating_point_v<std::remove_cvref_t<decltype(value)>>) {
      list.Add(Text(double{value}));
    } else {
      list.Add(Text(std::int64_t{value}));
    }
  }
  return list.Done();
}

std::string TensorFacts(const engine::Tensor& tensor, std::size_t offset) {
  JsonList facts('{');
  facts.Add("name", Quoted(tensor.name()));
  facts.Add("type", Quoted(engine::TypeName(tensor.type)));
  facts.Add("shape", Numbers(tensor.shape.dims()));
  facts.Add("scales", Numbers(std::span(tensor.scales, tensor.scale_count)));
  facts.Add("zero_point", Text(tensor.zero_point));
  facts.Add("axis", Text(std::int32_t{tensor.axis}));
  if (tensor.is_constant()) {
    facts.Add("data", Numbers(std::initializer_list<std::int64_t>{static_cast<std::int64_t>(offset),
                                                                  std::int64_t{tensor.bytes}}));
  }
  return facts.Done();
}

class OptionFacts {
 public:
  [[nodiscard]] std::string Done() const { return facts_.Done(); }

  template <typename Options>
  void operator()(const Options& o) {
    if constexpr (requires { o.activation; }) {
      facts_.Add("activation", Text(static_cast<std::int32_t>(o.activation)));
    }
    if constexpr (requires { o.padding; }) {
      facts_.Add("same", Text(o.padding == engine::Padding::kSame));
      if constexpr (requires { o.edges; }) {
        facts_.Add("edges", Numbers(std::initializer_list<std::int64_t>{
                                o.edges.top, o.edges.left, o.edges.bottom, o.edges.right}));
      }
      facts_.Add("strides", Numbers(std::initializer_list<std::int64_t>{o.stride_h, o.stride_w}));
    }
    if constexpr (requires { o.dilation_h; }) {
      facts_.Add("dilations",
                 Numbers(std::initializer_list<std::int64_t>{o.dilation_h, o.dilation_w}));
    }
    if constexpr (requires { o.filter_h; }) {
      facts_.Add("filter", Numbers(std::initializer_list<std::int64_t>{o.filter_h, o.filter_w}));
    }
    if constexpr (requires { o.axis; }) {
      facts_.Add("axis", Text(o.axis));
    }
    if constexpr (requires { o.keep_dims; }) {
      facts_.Add("keep_dims", Text(o.keep_dims));
    }
    if constexpr (requires { o.align_corners; }) {
      facts_.Add("align_corners", Text(o.align_corners));
      facts_.Add("half_pixel_centers", Text(o.half_pixel_centers));
    }
    if constexpr (requires { o.block_size; }) {
      facts_.Add("block_size", Text(o.block_size));
    }
  }

 private:
  JsonList facts_{'{'};
};

std::string OperatorFacts(const engine::Operator& op) {
  OptionFacts options;
  std::visit(options, op.attributes);
  JsonList facts('{');
  facts.Add("kind", Quoted(engine::OpName(op.kind)));
  facts.Add("inputs", Numbers(op.inputs));
  facts.Add("outputs", Numbers(op.outputs));
  facts.Add("options", options.Done());
  return facts.Done();
}

void Dump(const std::string& path, const std::string& out) {
  const engine::owned::OwnedModel model(path);
  const engine::Graph& graph = model.model().main();
  std::vector<std::byte> constants;
  JsonList tensors('['), operators('[');
  for (const engine::Tensor& tensor : graph.tensors) {
    tensors.Add(TensorFacts(tensor, constants.size()));
    if (tensor.is_constant()) {
      constants.insert(constants.end(), tensor.data, tensor.data + tensor.bytes);
    }
  }
  for (const engine::Operator& op : graph.operators) {
    operators.Add(OperatorFacts(op));
  }
  JsonList facts('{');
  facts.Add("tensors", tensors.Done());
  facts.Add("operators", operators.Done());
  facts.Add("inputs", Numbers(graph.inputs));
  facts.Add("outputs", Numbers(graph.outputs));
  const std::string text = facts.Done();
  WriteAll(out + ".json", std::as_bytes(std::span(text)));
  WriteAll(out + ".bin", constants);
}

}  // namespace
}  // namespace pinhole::benchmarks

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: dump_graph MODEL.tflite OUT, which writes OUT.json and OUT.bin\n", stderr);
    return 2;
  }
  try {
    pinhole::benchmarks::Dump(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dump_graph: %s\n", error.what());
    return 1;
  }
}
