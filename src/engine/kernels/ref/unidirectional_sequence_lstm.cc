// SPDX-License-Identifier: Apache-2.0
// UNIDIRECTIONAL_SEQUENCE_LSTM: for each step t of a sequence and each unit,
//   i, f, o = sigmoid(W x + R h + b), g = tanh(W x + R h + b)   with matrices of their own
//   c = f c + i g (clipped to +-cell_clip);  h = o tanh(c);  output[t] = h
// Input [batch, time, in] or, time_major, [time, batch, in]; output the same with `units` at the
// end. Hidden state h and memory c are variables of batch * units elements and stay from run to
// run. Types: float32; int8 or int16 with int8 weights and int16 memory (biases int32 and int64).
// The plain cell only: no peepholes, projection, layer norm or coupled gates, all four biases.
//
// No scratch: h is read by all units of a step, so the new one is written where it is wanted
// anyway, into the output, and copied to the state when the step is done. Arithmetic: lstm_math.h.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/kernels/ref/lstm_math.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

constexpr std::size_t kInput = 0;
constexpr std::size_t kInputWeights = 1;   // + gate: [units, in]
constexpr std::size_t kHiddenWeights = 5;  // + gate: [units, units]
constexpr std::size_t kPeepholes = 9;
constexpr std::size_t kBiases = 12;  // + gate: [units]
constexpr std::size_t kProjection = 16;
constexpr std::size_t kHidden = 18;
constexpr std::size_t kMemory = 19;
constexpr std::size_t kLayerNorm = 20;
constexpr std::size_t kInputs = 24;  // version 1 ends before the layer norm

struct Sizes {
  std::int32_t batch = 0, time = 0, in = 0, units = 0;
};

Sizes SizesOf(const LstmOptions& options, const Shape& input, const Shape& output) {
  const int batch_dim = options.time_major ? 1 : 0;
  return {input.dim(batch_dim), input.dim(1 - batch_dim), input.dim(2), output.dim(2)};
}

// The inputs that the plain cell has are there, those of its relatives are not.
base::Status CheckPresence(PrepareContext& context) {
  struct Variant {
    std::size_t begin, end;
    const char* name;
  };
  constexpr Variant kVariants[] = {{kPeepholes, kBiases, "peephole weights"},
                                   {kProjection, kHidden, "a projection"},
                                   {kLayerNorm, kInputs, "layer normalisation"}};
  for (const Variant& variant : kVariants) {
    for (std::size_t i = variant.begin; i < variant.end; ++i) {
      if (context.input(i) != nullptr) {
        return context.Fail(base::Error::kUnsupported, "input ", i, " found, ", variant.name,
                            ": only the plain cell is supported");
      }
    }
  }
  for (std::size_t i = 0; i < kLayerNorm; ++i) {
    const bool optional = (i >= kPeepholes && i < kBiases) || (i >= kProjection && i < kHidden);
    if (!optional && context.input(i) == nullptr) {
      return context.Fail(base::Error::kUnsupported, "input ", i,
                          " is left out: only the plain cell with four gates and four biases is "
                          "supported");
    }
  }
  return {};
}

base::Status CheckTypes(PrepareContext& context) {
  const Type activation = context.input(kInput)->type;
  const bool is_float = activation == Type::kFloat32;
  if (!is_float && activation != Type::kInt8 && activation != Type::kInt16) {
    return context.FailOnType(activation, "float32, int8 or int16");
  }
  const Type bias = is_float                    ? Type::kFloat32
                    : activation == Type::kInt8 ? Type::kInt32
                                                : Type::kInt64;
  for (std::size_t i = kInputWeights; i < kPeepholes; ++i) {
    PINHOLE_TRY(context.ExpectType(*context.input(i), is_float ? Type::kFloat32 : Type::kInt8));
  }
  for (std::size_t i = kBiases; i < kProjection; ++i) {
    PINHOLE_TRY(context.ExpectType(*context.input(i), bias));
  }
  PINHOLE_TRY(context.ExpectType(*context.input(kHidden), activation));
  PINHOLE_TRY(
      context.ExpectType(*context.input(kMemory), is_float ? Type::kFloat32 : Type::kInt16));
  return context.ExpectType(*context.output(0), activation);
}

base::Status CheckState(PrepareContext& context, std::size_t index, const Sizes& sizes) {
  const Tensor& state = *context.input(index);
  const auto wanted =
      static_cast<std::uint64_t>(sizes.batch) * static_cast<std::uint32_t>(sizes.units);
  if (!state.is_variable || state.is_constant() || state.shape.element_count() != wanted) {
    return context.Fail(base::Error::kMalformed, "state '", state.name(), "' has ",
                        state.shape.element_count(), " elements",
                        state.is_variable ? "" : " and is no variable", "; a variable of ", wanted,
                        " expected");
  }
  return {};
}

