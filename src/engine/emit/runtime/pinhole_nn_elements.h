// SPDX-License-Identifier: Apache-2.0
#pragma once

// Operators of one operand, element by element: CAST, QUANTIZE, DEQUANTIZE, NEG, SQRT, RSQRT, and
// the activations where a table of 256 bytes does not do (float32, int16).
//
// ElementRows is a template over what becomes of an element, so that a program has what its network
// uses and nothing else. Results are the reference's to the bit; where a float function is the C
// library's (exp, tanh), they are that library's. The output may lie where the input lies, if its
// elements are no larger.

#include <cmath>

#include "pinhole_nn_pairs.h"
#include "pinhole_nn_quantize.h"
#include "pinhole_nn_sigmoid.h"

namespace pinhole_nn {

template <typename Operation>
struct Elements {
  Operand in;
  Ring out;
  std::int32_t count;  // of a row
  Operation operation;
};

template <typename Operation>
void ElementRows(const Elements<Operation>& elements, int begin, int end) {
  using In = typename Operation::In;
  using Out = typename Operation::Out;
  const Operation operation = elements.operation;
  for (int row = begin; row < end; ++row) {
    const In* in = OperandRow<In>(elements.in, row);
    Out* out = reinterpret_cast<Out*>(RowAt(elements.out, row));
    for (int i = 0; i < elements.count; ++i) {
      out[i] = operation(in[i]);
    }
  }
}

template <typename T>
struct Same {
  using In = T;
  using Out = T;
};

struct Relu : Same<float> {
  float operator()(float x) const { return x < 0.0F ? 0.0F : x; }
};
struct Relu6 : Same<float> {
  float operator()(float x) const {
    const float positive = x < 0.0F ? 0.0F : x;
    return 6.0F < positive ? 6.0F : positive;
  }
};
struct LeakyRelu {
  using In = float;
  using Out = float;
  float alpha;
  float operator()(float x) const { return x > 0.0F ? x : x * alpha; }
};
struct Logistic : Same<float> {
  float operator()(float x) const { return LogisticOf(x); }
};
struct Tanh : Same<float> {
  float operator()(float x) const { return std::tanh(x); }
};
struct SquareRoot : Same<float> {
  float operator()(float x) const { return std::sqrt(x); }
};
struct OneOverRoot : Same<float> {
  float operator()(float x) const { return 1.0F / std::sqrt(x); }
};
template <typename T>
struct Negated : Same<T> {
  T operator()(T x) const {
    if constexpr (std::is_integral_v<T>) {
      return WrapMinus(T{0}, x);
    } else {
      return -x;
    }
  }
};

// LOGISTIC and TANH of int16 to Q0.15.
struct Logistic16 {
  using In = std::int16_t;
  using Out = std::int16_t;
  SigmoidScale scale;
  std::int16_t operator()(std::int16_t x) const { return Sigmoid16(x, scale); }
};
struct Tanh16 {
  using In = std::int16_t;
  using Out = std::int16_t;
  SigmoidScale scale;
  std::int16_t operator()(std::int16_t x) const { return HyperbolicTangent16(x, scale); }
};

// From one quantised type to another, or through an activation that is a clamp.
template <typename From, typename To>
struct Rescaled {
  using In = From;
  using Out = To;
  Factor factor;
  std::int32_t in_zero, out_zero;
  Bounds<std::int32_t> bounds;
  To operator()(From x) const {
    return ToOutput<To>(factor.Times(WrapMinus<std::int32_t>(x, in_zero)), out_zero, bounds);
  }
};
// LEAKY_RELU of quantised types: `slope` has alpha's magnitude.
template <typename T>
struct RescaledLeaky {
  using In = T;
  using Out = T;
  Factor same, slope;
  std::int32_t in_zero, out_zero;
  Bounds<std::int32_t> bounds;
  bool negative;
  T operator()(T x) const {
    const std::int32_t centred = x - in_zero;
    std::int32_t value = (centred >= 0 ? same : slope).Times(centred);
    value = centred < 0 && negative ? WrapMinus(std::int32_t{0}, value) : value;
    return ToOutput<T>(value, out_zero, bounds);
  }
};

template <typename To>
struct Quantized {
  using In = float;
  using Out = To;
  float scale;
  std::int32_t zero;
  To operator()(float x) const { return QuantizedTo<To>(x, scale, zero); }
};
template <typename From>
struct Dequantized {
  using In = From;
  using Out = float;
  float scale;
  std::int32_t zero;
  float operator()(From x) const { return scale * static_cast<float>(x - zero); }
};

// CAST. Integers keep their low bits; floats are cut towards zero and saturate, NaN becomes 0.
template <typename From, typename To>
struct Cast {
  using In = From;
  using Out = To;
  To operator()(From x) const {
    if constexpr (std::is_same_v<To, bool>) {
      return x != From{0};
    } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
      constexpr float kLow = static_cast<float>(std::numeric_limits<To>::min());
      // The least power of two above the range; its half is a number of To.
      constexpr float kAbove =
          2.0F * static_cast<float>(To{1} << (std::numeric_limits<To>::digits - 1));
      if (std::isnan(x)) {
        return 0;
      }
      return x >= kAbove ? std::numeric_limits<To>::max()
             : x <= kLow ? std::numeric_limits<To>::min()
                         : static_cast<To>(x);
    } else if constexpr (std::is_integral_v<From> && sizeof(From) == 8) {
      return static_cast<To>(static_cast<std::int64_t>(x));
    } else {
      return static_cast<To>(x);
    }
  }
};

template <typename To>
struct FromBool {
  using In = std::uint8_t;
  using Out = To;
  To operator()(std::uint8_t x) const { return static_cast<To>(x != 0); }
};

}  // namespace pinhole_nn
