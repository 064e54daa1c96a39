// SPDX-License-Identifier: Apache-2.0
#include "engine/emit/operator_text.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "engine/emit/pack.h"
#include "engine/emit/probe.h"
#include "engine/emit/source_text.h"
#include "engine/kernels/ref/add_params.h"
#include "engine/kernels/ref/arithmetic.h"
#include "engine/kernels/ref/fixed_point_math.h"
#include "engine/kernels/ref/pooling.h"
#include "engine/kernels/ref/weighted_sum.h"

namespace pinhole::engine::emit {

using kernels::ref::AddParams;
using kernels::ref::IntRange;
using kernels::ref::PoolParams;
using kernels::ref::WeightedSumParams;

// All channels of a sum: weights by channel, what they are scaled by, biases with the zero point
// in.
struct SumScales {
  std::vector<std::int8_t> weights;  // [channel][depth]
  Matrix matrix;
  std::vector<std::int32_t> biases;
  std::vector<base::FixedMultiplier> multipliers;
  std::vector<std::int32_t> lane_starts;  // SumChunks: what spills add to each channel
  OutputRange output;
};

namespace {

constexpr std::uint64_t kRingBytes = 12, kWindowBytes = 26, kFinishBytes = 12, kChannelBytes = 16;
constexpr std::size_t kMostMoves = 256;

// The weights by channel, whatever the operator's order: CONV_2D and FULLY_CONNECTED have it,
// DEPTHWISE_CONV_2D has [tap][channel].
template <typename T>
std::vector<T> ByChannel(const Tensor& weights, OpKind kind) {
  const std::span<const T> given = weights.constant<T>();
  if (kind != OpKind::kDepthwiseConv2d) {
    return {given.begin(), given.end()};
  }
  const auto channels = static_cast<std::size_t>(weights.shape.dim(3));
  const std::size_t taps = given.size() / channels;
  std::vector<T> turned(given.size());
  for (std::size_t tap = 0; tap < taps; ++tap) {
    for (std::size_t c = 0; c < channels; ++c) {
      turned[c * taps + tap] = given[tap * channels + c];
    }
  }
  return turned;
}

SumScales ReadScales(const Tensor& in, const Tensor& weights, const Tensor* bias, const Tensor& out,
                     OpKind kind, const WeightedSumParams& params) {
  SumScales scales;
  scales.weights = ByChannel<std::int8_t>(weights, kind);
  const auto channels = static_cast<int>(out.shape.FromBack(0));
  scales.matrix = {scales.weights, channels, static_cast<int>(scales.weights.size()) / channels};
  for (int c = 0; c < channels; ++c) {
    const auto at = static_cast<std::size_t>(c);
    std::uint32_t sum = 0;
    for (int k = 0; k < scales.matrix.depth; ++k) {
      sum += static_cast<std::uint32_t>(scales.matrix.at(c, k));
    }
    const std::int32_t given = bias != nullptr ? bias->constant<std::int32_t>()[at] : 0;
    scales.biases.push_back(base::WrapSub(
        given, static_cast<std::int32_t>(sum * static_cast<std::uint32_t>(in.zero_point))));
    scales.multipliers.push_back(params.multipliers.at(at));
  }
  scales.lane_starts.assign(static_cast<std::size_t>(channels), 0);
  scales.output = {out.zero_point, params.int_range.low, params.int_range.high};
  return scales;
}

}  // namespace

void OperatorWriter::Fail(const std::string& reason) const {
  throw system::Failure(
      "operator " + Number(static_cast<std::int64_t>(index_)) + " " +
      std::string(op_->kind == OpKind::kUnknown ? op_->custom_name : OpName(op_->kind)) + ": " +
      reason + ", which the emitter has no kernel for");
}

std::int32_t OperatorWriter::InIndex(std::size_t i) const { return op_->inputs[i]; }
std::int32_t OperatorWriter::OutIndex() const { return op_->outputs[0]; }
const Tensor& OperatorWriter::In(std::size_t i) const { return graph_.tensor(InIndex(i)); }
const Tensor& OperatorWriter::Out() const { return graph_.tensor(OutIndex()); }

// Where the tensor's bytes begin; constants are written out.
std::string OperatorWriter::At(std::int32_t tensor) const {
  if (graph_.tensor(tensor).is_constant()) {
    Fail("a constant as data found");
  }
  return Scratch(model_.places().tensor_offsets[static_cast<std::size_t>(tensor)]);
}

std::string OperatorWriter::Scratch(std::uint32_t offset) const {
  return "g_arena + " + Number(offset);
}

int OperatorWriter::RowsOf(std::int32_t tensor) const {
  const Shape& shape = graph_.tensor(tensor).shape;
  return shape.rank() == 4 && shape.dim(0) == 1 ? shape.dim(1) : 1;
}

std::string OperatorWriter::RingText(std::int32_t tensor) const {
  const int rows = RowsOf(tensor);
  const std::uint32_t held = model_.places().held(static_cast<std::size_t>(tensor));
  return Braced(List(At(tensor), graph_.tensor(tensor).bytes / static_cast<std::uint32_t>(rows),
                     held > 0 ? held : static_cast<std::uint32_t>(rows)));
}

// All of the tensor as one row.
std::string OperatorWriter::FlatRing(std::int32_t tensor) const {
  return Braced(List(At(tensor), graph_.tensor(tensor).bytes, 1));
}

std::string OperatorWriter::WindowText(const WindowShape& w) const {
  return Braced(List(w.in.rows, w.in.columns, w.in.channels, w.out.columns, w.out.channels,
                     w.height, w.width, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w, w.pad_h,
                     w.pad_w));
}

void OperatorWriter::AddConstant(const std::string& text, std::uint64_t bytes,
                                 std::uint64_t Budget::* kind) {
  text_.constants += text;
  budget_.*kind += bytes;
}

void OperatorWriter::AddArray(const std::string& name, const std::string& text, std::uint64_t bytes,
                              std::uint64_t Budget::* kind) {
  text_.arrays.push_back({name, text, bytes});
  budget_.*kind += bytes;
}

std::string OperatorWriter::Constant(std::string_view suffix, const Tensor& tensor,
                                     std::uint64_t Budget::* kind) {
  const std::string name = name_ + std::string(suffix);
  AddConstant(ConstantText(name, tensor), tensor.bytes, kind);
  return name;
}

void OperatorWriter::Params(const std::string& type, const std::string& fields,
                            std::uint64_t bytes) {
  AddConstant("const pinhole_nn::" + type + " " + name_ + " = {" + fields + "};\n", bytes,
              &Budget::tables);
}

void OperatorWriter::Call(const std::string& function, const std::string& file, int rows) {
  text_.call = "pinhole_nn::" + function + "(" + name_;
  text_.rows = rows;
  runtime_.insert(file);
}

void OperatorWriter::SharedCall(const std::string& function, const std::string& file, int rows) {
  Call(function, file, rows);
  text_.shared = cores_ > 1;
}

OperatorText OperatorWriter::Write(std::size_t op, const FormOf& form) {
  op_ = &graph_.operators[op];
  index_ = op;
  name_ = "kOp" + Number(static_cast<std::int64_t>(op));
  text_ = {};
  switch (form.form) {
    case Form::kNothing: break;
    case Form::kSum: WriteSum(form); break;
    case Form::kDepthwise: WriteDepthwise(form); break;
    case Form::kPool: WritePool(form); break;
    case Form::kMean: WriteMean(); break;
    case Form::kAdd: WriteAdd(); break;
    case Form::kLookup: WriteLookup(); break;
    case Form::kSoftmax: WriteSoftmax(); break;
    case Form::kQuantize: WriteConversion(false); break;
    case Form::kDequantize: WriteConversion(true); break;
    case Form::kMove: WriteMoves(); break;
    case Form::kRead: WriteMove(OutIndex(), op_->options<VariableOptions>().resource, true); break;
    case Form::kAssign:
      WriteMove(InIndex(1), op_->options<VariableOptions>().resource, false);
      break;
    case Form::kFloatSum: WriteFloatSum(form); break;
    case Form::kFloatPool: WriteFloatPool(form); break;
    case Form::kFloatSoftmax: WriteFloatSoftmax(); break;
    case Form::kPair: WritePair(form); break;
    case Form::kElements: WriteElements(); break;
    case Form::kResize: WriteResize(); break;
    case Form::kReduce: WriteReduce(); break;
    case Form::kLstm: WriteLstm(); break;
    case Form::kSvdf: WriteSvdf(); break;
    case Form::kSignal: WriteSignal(); break;
    case Form::kNone: Fail(form.reason);
  }
  return std::move(text_);
}

// Writes the channels in the form that is fast on the target where it is proven, else in the exact
// one.
std::string OperatorWriter::FinishText(const SumScales& scales) {
  constexpr std::size_t kGroup = 4;  // entries are read by fours
  std::vector<ScaleDemand> demands;
  for (std::size_t c = 0; c < scales.biases.size(); ++c) {
    demands.push_back(
        {scales.multipliers[c], RangeOf(scales.matrix, static_cast<int>(c), scales.biases[c])});
  }
  std::optional<ScaleForm> fast;
  if (target_.quick) {
    fast = FindQuick(demands, scales.output);
  } else if (target_.layout == Layout::kQuads) {
    fast = FindWide(demands);
  }
  const ScaleForm form = fast ? *fast : ExactForm(demands);
  const std::size_t count = (scales.biases.size() + kGroup - 1) / kGroup * kGroup;
  std::string lines = "const pinhole_nn::Channel " + name_ + "Channels[" +
                      Number(static_cast<std::int64_t>(count)) + "] = {\n";
  for (std::size_t c = 0; c < scales.biases.size(); ++c) {
    const std::int32_t bias = base::WrapSub(scales.biases[c], scales.lane_starts[c]);
    lines +=
        "    {" + List(bias, form.channels[c].a, form.channels[c].b, form.channels[c].c) + "},\n";
  }
  AddArray(name_ + "Channels", lines + "};\n", count * kChannelBytes, &Budget::scales);
  runtime_.insert("pinhole_nn_finish.cc");
  return Braced(List(name_ + "Channels", form.form, scales.output.zero, scales.output.low,
                     scales.output.high));
}

// Writes the weights in the layout of a kernel, and the chunks where it has such. Returns the
// kernel's name without "Sum".
std::string OperatorWriter::WriteWeights(const FormOf& form, SumScales& scales) {
  const std::string weights = name_ + "Weights";
  const auto write = [&](const std::vector<std::uint32_t>& words) {
    AddArray(weights, ArrayText(weights, std::span<const std::uint32_t>(words)), 4 * words.size(),
             &Budget::weights);
  };
  if (target_.layout == Layout::kQuads) {
    write(PackQuads(scales.matrix));
    return "Quads";
  }
  if (target_.layout == Layout::kPairs && form.expanded_bytes > 0) {
    if (const auto words = PackPairs(scales.matrix)) {
      write(*words);
      return "Pairs";
    }
  } else if (target_.layout == Layout::kPairs) {
    if (const std::optional<Chunks> packed = PackChunks(scales.matrix)) {
      for (std::size_t c = 0; c < scales.lane_starts.size(); c += 2) {
        scales.lane_starts[c] = packed->spills[c / 8] * 32768;
      }
      write(packed->words);
      AddArray(name_ + "Chunks",
               ArrayText(name_ + "Chunks", std::span<const std::uint8_t>(packed->chunks)),
               packed->chunks.size(), &Budget::scales);
      return "Chunks";
    }
  }
  // Rows as long as the columns are.
  std::vector<std::int8_t> padded;
  for (int c = 0; c < scales.matrix.channels; ++c) {
    for (int k = 0; k < form.depth; ++k) {
      padded.push_back(static_cast<std::int8_t>(scales.matrix.at(c, k)));
    }
  }
  AddArray(weights, PackedText(weights, padded), padded.size(), &Budget::weights);
  return "Plain";
}

void OperatorWriter::WriteSum(const FormOf& form) {
  const Tensor* bias = op_->inputs.size() > 2 && op_->inputs[2] >= 0 ? &In(2) : nullptr;
  if (bias != nullptr && !bias->is_constant()) {
    Fail("a bias that the network computes found");
  }
  SumScales scales =
      ReadScales(In(0), In(1), bias, Out(), op_->kind,
                 *static_cast<const WeightedSumParams*>(model_.step(0, index_).prepared.params));
  const std::string kernel = WriteWeights(form, scales);
  const std::string finish = FinishText(scales);
  const std::uint32_t scratch = model_.places().scratch_offset(index_);
  const std::string columns =
      form.columns_bytes > 0 ? Scratch(scratch + form.expanded_bytes) : "nullptr";
  const std::string expanded = form.expanded_bytes > 0
                                   ? "reinterpret_cast<std::uint32_t*>(" + Scratch(scratch) + ")"
                                   : "nullptr";
  const bool flat = op_->kind == OpKind::kFullyConnected;
  Params(
      "Sum",
      List(flat ? FlatRing(InIndex(0)) : RingText(InIndex(0)),
           flat ? FlatRing(OutIndex()) : RingText(OutIndex()), WindowText(form.window), finish,
           name_ + "Weights", kernel == "Chunks" ? name_ + "Chunks" : "nullptr", columns, expanded,
           form.depth, cores_ > 1 ? form.scratch_bytes() : 0, In(0).zero_point, form.block),
      2 * kRingBytes + kWindowBytes + kFinishBytes + 28);
  runtime_.insert("pinhole_nn_columns.cc");
  SharedCall("Sum" + kernel,
             "pinhole_nn_sum_" +
                 std::string(kernel == "Quads"    ? "quads"
                             : kernel == "Pairs"  ? "pairs"
                             : kernel == "Chunks" ? "chunks"
                                                  : "plain") +
                 ".cc",
             form.window.out.rows);
  const auto places = static_cast<std::uint64_t>(form.window.out.rows * form.window.out.columns);
  budget_.products += std::uint64_t{scales.weights.size()} * places;
  budget_.instructions += (scales.weights.size() * target_.hundredths_a_product / 100 +
                           scales.biases.size() * target_.an_output) *
                          places;
}

// A channel's taps column by column.
std::vector<std::int8_t> Turned(const std::vector<std::int8_t>& weights,
                                const WindowShape& window) {
  std::vector<std::int8_t> turned;
  const auto taps = static_cast<std::size_t>(window.taps());
  const auto width = static_cast<std::size_t>(window.width);
  for (std::size_t channel = 0; channel < weights.size(); channel += taps) {
    for (std::size_t column = 0; column < width; ++column) {
      for (std::size_t tap = column; tap < taps; tap += width) {
        turned.push_back(weights[channel + tap]);
      }
    }
  }
  return turned;
}

void OperatorWriter::WriteDepthwise(const FormOf& form) {
  const Tensor* bias = op_->inputs.size() > 2 && op_->inputs[2] >= 0 ? &In(2) : nullptr;
  if (bias != nullptr && !bias->is_constant()) {
    Fail("a bias that the network computes found");
  }
  const SumScales scales =
      ReadScales(In(0), In(1), bias, Out(), op_->kind,
                 *static_cast<const WeightedSumParams*>(model_.step(0, index_).prepared.params));
  const std::string weights = name_ + "Weights";
  const bool lanes = form.band > 0;
  const std::vector<std::int8_t> turned =
      lanes ? scales.weights : Turned(scales.weights, form.window);
  AddArray(weights, ArrayText(weights, std::span<const std::int8_t>(turned)), turned.size(),
           &Budget::weights);
  const std::string finish = FinishText(scales);
  Params("Depthwise",
         List(form.flat ? FlatRing(InIndex(0)) : RingText(InIndex(0)),
              form.flat ? FlatRing(OutIndex()) : RingText(OutIndex()), WindowText(form.window),
              finish, weights,
              "reinterpret_cast<std::uint32_t*>(" +
                  Scratch(model_.places().scratch_offset(index_)) + ")",
              cores_ > 1 ? form.scratch_bytes() : 0, form.multiplier, In(0).zero_point, form.band),
         2 * kRingBytes + kWindowBytes + kFinishBytes + 16);
  const bool paired = target_.layout == Layout::kQuads;
  const WindowShape& window = form.window;
  const auto is = [&](int size) {
    return window.height == size && window.width == size && window.dilation_w == 1;
  };
  SharedCall(std::string("Depthwise") +
                 (lanes    ? "Lanes"
                  : paired ? "Paired"
                  : is(3)  ? ""
                           : "Rows") +
                 (is(3)            ? "Three"
                  : lanes && is(5) ? "Five"
                                   : ""),
             std::string("pinhole_nn_depthwise") +
                 (lanes    ? "_lanes"
                  : paired ? "_paired"
                           : "") +
                 ".cc",
             form.window.out.rows);
  const auto places = static_cast<std::uint64_t>(form.window.out.rows * form.window.out.columns);
  budget_.products += scales.weights.size() * places;
  budget_.instructions +=
      (scales.weights.size() * std::uint64_t{target_.hundredths_a_depthwise_product} / 100 +
       scales.biases.size() * std::uint64_t{target_.an_output}) *
      places;
}

void OperatorWriter::WritePool(const FormOf& form) {
  const IntRange& range =
      static_cast<const PoolParams*>(model_.step(0, index_).prepared.params)->int_range;
  Params("Pool",
         List(RingText(InIndex(0)), RingText(OutIndex()), WindowText(form.window), range.low,
              range.high),
         2 * kRingBytes + kWindowBytes + 4);
  Call(op_->kind == OpKind::kMaxPool2d ? "MaxPool" : "AveragePool", "pinhole_nn_pool.cc",
       form.window.out.rows);
}

std::array<std::int64_t, 3> OperatorWriter::ReducedSizes() const {
  const Shape& shape = In(0).shape;
  const Tensor& axes = In(1);
  const int rank = shape.rank();
  unsigned reduced = 0;
  for (std::size_t i = 0; rank > 0 && i < axes.shape.element_count(); ++i) {
    const std::int64_t axis = axes.type == Type::kInt64 ? axes.constant<std::int64_t>()[i]
                                                        : axes.constant<std::int32_t>()[i];
    reduced |= 1U << (axis < 0 ? axis + rank : axis);
  }
  std::array<std::int64_t, 3> sizes{1, 1, 1};
  std::size_t part = 0;
  for (int d = 0; d < rank; ++d) {
    const bool middle = (reduced >> d & 1U) != 0;
    if (shape.dim(d) == 1) {
      continue;
    }
    part = middle ? (part == 2 ? 3 : 1) : (part == 0 ? 0 : 2);
    if (part == 3) {
      Fail("axes that do not lie side by side found");
    }
    sizes[part] *= shape.dim(d);
  }
  return sizes;
}

void OperatorWriter::WriteMean() {
  const std::array<std::int64_t, 3> sizes = ReducedSizes();
  const auto& multiplier =
      *static_cast<const base::FixedMultiplier*>(model_.step(0, index_).prepared.params);
  const std::int64_t zeros = -std::int64_t{In(0).zero_point} * sizes[1];
  Params("Mean",
         List(At(InIndex(0)), At(OutIndex()), sizes[0], sizes[1], sizes[2],
              Braced(List(zeros, multiplier.fraction, multiplier.shift, 0)), Out().zero_point),
         40);
  Call("MeanOver", "pinhole_nn_pool.cc");
}

void OperatorWriter::WriteAdd() {
  const auto& params = *static_cast<const AddParams*>(model_.step(0, index_).prepared.params);
  std::optional<QuickAdd> quick;
  if (target_.layout != Layout::kPlain) {
    quick = FindQuickAdd({params.a, params.b, params.out, In(0).zero_point, In(1).zero_point},
                         {Out().zero_point, static_cast<std::int32_t>(params.clamp.low),
                          static_cast<std::int32_t>(params.clamp.high)});
  }
  const QuickAdd form = quick.value_or(QuickAdd{});
  Params("Add",
         List(RingText(InIndex(0)), RingText(InIndex(1)), RingText(OutIndex()), params.a.fraction,
              params.a.shift, params.b.fraction, params.b.shift, params.out.fraction,
              params.out.shift, In(0).zero_point, In(1).zero_point, Out().zero_point,
              params.clamp.low, params.clamp.high, form.shift, form.a, form.b, form.rounding),
         3 * kRingBytes + 48);
  SharedCall("AddRows", "pinhole_nn_elementwise.cc", RowsOf(OutIndex()));
}

void OperatorWriter::WriteLookup() {
  const std::optional<std::array<std::uint8_t, 256>> table = LearnTable(model_, index_);
  if (!table) {
    Fail("a kernel that can't be asked for its table");
  }
  AddArray(name_ + "Table", ArrayText(name_ + "Table", std::span<const std::uint8_t>(*table)),
           table->size(), &Budget::tables);
  Params("Lookup", List(RingText(InIndex(0)), RingText(OutIndex()), name_ + "Table"),
         2 * kRingBytes + 4);
  Call("LookupRows", "pinhole_nn_elementwise.cc", RowsOf(OutIndex()));
}

// The reference's exponentials, one for each difference to the largest input that counts.
void OperatorWriter::WriteSoftmax() {
  constexpr int kDiffBits = 5;
  const double real = static_cast<double>(op_->options<SoftmaxOptions>().beta) *
                      static_cast<double>(In(0).scale()) *
                      static_cast<double>(1 << (31 - kDiffBits));
  if (real >= static_cast<double>(1 << 30)) {
    Fail("an input whose scale times beta is 16 or more");
  }
  const base::FixedMultiplier multiplier = base::QuantizeMultiplier(real);
  const std::int32_t radius = kernels::ref::InputRadius(kDiffBits, multiplier.shift);
  std::vector<std::int32_t> exponentials;
  for (std::int32_t below = 0; below < 256 && below <= radius; ++below) {
    exponentials.push_back(kernels::ref::ExpOnNegative<kDiffBits>(
        base::MultiplyByQuantizedMultiplier(-below, multiplier)));
  }
  // In Q12 sums they count as nothing, and their share of the output is less than that.
  constexpr std::int32_t kNothing = 1 << 11;
  while (exponentials.back() < kNothing) {
    exponentials.pop_back();
  }
  AddArray(name_ + "Exponentials",
           ArrayText(name_ + "Exponentials", std::span<const std::int32_t>(exponentials)),
           4 * exponentials.size(), &Budget::tables);
  const std::int32_t depth = In(0).shape.FromBack(0);
  Params("Softmax",
         List(At(InIndex(0)), At(OutIndex()), static_cast<std::int64_t>(In(0).bytes) / depth, depth,
              exponentials.size(), name_ + "Exponentials"),
         24);
  Call("SoftmaxRows", "pinhole_nn_softmax.cc");
}

void OperatorWriter::WriteConversion(bool to_float) {
  const Tensor& quantized = to_float ? In(0) : Out();
  const std::string floats = At(to_float ? OutIndex() : InIndex(0));
  const std::string in =
      to_float ? At(InIndex(0)) : "reinterpret_cast<const float*>(" + floats + ")";
  const std::string out = to_float ? "reinterpret_cast<float*>(" + floats + ")" : At(OutIndex());
  Params(to_float ? "Dequantize" : "Quantize",
         List(in, out, quantized.shape.element_count(), FloatText(quantized.scale()),
              quantized.zero_point),
         20);
  Call(to_float ? "DequantizeToFloats" : "QuantizeFloats", "pinhole_nn_quantize.cc");
}

void OperatorWriter::WriteMoves() {
  std::string lines;
  std::size_t count = 0;
  for (std::size_t output = 0; output < op_->outputs.size(); ++output) {
    const auto tensor = static_cast<std::size_t>(op_->outputs[output]);
    if (model_.places().tensor_offsets[tensor] == plan::kNowhere) {
      continue;  // nobody reads it
    }
    const std::optional<std::vector<LearntMove>> moves = LearnMoves(model_, index_, output);
    if (!moves) {
      Fail("a kernel that can't be asked what it moves");
    }
    for (const LearntMove& move : *moves) {
      const std::string to = At(op_->outputs[output]) + " + " + Number(move.out);
      const std::string from =
          move.input >= 0
              ? At(op_->inputs[static_cast<std::size_t>(move.input)]) + " + " + Number(move.in)
              : to;
      const bool whole = move.input >= 0 && move.bytes == graph_.tensor(op_->outputs[output]).bytes;
      if (whole &&
          At(op_->outputs[output]) == At(op_->inputs[static_cast<std::size_t>(move.input)])) {
        continue;  // the bytes lie where they should
      }
      const auto triple = [](const std::array<std::int64_t, 3>& v) {
        return Braced(List(v[0], v[1], v[2]));
      };
      lines += "    {" +
               List(to, from, move.bytes, triple(move.count), triple(move.out_step),
                    triple(move.in_step), move.input >= 0 ? -1 : static_cast<int>(move.fill)) +
               "},\n";
      ++count;
    }
  }
  if (count > kMostMoves) {
    Fail("bytes that move in more than " + Number(kMostMoves) + " pieces");
  }
  if (count == 0) {
    return;
  }
  AddConstant("const pinhole_nn::Move " + name_ + "[" + Number(static_cast<std::int64_t>(count)) +
                  "] = {\n" + lines + "};\n",
              52 * count, &Budget::tables);
  Call("MoveBytes", "pinhole_nn_move.cc");
  text_.call += ", " + Number(static_cast<std::int64_t>(count));
}

// Between a variable and a tensor, unless the plan has laid the one on the other.
void OperatorWriter::WriteMove(std::int32_t tensor, std::int64_t resource, bool read) {
  const std::string variable =
      Scratch(model_.plan().resource_offsets[static_cast<std::size_t>(resource)]);
  const std::string value = At(tensor);
  if (graph_.tensor(tensor).bytes >
      model_.model().resources[static_cast<std::size_t>(resource)].bytes) {
    Fail("a value larger than its variable");
  }
  if (variable == value) {
    return;
  }
  const std::string ones = "{1, 1, 1}";
  const std::string zeros = "{0, 0, 0}";
  AddConstant("const pinhole_nn::Move " + name_ + "[1] = {{" +
                  List(read ? value : variable, read ? variable : value,
                       graph_.tensor(tensor).bytes, ones, zeros, zeros, -1) +
                  "}};\n",
              52, &Budget::tables);
  Call("MoveBytes", "pinhole_nn_move.cc");
  text_.call += ", 1";
}

void OperatorWriter::WriteFloatSum(const FormOf& form) {
  const auto& params =
      *static_cast<const WeightedSumParams*>(model_.step(0, index_).prepared.params);
  const std::span<const float> weights = In(1).constant<float>();
  AddArray(name_ + "Weights", ArrayText(name_ + "Weights", weights), weights.size_bytes(),
           &Budget::weights);
  std::string bias = "nullptr";
  if (op_->inputs.size() > 2 && op_->inputs[2] >= 0) {
    if (!In(2).is_constant()) {
      Fail("a bias that the network computes found");
    }
    bias = name_ + "Bias";
    const std::span<const float> values = In(2).constant<float>();
    AddArray(bias, ArrayText(bias, values), values.size_bytes(), &Budget::scales);
  }
  const bool flat = op_->kind == OpKind::kFullyConnected;
  Params("FloatSum",
         List(flat ? FlatRing(InIndex(0)) : RingText(InIndex(0)),
              flat ? FlatRing(OutIndex()) : RingText(OutIndex()), WindowText(form.window),
              name_ + "Weights", bias, FloatText(params.float_range.low),
              FloatText(params.float_range.high), form.multiplier),
         2 * kRingBytes + kWindowBytes + 20);
  Call("FloatSumRows", "pinhole_nn_float_sum.cc", flat ? 1 : form.window.out.rows);
  budget_.products +=
      weights.size() * static_cast<std::uint64_t>(form.window.out.rows * form.window.out.columns);
}

void OperatorWriter::WriteFloatPool(const FormOf& form) {
  const auto& range =
      static_cast<const PoolParams*>(model_.step(0, index_).prepared.params)->float_range;
  Params("FloatPool",
         List(RingText(InIndex(0)), RingText(OutIndex()), WindowText(form.window),
              FloatText(range.low), FloatText(range.high),
              op_->kind == OpKind::kMaxPool2d ? "true" : "false"),
         2 * kRingBytes + kWindowBytes + 12);
  Call("FloatPoolRows", "pinhole_nn_float_pool.cc", form.window.out.rows);
}

void OperatorWriter::WriteFloatSoftmax() {
  const std::int32_t depth = In(0).shape.FromBack(0);
  Params("FloatSoftmax",
         List("reinterpret_cast<const float*>(" + At(InIndex(0)) + ")",
              "reinterpret_cast<float*>(" + At(OutIndex()) + ")",
              In(0).shape.element_count() / static_cast<std::size_t>(depth), depth,
              FloatText(op_->options<SoftmaxOptions>().beta)),
         20);
  Call("FloatSoftmaxRows", "pinhole_nn_float_softmax.cc");
}

}  // namespace pinhole::engine::emit
