// SPDX-License-Identifier: Apache-2.0
// VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE: tensors that stay from one run to the next under a
// name. The handle is a tensor without bytes; which variable is meant, all three know from their
// options. Any type and shape; the plan may lay a tensor where the variable lies, then reading and
// assigning find their work done. Error while running: kMalformed where a value is larger than the
// variable.

#include <cstring>

#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Status ExpectValue(PrepareContext& context, const Tensor& tensor) {
  if (tensor.type == Type::kResource) {
    return context.Fail(base::Error::kMalformed, "tensor '", tensor.name(),
                        "' is a handle, a value expected");
  }
  return {};
}

base::Result<Prepared> PrepareHandle(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(0, 0, 1));
  PINHOLE_TRY(context.ExpectType(*context.output(0), Type::kResource));
  return Prepared{};
}

base::Result<Prepared> PrepareRead(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 1));
  PINHOLE_TRY(context.ExpectType(*context.input(0), Type::kResource));
  PINHOLE_TRY(ExpectValue(context, *context.output(0)));
  return Prepared{};
}

base::Result<Prepared> PrepareAssign(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(2, 2, 0));
  PINHOLE_TRY(context.ExpectType(*context.input(0), Type::kResource));
  PINHOLE_TRY(ExpectValue(context, *context.input(1)));
  return Prepared{};
}

std::span<std::byte> Variable(const EvalContext& context) {
  return context.resource(context.op().options<VariableOptions>().resource);
}

base::Status Read(const EvalContext& context) {
  const std::span<std::byte> variable = Variable(context);
  const TensorView out = context.output(0);
  if (out.info->bytes > variable.size()) {
    return base::Unexpected(base::Error::kMalformed);
  }
  std::memmove(out.data, variable.data(), out.info->bytes);
  return {};
}

base::Status Assign(const EvalContext& context) {
  const std::span<std::byte> variable = Variable(context);
  const TensorView in = context.input(1);
  if (in.info->bytes > variable.size()) {
    return base::Unexpected(base::Error::kMalformed);
  }
  std::memmove(variable.data(), in.data, in.info->bytes);
  return {};
}

}  // namespace

const Kernel kVarHandle{OpKind::kVarHandle, 1, 1, PrepareHandle,
                        [](const EvalContext&) { return base::Status(); }};
const Kernel kReadVariable{OpKind::kReadVariable, 1, 1, PrepareRead, Read};
const Kernel kAssignVariable{OpKind::kAssignVariable, 1, 1, PrepareAssign, Assign};

}  // namespace pinhole::engine::kernels::ref
