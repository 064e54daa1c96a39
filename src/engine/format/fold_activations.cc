// SPDX-License-Identifier: Apache-2.0
#include "engine/format/fold_activations.h"

#include "engine/format/tensor_uses.h"

namespace pinhole::engine::format {

namespace {

// Later versions of RELU and RELU6 may mean more; 1 to 3 differ in the types they are given.
constexpr std::uint16_t kNewestVersion = 3;

// True where an activation from `in` to `out` only cuts values off.
bool SameValues(const Tensor& in, const Tensor& out) {
  if (in.type != out.type || in.shape != out.shape || in.is_variable || out.is_variable) {
    return false;
  }
  switch (in.type) {
    case Type::kFloat32: return true;
    case Type::kInt8:
    case Type::kUint8:
    case Type::kInt16:
      return in.scale_count == 1 && out.scale_count == 1 && in.scale() == out.scale() &&
             in.zero_point == out.zero_point;
    default: return false;
  }
}

// What `op` does where it is an activation that can fold; else kNone.
Activation ActivationOf(const Operator& op, std::span<const Tensor> tensors) {
  const Activation activation = op.kind == OpKind::kRelu    ? Activation::kRelu
                                : op.kind == OpKind::kRelu6 ? Activation::kRelu6
                                                            : Activation::kNone;
  if (activation == Activation::kNone || op.version > kNewestVersion || op.inputs.size() != 1 ||
      op.outputs.size() != 1 || op.inputs[0] < 0 ||
      !SameValues(tensors[static_cast<std::size_t>(op.inputs[0])],
                  tensors[static_cast<std::size_t>(op.outputs[0])])) {
    return Activation::kNone;
  }
  return activation;
}

// False where `op` has an activation already.
template <typename Options>
bool Fuse(Operator& op, Activation activation) {
  auto options = op.options<Options>();
  if (options.activation != Activation::kNone) {
    return false;
  }
  options.activation = activation;
  op.attributes = options;
  return true;
}

// False where `op` is no operator that can take an activation.
bool TakeActivation(Operator& op, Activation activation) {
  switch (op.kind) {
    case OpKind::kConv2d: return Fuse<ConvOptions>(op, activation);
    case OpKind::kDepthwiseConv2d: return Fuse<DepthwiseConvOptions>(op, activation);
    case OpKind::kFullyConnected: return Fuse<FullyConnectedOptions>(op, activation);
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul: return Fuse<ActivationOptions>(op, activation);
    default: return false;
  }
}

}  // namespace

base::Result<std::size_t> FoldActivations(std::span<Operator> operators,
                                          std::span<const Tensor> tensors,
                                          std::span<const std::int32_t> outputs,
                                          base::Arena& arena) {
  base::Arena::Scratch scratch(arena);
  PINHOLE_ASSIGN(const std::span<TensorUse> uses, scratch.Make<TensorUse>(tensors.size()));
  CountUses(operators, outputs, uses);
  PINHOLE_ASSIGN(const std::span<bool> gone, scratch.Make<bool>(operators.size()));
  for (std::size_t i = 0; i < operators.size(); ++i) {
    const Activation activation = ActivationOf(operators[i], tensors);
    if (activation == Activation::kNone) {
      continue;
    }
    const TensorUse& use = uses[static_cast<std::size_t>(operators[i].inputs[0])];
    if (use.writer < 0 || use.reads != 1) {
      continue;
    }
    Operator& before = operators[static_cast<std::size_t>(use.writer)];
    if (before.outputs.size() == 1 && TakeActivation(before, activation)) {
      before.outputs = operators[i].outputs;
      gone[i] = true;
    }
  }
  return KeepTheOthers(operators, gone);
}

}  // namespace pinhole::engine::format
