// SPDX-License-Identifier: Apache-2.0
// UNIDIRECTIONAL_SEQUENCE_LSTM against its definition in double, against itself (streams, batches,
// layouts), and against TensorFlow Lite Micro by checksum.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/lstm_case.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const Kernel& kLstm = kUnidirectionalSequenceLstm;

// Element `row` (batch b, step t) of an input or output of this case.
template <typename Case>
std::size_t Row(const Case& c, int b, int t) {
  return static_cast<std::size_t>(c.options.time_major ? t * c.batch + b : b * c.time + t);
}

// The definition, in real numbers: weights, biases and data dequantised, nothing rounded.
template <typename Data>
std::vector<double> Naive(const LstmCase<Data>& c) {
  const auto sigmoid = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
  const auto cells = static_cast<std::size_t>(c.batch * c.units);
  std::vector<double> h(cells, LstmCase<Data>::kFloat ? 0.0 : -c.hidden_quant.zero_point / 128.0);
  std::vector<double> memory(cells);
  std::vector<double> all;
  for (const std::vector<Data>& run : c.runs) {
    const std::vector<double> x = Reals(run, c.data_quant, true);
    std::vector<double> y(static_cast<std::size_t>(c.batch * c.time * c.units));
    for (int b = 0; b < c.batch; ++b) {
      for (int t = 0; t < c.time; ++t) {
        const std::vector<double> before = h;
        for (int unit = 0; unit < c.units; ++unit) {
          double gates[4];
          for (std::size_t gate = 0; gate < 4; ++gate) {
            const auto w = Reals(c.input_weights[gate], c.input_quant[gate], true);
            const auto r = Reals(c.recurrent_weights[gate], c.recurrent_quant[gate], true);
            const double unit_of_bias = LstmCase<Data>::kFloat ? 1.0
                                                               : double{c.data_quant.scales[0]} *
                                                                     c.input_quant[gate].scales[0];
            double sum = unit_of_bias * static_cast<double>(c.biases[gate][unit]);
            for (int k = 0; k < c.in; ++k) {
              sum += w[unit * c.in + k] * x[Row(c, b, t) * c.in + k];
            }
            for (int k = 0; k < c.units; ++k) {
              sum += r[unit * c.units + k] * before[b * c.units + k];
            }
            gates[gate] = gate == 2 ? std::tanh(sum) : sigmoid(sum);
          }
          double& cell = memory[b * c.units + unit];
          cell = gates[1] * cell + gates[0] * gates[2];
          if (c.options.cell_clip > 0.0F) {
            cell = std::clamp<double>(cell, -c.options.cell_clip, c.options.cell_clip);
          }
          h[b * c.units + unit] = gates[3] * std::tanh(cell);
          y[Row(c, b, t) * c.units + unit] = h[b * c.units + unit];
        }
      }
    }
    all.insert(all.end(), y.begin(), y.end());
  }
  return all;
}

TEST(Lstm, FloatIsItsDefinition) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    const LstmCase<float> c(seed);
    ExpectNearFloats(c.Run(), Naive(c), 1e-5, "seed " + std::to_string(seed));
  }
}

// How far rounding leads away from real arithmetic where no gate's sum comes near the +-8 that
// Q3.12 can hold: weights are small.
template <typename Data>
double FarthestFromReal() {
  double farthest = 0.0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    LstmCase<Data> c(seed);
    c.memory_quant = Q(1.0F / 4096.0F);
    for (std::size_t gate = 0; gate < 4; ++gate) {
      c.input_quant[gate] = c.recurrent_quant[gate] = Q(1.0F / 512.0F);
    }
    const std::vector<double> real = Naive(c);
    const std::vector<double> fixed = Reals(c.Run(), c.hidden_quant, true);
    for (std::size_t i = 0; i < real.size(); ++i) {
      farthest = std::max(farthest, std::abs(real[i] - fixed[i]));
    }
  }
  return farthest;
}

TEST(Lstm, FixedPointStaysNearRealArithmetic) {
  EXPECT_LT(FarthestFromReal<std::int8_t>(), 0.01);
  EXPECT_LT(FarthestFromReal<std::int16_t>(), 0.001);
}

