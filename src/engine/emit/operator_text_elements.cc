// SPDX-License-Identifier: Apache-2.0
// Operators that work element by element, RESIZE_BILINEAR, and MEAN and SUM: calls of templates,
// whose arguments say types and arithmetic.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/emit/operator_text.h"
#include "engine/emit/source_text.h"
#include "engine/kernels/ref/add_params.h"
#include "engine/kernels/ref/arithmetic.h"
#include "engine/kernels/ref/quantize_params.h"
#include "engine/kernels/ref/resize.h"
#include "engine/kernels/ref/sigmoid.h"

namespace pinhole::engine::emit {

using kernels::ref::IntRange;

namespace {

constexpr std::uint64_t kPairBytes = 2 * 12 + 12 + 36, kElementsBytes = 12 + 12 + 4;

// A template's name with the type of its elements, and its numbers.
struct Operation {
  std::string type, fields;
  std::uint64_t bytes = 0;
};

std::string Of(std::string_view name, const Tensor& tensor) {
  return std::string(name) + "<" + std::string(CppType(tensor.type)) + ">";
}

std::string FactorText(const base::FixedMultiplier& factor) {
  return Braced(List(factor.fraction, factor.shift));
}
std::string RangeText(const IntRange& range) { return Braced(List(range.low, range.high)); }
std::string ZerosText(const Tensor& a, const Tensor& b, const Tensor& out) {
  return Braced(List(a.zero_point, b.zero_point, out.zero_point));
}

// The type's whole range, 32 bits wide where it has no quantised one.
IntRange WholeRange(Type type) {
  return type == Type::kInt32 ? IntRange{std::numeric_limits<std::int32_t>::min(),
                                         std::numeric_limits<std::int32_t>::max()}
                              : kernels::ref::TypeRange(type);
}

// The clamp that a fused activation asks for, as the reference prepares it.
IntRange ActivationRange(Activation activation, const Tensor& out) {
  IntRange range = kernels::ref::TypeRange(out.type);
  const auto units = [&out](float real) {
    return kernels::ref::QuantizeReal(real, out.scale(), out.zero_point);
  };
  if (activation != Activation::kNone) {
    range.low = std::max(range.low, units(activation == Activation::kReluN1To1 ? -1.0F : 0.0F));
  }
  if (activation == Activation::kReluN1To1 || activation == Activation::kRelu6) {
    range.high = std::min(range.high, units(activation == Activation::kRelu6 ? 6.0F : 1.0F));
  }
  return range;
}

template <typename T>
std::string LimitsText(const void* params) {
  const auto& limits = *static_cast<const kernels::ref::Limits<T>*>(params);
  if constexpr (std::is_same_v<T, float>) {
    return Braced(List(FloatText(limits.low), FloatText(limits.high)));
  } else {
    const auto spelt = [](T value) {
      return value == std::numeric_limits<std::int64_t>::min() ? std::string("INT64_MIN")
                                                               : std::to_string(value);
    };
    return Braced(List(spelt(limits.low), spelt(limits.high)));
  }
}

std::string LimitsText(const void* params, Type type) {
  return type == Type::kFloat32 ? LimitsText<float>(params)
         : type == Type::kInt32 ? LimitsText<std::int32_t>(params)
                                : LimitsText<std::int64_t>(params);
}

// Types without a scale.
Operation PlainPair(OpKind kind, const void* params, const Tensor& out) {
  switch (kind) {
    case OpKind::kMinimum: return {Of("Smaller", out), "", 0};
    case OpKind::kMaximum: return {Of("Larger", out), "", 0};
    case OpKind::kSquaredDifference: return {Of("SquareOfDifference", out), "", 0};
    case OpKind::kPrelu: return {"Slope", "", 0};
    default: break;
  }
  const std::string_view name = kind == OpKind::kAdd   ? "Plus"
                                : kind == OpKind::kSub ? "Minus"
                                : kind == OpKind::kMul ? "Times"
                                                       : "Over";
  return {Of(name, out), LimitsText(params, out.type), 2 * TypeSize(out.type)};
}

// Where ratios are formed in float and where in double decides last bits; it is as in the reference
// kernels.
Operation ScaledPair(OpKind kind, const Operator& op, const void* params, const Tensor& a,
                     const Tensor& b, const Tensor& out) {
  constexpr std::uint64_t kBytes = 12 + 8;  // zeros and range
  const auto a_scale = static_cast<double>(a.scale());
  const auto b_scale = static_cast<double>(b.scale());
  const auto out_scale = static_cast<double>(out.scale());
  const std::string zeros = ZerosText(a, b, out);
  const std::string whole = RangeText(kernels::ref::TypeRange(out.type));
  switch (kind) {
    case OpKind::kAdd:
    case OpKind::kSub: {
      const auto& add = *static_cast<const kernels::ref::AddParams*>(params);
      return {"ScaledSum<" + std::string(CppType(out.type)) +
                  (kind == OpKind::kSub ? ", true>" : ", false>"),
              List(FactorText(add.a), FactorText(add.b), FactorText(add.out), zeros,
                   RangeText(add.clamp)),
              24 + kBytes};
    }
    case OpKind::kMul:
      return {Of("ScaledTimes", out),
              List(FactorText(base::QuantizeMultiplier(a_scale * b_scale / out_scale)), zeros,
                   RangeText(ActivationRange(op.options<ActivationOptions>().activation, out))),
              8 + kBytes};
    case OpKind::kPrelu:
      return {
          Of("ScaledSlope", out),
          List(FactorText(base::QuantizeMultiplier(a_scale / out_scale)),
               FactorText(base::QuantizeMultiplier(a_scale * b_scale / out_scale)), zeros, whole),
          16 + kBytes};
    default: break;
  }
  const double common = 2.0 * std::max(a_scale, b_scale);
  const auto unit = static_cast<float>(out.type == Type::kInt16 ? 1 : 1 << 14);
  return {Of("ScaledSquare", out),
          List(FactorText(base::QuantizeMultiplier(a_scale / common)),
               FactorText(base::QuantizeMultiplier(b_scale / common)),
               FactorText(base::QuantizeMultiplier(common * common /
                                                   static_cast<double>(unit * out.scale()))),
               zeros, whole),
          24 + kBytes};
}

// Nested loops over two operands, outermost first.
struct Loop {
  std::int64_t count = 1, a = 0, b = 0;
};

// The dimensions [0, rank) from the back, those that go on alike in both operands as one.
std::vector<Loop> LoopsOf(const Shape& a, const Shape& b, int rank) {
  std::vector<Loop> loops;  // innermost first
  std::int64_t a_step = 1;
  std::int64_t b_step = 1;
  for (int i = 0; i < rank; ++i) {
    const std::int64_t a_dim = a.FromBack(i);
    const std::int64_t b_dim = b.FromBack(i);
    const Loop loop{std::max(a_dim, b_dim), a_dim == 1 ? 0 : a_step, b_dim == 1 ? 0 : b_step};
    a_step *= a_dim;
    b_step *= b_dim;
    if (loop.count == 1) {
      continue;
    }
    if (!loops.empty() && loop.a == loops.back().a * loops.back().count &&
        loop.b == loops.back().b * loops.back().count) {
      loops.back().count *= loop.count;
    } else {
      loops.push_back(loop);
    }
  }
  std::reverse(loops.begin(), loops.end());
  return loops;
}

std::string LoopsText(std::vector<Loop> loops) {
  loops.insert(loops.begin(), 3 - loops.size(), Loop{});
  const auto triple = [&loops](std::int64_t Loop::* field) {
    return Braced(List(loops[0].*field, loops[1].*field, loops[2].*field));
  };
  return List(triple(&Loop::count), triple(&Loop::a), triple(&Loop::b));
}

bool HasScale(Type type) {
  return type == Type::kInt8 || type == Type::kUint8 || type == Type::kInt16;
}

std::string RescaledType(std::string_view name, const Tensor& in, const Tensor& out) {
  return std::string(name) + "<" + std::string(CppType(in.type)) + ", " +
         std::string(CppType(out.type)) + ">";
}

Operation CastTo(const Tensor& in, const Tensor& out) {
  if (in.type == Type::kBool) {
    return {out.type == Type::kBool ? "FromBool<bool>" : Of("FromBool", out), "", 0};
  }
  return {out.type == Type::kBool ? "Cast<" + std::string(CppType(in.type)) + ", bool>"
                                  : RescaledType("Cast", in, out),
          "", 0};
}

// RELU and RELU6 of int16.
Operation RescaledRelu(const Tensor& in, const Tensor& out, bool six) {
  IntRange range = kernels::ref::TypeRange(out.type);
  range.low = std::max(range.low, out.zero_point);
  if (six) {
    const double units = out.zero_point + std::round(static_cast<double>(6.0F / out.scale()));
    range.high = static_cast<std::int32_t>(std::clamp<double>(units, range.low, range.high));
  }
  return {RescaledType("Rescaled", in, out),
          List(FactorText(base::QuantizeMultiplier(static_cast<double>(in.scale() / out.scale()))),
               in.zero_point, out.zero_point, RangeText(range)),
          24};
}

Operation LeakyReluOf(const Tensor& in, const Tensor& out, float alpha) {
  if (in.type == Type::kFloat32) {
    return {"LeakyRelu", FloatText(alpha), 4};
  }
  const double slope = std::abs(static_cast<double>(in.scale() * alpha / out.scale()));
  return {Of("RescaledLeaky", out),
          List(FactorText(base::QuantizeMultiplier(static_cast<double>(in.scale() / out.scale()))),
               FactorText(base::QuantizeMultiplier(slope)), in.zero_point, out.zero_point,
               RangeText(kernels::ref::TypeRange(out.type)), alpha < 0.0F ? "true" : "false"),
          36};
}

Operation SigmoidOf(const Tensor& in, const void* params, std::string_view name) {
  if (in.type == Type::kFloat32) {
    return {std::string(name), "", 0};
  }
  const auto& scale = static_cast<const kernels::ref::SigmoidParams*>(params)->table_scale;
  return {std::string(name) + "16", Braced(List(scale.multiplier, scale.shift)), 8};
}

Operation QuantizeTo(const Tensor& in, const Tensor& out, const void* params) {
  if (in.type == Type::kFloat32) {
    return {Of("Quantized", out), List(FloatText(out.scale()), out.zero_point), 8};
  }
  return {RescaledType("Rescaled", in, out),
          List(FactorText(*static_cast<const base::FixedMultiplier*>(params)), in.zero_point,
               out.zero_point, RangeText(WholeRange(out.type))),
          24};
}

Operation ElementsOf(const Operator& op, const void* params, const Tensor& in, const Tensor& out) {
  const bool is_float = in.type == Type::kFloat32;
  switch (op.kind) {
    case OpKind::kRelu: return is_float ? Operation{"Relu", "", 0} : RescaledRelu(in, out, false);
    case OpKind::kRelu6: return is_float ? Operation{"Relu6", "", 0} : RescaledRelu(in, out, true);
    case OpKind::kLeakyRelu: return LeakyReluOf(in, out, op.options<LeakyReluOptions>().alpha);
    case OpKind::kLogistic: return SigmoidOf(in, params, "Logistic");
    case OpKind::kTanh: return SigmoidOf(in, params, "Tanh");
    case OpKind::kSqrt: return {"SquareRoot", "", 0};
    case OpKind::kRsqrt: return {"OneOverRoot", "", 0};
    case OpKind::kNeg: return {Of("Negated", out), "", 0};
    case OpKind::kQuantize: return QuantizeTo(in, out, params);
    case OpKind::kDequantize:
      return {Of("Dequantized", in), List(FloatText(in.scale()), in.zero_point), 8};
    default: return CastTo(in, out);
  }
}

// An output place between two elements of the input, as the reference lays it.
struct FloatPlace {
  std::int64_t low, high;
  float part;
};
FloatPlace FloatPlaceOf(std::int32_t place, std::int32_t in, std::int32_t out,
                        const ResizeOptions& options) {
  const float scale = kernels::ref::ResizeScale(in, out, options);
  const auto y = static_cast<float>(place);
  const float at = options.half_pixel_centers ? (y + 0.5F) * scale - 0.5F : y * scale;
  const std::int64_t last = in - 1;
  const auto low = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(at)), 0, last);
  const auto high = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(at)), 0, last);
  return {low, high, at - static_cast<float>(low)};
}