base::Status CheckShapes(PrepareContext& context, const LstmOptions& options) {
  const Shape& input = context.input(kInput)->shape;
  const Shape& recurrent = context.input(kHiddenWeights)->shape;
  if (input.rank() != 3 || recurrent.rank() != 2) {
    return context.Fail(base::Error::kMalformed, "an input of ", input.rank(),
                        " dimensions and recurrent weights of ", recurrent.rank(),
                        " found, 3 and 2 expected");
  }
  Shape output = input;
  output.set_dim(2, recurrent.dim(0));
  PINHOLE_TRY(context.ExpectShape(*context.output(0), output));
  const Sizes sizes = SizesOf(options, input, output);
  for (std::size_t gate = 0; gate < kLstmGates; ++gate) {
    PINHOLE_TRY(context.ExpectShape(*context.input(kInputWeights + gate), {sizes.units, sizes.in}));
    PINHOLE_TRY(
        context.ExpectShape(*context.input(kHiddenWeights + gate), {sizes.units, sizes.units}));
    PINHOLE_TRY(context.ExpectShape(*context.input(kBiases + gate), {sizes.units}));
  }
  PINHOLE_TRY(CheckState(context, kHidden, sizes));
  return CheckState(context, kMemory, sizes);
}

// The memory's scale is 2^power; tanh wants a tabled argument. Error: kUnsupported.
base::Status SetMemoryScale(PrepareContext& context, LstmParams& params) {
  const Tensor& memory = *context.input(kMemory);
  const float log2 = std::log2(memory.scale());
  const float power = std::round(log2);
  if (std::abs(log2 - power) >= 1e-3F || power < -30.0F || power > 0.0F) {
    return context.Fail(base::Error::kUnsupported, "the scale of memory '", memory.name(),
                        "' is no power of two from 2^-30 to 1");
  }
  // In Q3.12 (2^-12) an argument is 3 units of the table, from there on by powers of two.
  const int shift = static_cast<int>(power) + 12;
  params.memory_to_tanh = shift < 0 ? SigmoidScale{3, -shift} : SigmoidScale{3 << shift, 0};
  return {};
}

// Product of the scales in float, quotient in double: as the reference.
base::FixedMultiplier GateMultiplier(const Tensor& values, const Tensor& weights) {
  constexpr double kGateScale = 1.0 / 4096.0;  // Q3.12
  return base::QuantizeMultiplier(static_cast<double>(values.scale() * weights.scale()) /
                                  kGateScale);
}

base::Status SetMultipliers(PrepareContext& context, LstmParams& params) {
  constexpr double kUnit = 1.0 / 32768.0;  // Q0.15
  const Tensor& input = *context.input(kInput);
  const Tensor& hidden = *context.input(kHidden);
  const Tensor& memory = *context.input(kMemory);
  for (std::size_t gate = 0; gate < kLstmGates; ++gate) {
    params.from_input[gate] = GateMultiplier(input, *context.input(kInputWeights + gate));
    params.from_hidden[gate] = GateMultiplier(hidden, *context.input(kHiddenWeights + gate));
    for (const base::FixedMultiplier& m : {params.from_input[gate], params.from_hidden[gate]}) {
      if (m.shift > 7 && input.type == Type::kInt16) {  // beyond what 64-bit sums are scaled by
        return context.Fail(base::Error::kMalformed, "gate ", gate,
                            ": the scales of its weights and values multiply to over 2^-5");
      }
    }
  }
  const auto memory_scale = static_cast<double>(memory.scale());
  params.keep = base::QuantizeMultiplier(kUnit * memory_scale / memory_scale);
  params.write = base::QuantizeMultiplier(kUnit * kUnit / memory_scale);
  params.show = base::QuantizeMultiplier(kUnit * kUnit / static_cast<double>(hidden.scale()));
  const double clip = static_cast<double>(params.cell_clip) / memory_scale;
  params.quantized_clip = params.cell_clip > 0.0F
                              ? static_cast<std::int16_t>(std::min(clip, 32767.0))
                              : std::int16_t{0};
  params.input_zero = input.zero_point;
  params.hidden_zero = hidden.zero_point;
  return {};
}

base::Status CheckQuantisation(PrepareContext& context) {
  for (const std::size_t i : {kInput, kHidden, kMemory}) {
    PINHOLE_TRY(context.ExpectPerTensor(*context.input(i)));
  }
  for (std::size_t i = kInputWeights; i < kPeepholes; ++i) {
    PINHOLE_TRY(context.ExpectPerTensor(*context.input(i)));
    if (context.input(i)->zero_point != 0) {
      return context.Fail(base::Error::kUnsupported, "weights '", context.input(i)->name(),
                          "' have zero point ", context.input(i)->zero_point, ", 0 expected");
    }
  }
  return {};
}

