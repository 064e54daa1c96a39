// SPDX-License-Identifier: Apache-2.0
#pragma once

// The arithmetic of an LSTM cell, in float and in fixed point: a template over it computes one unit
// after the other.
//
// A cell's types say what goes in and out (Activation), what weights and biases are, and what a
// gate and the cell's memory are counted in (Cell). Fixed point: a gate's sum is brought to Q3.12
// in int16 for the input's and the recurrent part apart, the two added with saturation; sigmoid and
// tanh give Q0.15; the memory is int16 with a scale of a power of two. Products are rounded twice
// (base/fixed_point.h), and saturate where they are stored.
//
// Source: Hochreiter and Schmidhuber 1997; TensorFlow Lite Micro micro/kernels/lstm_eval
// (8x8_16 and 16x8_16), bit for bit.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/fixed_point.h"
#include "engine/kernels/ref/quantize_params.h"
#include "engine/kernels/ref/sigmoid_table.h"
#include "engine/kernels/ref/weighted_sum.h"

namespace pinhole::engine::kernels::ref {

enum LstmGate : std::size_t { kInputGate, kForgetGate, kCellGate, kOutputGate, kLstmGates };

// Worked out by Prepare, kept in the model arena. Float uses cell_clip only.
struct LstmParams {
  base::FixedMultiplier from_input[kLstmGates];  // products of the gate's sums to Q3.12
  base::FixedMultiplier from_hidden[kLstmGates];
  base::FixedMultiplier keep;   // forget gate * memory -> memory
  base::FixedMultiplier write;  // input gate * cell gate -> memory
  base::FixedMultiplier show;   // tanh(memory) * output gate -> hidden
  SigmoidScale memory_to_tanh;
  std::int16_t quantized_clip = 0;
  float cell_clip = 0.0F;  // no clipping where it is not above 0
  std::int32_t input_zero = 0, hidden_zero = 0;
};

inline std::int16_t SaturateInt16(std::int32_t x) {
  return static_cast<std::int16_t>(std::clamp<std::int32_t>(x, -32768, 32767));
}

struct FloatLstm {
  using Activation = float;
  using Weight = float;
  using Bias = float;
  using Cell = float;

  const LstmParams& params;

  [[nodiscard]] Cell InputPart(LstmGate, const float* x, const float* w, std::size_t n,
                               float bias) const {
    return Dot(x, w, n) + bias;
  }
  [[nodiscard]] Cell HiddenPart(LstmGate, const float* h, const float* w, std::size_t n) const {
    return Dot(h, w, n);
  }
  static Cell Add(Cell a, Cell b) { return a + b; }
  // Beyond the cut-offs the quotient below is 1, or the exponential alone, to the last bit.
  static Cell Sigmoid(Cell x) {
    if (x > 16.619047164916992188F) {
      return 1.0F;
    }
    return x < -9.0F ? std::exp(x) : 1.0F / (1.0F + std::exp(-x));
  }
  static Cell Tanh(Cell x) { return std::tanh(x); }
  [[nodiscard]] Cell Remember(Cell forget, Cell memory, Cell input, Cell candidate) const {
    const float updated = forget * memory + input * candidate;
    return params.cell_clip > 0.0F
               ? std::max(std::min(params.cell_clip, updated), -params.cell_clip)
               : updated;
  }
  [[nodiscard]] float Show(Cell memory, Cell output) const { return std::tanh(memory) * output; }

 private:
  static float Dot(const float* a, const float* b, std::size_t n) {
    float sum = 0.0F;
    for (std::size_t i = 0; i < n; ++i) {
      sum += a[i] * b[i];
    }
    return sum;
  }
};

// A is std::int8_t (sums of 32 bits, which wrap) or std::int16_t (64 bits).
template <typename A>
struct FixedLstm {
  using Activation = A;
  using Weight = std::int8_t;
  using Bias = std::conditional_t<sizeof(A) == 1, std::int32_t, std::int64_t>;
  using Cell = std::int16_t;
  using Sum = std::make_unsigned_t<Bias>;

  const LstmParams& params;

  [[nodiscard]] Cell InputPart(LstmGate gate, const A* x, const std::int8_t* w, std::size_t n,
                               Bias bias) const {
    const Sum sum = Dot(x, params.input_zero, w, n) + static_cast<Sum>(bias);
    return ToGate(sum, params.from_input[gate]);
  }
  [[nodiscard]] Cell HiddenPart(LstmGate gate, const A* h, const std::int8_t* w,
                                std::size_t n) const {
    return ToGate(Dot(h, params.hidden_zero, w, n), params.from_hidden[gate]);
  }
  static Cell Add(Cell a, Cell b) { return SaturateInt16(std::int32_t{a} + b); }
  static Cell Sigmoid(Cell x) { return SigmoidInt16(x); }
  static Cell Tanh(Cell x) { return TanhInt16(x); }
  [[nodiscard]] Cell Remember(Cell forget, Cell memory, Cell input, Cell candidate) const {
    const Cell kept = SaturateInt16(Product(forget, memory, params.keep));
    const Cell written = SaturateInt16(Product(input, candidate, params.write));
    const Cell updated = Add(kept, written);
    if (!(params.cell_clip > 0.0F)) {
      return updated;
    }
    return std::max(std::min(params.quantized_clip, updated),
                    static_cast<Cell>(-params.quantized_clip));
  }
  [[nodiscard]] A Show(Cell memory, Cell output) const {
    const Cell squashed = TanhInt16(memory, params.memory_to_tanh);
    const std::int32_t hidden =
        base::WrapAdd(Product(squashed, output, params.show), params.hidden_zero);
    return static_cast<A>(std::clamp<std::int32_t>(hidden, std::numeric_limits<A>::min(),
                                                   std::numeric_limits<A>::max()));
  }

 private:
  static Sum Dot(const A* x, std::int32_t zero, const std::int8_t* w, std::size_t n) {
    if constexpr (sizeof(A) == 1) {
      return DotInt8(x, zero, w, 0, n);
    } else {
      Sum sum = 0;
      for (std::size_t i = 0; i < n; ++i) {
        sum += static_cast<Sum>((std::int64_t{x[i]} - zero) * w[i]);
      }
      return sum;
    }
  }
  static Cell ToGate(Sum sum, base::FixedMultiplier multiplier) {
    if constexpr (sizeof(A) == 1) {
      return SaturateInt16(
          base::MultiplyByQuantizedMultiplier(static_cast<std::int32_t>(sum), multiplier));
    } else {
      return SaturateInt16(Int16Sum<std::int64_t>::MultiplyWide(sum, multiplier));
    }
  }
  static std::int32_t Product(Cell a, Cell b, base::FixedMultiplier multiplier) {
    return base::MultiplyByQuantizedMultiplier(std::int32_t{a} * b, multiplier);
  }
};

}  // namespace pinhole::engine::kernels::ref
