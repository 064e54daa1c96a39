// SPDX-License-Identifier: Apache-2.0
#pragma once

// SVDF: a dense layer over the last `memory` inputs, in factors. Each filter's memory loses its
// oldest number and takes feature . x at its end; an output is the sum of `rank` filters' time .
// memory.
//
// RunSvdf is a template over the arithmetic: SvdfInteger<std::int8_t> and <std::int16_t> (the
// memory's type; data int8, sums wrap at 32 bits), SvdfFloat. The reference's numbers to the bit.

#include <cstring>

#include "pinhole_nn_pairs.h"

namespace pinhole_nn {

template <typename Arithmetic>
struct Svdf {
  const void* in;
  std::int8_t* out;
  void* state;  // [batch][filter][memory]
  std::int32_t batches, depth, units, rank, memory;
  const typename Arithmetic::Value* feature;  // [filter][depth]
  const typename Arithmetic::State* time;     // [filter][memory]
  const typename Arithmetic::Sum* bias;       // [unit]
  Arithmetic arithmetic;
};

template <typename Arithmetic>
void RunSvdf(const Svdf<Arithmetic>& svdf) {
  using Value = typename Arithmetic::Value;
  using State = typename Arithmetic::State;
  const Value* x = static_cast<const Value*>(svdf.in);
  Value* out = reinterpret_cast<Value*>(svdf.out);
  State* state = static_cast<State*>(svdf.state);
  const int last = svdf.memory - 1;
  for (int batch = 0; batch < svdf.batches; ++batch, x += svdf.depth) {
    int filter = 0;
    for (int unit = 0; unit < svdf.units; ++unit) {
      auto sum = svdf.bias[unit];
      for (int r = 0; r < svdf.rank; ++r, ++filter, state += svdf.memory) {
        std::memmove(state, state + 1, static_cast<std::size_t>(last) * sizeof(State));
        state[last] = svdf.arithmetic.Feature(x, svdf.feature + filter * svdf.depth, svdf.depth);
        sum = WrapPlus(
            sum, svdf.arithmetic.Filtered(state, svdf.time + filter * svdf.memory, svdf.memory));
      }
      *out++ = svdf.arithmetic.Finished(sum);
    }
  }
}

template <typename T>
struct SvdfInteger {
  using Value = std::int8_t;
  using State = T;
  using Sum = std::int32_t;

  Factor to_state, to_output;
  std::int32_t in_zero, state_zero, out_zero;

  // Saturated before the zero point is added, which may wrap: so does the reference.
  State Feature(const Value* x, const Value* w, int count) const {
    std::int32_t sum = 0;
    for (int i = 0; i < count; ++i) {
      sum = WrapPlus(sum, (x[i] - in_zero) * w[i]);
    }
    const std::int32_t value =
        Clamp(to_state.Times(sum), std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
    return static_cast<State>(state_zero + value);
  }
  Sum Filtered(const State* memory, const State* w, int count) const {
    std::int32_t sum = 0;
    for (int i = 0; i < count; ++i) {
      sum = WrapPlus(sum, WrapTimes<std::int32_t>(memory[i] - state_zero, w[i]));
    }
    return sum;
  }
  Value Finished(Sum sum) const {
    return ToOutput<Value>(to_output.Times(sum), out_zero, {-128, 127});
  }
};

struct SvdfFloat {
  using Value = float;
  using State = float;
  using Sum = float;

  Bounds<float> bounds;

  static float Feature(const float* x, const float* w, int count) { return Filtered(x, w, count); }
  static float Filtered(const float* x, const float* w, int count) {
    float sum = 0.0F;
    for (int i = 0; i < count; ++i) {
      sum += w[i] * x[i];
    }
    return sum;
  }
  float Finished(float sum) const { return bounds.Clamped(sum); }
};

}  // namespace pinhole_nn
