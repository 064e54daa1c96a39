// SPDX-License-Identifier: Apache-2.0
#pragma once

// UNIDIRECTIONAL_SEQUENCE_LSTM, the plain cell: for each step of a sequence and each unit,
//   i, f, o = sigmoid(W x + R h + b), g = tanh(W x + R h + b); c = f c + i g; h = o tanh(c)
//
// Hidden state h and memory c stay from run to run. Fixed point: a gate's parts are brought to
// Q3.12 apart and added with saturation, the memory is int16 with a scale of a power of two; the
// reference's integers to the bit. Zero points are in the biases. The new h is written into the
// output, where it is wanted anyway, and copied to the state when all units have read the old one.
//
// RunLstm is a template over a cell's arithmetic: LstmInt8, LstmInt16 or LstmFloat.

#include <cstring>

#include "pinhole_nn_pairs.h"
#include "pinhole_nn_sigmoid.h"

namespace pinhole_nn {

enum LstmGate { kInputGate, kForgetGate, kCellGate, kOutputGate, kLstmGates };

template <typename Cell>
struct Lstm {
  const void* in;
  std::int8_t* out;
  void* hidden;  // [batch][units]
  void* memory;
  std::int32_t batches, steps, depth, units;
  // Elements from one batch, and from one step, to the next are these many rows.
  std::int32_t batch_rows, step_rows;
  const typename Cell::Weight* input_weights[kLstmGates];   // [units][depth]
  const typename Cell::Weight* hidden_weights[kLstmGates];  // [units][units]
  const typename Cell::Bias* input_biases[kLstmGates];      // [units]
  const typename Cell::Bias* hidden_biases[kLstmGates];     // [units]; null: none
  Cell cell;
};

template <typename Sum, typename Value, typename Weight>
inline Sum LstmDot(Sum sum, const Value* x, const Weight* w, int count) {
  for (int i = 0; i < count; ++i) {
    sum = WrapPlus<Sum>(sum, static_cast<Sum>(x[i]) * w[i]);
  }
  return sum;
}

template <typename Cell>
inline auto LstmGateOf(const Lstm<Cell>& lstm, int gate, int unit, const typename Cell::Value* x,
                       const typename Cell::Value* h) {
  using Bias = typename Cell::Bias;
  const Bias bias = lstm.hidden_biases[gate] != nullptr ? lstm.hidden_biases[gate][unit] : Bias{0};
  return Cell::Add(lstm.cell.InputPart(gate, x, lstm.input_weights[gate] + unit * lstm.depth,
                                       lstm.depth, lstm.input_biases[gate][unit]),
                   lstm.cell.HiddenPart(gate, h, lstm.hidden_weights[gate] + unit * lstm.units,
                                        lstm.units, bias));
}

template <typename Cell>
void RunLstm(const Lstm<Cell>& lstm) {
  using Value = typename Cell::Value;
  using Memory = typename Cell::Memory;
  const int units = lstm.units;
  for (int batch = 0; batch < lstm.batches; ++batch) {
    Value* const h = static_cast<Value*>(lstm.hidden) + batch * units;
    Memory* const c = static_cast<Memory*>(lstm.memory) + batch * units;
    for (int step = 0; step < lstm.steps; ++step) {
      const int row = batch * lstm.batch_rows + step * lstm.step_rows;
      const Value* x = static_cast<const Value*>(lstm.in) + row * lstm.depth;
      Value* const shown = reinterpret_cast<Value*>(lstm.out) + row * units;
      for (int unit = 0; unit < units; ++unit) {
        const Memory input = Cell::Sigmoid(LstmGateOf(lstm, kInputGate, unit, x, h));
        const Memory forget = Cell::Sigmoid(LstmGateOf(lstm, kForgetGate, unit, x, h));
        const Memory candidate = Cell::Tanh(LstmGateOf(lstm, kCellGate, unit, x, h));
        const Memory output = Cell::Sigmoid(LstmGateOf(lstm, kOutputGate, unit, x, h));
        c[unit] = lstm.cell.Remember(forget, c[unit], input, candidate);
        shown[unit] = lstm.cell.Show(c[unit], output);
      }
      std::memcpy(h, shown, static_cast<std::size_t>(units) * sizeof(Value));
    }
  }
}

inline std::int16_t Saturated16(std::int32_t x) {
  return static_cast<std::int16_t>(Clamp(x, -32768, 32767));
}

// What int8 and int16 share: the memory's side.
struct LstmFixed {
  using Weight = std::int8_t;
  using Memory = std::int16_t;

  Factor from_input[kLstmGates], from_hidden[kLstmGates];  // to Q3.12
  Factor keep, write, show;
  SigmoidScale memory_to_tanh;
  std::int32_t hidden_zero;
  std::int32_t clip;  // below 0: none

