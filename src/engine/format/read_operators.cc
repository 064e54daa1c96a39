// SPDX-License-Identifier: Apache-2.0
#include "engine/format/read_operators.h"

#include <algorithm>

#include "engine/format/fold.h"
#include "engine/format/fold_activations.h"
#include "engine/format/fold_pads.h"
#include "engine/format/op_codes.h"
#include "engine/format/read_options.h"
#include "engine/format/schema.h"

namespace pinhole::engine::format {

namespace {

using base::Error;

base::Status SurveyOperator(Reading& reading, const GraphDraft& draft, const flat::Table& op,
                            OpKind kind, bool& folded) {
  PINHOLE_ASSIGN(const auto inputs, op.Numbers<std::int32_t>(schema::op::kInputs));
  PINHOLE_ASSIGN(const auto outputs, op.Numbers<std::int32_t>(schema::op::kOutputs));
  PINHOLE_TRY(reading.Visit(inputs.size() + outputs.size()));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == -1) {  // an optional input that is left out
      continue;
    }
    PINHOLE_TRY(CheckOperand(reading, draft, "input", i, inputs[i]));
    if (!draft.mark(inputs[i]).available) {
      return reading.Fail(Error::kMalformed, "input ", i, ", tensor ", inputs[i], " '",
                          draft.tensor(inputs[i]).name(),
                          "', is read before any operator wrote it");
    }
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    PINHOLE_TRY(CheckOperand(reading, draft, "output", i, outputs[i]));
    Mark& mark = draft.mark(outputs[i]);
    if (mark.available) {
      return reading.Fail(Error::kMalformed, "output ", i, ", tensor ", outputs[i], " '",
                          draft.tensor(outputs[i]).name(),
                          "', is written though it is an input, constant, variable or written "
                          "before");
    }
    mark.available = true;
  }
  folded = inputs.size() == 1 && outputs.size() == 1 && inputs[0] >= 0 &&
           TryFold(draft, kind, inputs[0], outputs[0]);
  return {};
}

// The three operators that name a variable. READ_VARIABLE and ASSIGN_VARIABLE know it by the
// handle, a tensor that a VAR_HANDLE wrote.
base::Result<Attributes> ReadVariable(Reading& reading, const GraphDraft& draft,
                                      const flat::Table& table, const Operator& op,
                                      ResourceTable& resources) {
  const std::size_t inputs = op.kind == OpKind::kVarHandle      ? 0
                             : op.kind == OpKind::kReadVariable ? 1
                                                                : 2;
  const std::size_t outputs = op.kind == OpKind::kAssignVariable ? 0 : 1;
  if (op.inputs.size() != inputs || op.outputs.size() != outputs ||
      std::any_of(op.inputs.begin(), op.inputs.end(), [](std::int32_t t) { return t < 0; })) {
    return reading.Fail(Error::kMalformed, op.inputs.size(), " inputs and ", op.outputs.size(),
                        " outputs found, ", inputs, " and ", outputs, " expected");
  }
  const std::int32_t handle = op.kind == OpKind::kVarHandle ? op.outputs[0] : op.inputs[0];
  std::int16_t& resource = draft.mark(handle).resource;
  if (draft.tensor(handle).type != Type::kResource) {
    return reading.Fail(Error::kMalformed, "tensor ", handle, " '", draft.tensor(handle).name(),
                        "' is ", TypeName(draft.tensor(handle).type), ", a resource expected");
  }
  if (op.kind == OpKind::kVarHandle) {
    PINHOLE_ASSIGN(const auto options, table.Child(schema::op::kBuiltinOptions));
    PINHOLE_ASSIGN(const auto type, table.Number<std::uint8_t>(schema::op::kBuiltinOptionsType, 0));
    if (!options || type != static_cast<std::uint8_t>(schema::OptionsType::kVarHandle)) {
      return reading.Fail(Error::kMalformed, "its options, the variable's name, are missing");
    }
    PINHOLE_ASSIGN(const auto container, options->String(0));
    PINHOLE_ASSIGN(const auto name, options->String(1));
    PINHOLE_ASSIGN(resource, resources.FindOrAdd(reading, container, name));
  } else {
    if (resource < 0) {
      return reading.Fail(Error::kMalformed, "tensor ", handle, " '", draft.tensor(handle).name(),
                          "' is no handle that VAR_HANDLE made");
    }
    const std::int32_t value = op.kind == OpKind::kReadVariable ? op.outputs[0] : op.inputs[1];
    PINHOLE_TRY(resources.NoteValue(reading, resource, draft.tensor(value).bytes));
  }
  return Attributes(VariableOptions{static_cast<std::uint16_t>(resource)});
}

