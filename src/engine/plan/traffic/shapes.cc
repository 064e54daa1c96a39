// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/traffic/shapes.h"

#include <optional>

#include "engine/kernels/ref/padding.h"

namespace pinhole::engine::plan::traffic {

namespace {

// Scaled windows are right as long as the kernels' rounded quotient is off by less than a row.
constexpr std::int32_t kMostScaledRows = 1024;

// True for an input that is read while the operator is prepared, not while it runs.
bool IsSetting(OpKind kind, std::size_t input) {
  switch (kind) {
    case OpKind::kPad:
    case OpKind::kPadV2:
    case OpKind::kReshape:
    case OpKind::kExpandDims:
    case OpKind::kTranspose:
    case OpKind::kMean:
    case OpKind::kSum:
    case OpKind::kResizeBilinear:
    case OpKind::kResizeNearestNeighbor: return input == 1;
    case OpKind::kSlice:
    case OpKind::kStridedSlice:
    case OpKind::kSplitV: return input >= 1;
    case OpKind::kSplit: return input == 0;
    default: return false;
  }
}

bool IsElementwise(OpKind kind) {
  switch (kind) {
    case OpKind::kAdd:
    case OpKind::kCast:
    case OpKind::kDequantize:
    case OpKind::kDiv:
    case OpKind::kLeakyRelu:
    case OpKind::kLogistic:
    case OpKind::kMaximum:
    case OpKind::kMinimum:
    case OpKind::kMul:
    case OpKind::kNeg:
    case OpKind::kPrelu:
    case OpKind::kQuantize:
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kRsqrt:
    case OpKind::kSqrt:
    case OpKind::kSquaredDifference:
    case OpKind::kSub:
    case OpKind::kTanh: return true;
    default: return false;
  }
}

// A setting's values; empty where it is none that is known.
std::vector<std::int64_t> Integers(const Graph& graph, const Operator& op, std::size_t input) {
  if (input >= op.inputs.size() || op.inputs[input] < 0) {
    return {};
  }
  const Tensor& tensor = graph.tensor(op.inputs[input]);
  std::vector<std::int64_t> values;
  if (tensor.is_constant() && tensor.type == Type::kInt32) {
    const auto given = tensor.constant<std::int32_t>();
    values.assign(given.begin(), given.end());
  } else if (tensor.is_constant() && tensor.type == Type::kInt64) {
    const auto given = tensor.constant<std::int64_t>();
    values.assign(given.begin(), given.end());
  }
  return values;
}

class Shaper {
 public:
  Shaper(const Graph& graph, const Operator& op) : graph_(graph), op_(op) {
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      const std::int32_t t = op.inputs[i];
      if (t < 0 || graph.tensor(t).type == Type::kResource) {
        continue;
      }
      if (!graph.tensor(t).is_constant()) {
        shape_.inputs.push_back({t, Whole(t)});
      } else if (!IsSetting(op.kind, i)) {
        shape_.constants.push_back(t);
        shape_.channel_bytes += graph.tensor(t).bytes;
      }
    }
    for (const std::int32_t t : op.outputs) {
      if (graph.tensor(t).type != Type::kResource) {
        shape_.outputs.push_back({t, Whole(t)});
      }
    }
  }

  OperatorShape Shape() {
    if (shape_.outputs.size() == 1 && !shape_.inputs.empty()) {
      Cut();
    }
    return std::move(shape_);
  }

 private:
  [[nodiscard]] Operand Whole(std::int32_t t) const {
    Operand operand;
    const Tensor& tensor = graph_.tensor(t);
    operand.row_bytes = tensor.bytes;
    operand.pixel_bytes = static_cast<std::uint32_t>(TypeSize(tensor.type)) *
                          static_cast<std::uint32_t>(tensor.shape.FromBack(0));
    return operand;
  }
  [[nodiscard]] const Tensor& in(std::size_t i = 0) const {
    return graph_.tensor(shape_.inputs[i].tensor);
  }
  [[nodiscard]] const Tensor& out() const { return graph_.tensor(shape_.outputs[0].tensor); }

  // Rows are dimension 1 of one picture or sequence.
  static std::uint32_t RowsOf(const Tensor& tensor) {
    return tensor.shape.rank() >= 3 && tensor.shape.dim(0) == 1
               ? static_cast<std::uint32_t>(tensor.shape.dim(1))
               : 1;
  }
  static bool IsPicture(const Tensor& tensor) {
    return tensor.shape.rank() == 4 && tensor.shape.dim(0) == 1;
  }
  static void SetRows(Operand& operand, std::uint32_t rows) {
    operand.row_bytes = operand.row_bytes * operand.rows / rows;
    operand.rows = rows;
  }
  void CutRows(std::size_t input, Window window) {
    SetRows(shape_.inputs[input].operand, RowsOf(in(input)));
    shape_.inputs[input].operand.window = window;
  }