base::Result<Prepared> Prepare(PrepareContext& context) {
  const std::size_t inputs = context.input_count();
  if ((inputs != kInputs && inputs != kLayerNorm) || context.output_count() != 1) {
    return context.Fail(base::Error::kMalformed, inputs, " inputs and ", context.output_count(),
                        " outputs found, ", kLayerNorm, " or ", kInputs, " and 1 expected");
  }
  const auto options = context.op().options<LstmOptions>();
  if (options.activation != Activation::kTanh || options.diagonal_recurrent_tensors) {
    return context.Fail(base::Error::kUnsupported,
                        options.diagonal_recurrent_tensors ? "diagonal recurrent weights"
                                                           : "a cell activation other than tanh",
                        " found: only the plain cell is supported");
  }
  PINHOLE_TRY(CheckPresence(context));
  PINHOLE_TRY(CheckTypes(context));
  PINHOLE_TRY(CheckShapes(context, options));
  PINHOLE_ASSIGN(LstmParams* const params, context.NewParams<LstmParams>());
  params->cell_clip = options.cell_clip;
  if (context.input(kInput)->type != Type::kFloat32) {
    PINHOLE_TRY(CheckQuantisation(context));
    PINHOLE_TRY(SetMemoryScale(context, *params));
    PINHOLE_TRY(SetMultipliers(context, *params));
  }
  Prepared prepared;
  prepared.params = params;
  return prepared;
}

template <typename Arithmetic>
class Cell {
 public:
  using Activation = typename Arithmetic::Activation;
  using Memory = typename Arithmetic::Cell;

  explicit Cell(const EvalContext& context)
      : arithmetic_{context.params<LstmParams>()},
        in_(static_cast<std::size_t>(context.input(kInput).shape().dim(2))),
        units_(static_cast<std::size_t>(context.output(0).shape().dim(2))) {
    for (std::size_t gate = 0; gate < kLstmGates; ++gate) {
      input_weights_[gate] = context.input(kInputWeights + gate).template as<Weight>();
      hidden_weights_[gate] = context.input(kHiddenWeights + gate).template as<Weight>();
      biases_[gate] = context.input(kBiases + gate).template as<Bias>();
    }
  }

  // One step of one sequence: x [in], the old h [units] -> the new h, in `shown`; moves c [units].
  void Step(const Activation* x, const Activation* h, Memory* c, Activation* shown) const {
    for (std::size_t unit = 0; unit < units_; ++unit) {
      const Memory input = Arithmetic::Sigmoid(Gate(kInputGate, unit, x, h));
      const Memory forget = Arithmetic::Sigmoid(Gate(kForgetGate, unit, x, h));
      const Memory candidate = Arithmetic::Tanh(Gate(kCellGate, unit, x, h));
      const Memory output = Arithmetic::Sigmoid(Gate(kOutputGate, unit, x, h));
      c[unit] = arithmetic_.Remember(forget, c[unit], input, candidate);
      shown[unit] = arithmetic_.Show(c[unit], output);
    }
  }

 private:
  using Weight = typename Arithmetic::Weight;
  using Bias = typename Arithmetic::Bias;

  [[nodiscard]] Memory Gate(LstmGate gate, std::size_t unit, const Activation* x,
                            const Activation* h) const {
    return Arithmetic::Add(
        arithmetic_.InputPart(gate, x, input_weights_[gate] + unit * in_, in_, biases_[gate][unit]),
        arithmetic_.HiddenPart(gate, h, hidden_weights_[gate] + unit * units_, units_));
  }

  Arithmetic arithmetic_;
  std::size_t in_, units_;
  const Weight* input_weights_[kLstmGates];
  const Weight* hidden_weights_[kLstmGates];
  const Bias* biases_[kLstmGates];
};

template <typename Arithmetic>
void Run(const EvalContext& context) {
  using Activation = typename Arithmetic::Activation;
  const Cell<Arithmetic> cell(context);
  const auto options = context.op().options<LstmOptions>();
  const TensorView input = context.input(kInput);
  const TensorView output = context.output(0);
  const Sizes sizes = SizesOf(options, input.shape(), output.shape());
  const auto in = static_cast<std::size_t>(sizes.in);
  const auto units = static_cast<std::size_t>(sizes.units);
  const auto batches = static_cast<std::size_t>(sizes.batch);
  const auto steps = static_cast<std::size_t>(sizes.time);
  for (std::size_t b = 0; b < batches; ++b) {
    Activation* const h = context.input(kHidden).as<Activation>() + b * units;
    auto* const c = context.input(kMemory).as<typename Arithmetic::Cell>() + b * units;
    for (std::size_t t = 0; t < steps; ++t) {
      const std::size_t row = options.time_major ? t * batches + b : b * steps + t;
      Activation* const shown = output.as<Activation>() + row * units;
      cell.Step(input.as<Activation>() + row * in, h, c, shown);
      std::memmove(h, shown, units * sizeof(Activation));
    }
  }
}

base::Status Evaluate(const EvalContext& context) {
  switch (context.input(kInput).type()) {
    case Type::kFloat32: Run<FloatLstm>(context); return {};
    case Type::kInt8: Run<FixedLstm<std::int8_t>>(context); return {};
    default: Run<FixedLstm<std::int16_t>>(context); return {};
  }
}

}  // namespace

const Kernel kUnidirectionalSequenceLstm{OpKind::kUnidirectionalSequenceLstm, 1, 4, Prepare,
                                         Evaluate};

}  // namespace pinhole::engine::kernels::ref
