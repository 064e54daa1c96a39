// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: random uses of SVDF, named by their seeds. State is float (all is float), int8
// or int16 (data and feature weights are int8 then). Integer values are drawn so that no sum leaves
// 32 bits, for what a sum does beyond is not the reference's to say.

#include <type_traits>
#include <vector>

#include "engine/kernels/ref/naive_model.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

template <typename State>
struct SvdfCase {
  static constexpr bool kFloat = std::is_same_v<State, float>;
  using Data = std::conditional_t<kFloat, float, std::int8_t>;
  using Bias = std::conditional_t<kFloat, float, std::int32_t>;
  static constexpr int kSteps = 6;

  int batch, in, units, rank, memory;
  Activation activation = Activation::kNone;
  Quant data_quant, feature_quant, time_quant, state_quant, bias_quant, out_quant;
  std::vector<Data> feature;             // [units * rank, in]
  std::vector<State> time;               // [units * rank, memory]
  std::vector<Bias> bias;                // [units], or empty: left out
  std::vector<std::vector<Data>> steps;  // [kSteps][batch, in]

  explicit SvdfCase(std::uint64_t seed) {
    Dice dice(seed);
    batch = dice.Int(1, 3);
    in = dice.Int(1, 20);
    units = dice.Int(1, 5);
    rank = dice.Int(1, 3);
    memory = dice.Int(1, 9);
    const auto filters = static_cast<std::size_t>(units * rank);
    feature = dice.Values<Data>(filters * static_cast<std::size_t>(in));
    time.resize(filters * static_cast<std::size_t>(memory));
    for (State& weight : time) {
      weight = kFloat ? static_cast<State>(dice.Real(-1.0F, 1.0F))
                      : static_cast<State>(sizeof(State) == 1 ? dice.Int(-127, 127)
                                                              : dice.Int(-2000, 2000));
    }
    bias.resize(static_cast<std::size_t>(units));
    for (Bias& b : bias) {
      b = kFloat ? static_cast<Bias>(dice.Real(-1.0F, 1.0F))
                 : static_cast<Bias>(dice.Int(-30000, 30000));
    }
    for (int step = 0; step < kSteps; ++step) {
      steps.push_back(dice.Values<Data>(static_cast<std::size_t>(batch * in)));
    }
    if (kFloat) {
      activation = static_cast<Activation>(dice.Int(0, 3));
      return;
    }
    const bool narrow = sizeof(State) == 1;
    data_quant = dice.Quantization<std::int8_t>(-7, -5);
    feature_quant = Q(dice.Scale(-8, -6));
    state_quant = Q(dice.Scale(narrow ? -5 : -12, narrow ? -3 : -10));
    state_quant.zero_point = narrow ? dice.Int(-9, 9) : 0;
    time_quant = Q(dice.Scale(narrow ? -8 : -12, narrow ? -6 : -10));
    bias_quant = Q(state_quant.scales[0] * time_quant.scales[0]);
    out_quant = dice.Quantization<std::int8_t>(-3, 0);
  }

  [[nodiscard]] Shape StateShape() const { return {batch, units * rank * memory}; }

  // The operator, its state at the beginning. `rows` of the batch, from the first.
  [[nodiscard]] OwnedHarness Make(int rows) const {
    auto op = std::make_unique<OpHarness>(OpKind::kSvdf, SvdfOptions{rank, activation, false});
    op->Input<Data>({rows, in}, std::vector<Data>(static_cast<std::size_t>(rows * in)), data_quant)
        .template Constant<Data>({units * rank, in}, feature, feature_quant)
        .template Constant<State>({units * rank, memory}, time, time_quant);
    if (bias.empty()) {
      op->Absent();
    } else {
      op->Constant<Bias>({units}, bias, bias_quant);
    }
    op->Variable<State>({rows, units * rank * memory}, state_quant)
        .template Output<Data>({rows, units}, out_quant);
    return op;
  }

  // Outputs of all steps, one behind the other; empty where the operator was refused.
  [[nodiscard]] std::vector<Data> Run() const {
    const OwnedHarness op = Make(batch);
    return RunInTurn(*op, kSvdf, steps);
  }
};

}  // namespace pinhole::engine::kernels::ref