// Float16 is a way to store constants; nothing here computes with it.
base::Status CheckType(Reading& reading, const GraphDraft& draft, std::int32_t tensor) {
  const Tensor& info = draft.tensor(tensor);
  if (info.type == Type::kFloat16 && !info.is_constant()) {
    return reading.Fail(Error::kUnsupported, "tensor ", tensor, " '", info.name(),
                        "' is float16 and not a constant; convert the model with float32 "
                        "activations");
  }
  return {};
}

base::Status ReadOperator(Reading& reading, const GraphDraft& draft, const flat::Table& table,
                          const OpCode& code, std::size_t graph, ResourceTable& resources,
                          Operator& op) {
  op.kind = code.kind;
  op.code = code.code;
  op.version = code.version;
  op.custom_name = code.custom_name.data();
  PINHOLE_ASSIGN(const auto inputs, table.Numbers<std::int32_t>(schema::op::kInputs));
  PINHOLE_ASSIGN(const auto outputs, table.Numbers<std::int32_t>(schema::op::kOutputs));
  PINHOLE_ASSIGN(op.inputs, reading.Keep(inputs));
  PINHOLE_ASSIGN(op.outputs, reading.Keep(outputs));
  for (const std::int32_t input : op.inputs) {
    if (input >= 0) {
      PINHOLE_TRY(Materialise(reading, draft, input));
      PINHOLE_TRY(CheckType(reading, draft, input));
    }
  }
  for (const std::int32_t output : op.outputs) {
    PINHOLE_TRY(CheckType(reading, draft, output));
  }
  if (op.kind == OpKind::kCallOnce && graph != 0) {
    return reading.Fail(Error::kUnsupported, "only the main graph may call others");
  }
  if (op.kind == OpKind::kVarHandle || op.kind == OpKind::kReadVariable ||
      op.kind == OpKind::kAssignVariable) {
    PINHOLE_ASSIGN(op.attributes, ReadVariable(reading, draft, table, op, resources));
  } else {
    PINHOLE_ASSIGN(op.attributes, ReadOptions(reading, table, op.kind, code.is_custom));
  }
  return {};
}

}  // namespace

base::Status SurveyOperators(Reading& reading, const GraphDraft& draft) {
  for (std::size_t i = 0; i < draft.operator_tables.size(); ++i) {
    const auto table = draft.operator_tables.Open(i);
    if (!table) {
      return reading.At(table.error(), "operator ", i, ": ");
    }
    const auto code = ReadOpCodeOf(reading, *table);
    if (!code) {
      return reading.At(code.error(), "operator ", i, ": ");
    }
    const base::Status status = SurveyOperator(reading, draft, *table, code->kind, draft.folded[i]);
    if (!status) {
      return reading.At(status.error(), "operator ", i, " ", code->name(), ": ");
    }
  }
  return {};
}

base::Result<std::span<const Operator>> ReadOperators(Reading& reading, const GraphDraft& draft,
                                                      std::size_t graph,
                                                      std::span<const std::int32_t> outputs,
                                                      ResourceTable& resources) {
  const auto gone =
      static_cast<std::size_t>(std::count(draft.folded.begin(), draft.folded.end(), true));
  reading.model.folded_operators += static_cast<std::uint32_t>(gone);
  PINHOLE_ASSIGN(const std::span<Operator> operators,
                 reading.arena.Make<Operator>(draft.operator_tables.size() - gone));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < draft.operator_tables.size(); ++i) {
    if (draft.folded[i]) {
      continue;
    }
    PINHOLE_ASSIGN(const flat::Table table, draft.operator_tables.Open(i));
    PINHOLE_ASSIGN(const OpCode code, ReadOpCodeOf(reading, table));
    const base::Status status =
        ReadOperator(reading, draft, table, code, graph, resources, operators[kept]);
    if (!status) {
      return reading.At(status.error(), "operator ", i, " ", code.name(), ": ");
    }
    ++kept;
  }
  PINHOLE_ASSIGN(const std::size_t unpadded,
                 FoldPads(operators, draft.tensors, outputs, reading.arena));
  PINHOLE_ASSIGN(const std::size_t left, FoldActivations(operators.first(unpadded), draft.tensors,
                                                         outputs, reading.arena));
  reading.model.folded_operators += static_cast<std::uint32_t>(kept - left);
  return std::span<const Operator>(operators.first(left));
}

}  // namespace pinhole::engine::format
