// SPDX-License-Identifier: Apache-2.0
// UNIDIRECTIONAL_SEQUENCE_LSTM and SVDF: what they remember lies in variable tensors, to which the
// plan has given a place in the state.
#include <vector>

#include "engine/emit/operator_text.h"
#include "engine/emit/source_text.h"
#include "engine/kernels/ref/arithmetic.h"
#include "engine/kernels/ref/lstm_math.h"

namespace pinhole::engine::emit {

using kernels::ref::kLstmGates;
using kernels::ref::LstmParams;

namespace {

constexpr std::size_t kInputWeights = 1, kHiddenWeights = 5, kBiases = 12, kHidden = 18,
                      kMemory = 19;                                    // of an LSTM's inputs
constexpr std::size_t kFeature = 1, kTime = 2, kBias = 3, kState = 4;  // of an SVDF's

std::string FactorText(const base::FixedMultiplier& factor) {
  return Braced(List(factor.fraction, factor.shift));
}

// What the input's zero point makes of each row of weights: bias - zero * sum of the row.
template <typename Bias>
std::vector<Bias> Centred(std::span<const Bias> biases, std::span<const std::int8_t> weights,
                          std::int32_t zero, std::size_t units) {
  const std::size_t depth = weights.size() / units;
  std::vector<Bias> centred;
  for (std::size_t unit = 0; unit < units; ++unit) {
    std::int64_t sum = 0;
    for (const std::int8_t weight : weights.subspan(unit * depth, depth)) {
      sum += weight;
    }
    using Bits = std::make_unsigned_t<Bias>;
    const Bits given = biases.empty() ? Bits{0} : static_cast<Bits>(biases[unit]);
    centred.push_back(static_cast<Bias>(given - static_cast<Bits>(sum) * static_cast<Bits>(zero)));
  }
  return centred;
}

std::string FixedCell(const LstmParams& params) {
  const auto factors = [](const base::FixedMultiplier(&each)[kLstmGates]) {
    return Braced(
        List(FactorText(each[0]), FactorText(each[1]), FactorText(each[2]), FactorText(each[3])));
  };
  return Braced(List(factors(params.from_input), factors(params.from_hidden),
                     FactorText(params.keep), FactorText(params.write), FactorText(params.show),
                     Braced(List(params.memory_to_tanh.multiplier, params.memory_to_tanh.shift)),
                     params.hidden_zero,
                     params.cell_clip > 0.0F ? int{params.quantized_clip} : -1));
}

}  // namespace

// The biases of one gate's input and hidden part, zero points in; the arrays' names.
template <typename Bias>
std::pair<std::string, std::string> OperatorWriter::WriteLstmBiases(std::size_t gate) {
  const auto& params = *static_cast<const LstmParams*>(model_.step(0, index_).prepared.params);
  const auto units = static_cast<std::size_t>(Out().shape.FromBack(0));
  const auto write = [&](const std::string& name, const std::vector<Bias>& values) {
    AddConstant(ArrayText(name, std::span<const Bias>(values)), values.size() * sizeof(Bias),
                &Budget::scales);
    return name;
  };
  const std::string number = Number(static_cast<std::int64_t>(gate));
  return {write(name_ + "InputBias" + number,
                Centred<Bias>(In(kBiases + gate).constant<Bias>(),
                              In(kInputWeights + gate).constant<std::int8_t>(), params.input_zero,
                              units)),
          write(name_ + "HiddenBias" + number,
                Centred<Bias>({}, In(kHiddenWeights + gate).constant<std::int8_t>(),
                              params.hidden_zero, units))};
}

void OperatorWriter::WriteLstm() {
  const auto& params = *static_cast<const LstmParams*>(model_.step(0, index_).prepared.params);
  const Type type = In(0).type;
  std::string texts[4];  // input weights, hidden weights, input biases, hidden biases
  const auto add = [](std::string& text, const std::string& name) {
    text += (text.empty() ? "" : ", ") + name;
  };
  for (std::size_t gate = 0; gate < kLstmGates; ++gate) {
    const std::string number = Number(static_cast<std::int64_t>(gate));
    add(texts[0], Constant("Input" + number, In(kInputWeights + gate), &Budget::weights));
    add(texts[1], Constant("Hidden" + number, In(kHiddenWeights + gate), &Budget::weights));
    if (type == Type::kFloat32) {
      add(texts[2], Constant("InputBias" + number, In(kBiases + gate), &Budget::scales));
      add(texts[3], "nullptr");
      continue;
    }
    const auto [input, hidden] = type == Type::kInt8 ? WriteLstmBiases<std::int32_t>(gate)
                                                     : WriteLstmBiases<std::int64_t>(gate);
    add(texts[2], input);
    add(texts[3], hidden);
  }
  const Shape& in = In(0).shape;
  const bool time_major = op_->options<LstmOptions>().time_major;
  const std::int32_t batches = in.dim(time_major ? 1 : 0);
  const std::int32_t steps = in.dim(time_major ? 0 : 1);
  const std::int32_t units = Out().shape.dim(2);
  const bool is_float = type == Type::kFloat32;
  const std::string cell = is_float ? "LstmFloat" : type == Type::kInt8 ? "LstmInt8" : "LstmInt16";
  Params("Lstm<pinhole_nn::" + cell + ">",
         List(At(InIndex(0)), At(OutIndex()), At(InIndex(kHidden)), At(InIndex(kMemory)), batches,
              steps, in.dim(2), units, time_major ? 1 : steps, time_major ? batches : 1,
              Braced(texts[0]), Braced(texts[1]), Braced(texts[2]), Braced(texts[3]),
              Braced(is_float ? FloatText(params.cell_clip) : FixedCell(params))),
         40 + 64 + (is_float ? 4 : 104));
  Call("RunLstm", "pinhole_nn_lstm.h");
  budget_.products += std::uint64_t{4} * static_cast<std::uint32_t>(in.dim(2) + units) *
                      static_cast<std::uint32_t>(units) * static_cast<std::uint64_t>(steps) *
                      static_cast<std::uint64_t>(batches);
}

void OperatorWriter::WriteSvdf() {
  const Tensor& data = In(0);
  const Tensor& time = In(kTime);
  const Tensor& out = Out();
  const bool is_float = data.type == Type::kFloat32;
  const std::int32_t rank = op_->options<SvdfOptions>().rank;
  const auto units = static_cast<std::size_t>(out.shape.dim(1));
  std::string bias;
  if (op_->inputs[kBias] >= 0) {
    bias = Constant("Bias", In(kBias), &Budget::scales);
  } else {
    bias = name_ + "Bias";
    const std::vector<std::int32_t> zeros(units);
    const std::vector<float> float_zeros(units);
    AddConstant(is_float ? ArrayText(bias, std::span<const float>(float_zeros))
                         : ArrayText(bias, std::span<const std::int32_t>(zeros)),
                4 * units, &Budget::scales);
  }
  std::string arithmetic;
  if (is_float) {
    const auto limits = [&](Activation activation) {
      return activation == Activation::kReluN1To1 ? std::pair{-1.0F, 1.0F}
             : activation == Activation::kRelu6
                 ? std::pair{0.0F, 6.0F}
                 : std::pair{
                       activation == Activation::kRelu ? 0.0F : kernels::ref::FloatRange{}.low,
                       kernels::ref::FloatRange{}.high};
    }(op_->options<SvdfOptions>().activation);
    arithmetic = Braced(List(FloatText(limits.first), FloatText(limits.second)));
  } else {
    const Tensor& state = In(kState);
    arithmetic = List(FactorText(base::QuantizeMultiplier(static_cast<double>(
                          data.scale() * In(kFeature).scale() / state.scale()))),
                      FactorText(base::QuantizeMultiplier(
                          static_cast<double>(state.scale() * time.scale() / out.scale()))),
                      data.zero_point, state.zero_point, out.zero_point);
  }
  const std::string feature = Constant("Feature", In(kFeature), &Budget::weights);
  const std::string times = Constant("Time", time, &Budget::weights);
  Params("Svdf<pinhole_nn::" +
             (is_float ? std::string("SvdfFloat")
                       : "SvdfInteger<" + std::string(CppType(time.type)) + ">") +
             ">",
         List(At(InIndex(0)), At(OutIndex()), At(InIndex(kState)), data.shape.dim(0),
              data.shape.dim(1), units, rank, time.shape.dim(1), feature, times, bias,
              Braced(arithmetic)),
         44 + (is_float ? 8 : 28));
  Call("RunSvdf", "pinhole_nn_svdf.h");
  budget_.products += (In(kFeature).shape.element_count() + time.shape.element_count()) *
                      static_cast<std::uint64_t>(data.shape.dim(0));
}

}  // namespace pinhole::engine::emit