  void Cut() {
    switch (op_.kind) {
      case OpKind::kConv2d: return CutConvolution<ConvOptions>(0);
      case OpKind::kDepthwiseConv2d: return CutConvolution<DepthwiseConvOptions>(3);
      case OpKind::kFullyConnected: return CutChannels(0);
      case OpKind::kAveragePool2d:
      case OpKind::kMaxPool2d: return CutPool();
      case OpKind::kMean:
      case OpKind::kSum: return CutReduction();
      case OpKind::kPad:
      case OpKind::kPadV2: return CutPad();
      case OpKind::kResizeBilinear:
      case OpKind::kResizeNearestNeighbor: return CutResize();
      case OpKind::kDepthToSpace: return CutDepthToSpace();
      case OpKind::kConcatenation: return CutConcatenation();
      case OpKind::kTranspose: return CutTranspose();
      case OpKind::kSoftmax:
        if (in().shape == out().shape && RowsOf(out()) > 1) {
          SetRows(shape_.outputs[0].operand, RowsOf(out()));
          CutRows(0, Window::Same());
        }
        return;
      default:
        if (IsElementwise(op_.kind)) {
          CutElementwise();
        }
    }
  }

  // The constants are weights and perhaps a bias, with the output's channels along one dimension.
  void CutChannels(int axis) {
    if (op_.inputs.size() < 2 || shape_.inputs.size() != 1 || shape_.constants.empty() ||
        shape_.constants[0] != op_.inputs[1]) {
      return;
    }
    const engine::Shape& weights = graph_.tensor(shape_.constants[0]).shape;
    if (weights.rank() <= axis || weights.dim(axis) != out().shape.FromBack(0)) {
      return;
    }
    const auto channels = static_cast<std::uint32_t>(weights.dim(axis));
    for (const std::int32_t t : shape_.constants) {
      if (graph_.tensor(t).shape.element_count() % channels != 0) {
        return;
      }
    }
    shape_.channels = channels;
    shape_.channel_bytes /= channels;
    shape_.channels_last = axis > 0;
  }

  template <typename Options>
  void CutConvolution(int axis) {
    CutChannels(axis);
    if (shape_.inputs.size() != 1 || shape_.constants.empty() || !IsPicture(in()) ||
        !IsPicture(out()) || graph_.tensor(shape_.constants[0]).shape.rank() != 4) {
      return;
    }
    const engine::Shape& weights = graph_.tensor(shape_.constants[0]).shape;
    const auto options = op_.options<Options>();
    shape_.channelwise = axis == 3 && shape_.channels > 1 &&
                         in().shape.dim(3) == out().shape.dim(3) && SameElements();
    if (options.padding == Padding::kExplicit) {
      CutWindow(
          kernels::ref::FitPaddedWindow(options.edges.top, options.edges.bottom, in().shape.dim(1),
                                        weights.dim(1), options.stride_h, options.dilation_h),
          weights.dim(1), options.stride_h, options.dilation_h);
      return;
    }
    CutWindow(kernels::ref::FitWindow(options.padding, in().shape.dim(1), weights.dim(1),
                                      options.stride_h, options.dilation_h),
              weights.dim(1), options.stride_h, options.dilation_h);
  }
  void CutPool() {
    if (!IsPicture(in()) || !IsPicture(out())) {
      return;
    }
    const auto options = op_.options<Pool2dOptions>();
    CutChannelwise();
    CutWindow(kernels::ref::FitWindow(options.padding, in().shape.dim(1), options.filter_h,
                                      options.stride_h, 1),
              options.filter_h, options.stride_h, 1);
  }
  void CutWindow(const std::optional<kernels::ref::WindowFit>& fit, std::int32_t filter,
                 std::int32_t stride, std::int32_t dilation) {
    if (!fit || fit->out_size != out().shape.dim(1)) {
      shape_.channelwise = false;
      return;
    }
    SetRows(shape_.outputs[0].operand, RowsOf(out()));
    CutRows(0, Window::Affine(static_cast<std::uint32_t>((filter - 1) * dilation + 1),
                              static_cast<std::uint32_t>(stride),
                              static_cast<std::uint32_t>(fit->pad_before)));
  }

  [[nodiscard]] bool SameElements() const { return in().type == out().type; }
  // Without constants, and with as many channels in as out.
  void CutChannelwise() {
    if (shape_.constants.empty() && in().shape.FromBack(0) == out().shape.FromBack(0)) {
      shape_.channels = static_cast<std::uint32_t>(out().shape.FromBack(0));
      shape_.channelwise = shape_.channels > 1;
    }
  }

  void CutElementwise() {
    bool alike = true;
    bool by_rows = RowsOf(out()) > 1;
    for (std::size_t i = 0; i < shape_.inputs.size(); ++i) {
      alike = alike && in(i).shape == out().shape;
      by_rows =
          by_rows && in(i).shape.rank() == out().shape.rank() && RowsOf(in(i)) == RowsOf(out());
    }
    if (by_rows) {
      SetRows(shape_.outputs[0].operand, RowsOf(out()));
      for (std::size_t i = 0; i < shape_.inputs.size(); ++i) {
        CutRows(i, Window::Same());
      }
    }
    if (alike) {
      CutChannelwise();
    }
  }