struct FixedPlace {
  std::int64_t low, high, part;  // in 1/1024
};
FixedPlace FixedPlaceOf(std::int32_t place, std::int32_t in, std::int32_t out,
                        const ResizeOptions& options) {
  constexpr std::int64_t kOne = 1 << 10;
  const bool corners = options.align_corners && out > 1;
  const std::int64_t from = corners ? in - 1 : in;
  const std::int64_t to = corners ? out - 1 : out;
  const std::int64_t scale = (kOne * from + to / 2) / to;
  const std::int64_t at = place * scale + (options.half_pixel_centers ? scale / 2 - kOne / 2 : 0);
  const std::int64_t last = in - 1;
  const auto low = std::clamp<std::int64_t>(at / kOne, 0, last);
  const auto high = std::clamp<std::int64_t>((at + kOne - 1) / kOne, 0, last);
  return {low, high, low == high ? 0 : at - low * kOne};
}

std::string PlacesText(const std::string& name, bool is_float, std::int32_t in, std::int32_t out,
                       const ResizeOptions& options) {
  std::string text = "const pinhole_nn::Between<" +
                     std::string(is_float ? "float" : "std::int16_t") + "> " + name + "[" +
                     Number(out) + "] = {\n";
  for (std::int32_t place = 0; place < out; ++place) {
    if (is_float) {
      const FloatPlace p = FloatPlaceOf(place, in, out, options);
      text += "    {" + List(p.low, p.high, FloatText(p.part)) + "},\n";
    } else {
      const FixedPlace p = FixedPlaceOf(place, in, out, options);
      text += "    {" + List(p.low, p.high, p.part) + "},\n";
    }
  }
  return text + "};\n";
}

}  // namespace