// How made: the same cases through TensorFlow Lite Micro's unidirectional_sequence_lstm.cc, whose
// outputs were equal in all of 20,000 cases of each type; these are their first hundred. No
// tolerance.
TEST(Lstm, IntegersAreBitExact) {
  Checksum narrow;
  Checksum wide;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    narrow.Add(LstmCase<std::int8_t>(seed).Run());
    wide.Add(LstmCase<std::int16_t>(seed).Run());
  }
  EXPECT_EQ(narrow.value(), 0x3BD8ECA4518A4E84U);
  EXPECT_EQ(wide.value(), 0x1D4705F2738C26FEU);
}

template <typename Data>
class LstmOfData : public ::testing::Test {};
using DataTypes = ::testing::Types<float, std::int8_t, std::int16_t>;
TYPED_TEST_SUITE(LstmOfData, DataTypes);

// One sequence at a time and one step at a time gives what all at once gave: state is all that
// connects steps, nothing connects rows, and time_major is a matter of where elements lie.
TYPED_TEST(LstmOfData, StepByStepAndRowByRowIsAllAtOnce) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const LstmCase<TypeParam> c(seed);
    const std::vector<TypeParam> together = c.Run();
    for (int b = 0; b < c.batch; ++b) {
      const OwnedHarness alone = c.Make(1, 1);
      const TypeParam* y = together.data();
      for (const std::vector<TypeParam>& run : c.runs) {
        for (int t = 0; t < c.time; ++t) {
          const TypeParam* const x = run.data() + Row(c, b, t) * c.in;
          alone->SetInput(0, std::vector<TypeParam>(x, x + c.in));
          ASSERT_TRUE(alone->Run(kLstm)) << alone->why();
          const TypeParam* const wanted = y + Row(c, b, t) * c.units;
          ASSERT_EQ(alone->template Result<TypeParam>(),
                    std::vector<TypeParam>(wanted, wanted + c.units))
              << "seed " << seed << " row " << b << " step " << t;
        }
        y += c.batch * c.time * c.units;
      }
    }
  }
}

// All weights 0: i = f = o = 1/2 and g = tanh(bias), so the memory creeps towards g.
TEST(Lstm, BiasesAloneByHand) {
  LstmCase<float> c(1);
  c.batch = c.in = c.units = 1;
  c.time = 2;
  c.options = {};
  c.runs = {{5.0F, -3.0F}};
  for (std::size_t gate = 0; gate < 4; ++gate) {
    c.input_weights[gate] = {0.0F};
    c.recurrent_weights[gate] = {0.0F};
    c.biases[gate] = {gate == 2 ? 20.0F : 0.0F};  // tanh(20) is 1
  }
  const std::vector<float> y = c.Run();
  ASSERT_EQ(y.size(), 2U);
  EXPECT_NEAR(y[0], 0.5 * std::tanh(0.5), 1e-7);
  EXPECT_NEAR(y[1], 0.5 * std::tanh(0.75), 1e-7);

  c.options.cell_clip = 0.25F;
  EXPECT_NEAR(c.Run()[1], 0.5 * std::tanh(0.25), 1e-7);
  c.options.cell_clip = -1.0F;  // below zero: no clipping
  EXPECT_NEAR(c.Run()[1], 0.5 * std::tanh(0.75), 1e-7);
}

TEST(Lstm, WantsNoScratchAndOffersNothingInPlace) {
  const OwnedHarness op = LstmCase<std::int8_t>(1).Make(1, 1);
  ASSERT_TRUE(op->Prepare(kLstm)) << op->why();
  EXPECT_EQ(op->prepared().scratch_bytes, 0U);
  EXPECT_EQ(op->prepared().in_place_inputs, 0);
}

template <typename Data>
std::string WhyRefused(LstmCase<Data>& c) {
  const OwnedHarness op = c.Make(c.batch, c.time);
  return op->Prepare(kLstm) ? "nothing" : op->why();
}

TEST(Lstm, RefusesQuantisationItCannotFollow) {
  const auto why = [](auto change) {
    LstmCase<std::int8_t> c(3);
    change(c);
    return WhyRefused(c);
  };
  EXPECT_EQ(why([](auto&) {}), "nothing");
  EXPECT_THAT(why([](auto& c) { c.memory_quant = Q(0.0003F); }), HasSubstr("no power of two"));
  EXPECT_THAT(why([](auto& c) { c.memory_quant = Q(2.0F); }), HasSubstr("no power of two"));
  EXPECT_THAT(why([](auto& c) { c.memory_quant = {}; }), HasSubstr("0 scales, one expected"));
  EXPECT_THAT(why([](auto& c) { c.input_quant[2].zero_point = 1; }), HasSubstr("zero point 1"));
  EXPECT_THAT(why([](auto& c) { c.recurrent_quant[3] = {{0.1F, 0.2F}}; }),
              HasSubstr("2 scales, one expected"));
  LstmCase<std::int16_t> wide(3);
  wide.input_quant[1] = Q(1000.0F);
  wide.data_quant = Q(1.0F);
  EXPECT_THAT(WhyRefused(wide), HasSubstr("gate 1: the scales of its weights and values"));
}