  // A sum over the whole picture.
  void CutReduction() {
    const std::vector<std::int64_t> axes = Integers(graph_, op_, 1);
    const auto axis = [](std::int64_t a) { return a < 0 ? a + 4 : a; };
    if (!IsPicture(in()) || axes.size() != 2 || std::min(axis(axes[0]), axis(axes[1])) != 1 ||
        std::max(axis(axes[0]), axis(axes[1])) != 2 ||
        out().shape.element_count() != static_cast<std::size_t>(in().shape.dim(3)) ||
        out().shape.FromBack(0) != in().shape.dim(3)) {
      return;
    }
    CutChannelwise();
    CutRows(0, Window::Affine(RowsOf(in()), 1, 0));
  }

  void CutPad() {
    const std::vector<std::int64_t> pads = Integers(graph_, op_, 1);
    const auto rank = static_cast<std::size_t>(in().shape.rank());
    if (shape_.inputs.size() != 1 || !shape_.constants.empty() || RowsOf(out()) < 2 ||
        RowsOf(in()) != static_cast<std::uint32_t>(in().shape.dim(1)) || pads.size() != 2 * rank ||
        out().shape.rank() != in().shape.rank() || pads[2] < 0 ||
        pads[2] + in().shape.dim(1) > out().shape.dim(1)) {
      return;
    }
    SetRows(shape_.outputs[0].operand, RowsOf(out()));
    CutRows(0, Window::Affine(1, 1, static_cast<std::uint32_t>(pads[2])));
    if (pads[2 * rank - 2] == 0 && pads[2 * rank - 1] == 0) {
      CutChannelwise();
    }
  }

  void CutResize() {
    if (!IsPicture(in()) || !IsPicture(out()) || in().shape.dim(1) > kMostScaledRows ||
        out().shape.dim(1) > kMostScaledRows) {
      return;
    }
    const auto options = op_.options<ResizeOptions>();
    const bool corners = options.align_corners && in().shape.dim(1) > 1 && out().shape.dim(1) > 1;
    SetRows(shape_.outputs[0].operand, RowsOf(out()));
    CutRows(0, Window::Scaled(RowsOf(in()) - (corners ? 1 : 0), RowsOf(out()) - (corners ? 1 : 0),
                              options.half_pixel_centers));
    CutChannelwise();
  }

  // Every row of blocks becomes some rows of elements.
  void CutDepthToSpace() {
    if (!IsPicture(in()) || !IsPicture(out()) || out().shape.dim(1) > kMostScaledRows ||
        out().shape.dim(1) % in().shape.dim(1) != 0) {
      return;
    }
    SetRows(shape_.outputs[0].operand, RowsOf(out()));
    CutRows(0, Window::Scaled(RowsOf(in()), RowsOf(out()), false));
  }

  // Rows behind each other, or beside each other.
  void CutConcatenation() {
    const std::int32_t rank = out().shape.rank();
    std::int32_t axis = op_.options<AxisOptions>().axis;
    axis += axis < 0 ? rank : 0;
    if (RowsOf(out()) < 2 || axis < 1 || axis >= rank || !shape_.constants.empty()) {
      return;
    }
    std::uint64_t rows = 0;
    for (std::size_t i = 0; i < shape_.inputs.size(); ++i) {
      if (in(i).shape.rank() != rank || in(i).shape.dim(0) != 1) {
        return;
      }
      rows += static_cast<std::uint64_t>(in(i).shape.dim(1));
    }
    if (rows != (axis == 1 ? 1 : shape_.inputs.size()) * std::uint64_t{RowsOf(out())}) {
      return;
    }
    SetRows(shape_.outputs[0].operand, RowsOf(out()));
    std::uint32_t before = 0;
    for (std::size_t i = 0; i < shape_.inputs.size(); ++i) {
      CutRows(i, Window::Affine(1, 1, axis == 1 ? before : 0));
      before += RowsOf(in(i));
    }
  }

  // Row r of the output is index r of some dimension of the input.
  void CutTranspose() {
    const std::vector<std::int64_t> perm = Integers(graph_, op_, 1);
    const int rank = in().shape.rank();
    if (RowsOf(out()) < 2 || static_cast<int>(perm.size()) != rank || rank != out().shape.rank() ||
        perm[0] != 0 || perm[1] < 1 || perm[1] >= rank ||
        in().shape.dim(static_cast<int>(perm[1])) != out().shape.dim(1)) {
      return;
    }
    const auto from = static_cast<int>(perm[1]);
    std::uint32_t pieces = 1;
    for (int d = 0; d < from; ++d) {
      pieces *= static_cast<std::uint32_t>(in().shape.dim(d));
    }
    Operand& operand = shape_.inputs[0].operand;
    SetRows(shape_.outputs[0].operand, RowsOf(out()));
    SetRows(operand, RowsOf(out()));
    operand.pieces = pieces;
    operand.piece_stride = operand.row_bytes / pieces * operand.rows;
    operand.window = Window::Same();
  }

  const Graph& graph_;
  const Operator& op_;
  OperatorShape shape_;
};

}  // namespace

OperatorShape ShapeOf(const Graph& graph, const Operator& op) { return Shaper(graph, op).Shape(); }

}  // namespace pinhole::engine::plan::traffic