// Where the rows of operand `i` lie. A constant, or what has one row of several, is repeated.
std::string OperatorWriter::OperandText(std::size_t i, bool by_rows) {
  const Tensor& tensor = In(i);
  const std::string data =
      tensor.is_constant() ? Constant(i == 0 ? "A" : "B", tensor) : At(InIndex(i));
  const Shape& out = Out().shape;
  if (!by_rows || tensor.shape.FromBack(2) == 1) {
    return Braced(List(data, 0, 1));
  }
  const auto rows = static_cast<std::uint32_t>(out.dim(1));
  const std::uint32_t held =
      tensor.is_constant() ? 0 : model_.places().held(static_cast<std::size_t>(InIndex(i)));
  return Braced(List(data, tensor.bytes / rows, held > 0 ? held : rows));
}

void OperatorWriter::WritePair(const FormOf& form) {
  const void* const params = model_.step(0, index_).prepared.params;
  const Operation operation =
      HasScale(Out().type) && op_->kind != OpKind::kMinimum && op_->kind != OpKind::kMaximum
          ? ScaledPair(op_->kind, *op_, params, In(0), In(1), Out())
          : PlainPair(op_->kind, params, Out());
  constexpr int kRowRank = 2;  // columns and channels
  const std::vector<Loop> loops =
      LoopsOf(In(0).shape, In(1).shape, form.by_rows ? kRowRank : Shape::kMaxRank);
  if (loops.size() > 3) {
    Fail("a broadcast in more than three turns");
  }
  const std::string a = OperandText(0, form.by_rows);
  const std::string b = OperandText(1, form.by_rows);
  Params("Pair<pinhole_nn::" + operation.type + ">",
         List(a, b, form.by_rows ? RingText(OutIndex()) : FlatRing(OutIndex()), LoopsText(loops),
              Braced(operation.fields)),
         kPairBytes + operation.bytes);
  Call("PairRows", "pinhole_nn_pairs.h", form.by_rows ? RowsOf(OutIndex()) : 1);
}

