// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: random uses of UNIDIRECTIONAL_SEQUENCE_LSTM, named by their seeds. Data is float,
// int8 or int16; weights are int8 beside the integers, memory int16.

#include <type_traits>
#include <vector>

#include "engine/kernels/ref/naive_model.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

template <typename Data>
struct LstmCase {
  static constexpr bool kFloat = std::is_same_v<Data, float>;
  using Weight = std::conditional_t<kFloat, float, std::int8_t>;
  using Memory = std::conditional_t<kFloat, float, std::int16_t>;
  using Bias =
      std::conditional_t<kFloat, float,
                         std::conditional_t<sizeof(Data) == 1, std::int32_t, std::int64_t>>;
  static constexpr int kRuns = 3;

  int batch, time, in, units;
  LstmOptions options;
  Quant data_quant, hidden_quant, memory_quant;
  Quant input_quant[4], recurrent_quant[4];
  std::vector<Weight> input_weights[4];      // i, f, g, o: [units, in]
  std::vector<Weight> recurrent_weights[4];  // [units, units]
  std::vector<Bias> biases[4];               // [units]
  std::vector<std::vector<Data>> runs;       // [kRuns][batch, time, in]

  explicit LstmCase(std::uint64_t seed) {
    Dice dice(seed);
    batch = dice.Int(1, 3);
    time = dice.Int(1, 4);
    in = dice.Int(1, 12);
    units = dice.Int(1, 8);
    options.time_major = dice.Int(0, 1) == 1;
    options.cell_clip = dice.Int(0, 2) == 0 ? dice.Real(0.1F, 1.0F) : 0.0F;
    const auto size = [](int a, int b) { return static_cast<std::size_t>(a * b); };
    for (std::size_t gate = 0; gate < 4; ++gate) {
      input_weights[gate] = dice.Values<Weight>(size(units, in));
      recurrent_weights[gate] = dice.Values<Weight>(size(units, units));
      for (int i = 0; i < units; ++i) {
        biases[gate].push_back(kFloat ? static_cast<Bias>(dice.Real(-1.0F, 1.0F))
                                      : static_cast<Bias>(dice.Int(-9000, 9000)));
      }
      if (!kFloat) {
        input_quant[gate] = Q(dice.Scale(-9, -6));
        recurrent_quant[gate] = Q(dice.Scale(-9, -6));
      }
    }
    for (int run = 0; run < kRuns; ++run) {
      runs.push_back(dice.Values<Data>(size(batch * time, in)));
    }
    if (kFloat) {
      return;
    }
    const bool narrow = sizeof(Data) == 1;
    data_quant = Q(dice.Scale(narrow ? -8 : -16, narrow ? -6 : -14));
    data_quant.zero_point = narrow ? dice.Int(-9, 9) : 0;
    hidden_quant = narrow ? Q(1.0F / 128.0F, dice.Int(-9, 9)) : Q(1.0F / 32768.0F);
    memory_quant = Q(std::ldexp(1.0F, dice.Int(-15, -9)));
  }

  [[nodiscard]] OwnedHarness Make(int rows, int steps) const {
    auto op = std::make_unique<OpHarness>(OpKind::kUnidirectionalSequenceLstm, options);
    const auto shape = [&](int width) {
      return options.time_major ? Shape{steps, rows, width} : Shape{rows, steps, width};
    };
    op->Input<Data>(shape(in), std::vector<Data>(static_cast<std::size_t>(rows * steps * in)),
                    data_quant);
    for (std::size_t gate = 0; gate < 4; ++gate) {
      op->Constant<Weight>({units, in}, input_weights[gate], input_quant[gate]);
    }
    for (std::size_t gate = 0; gate < 4; ++gate) {
      op->Constant<Weight>({units, units}, recurrent_weights[gate], recurrent_quant[gate]);
    }
    op->Absent().Absent().Absent();  // peepholes
    for (const std::vector<Bias>& bias : biases) {
      op->Constant<Bias>({units}, bias);
    }
    op->Absent().Absent();  // projection
    op->Variable<Data>({rows, units}, hidden_quant)
        .template Variable<Memory>({rows, units}, memory_quant);
    op->Absent().Absent().Absent().Absent();  // layer normalisation
    op->Output<Data>(shape(units), hidden_quant);
    return op;
  }

  // Outputs of all runs, one behind the other; empty where the operator was refused.
  [[nodiscard]] std::vector<Data> Run() const {
    const OwnedHarness op = Make(batch, time);
    return RunInTurn(*op, kUnidirectionalSequenceLstm, runs);
  }
};

}  // namespace pinhole::engine::kernels::ref
