// SPDX-License-Identifier: Apache-2.0
// pinhole model inspect: what is in a model file, also in one that this build can't run.

#include <numeric>
#include <vector>

#include "engine/format/cost.h"
#include "engine/owned/model_file.h"
#include "host/commands.h"
#include "host/describe.h"
#include "host/names.h"

namespace pinhole::host {

namespace {

using engine::Graph;
using engine::Operator;
using engine::Tensor;
using engine::format::Model;
using engine::format::MultiplyAdds;

std::string TensorText(const Tensor& tensor) {
  const std::string quantization = QuantizationText(tensor);
  return std::string(engine::TypeName(tensor.type)) + " " + ShapeText(tensor.shape) +
         (quantization.empty() ? "" : " " + quantization);
}

// Shapes of what the network computes; constants are weights and have a column of their own.
std::string InputsText(const Graph& graph, const Operator& op) {
  std::string text;
  for (const std::int32_t index : op.inputs) {
    if (index >= 0 && !graph.tensor(index).is_constant()) {
      text += (text.empty() ? "" : " ") + ShapeText(graph.tensor(index).shape);
    }
  }
  return text;
}

std::string OutputsText(const Graph& graph, const Operator& op) {
  std::string text;
  for (const std::int32_t index : op.outputs) {
    text += (text.empty() ? "" : ", ") + TensorText(graph.tensor(index));
  }
  return text;
}

std::uint64_t UnknownCount(const Graph& graph) {
  std::uint64_t unknown = 0;
  for (const Operator& op : graph.operators) {
    unknown += HasKernel(op) ? 0U : 1U;
  }
  return unknown;
}

std::string OperatorsText(const Graph& graph) {
  using enum Table::Align;
  Table table({{"#", kRight},
               {"operator", kLeft},
               {"inputs", kLeft},
               {"output", kLeft},
               {"multiply-adds", kRight},
               {"constants", kRight}});
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    const std::string mark = HasKernel(op) ? "" : " (no kernel)";
    table.Row({std::to_string(i), OperatorName(op) + mark, InputsText(graph, op),
               OutputsText(graph, op), Grouped(MultiplyAdds(graph, op)),
               Grouped(ConstantBytes(graph, op))});
  }
  return table.Text();
}

std::string TensorsText(const Graph& graph) {
  using enum Table::Align;
  Table table({{"#", kRight},
               {"type and shape", kLeft},
               {"bytes", kRight},
               {"kind", kLeft},
               {"name", kLeft}});
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    const char* kind =
        tensor.is_constant() ? "constant" : (tensor.is_variable ? "variable" : "computed");
    table.Row({std::to_string(i), TensorText(tensor), Grouped(tensor.bytes), kind,
               Printable(tensor.name())});
  }
  return table.Text();
}

std::string EndsText(const Graph& graph, std::string_view title,
                     std::span<const std::int32_t> indices) {
  std::string text;
  for (const std::int32_t index : indices) {
    const Tensor& tensor = graph.tensor(index);
    text += std::string(title) + TensorText(tensor) + "  " + Printable(tensor.name()) + "\n";
  }
  return text;
}

std::string Text(const InspectOptions& options, const Model& model) {
  const Graph& graph = model.main();
  std::string text = Inked(Printable(options.model), Ink::kBold);
  text += "  " + Grouped(model.file_bytes) + " bytes, " + std::to_string(graph.operators.size()) +
          " operators, " + Rounded(MultiplyAdds(graph)) + " multiply-adds\n";
  if (!model.description.empty()) {
    text += "description  " + Printable(model.description) + "\n";
  }
  text += EndsText(graph, "input        ", graph.inputs);
  text += EndsText(graph, "output       ", graph.outputs);
  text += "constants    " + Grouped(model.constant_bytes) + " bytes in the file";
  if (model.folded_operators > 0) {
    text += ", " + Grouped(model.folded_bytes) + " made while loading by folding " +
            std::to_string(model.folded_operators) + " operators away";
  }
  text += "\n";
  for (const engine::Resource& resource : model.resources) {
    text += "state        " + Grouped(resource.bytes) + " bytes  " + Printable(resource.name_text) +
            "\n";
  }
  for (const engine::format::Metadata& entry : model.metadata) {
    text +=
        "metadata     " + Grouped(entry.bytes.size()) + " bytes  " + Printable(entry.name) + "\n";
  }
  if (model.graphs.size() > 1) {
    text += "graphs       " + std::to_string(model.graphs.size()) +
            "; the first is shown, others "
            "run once before it\n";
  }
  text += "\n" + OperatorsText(graph);
  text += "total " + Grouped(MultiplyAdds(graph)) + " multiply-adds\n";
  if (options.tensors) {
    text += "\n" + TensorsText(graph);
  }
  if (const std::uint64_t unknown = UnknownCount(graph); unknown > 0) {
    text += "\n" +
            Inked(std::to_string(unknown) +
                      " operators have no kernel in this build: the "
                      "model can be looked at, but not run",
                  Ink::kYellow) +
            "\n";
  }
  return text;
}

Json OperatorsJson(const Graph& graph) {
  Json list = Json::Array();
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    list.Add(Json::Object({{"index", i},
                           {"name", OperatorName(op)},
                           {"version", op.version},
                           {"has_kernel", HasKernel(op)},
                           {"inputs", Json::Array(op.inputs)},
                           {"outputs", Json::Array(op.outputs)},
                           {"multiply_adds", MultiplyAdds(graph, op)},
                           {"constant_bytes", ConstantBytes(graph, op)}}));
  }
  return list;
}

Json TensorsJson(const Graph& graph, std::span<const std::int32_t> indices) {
  Json list = Json::Array();
  for (const std::int32_t index : indices) {
    list.Add(TensorJson(graph, index));
  }
  return list;
}

Json ReportJson(const InspectOptions& options, const Model& model) {
  const Graph& graph = model.main();
  Json resources = Json::Array();
  for (const engine::Resource& resource : model.resources) {
    resources.Add(Json::Object({{"name", resource.name_text}, {"bytes", resource.bytes}}));
  }
  Json metadata = Json::Array();
  for (const engine::format::Metadata& entry : model.metadata) {
    metadata.Add(Json::Object({{"name", entry.name}, {"bytes", entry.bytes.size()}}));
  }
  Json json = Json::Object({{"file", options.model},
                            {"file_bytes", model.file_bytes},
                            {"description", model.description},
                            {"inputs", TensorsJson(graph, graph.inputs)},
                            {"outputs", TensorsJson(graph, graph.outputs)},
                            {"multiply_adds", MultiplyAdds(graph)},
                            {"constant_bytes", model.constant_bytes},
                            {"folded_bytes", model.folded_bytes},
                            {"folded_operators", model.folded_operators},
                            {"operators_without_kernel", UnknownCount(graph)},
                            {"graphs", model.graphs.size()},
                            {"resources", resources},
                            {"metadata", metadata},
                            {"operators", OperatorsJson(graph)}});
  if (options.tensors) {
    std::vector<std::int32_t> all(graph.tensors.size());
    std::iota(all.begin(), all.end(), 0);
    json.Add("tensors", TensorsJson(graph, all));
  }
  return json;
}

}  // namespace

int Inspect(const InspectOptions& options) {
  const engine::owned::OwnedModel owned(options.model);
  Print(options.json ? ReportJson(options, owned.model()).Line() : Text(options, owned.model()));
  return 0;
}

}  // namespace pinhole::host