void OperatorWriter::WriteElements() {
  const Operation operation =
      ElementsOf(*op_, model_.step(0, index_).prepared.params, In(0), Out());
  const int rows = RowsOf(OutIndex());
  Params(
      "Elements<pinhole_nn::" + operation.type + ">",
      List(RingText(InIndex(0)), RingText(OutIndex()),
           static_cast<std::int64_t>(Out().shape.element_count()) / rows, Braced(operation.fields)),
      kElementsBytes + operation.bytes);
  Call("ElementRows", "pinhole_nn_elements.h", rows);
}

void OperatorWriter::WriteResize() {
  const Shape& in = In(0).shape;
  const Shape& out = Out().shape;
  const bool is_float = Out().type == Type::kFloat32;
  const auto options = op_->options<ResizeOptions>();
  const auto places =
      static_cast<std::uint64_t>(out.dim(1)) + static_cast<std::uint64_t>(out.dim(2));
  AddConstant(PlacesText(name_ + "Down", is_float, in.dim(1), out.dim(1), options) +
                  PlacesText(name_ + "Across", is_float, in.dim(2), out.dim(2), options),
              (is_float ? 8 : 6) * places, &Budget::tables);
  Params(Of("Resize", Out()),
         List(At(InIndex(0)), At(OutIndex()), in.dim(0), in.dim(1), in.dim(2), out.dim(1),
              out.dim(2), out.dim(3), name_ + "Down", name_ + "Across"),
         40);
  Call("ResizeBilinear", "pinhole_nn_resize.h");
}

void OperatorWriter::WriteReduce() {
  const std::array<std::int64_t, 3> sizes = ReducedSizes();
  const Tensor& in = In(0);
  Operation operation{Of("PlainSum", Out()), "", 0};
  if (HasScale(in.type)) {
    const auto& factor =
        *static_cast<const base::FixedMultiplier*>(model_.step(0, index_).prepared.params);
    const auto zeros = static_cast<std::int32_t>(std::int64_t{in.zero_point} * sizes[1]);
    operation = {Of("ScaledTotal", Out()),
                 List(zeros, FactorText(factor), Out().zero_point,
                      RangeText(kernels::ref::TypeRange(in.type))),
                 24};
  } else if (op_->kind == OpKind::kMean) {
    operation = {"FloatMean", FloatText(static_cast<float>(sizes[1])), 4};
  }
  Params(
      "Reduce<pinhole_nn::" + operation.type + ">",
      List(At(InIndex(0)), At(OutIndex()), sizes[0], sizes[1], sizes[2], Braced(operation.fields)),
      20 + operation.bytes);
  Call("ReduceMiddle", "pinhole_nn_reduce.h");
}

}  // namespace pinhole::engine::emit
