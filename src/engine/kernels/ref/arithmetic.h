// SPDX-License-Identifier: Apache-2.0
#pragma once

// Element arithmetic over float32, int32 and int64 under one spelling. Integers wrap around, as the
// reference's do in practice; nothing here is undefined for any operands. Limits is what a fused
// activation leaves of such a type's range.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "engine/kernels/kernel.h"
#include "engine/kernels/ref/quantize_params.h"

namespace pinhole::engine::kernels::ref {

template <typename T>
constexpr T Sum(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
  } else {
    return a + b;
  }
}

template <typename T>
constexpr T Difference(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<U>(a) - static_cast<U>(b));
  } else {
    return a - b;
  }
}

template <typename T>
constexpr T Product(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<U>(a) * static_cast<U>(b));
  } else {
    return a * b;
  }
}

template <typename T>
struct Limits {
  T low = std::numeric_limits<T>::lowest();
  T high = std::numeric_limits<T>::max();

  [[nodiscard]] T Clamp(T value) const { return std::min(std::max(value, low), high); }
};

// Error: kUnsupported for activations that are no clamps.
template <typename T>
base::Result<Limits<T>> ActivationLimits(PrepareContext& context, Activation activation) {
  PINHOLE_ASSIGN(const FloatRange real, FloatActivationRange(context, activation));
  Limits<T> limits;
  if (activation != Activation::kNone) {
    limits.low = static_cast<T>(real.low);
  }
  if (activation != Activation::kNone && activation != Activation::kRelu) {
    limits.high = static_cast<T>(real.high);
  }
  return limits;
}

// The limits in the model arena, where Evaluate finds them.
template <typename T>
base::Status KeepLimits(PrepareContext& context, Activation activation, Prepared& prepared) {
  PINHOLE_ASSIGN(const Limits<T> limits, ActivationLimits<T>(context, activation));
  PINHOLE_ASSIGN(Limits<T>* const kept, context.NewParams<Limits<T>>());
  *kept = limits;
  prepared.params = kept;
  return {};
}

}  // namespace pinhole::engine::kernels::ref