TEST(Lstm, RefusesShapesThatDoNotFit) {
  const auto why = [](auto change) {
    LstmCase<float> c(3);
    c.units = 3;
    c.in = 2;
    for (std::size_t gate = 0; gate < 4; ++gate) {
      c.input_weights[gate].resize(6);
      c.recurrent_weights[gate].resize(9);
      c.biases[gate].resize(3);
    }
    const OwnedHarness op = c.Make(2, 2);
    change(*op);
    return op->Prepare(kLstm) ? std::string("nothing") : op->why();
  };
  EXPECT_EQ(why([](OpHarness&) {}), "nothing");
  EXPECT_THAT(why([](OpHarness& op) { op.Absent(); }), HasSubstr("25 inputs and 1 outputs found"));
  EXPECT_THAT(why([](OpHarness& op) { op.Output<float>({1}); }), HasSubstr("24 inputs and 2"));
}

TEST(Lstm, RefusesRelativesOfThePlainCell) {
  const auto why = [](LstmOptions options) {
    LstmCase<float> c(3);
    c.options = options;
    return WhyRefused(c);
  };
  EXPECT_EQ(why({}), "nothing");
  EXPECT_THAT(why({.activation = Activation::kRelu}), HasSubstr("activation other than tanh"));
  EXPECT_THAT(why({.diagonal_recurrent_tensors = true}), HasSubstr("diagonal recurrent weights"));
}

// A use with one unit and one input; `odd` stands at input `place` in place of what belongs there.
enum class Odd { kNothing, kAbsent, kOneFloat, kTwoFloats, kByte };

std::string WhyRefused(std::size_t place, Odd odd) {
  OpHarness op(OpKind::kUnidirectionalSequenceLstm, LstmOptions{});
  for (std::size_t i = 0; i < 24; ++i) {
    const bool left_out = (i >= 9 && i < 12) || i == 16 || i == 17 || i >= 20;
    const bool matrix = i >= 1 && i < 9;
    const Shape shape = i == 0 ? Shape{1, 1, 1} : matrix ? Shape{1, 1} : Shape{1};
    if (i == place && odd != Odd::kNothing) {
      switch (odd) {
        case Odd::kAbsent: op.Absent(); break;
        case Odd::kOneFloat: op.Constant<float>(shape, {0}); break;
        case Odd::kTwoFloats: op.Constant<float>({2}, {0, 0}); break;
        default: op.Constant<std::int8_t>(shape, {0}, Q(1.0F)); break;
      }
    } else if (left_out) {
      op.Absent();
    } else if (i == 18 || i == 19) {
      op.Variable<float>({1, 1});
    } else if (i == 0) {
      op.Input<float>(shape, {0});
    } else {
      op.Constant<float>(shape, {0});
    }
  }
  op.Output<float>({1, 1, 1});
  return op.Prepare(kLstm) ? "nothing" : op.why();
}

TEST(Lstm, EveryInputIsChecked) {
  EXPECT_EQ(WhyRefused(0, Odd::kNothing), "nothing");
  for (std::size_t i = 0; i < 24; ++i) {
    const bool left_out = (i >= 9 && i < 12) || i == 16 || i == 17 || i >= 20;
    if (left_out) {
      EXPECT_THAT(WhyRefused(i, Odd::kOneFloat), HasSubstr("only the plain cell")) << i;
      continue;
    }
    EXPECT_THAT(WhyRefused(i, Odd::kAbsent), HasSubstr("input " + std::to_string(i))) << i;
    EXPECT_THAT(WhyRefused(i, Odd::kTwoFloats), HasSubstr(i == 18 || i == 19 ? "no variable"
                                                          : i == 0 || i == 5 ? "dimensions"
                                                                             : "declared [2]"))
        << i;
    EXPECT_THAT(WhyRefused(i, Odd::kByte), HasSubstr("expected")) << i;
    if (i == 18 || i == 19) {
      EXPECT_THAT(WhyRefused(i, Odd::kOneFloat), HasSubstr("is no variable")) << i;
    }
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