  static std::int16_t Add(std::int16_t a, std::int16_t b) {
    return Saturated16(std::int32_t{a} + b);
  }
  static std::int16_t Sigmoid(std::int16_t x) { return Sigmoid16(x); }
  static std::int16_t Tanh(std::int16_t x) { return HyperbolicTangent16(x); }
  std::int16_t Remember(std::int16_t forget, std::int16_t memory, std::int16_t input,
                        std::int16_t candidate) const {
    const std::int16_t kept = Saturated16(keep.Times(std::int32_t{forget} * memory));
    const std::int16_t written = Saturated16(write.Times(std::int32_t{input} * candidate));
    const std::int16_t updated = Add(kept, written);
    return clip < 0 ? updated : static_cast<std::int16_t>(Clamp(updated, -clip, clip));
  }
  std::int32_t Shown(std::int16_t memory, std::int16_t output) const {
    const std::int16_t squashed = HyperbolicTangent16(memory, memory_to_tanh);
    return WrapPlus(show.Times(std::int32_t{squashed} * output), hidden_zero);
  }
};

struct LstmInt8 {
  using Value = std::int8_t;
  using Weight = std::int8_t;
  using Bias = std::int32_t;
  using Memory = std::int16_t;

  LstmFixed fixed;

  std::int16_t InputPart(int gate, const Value* x, const Weight* w, int count, Bias bias) const {
    return Saturated16(fixed.from_input[gate].Times(LstmDot(bias, x, w, count)));
  }
  std::int16_t HiddenPart(int gate, const Value* h, const Weight* w, int count, Bias bias) const {
    return Saturated16(fixed.from_hidden[gate].Times(LstmDot(bias, h, w, count)));
  }
  static Memory Add(Memory a, Memory b) { return LstmFixed::Add(a, b); }
  static Memory Sigmoid(Memory x) { return LstmFixed::Sigmoid(x); }
  static Memory Tanh(Memory x) { return LstmFixed::Tanh(x); }
  Memory Remember(Memory forget, Memory memory, Memory input, Memory candidate) const {
    return fixed.Remember(forget, memory, input, candidate);
  }
  Value Show(Memory memory, Memory output) const {
    return static_cast<Value>(Clamp(fixed.Shown(memory, output), -128, 127));
  }
};

// Sums of 64 bits, scaled by 16 bits of the factor and rounded half up.
struct LstmInt16 {
  using Value = std::int16_t;
  using Weight = std::int8_t;
  using Bias = std::int64_t;
  using Memory = std::int16_t;

  LstmFixed fixed;

  static std::int16_t ToGate(std::int64_t sum, const Factor& factor) {
    const std::int32_t reduced =
        factor.fraction < 0x7FFF0000 ? (factor.fraction + (1 << 15)) >> 16 : 0x7FFF;
    const int right = 15 - factor.shift;
    const std::uint64_t product =
        static_cast<std::uint64_t>(sum) * static_cast<std::uint64_t>(reduced) +
        (std::uint64_t{1} << (right - 1));
    return Saturated16(static_cast<std::int32_t>(static_cast<std::int64_t>(product) >> right));
  }
  std::int16_t InputPart(int gate, const Value* x, const Weight* w, int count, Bias bias) const {
    return ToGate(LstmDot(bias, x, w, count), fixed.from_input[gate]);
  }
  std::int16_t HiddenPart(int gate, const Value* h, const Weight* w, int count, Bias bias) const {
    return ToGate(LstmDot(bias, h, w, count), fixed.from_hidden[gate]);
  }
  static Memory Add(Memory a, Memory b) { return LstmFixed::Add(a, b); }
  static Memory Sigmoid(Memory x) { return LstmFixed::Sigmoid(x); }
  static Memory Tanh(Memory x) { return LstmFixed::Tanh(x); }
  Memory Remember(Memory forget, Memory memory, Memory input, Memory candidate) const {
    return fixed.Remember(forget, memory, input, candidate);
  }
  Value Show(Memory memory, Memory output) const {
    return Saturated16(fixed.Shown(memory, output));
  }
};

struct LstmFloat {
  using Value = float;
  using Weight = float;
  using Bias = float;
  using Memory = float;

  float clip;  // none where it is not above 0

  float InputPart(int, const float* x, const float* w, int count, float bias) const {
    return LstmDot(0.0F, x, w, count) + bias;
  }
  float HiddenPart(int, const float* h, const float* w, int count, float) const {
    return LstmDot(0.0F, h, w, count);
  }
  static float Add(float a, float b) { return a + b; }
  static float Sigmoid(float x) { return LogisticOf(x); }
  static float Tanh(float x) { return std::tanh(x); }
  float Remember(float forget, float memory, float input, float candidate) const {
    const float updated = forget * memory + input * candidate;
    return clip > 0.0F ? Bounds<float>{-clip, clip}.Clamped(updated) : updated;
  }
  float Show(float memory, float output) const { return std::tanh(memory) * output; }
};

}  // namespace pinhole_nn
