// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reading the small integer tensors that say how an operator works (axes, paddings, sizes, a
// permutation), and the checks that operators which only move data have in common.
//
// Such tensors come with the model and are int32 or int64; a model may instead compute them, which
// would make shapes depend on data, so most operators want them constant. Evaluate reads them again
// rather than keep a copy in the model arena: what Prepare has checked does not change.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "engine/kernels/kernel.h"

namespace pinhole::engine::kernels::ref {

// The elements of an int16, int32 or int64 tensor.
class Integers {
 public:
  explicit Integers(const Tensor& constant) : Integers({&constant, Bytes(constant)}) {}
  explicit Integers(const TensorView& view) : view_(view) {}

  [[nodiscard]] std::size_t size() const { return view_.size(); }
  [[nodiscard]] std::int64_t operator[](std::size_t i) const {
    switch (view_.type()) {
      case Type::kInt64: return view_.as<std::int64_t>()[i];
      case Type::kInt16: return view_.as<std::int16_t>()[i];
      default: return view_.as<std::int32_t>()[i];
    }
  }

 private:
  // A view can write; this one never does.
  static std::byte* Bytes(const Tensor& constant) { return const_cast<std::byte*>(constant.data); }

  TensorView view_;
};

// `tensor`, which `what` names for the message, holds `count` integers of 32 or 64 bits.
// Errors: kUnsupported (type), kMalformed (count).
inline base::Status ExpectIntegers(PrepareContext& context, const Tensor& tensor,
                                   std::string_view what, std::size_t count) {
  if (tensor.type != Type::kInt32 && tensor.type != Type::kInt64) {
    return context.Fail(base::Error::kUnsupported, what, " '", tensor.name(), "' is ",
                        TypeName(tensor.type), ", int32 or int64 expected");
  }
  if (tensor.shape.element_count() != count) {
    return context.Fail(base::Error::kMalformed, what, " '", tensor.name(), "' has ",
                        tensor.shape.element_count(), " elements, ", count, " expected");
  }
  return {};
}

// Error: kUnsupported where the network computes `tensor`.
inline base::Status ExpectConstant(PrepareContext& context, const Tensor& tensor,
                                   std::string_view what) {
  if (!tensor.is_constant()) {
    return context.Fail(base::Error::kUnsupported, what, " '", tensor.name(),
                        "' is computed while the network runs; a constant is expected");
  }
  return {};
}

// Both of the above.
inline base::Result<Integers> ConstantIntegers(PrepareContext& context, const Tensor& tensor,
                                               std::string_view what, std::size_t count) {
  PINHOLE_TRY(ExpectConstant(context, tensor, what));
  PINHOLE_TRY(ExpectIntegers(context, tensor, what, count));
  return Integers(tensor);
}

// `axis` from the back where it is negative; the result is meaningful in [0, rank) only.
constexpr int AxisFromFront(std::int64_t axis, int rank) {
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

// Error: kMalformed where `axis` is outside [-rank, rank).
inline base::Result<int> ResolveAxis(PrepareContext& context, std::int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) {
    return context.Fail(base::Error::kMalformed, "axis ", axis, " found, ", -rank, " to ", rank - 1,
                        " expected");
  }
  return AxisFromFront(axis, rank);
}

// `out` holds elements of the same kind as `in`, and they have bytes to move.
inline base::Status ExpectSameElements(PrepareContext& context, const Tensor& in,
                                       const Tensor& out) {
  if (TypeSize(in.type) == 0) {
    return context.Fail(base::Error::kUnsupported, "tensor '", in.name(), "' is ",
                        TypeName(in.type), ", which has no elements to move");
  }
  return context.ExpectType(out, in.type);
}

// A computed dimension as a shape holds it. One below 1 becomes 0 and is no declared shape's.
constexpr std::int32_t ClampDimension(std::int64_t dimension) {
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(dimension, 0, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace pinhole::engine::kernels::ref
