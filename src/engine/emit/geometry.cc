// SPDX-License-Identifier: Apache-2.0
#include "engine/emit/geometry.h"

#include <algorithm>
#include <utility>

#include "engine/emit/pack.h"
#include "engine/kernels/ref/pooling.h"
#include "engine/kernels/ref/weighted_sum.h"

namespace pinhole::engine::emit {

namespace {

using kernels::ref::PoolParams;
using kernels::ref::WindowSumParams;

// Of windows side by side, if four of them are not more.
constexpr std::int32_t kColumnBytes = 4096;
// Of a single place, that are not worth a kernel of their own.
constexpr std::int32_t kFewWeights = 2048, kShortDepth = 256;
// Of a depthwise window's rows, gathered and summed at a time, where one row is not more.
constexpr std::int32_t kBandBytes = 1024, kMostBand = 255;
constexpr std::int32_t kMost16 = 32767;
constexpr std::int32_t kMaxHeight = 64;  // as in runtime/pinhole_nn_depthwise.h

const Tensor* Input(const Graph& graph, const Operator& op, std::size_t i) {
  return i < op.inputs.size() && op.inputs[i] >= 0 ? &graph.tensor(op.inputs[i]) : nullptr;
}

FormOf Refuse(std::string reason) {
  FormOf form;
  form.reason = std::move(reason);
  return form;
}

FormOf Simple(Form kind) {
  FormOf form;
  form.form = kind;
  return form;
}

std::string TypesFound(const Tensor& in, const Tensor& out) {
  return std::string(TypeName(in.type)) + " to " + std::string(TypeName(out.type));
}

// Dimensions that a picture of one has; false where there are several pictures.
bool OnePicture(const Shape& shape, Shape3& picture) {
  if (shape.rank() != 4 || shape.dim(0) != 1) {
    return false;
  }
  picture = {shape.dim(1), shape.dim(2), shape.dim(3)};
  return true;
}

template <typename Options>
void SetSteps(const Options& options, WindowShape& window) {
  window.stride_h = options.stride_h;
  window.stride_w = options.stride_w;
  window.dilation_h = options.dilation_h;
  window.dilation_w = options.dilation_w;
}

// Every number of the runtime's Window fits 16 bits.
bool Fits16(const WindowShape& window) {
  return std::max({window.in.rows, window.in.columns, window.in.channels, window.out.columns,
                   window.out.channels, window.height, window.width, window.stride_h,
                   window.stride_w, window.dilation_h, window.dilation_w, window.pad_h,
                   window.pad_w}) <= kMost16;
}

// Depth and scratch of a full sum in the target's layout.
void SetColumns(const Target& target, FormOf& form) {
  const WindowShape& window = form.window;
  const std::int32_t unit = target.layout == Layout::kPlain ? 1 : 4;
  const std::int32_t taps = window.taps() * window.in.channels;
  form.depth = (taps + unit - 1) / unit * unit;
  const bool where_they_lie =
      window.taps() == 1 && window.pad_h == 0 && window.pad_w == 0 && form.depth == taps;
  if (!where_they_lie) {
    form.block =
        std::clamp(kColumnBytes / form.depth, std::min(4, window.out.columns), window.out.columns);
    form.columns_bytes = static_cast<std::uint32_t>(form.block * form.depth);
  }
  // Two words a tap, for four channels. What serves one place is taken apart on the way.
  form.places = form.block > 0 ? form.block : window.out.columns * window.out.rows;
  const bool few = taps <= kShortDepth && taps * window.out.channels <= kFewWeights;
  if (target.layout != Layout::kPlain &&
      (form.places > 1 || (target.layout == Layout::kPairs && few))) {
    form.expanded_bytes = static_cast<std::uint32_t>(form.depth) * 8;
  }
}

// Whether DepthwiseLanes is right, and worth it: places must share words.
bool SuitsLanes(const Tensor& weights, const WindowShape& window) {
  const std::int32_t half = (window.out.columns + 1) / 2 * window.stride_w;
  if (window.out.columns < 2 || half < window.pad_w || half > window.in.columns) {
    return false;
  }
  return LanesHold(weights.constant<std::int8_t>(), window.out.channels);
}

// DepthwiseLanes' scratch for so many rows at a time, in words.
std::int32_t LaneWords(const WindowShape& window, std::int32_t band) {
  const std::int32_t rows =
      (band - 1) * window.stride_h + (window.height - 1) * window.dilation_h + 1;
  const std::int32_t columns = ((window.out.columns + 1) / 2 - 1) * window.stride_w +
                               (window.width - 1) * window.dilation_w + 1;
  return window.taps() + rows * (columns + 1) + band * window.out.columns + 1;
}

// A channel's weights, a row's sums, and the columns that its windows cover, in words.
void SetDepthwiseScratch(const Target& target, const Tensor& weights, FormOf& form) {
  if (target.layout == Layout::kPairs && SuitsLanes(weights, form.window)) {
    form.band = 1;
    while (form.band < std::min(form.window.out.rows, kMostBand) &&
           4 * LaneWords(form.window, form.band + 1) <= kBandBytes) {
      ++form.band;
    }
    form.columns_bytes = static_cast<std::uint32_t>(4 * LaneWords(form.window, form.band));
    return;
  }
  const WindowShape& window = form.window;
  const std::int32_t words =
      target.layout == Layout::kQuads ? (window.height + 1) / 2 : window.height;
  const std::int32_t columns =
      (window.out.columns - 1) * window.stride_w + (window.width - 1) * window.dilation_w + 1;
  form.columns_bytes =
      static_cast<std::uint32_t>(4 * (words * (window.width + columns) + window.out.columns));
}

// A picture of one column (a signal in time) is a picture of one row, in which a kernel makes many
// places at a time. It gives up the turns of a few rows.
void LayDown(FormOf& form) {
  WindowShape& w = form.window;
  if (w.in.columns != 1 || w.out.columns != 1 || w.width != 1 || w.pad_w != 0 || w.out.rows == 1) {
    return;
  }
  std::swap(w.in.rows, w.in.columns);
  std::swap(w.out.rows, w.out.columns);
  std::swap(w.height, w.width);
  std::swap(w.stride_h, w.stride_w);
  std::swap(w.dilation_h, w.dilation_w);
  std::swap(w.pad_h, w.pad_w);
  form.by_rows = false;
  form.flat = true;
}

FormOf ClassifyFullSum(const Tensor& in, const Tensor& weights, const Tensor& out, FormOf form,
                       const Target& target) {
  if (in.type == Type::kFloat32 && weights.type == Type::kFloat32) {
    form.form = Form::kFloatSum;
    return form;
  }
  if (in.type != Type::kInt8 || weights.type != Type::kInt8 || out.type != Type::kInt8) {
    return Refuse(TypesFound(in, out) + " with weights of " + std::string(TypeName(weights.type)) +
                  " found");
  }
  if (weights.zero_point != 0) {
    return Refuse("weights with zero point " + std::to_string(weights.zero_point) + " found");
  }
  form.form = Form::kSum;
  SetColumns(target, form);
  return form;
}

FormOf ClassifyConv(const Graph& graph, const Operator& op, const WindowSumParams& params,
                    const Target& target) {
  const Tensor& in = *Input(graph, op, 0);
  const Tensor& weights = *Input(graph, op, 1);
  const Tensor& out = graph.tensor(op.outputs[0]);
  FormOf form;
  form.by_rows = true;
  WindowShape& window = form.window;
  if (!OnePicture(in.shape, window.in) || !OnePicture(out.shape, window.out)) {
    return Refuse("a batch of several pictures found");
  }
  window.height = weights.shape.dim(1);
  window.width = weights.shape.dim(2);
  window.pad_h = params.pad_h;
  window.pad_w = params.pad_w;
  const bool full = op.kind == OpKind::kConv2d;
  if (full) {
    SetSteps(op.options<ConvOptions>(), window);
  } else {
    SetSteps(op.options<DepthwiseConvOptions>(), window);
  }
  if (full && weights.shape.dim(3) != window.in.channels) {
    return Refuse("a grouped convolution found");
  }
  if (!weights.is_constant()) {
    return Refuse("weights that the network computes found");
  }
  if (in.type == Type::kInt8) {
    LayDown(form);
  }
  if (full || (window.in.channels == 1 && in.type == Type::kInt8)) {
    return ClassifyFullSum(in, weights, out, form, target);
  }
  form.multiplier = window.out.channels / window.in.channels;
  if (in.type == Type::kFloat32 && weights.type == Type::kFloat32) {
    form.form = Form::kFloatSum;
    return form;
  }
  if (in.type != Type::kInt8 || weights.type != Type::kInt8 || weights.zero_point != 0) {
    return Refuse(TypesFound(in, out) + " with weights of " + std::string(TypeName(weights.type)) +
                  " found");
  }
  if (window.height > kMaxHeight) {
    return Refuse("a window of " + std::to_string(window.height) + " rows found");
  }
  form.form = Form::kDepthwise;
  SetDepthwiseScratch(target, weights, form);
  return form;
}

// A row of batches under a window of one tap.
FormOf ClassifyFullyConnected(const Graph& graph, const Operator& op, const Target& target) {
  const Tensor& in = *Input(graph, op, 0);
  const Tensor& weights = *Input(graph, op, 1);
  const Tensor& out = graph.tensor(op.outputs[0]);
  if (!weights.is_constant()) {
    return Refuse("weights that the network computes found");
  }
  FormOf form;
  const std::int32_t depth = weights.shape.dim(1);
  const auto batches = static_cast<std::int32_t>(in.shape.element_count()) / depth;
  form.window.in = {1, batches, depth};
  form.window.out = {1, batches, weights.shape.dim(0)};
  form.flat = true;
  return ClassifyFullSum(in, weights, out, form, target);
}

FormOf ClassifyPool(const Graph& graph, const Operator& op, const PoolParams& params) {
  const Tensor& in = *Input(graph, op, 0);
  const Tensor& out = graph.tensor(op.outputs[0]);
  FormOf form;
  form.by_rows = true;
  WindowShape& window = form.window;
  if (!OnePicture(in.shape, window.in) || !OnePicture(out.shape, window.out)) {
    return Refuse("a batch of several pictures found");
  }
  const auto options = op.options<Pool2dOptions>();
  window.height = options.filter_h;
  window.width = options.filter_w;
  window.stride_h = options.stride_h;
  window.stride_w = options.stride_w;
  window.pad_h = params.pad_h;
  window.pad_w = params.pad_w;
  if (in.type != Type::kInt8 && in.type != Type::kFloat32) {
    return Refuse(TypesFound(in, out) + " found");
  }
  form.form = in.type == Type::kInt8 ? Form::kPool : Form::kFloatPool;
  return form;
}

// Types that the template for this operator is for.
bool PairTakes(OpKind kind, Type type) {
  const bool wide = type == Type::kFloat32 || type == Type::kInt32 || type == Type::kInt64;
  const bool scaled = type == Type::kInt8 || type == Type::kUint8 || type == Type::kInt16;
  return kind == OpKind::kDiv ? wide : wide || scaled;
}

bool HasZero(const Tensor& tensor) {
  const auto has = [](const auto& values) {
    return std::any_of(values.begin(), values.end(), [](auto value) { return value == 0; });
  };
  return tensor.type == Type::kInt32   ? has(tensor.constant<std::int32_t>())
         : tensor.type == Type::kInt64 ? has(tensor.constant<std::int64_t>())
                                       : false;
}

FormOf ClassifyPair(const Graph& graph, const Operator& op, const kernels::Prepared& prepared) {
  const Tensor& a = *Input(graph, op, 0);
  const Tensor& b = *Input(graph, op, 1);
  const Tensor& out = graph.tensor(op.outputs[0]);
  if (!PairTakes(op.kind, out.type)) {
    return Refuse(TypesFound(a, out) + " found");
  }
  if (op.kind == OpKind::kDiv && b.is_constant() && HasZero(b)) {
    return Refuse("a division by zero found");
  }
  const bool apart = !a.is_constant() && !b.is_constant() && a.shape == b.shape;
  FormOf form = Simple(op.kind == OpKind::kAdd && out.type == Type::kInt8 && apart ? Form::kAdd
                                                                                   : Form::kPair);
  form.by_rows = form.form == Form::kAdd || prepared.rows.by_rows();
  return form;
}

// By a table where one byte becomes one byte, else element by element.
FormOf ClassifyElements(const Tensor& in, const Tensor& out) {
  FormOf form =
      Simple(TypeSize(in.type) == 1 && TypeSize(out.type) == 1 ? Form::kLookup : Form::kElements);
  form.by_rows = true;
  return form;
}

FormOf ClassifyCast(const Tensor& in, const Tensor& out) {
  return in.type == Type::kUint64 || out.type == Type::kUint64
             ? Refuse(TypesFound(in, out) + " found")
             : Simple(Form::kElements);
}

FormOf ClassifyResize(const Tensor& in) {
  for (const int d : {1, 2}) {
    if (in.shape.dim(d) > kMost16) {
      return Refuse("a dimension above 32767 found");
    }
  }
  return Simple(Form::kResize);
}

FormOf ClassifyConversion(const Tensor& in, const Tensor& out) {
  if (in.type == Type::kFloat32 && out.type == Type::kInt8) {
    return Simple(Form::kQuantize);
  }
  if (in.type == Type::kInt8 && out.type == Type::kFloat32) {
    return in.scale_count == 1 ? Simple(Form::kDequantize) : Refuse("several scales found");
  }
  if (in.scale_count > 1) {
    return Refuse("several scales found");
  }
  return ClassifyElements(in, out);
}

FormOf ClassifySoftmax(const Tensor& in, const Tensor& out) {
  if (in.type == Type::kFloat32) {
    return Simple(Form::kFloatSoftmax);
  }
  return in.type == Type::kInt8 && out.type == Type::kInt8 ? Simple(Form::kSoftmax)
                                                           : Refuse(TypesFound(in, out) + " found");
}

// Weights and biases are constants; state lies among the inputs too.
FormOf ClassifyRecurrent(const Graph& graph, const Operator& op, Form kind) {
  for (std::size_t i = 1; i < op.inputs.size(); ++i) {
    const Tensor* tensor = Input(graph, op, i);
    if (tensor != nullptr && !tensor->is_variable && !tensor->is_constant()) {
      return Refuse("input " + std::to_string(i) +
                    " is computed by the network, a constant expected");
    }
  }
  return Simple(kind);
}

// Which of the inputs are moved; the others say how, and must be constants.
bool IsMoved(OpKind kind, std::size_t input) {
  switch (kind) {
    case OpKind::kConcatenation:
    case OpKind::kPack: return true;
    case OpKind::kSplit: return input == 1;
    default: return input == 0;
  }
}

FormOf ClassifyMove(const Graph& graph, const Operator& op) {
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Tensor* tensor = Input(graph, op, i);
    if (tensor != nullptr && !IsMoved(op.kind, i) && !tensor->is_constant()) {
      return Refuse("input " + std::to_string(i) +
                    " is computed by the network, a constant expected");
    }
  }
  return Simple(Form::kMove);
}

}  // namespace

