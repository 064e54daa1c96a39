// SPDX-License-Identifier: Apache-2.0
#include "engine/format/tflite_reader.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "engine/format/draft.h"
#include "engine/format/fold.h"
#include "engine/format/op_codes.h"
#include "engine/format/read_operators.h"
#include "engine/format/read_tensors.h"
#include "engine/format/reading.h"
#include "engine/format/resources.h"
#include "engine/format/schema.h"

namespace pinhole::engine::format {

static_assert(std::endian::native == std::endian::little, "constants are used as the file has them");

namespace {

using base::Arena;
using base::Error;

constexpr std::string_view kIdentifier = "TFL3";
constexpr std::size_t kIdentifierAt = 4;
constexpr std::size_t kAlignment = 16;
constexpr std::size_t kMaxGraphs = 1024;
// Elements looked at per byte of the file, see Reading::Visit. Real models stay below 1.
constexpr std::uint64_t kVisitsPerByte = 64;
constexpr std::uint64_t kVisitsAtLeast = 4096;

base::Status CheckFrame(Reading& reading) {
  const flat::Bytes bytes = reading.bytes;
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kAlignment != 0) {
    return reading.Fail(Error::kInvalidArgument, "the model's bytes must be aligned to ",
                        kAlignment);
  }
  if (bytes.size() < kIdentifierAt + kIdentifier.size()) {
    return reading.Fail(Error::kTruncated, bytes.size(),
                        " bytes are too few for a TensorFlow Lite model");
  }
  const std::string_view found(reinterpret_cast<const char*>(bytes.data()) + kIdentifierAt,
                               kIdentifier.size());
  if (found != kIdentifier) {
    return reading.Fail(Error::kMalformed, "'", found, "' found at byte ", kIdentifierAt, ", '",
                        kIdentifier, "' expected: this is not a TensorFlow Lite model");
  }
  return {};
}

// Checks the counts of all graphs before memory is taken; returns how many VAR_HANDLEs there are.
base::Result<std::size_t> CountAll(Reading& reading, const flat::TableVector& graphs) {
  std::size_t handles = 0;
  for (std::size_t g = 0; g < graphs.size(); ++g) {
    const auto graph = graphs.Open(g);
    if (!graph) {
      return reading.At(graph.error(), "graph ", g, ": ");
    }
    PINHOLE_ASSIGN(const auto tensors, graph->Tables(schema::subgraph::kTensors));
    PINHOLE_ASSIGN(const auto operators, graph->Tables(schema::subgraph::kOperators));
    if (tensors.size() > reading.tensors_left || operators.size() > reading.operators_left) {
      return reading.Fail(Error::kTooLarge, "more than ", reading.limits.max_tensors,
                          " tensors or ", reading.limits.max_operators,
                          " operators; raise the limits to read it");
    }
    reading.tensors_left -= tensors.size();
    reading.operators_left -= operators.size();
    for (std::size_t i = 0; i < operators.size(); ++i) {
      const auto op = operators.Open(i);
      if (!op) {
        return reading.At(op.error(), "graph ", g, ", operator ", i, ": ");
      }
      const auto code = ReadOpCodeOf(reading, *op);
      if (!code) {
        return reading.At(code.error(), "graph ", g, ", operator ", i, ": ");
      }
      handles += code->kind == OpKind::kVarHandle ? std::size_t{1} : 0;
    }
  }
  return handles;
}

// The graph's inputs or outputs: indices in range, nothing without bytes.
base::Result<std::span<const std::int32_t>> ReadEnds(Reading& reading, const GraphDraft& draft,
                                                     const flat::Table& table, std::size_t field,
                                                     std::string_view role) {
  PINHOLE_ASSIGN(const auto ends, table.Numbers<std::int32_t>(field));
  PINHOLE_TRY(reading.Visit(ends.size()));
  for (std::size_t i = 0; i < ends.size(); ++i) {
    PINHOLE_TRY(CheckOperand(reading, draft, role, i, ends[i]));
    const Tensor& tensor = draft.tensor(ends[i]);
    if (tensor.type == Type::kResource || tensor.type == Type::kFloat16) {
      return reading.Fail(Error::kUnsupported, role, " ", i, ", tensor ", ends[i], " '",
                          tensor.name(), "', is ", TypeName(tensor.type));
    }
  }
  return reading.Keep(ends);
}

base::Status MarkInputs(Reading& reading, const GraphDraft& draft,
                        std::span<const std::int32_t> inputs) {
  for (const std::int32_t input : inputs) {
    if (draft.mark(input).available) {
      return reading.Fail(Error::kMalformed, "its input, tensor ", input, " '",
                          draft.tensor(input).name(),
                          "', is a constant, a variable or named twice");
    }
    draft.mark(input).available = true;
  }
  return {};
}

base::Status FinishOutputs(Reading& reading, const GraphDraft& draft,
                           std::span<const std::int32_t> outputs) {
  for (const std::int32_t output : outputs) {
    if (!draft.mark(output).available) {
      return reading.Fail(Error::kMalformed, "its output, tensor ", output, " '",
                          draft.tensor(output).name(), "', is written by no operator");
    }
    PINHOLE_TRY(Materialise(reading, draft, output));
  }
  return {};
}

base::Status ReadGraph(Reading& reading, const flat::Table& table, std::size_t index,
                       ResourceTable& resources, Graph& graph) {
  Arena::Scratch scratch(reading.arena);
  GraphDraft draft;
  PINHOLE_ASSIGN(const auto name, table.String(schema::subgraph::kName));
  PINHOLE_ASSIGN(draft.tensor_tables, table.Tables(schema::subgraph::kTensors));
  PINHOLE_ASSIGN(draft.operator_tables, table.Tables(schema::subgraph::kOperators));
  PINHOLE_ASSIGN(draft.marks, scratch.Make<Mark>(draft.tensor_tables.size()));
  PINHOLE_ASSIGN(draft.folded, scratch.Make<bool>(draft.operator_tables.size()));
  PINHOLE_ASSIGN(draft.tensors, ReadTensors(reading, draft.tensor_tables, draft.marks));
  graph.name_text = name.data();
  graph.tensors = draft.tensors;
  PINHOLE_ASSIGN(graph.inputs,
                 ReadEnds(reading, draft, table, schema::subgraph::kInputs, "its input"));
  PINHOLE_TRY(MarkInputs(reading, draft, graph.inputs));
  PINHOLE_TRY(SurveyOperators(reading, draft));
  PINHOLE_ASSIGN(graph.outputs,
                 ReadEnds(reading, draft, table, schema::subgraph::kOutputs, "its output"));
  PINHOLE_TRY(FinishOutputs(reading, draft, graph.outputs));
  PINHOLE_ASSIGN(graph.operators, ReadOperators(reading, draft, index, graph.outputs, resources));
  return {};
}

base::Status ReadGraphs(Reading& reading, const flat::TableVector& tables,
                        ResourceTable& resources) {
  PINHOLE_ASSIGN(const std::span<Graph> graphs, reading.arena.Make<Graph>(tables.size()));
  for (std::size_t g = 0; g < tables.size(); ++g) {
    PINHOLE_ASSIGN(const flat::Table table, tables.Open(g));
    const base::Status status = ReadGraph(reading, table, g, resources, graphs[g]);
    if (!status) {
      return g == 0 && tables.size() == 1 ? reading.At(status.error())
                                          : reading.At(status.error(), "graph ", g, ", ");
    }
  }
  reading.model.graphs = graphs;
  return {};
}

base::Status KeepResources(Reading& reading, const ResourceTable& resources) {
  PINHOLE_ASSIGN(const std::span<Resource> kept,
                 reading.arena.Make<Resource>(resources.entries().size()));
  std::transform(resources.entries().begin(), resources.entries().end(), kept.begin(),
                 [](const ResourceTable::Entry& entry) {
                   return Resource{entry.name.data(), entry.bytes};
                 });
  reading.model.resources = kept;
  return {};
}

base::Status ReadMetadata(Reading& reading, const flat::TableVector& tables) {
  PINHOLE_ASSIGN(const std::span<Metadata> metadata,
                 reading.arena.Make<Metadata>(tables.size()));
  for (std::size_t i = 0; i < tables.size(); ++i) {
    PINHOLE_ASSIGN(const flat::Table table, tables.Open(i));
    PINHOLE_ASSIGN(metadata[i].name, table.String(schema::metadata::kName));
    PINHOLE_ASSIGN(const auto buffer,
                   table.Number<std::uint32_t>(schema::metadata::kBuffer, 0));
    const auto bytes = reading.Buffer(buffer);
    if (!bytes) {
      return reading.At(bytes.error(), "metadata ", i, " '", metadata[i].name, "': ");
    }
    metadata[i].bytes = *bytes;
  }
  reading.model.metadata = metadata;
  return {};
}

base::Status ReadModel(Reading& reading) {
  PINHOLE_ASSIGN(const flat::Table root, flat::Table::Root(reading.bytes));
  PINHOLE_ASSIGN(const auto version, root.Number<std::uint32_t>(schema::model::kVersion, 0));
  if (version != schema::kVersion) {
    return reading.Fail(Error::kUnsupported, "schema version ", version, ", ", schema::kVersion,
                        " expected; convert the model anew");
  }
  PINHOLE_ASSIGN(reading.model.description, root.String(schema::model::kDescription));
  PINHOLE_ASSIGN(reading.operator_codes, root.Tables(schema::model::kOperatorCodes));
  PINHOLE_ASSIGN(reading.buffers, root.Tables(schema::model::kBuffers));
  PINHOLE_ASSIGN(const auto graphs, root.Tables(schema::model::kSubgraphs));
  if (graphs.size() == 0) {
    return reading.Fail(Error::kMalformed, "the model has no graph");
  }
  if (graphs.size() > kMaxGraphs) {
    return reading.Fail(Error::kTooLarge, graphs.size(), " graphs, at most ", kMaxGraphs,
                        " are read");
  }
  reading.graph_count = graphs.size();
  PINHOLE_ASSIGN(const std::size_t handles, CountAll(reading, graphs));
  Arena::Scratch scratch(reading.arena);
  PINHOLE_ASSIGN(reading.buffer_seen, scratch.Make<bool>(reading.buffers.size()));
  PINHOLE_ASSIGN(const auto room, scratch.Make<ResourceTable::Entry>(
                                      std::min(handles, ResourceTable::kMaxResources)));
  ResourceTable resources(room);
  PINHOLE_TRY(ReadGraphs(reading, graphs, resources));
  PINHOLE_TRY(KeepResources(reading, resources));
  PINHOLE_ASSIGN(const auto metadata, root.Tables(schema::model::kMetadata));
  return ReadMetadata(reading, metadata);
}

}  // namespace

base::Result<const Model*> ReadTflite(std::span<const std::byte> bytes, base::Arena& model_arena,
                                      base::Diagnosis& why, const ReadLimits& limits) {
  why.Clear();
  const auto memory = model_arena.Make<Model>(1);
  if (!memory) {
    return why.Fail(memory.error(), "the model arena of ", model_arena.capacity(),
                    " bytes is full; give a larger one");
  }
  Model& model = memory->front();
  model.file_bytes = bytes.size();
  Reading reading(bytes, model_arena, why, limits, model);
  reading.visits_left = kVisitsAtLeast + kVisitsPerByte * bytes.size();
  base::Status status = CheckFrame(reading);
  if (status) {
    status = ReadModel(reading);
  }
  if (!status) {
    return reading.At(status.error());
  }
  return static_cast<const Model*>(&model);
}

}  // namespace pinhole::engine::format