FormOf ClassifyOperator(const Graph& graph, std::size_t index, const kernels::Prepared& prepared,
                        const Target& target) {
  const Operator& op = graph.operators[index];
  const Tensor* in = Input(graph, op, 0);
  const Tensor* out = op.outputs.empty() ? nullptr : &graph.tensor(op.outputs[0]);
  FormOf form;
  switch (op.kind) {
    case OpKind::kVarHandle:
    case OpKind::kCallOnce: form = Simple(Form::kNothing); break;
    case OpKind::kReadVariable: form = Simple(Form::kRead); break;
    case OpKind::kAssignVariable: form = Simple(Form::kAssign); break;
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
      form = ClassifyConv(graph, op, *static_cast<const WindowSumParams*>(prepared.params), target);
      break;
    case OpKind::kFullyConnected: form = ClassifyFullyConnected(graph, op, target); break;
    case OpKind::kAveragePool2d:
    case OpKind::kMaxPool2d:
      form = ClassifyPool(graph, op, *static_cast<const PoolParams*>(prepared.params));
      break;
    case OpKind::kMean:
    case OpKind::kSum: form = Simple(in->type == Type::kInt8 ? Form::kMean : Form::kReduce); break;
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kDiv:
    case OpKind::kMinimum:
    case OpKind::kMaximum:
    case OpKind::kSquaredDifference:
    case OpKind::kPrelu: form = ClassifyPair(graph, op, prepared); break;
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kLeakyRelu:
    case OpKind::kLogistic:
    case OpKind::kTanh:
    case OpKind::kNeg:
    case OpKind::kSqrt:
    case OpKind::kRsqrt: form = ClassifyElements(*in, *out); break;
    case OpKind::kCast: form = ClassifyCast(*in, *out); break;
    case OpKind::kResizeBilinear: form = ClassifyResize(*in); break;
    case OpKind::kUnidirectionalSequenceLstm:
      form = ClassifyRecurrent(graph, op, Form::kLstm);
      break;
    case OpKind::kSvdf: form = ClassifyRecurrent(graph, op, Form::kSvdf); break;
    case OpKind::kSignalWindow:
    case OpKind::kSignalFftAutoScale:
    case OpKind::kSignalEnergy:
    case OpKind::kSignalFilterBank:
    case OpKind::kSignalFilterBankSquareRoot:
    case OpKind::kSignalFilterBankSpectralSubtraction:
    case OpKind::kSignalPcan:
    case OpKind::kSignalFilterBankLog: form = Simple(Form::kSignal); break;
    case OpKind::kSignalRfft:
      form = in->type == Type::kInt16 ? Simple(Form::kSignal)
                                      : Refuse(TypesFound(*in, *out) + " found");
      break;
    case OpKind::kQuantize:
    case OpKind::kDequantize: form = ClassifyConversion(*in, *out); break;
    case OpKind::kSoftmax: form = ClassifySoftmax(*in, *out); break;
    case OpKind::kConcatenation:
    case OpKind::kDepthToSpace:
    case OpKind::kExpandDims:
    case OpKind::kGather:
    case OpKind::kPack:
    case OpKind::kPad:
    case OpKind::kPadV2:
    case OpKind::kReshape:
    case OpKind::kResizeNearestNeighbor:
    case OpKind::kSlice:
    case OpKind::kSplit:
    case OpKind::kSplitV:
    case OpKind::kSqueeze:
    case OpKind::kStridedSlice:
    case OpKind::kTranspose:
    case OpKind::kUnpack: form = ClassifyMove(graph, op); break;
    default: form = Refuse("this operator found"); break;
  }
  if (!Fits16(form.window)) {
    return Refuse("a dimension above 32767 found");
  }
  return form;
}

plan::OpDemand DemandOf(const FormOf& form, const Graph& graph, std::size_t index,
                        const kernels::Prepared& prepared, int cores) {
  const Operator& op = graph.operators[index];
  plan::OpDemand demand;
  demand.scratch_bytes = form.scratch_bytes() * static_cast<std::uint32_t>(cores);
  const bool one_place =
      form.form == Form::kAdd || form.form == Form::kPair || form.form == Form::kElements ||
      form.form == Form::kSignal || form.form == Form::kLookup || form.form == Form::kSoftmax ||
      form.form == Form::kFloatSoftmax || form.form == Form::kQuantize ||
      op.kind == OpKind::kReshape || op.kind == OpKind::kSqueeze || op.kind == OpKind::kExpandDims;
  demand.state_bytes = prepared.state_bytes;
  demand.in_place_inputs = one_place ? prepared.in_place_inputs : std::uint8_t{0};
  if (form.by_rows) {
    demand.rows = prepared.rows;
  }
  return demand;
}

}  // namespace pinhole::engine::emit
