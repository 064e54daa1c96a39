// SPDX-License-Identifier: Apache-2.0
// XNNPACK as a worker: xnnpack_worker THREADS
//
// The model is read by our reader and built again as an XNNPACK subgraph, in the types of the file:
// int8 with one scale or one a channel, and float32. An int8 SOFTMAX, which XNNPACK's subgraphs
// lack, becomes convert, SOFTMAX in float32, convert. A model with an operator, or a use of one,
// that XNNPACK can't express is refused by that operator's name. Interface: XNNPACK of 2022, as
// Debian 12 has it; newer ones are inside LiteRT.

#include <xnnpack.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>

#include "benchmarks/json_text.h"
#include "benchmarks/worker_protocol.h"
#include "engine/owned/model_file.h"

namespace pinhole::benchmarks {
namespace {

using engine::Activation;
using engine::Graph;
using engine::Operator;
using engine::OpKind;
using engine::Padding;
using engine::Tensor;
using engine::Type;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Range {
  float low = -kInfinity, high = kInfinity;
};

std::vector<std::size_t> Dims(const Tensor& tensor) {
  const auto dims = tensor.shape.dims();
  return {dims.begin(), dims.end()};
}

std::uint32_t Unsigned(std::int32_t value) { return static_cast<std::uint32_t>(value); }

// One graph, said to XNNPACK operator by operator.
class Builder {
 public:
  Builder(const Graph& graph, xnn_subgraph_t subgraph) : graph_(graph), subgraph_(subgraph) {
    for (const std::int32_t input : graph.inputs) {
      external_[input] = {next_external_++, XNN_VALUE_FLAG_EXTERNAL_INPUT};
    }
    for (const std::int32_t output : graph.outputs) {
      external_[output] = {next_external_++, XNN_VALUE_FLAG_EXTERNAL_OUTPUT};
    }
  }

  void AddAll() {
    for (const Operator& op : graph_.operators) {
      op_ = &op;
      Add(op);
    }
  }

 private:
  struct External {
    std::uint32_t id, flag;
  };

  [[noreturn]] void Refuse(const std::string& what) const {
    throw Refused("not supported: " + std::string(engine::OpName(op_->kind)) + " (" + what + ")");
  }
  void Check(xnn_status status) const {
    if (status != xnn_status_success) {
      Refuse("status " + std::to_string(status));
    }
  }

  [[nodiscard]] const Tensor& In(std::size_t i) const { return graph_.tensor(op_->inputs[i]); }
  [[nodiscard]] const Tensor& Out() const { return graph_.tensor(op_->outputs[0]); }
  [[nodiscard]] bool Has(std::size_t i) const {
    return i < op_->inputs.size() && op_->inputs[i] >= 0;
  }
  std::uint32_t InId(std::size_t i) { return Value(op_->inputs[i]); }
  std::uint32_t OutId() { return Value(op_->outputs[0]); }
  std::uint32_t BiasId() { return Has(2) ? InId(2) : XNN_INVALID_VALUE_ID; }

  // The value of a tensor, defined where it is met first.
  std::uint32_t Value(std::int32_t index) {
    if (const auto found = values_.find(index); found != values_.end()) {
      return found->second;
    }
    const Tensor& tensor = graph_.tensor(index);
    External external{XNN_INVALID_VALUE_ID, 0};
    if (const auto found = external_.find(index); found != external_.end()) {
      external = found->second;
    }
    const std::uint32_t id = Define(tensor, external);
    values_[index] = id;
    return id;
  }

  std::uint32_t Define(const Tensor& tensor, External external) {
    std::uint32_t id = 0;
    const std::vector<std::size_t> dims = Dims(tensor);
    if (tensor.type == Type::kFloat32) {
      Check(xnn_define_tensor_value(subgraph_, xnn_datatype_fp32, dims.size(), dims.data(),
                                    tensor.data, external.id, external.flag, &id));
    } else if (tensor.scale_count > 1) {
      const bool is_bias = tensor.type == Type::kInt32;
      Check(xnn_define_channelwise_quantized_tensor_value(
          subgraph_, is_bias ? xnn_datatype_qcint32 : xnn_datatype_qcint8, tensor.scales,
          dims.size(), is_bias ? 0 : tensor.axis, dims.data(), tensor.data, external.id,
          external.flag, &id));
    } else if (tensor.type == Type::kInt8 || tensor.type == Type::kInt32) {
      Check(xnn_define_quantized_tensor_value(
          subgraph_, tensor.type == Type::kInt8 ? xnn_datatype_qint8 : xnn_datatype_qint32,
          tensor.zero_point, tensor.scale(), dims.size(), dims.data(), tensor.data, external.id,
          external.flag, &id));
    } else {
      Refuse("type " + std::string(engine::TypeName(tensor.type)));
    }
    return id;
  }

  // A float32 value of this shape that only XNNPACK sees.
  std::uint32_t Float(const Tensor& like) {
    std::uint32_t id = 0;
    const std::vector<std::size_t> dims = Dims(like);
    Check(xnn_define_tensor_value(subgraph_, xnn_datatype_fp32, dims.size(), dims.data(), nullptr,
                                  XNN_INVALID_VALUE_ID, 0, &id));
    return id;
  }

  [[nodiscard]] Range RangeOf(Activation activation) const {
    switch (activation) {
      case Activation::kNone: return {};
      case Activation::kRelu: return {0.0F, kInfinity};
      case Activation::kReluN1To1: return {-1.0F, 1.0F};
      case Activation::kRelu6: return {0.0F, 6.0F};
      default: Refuse("activation");
    }
  }
  static std::uint32_t PaddingFlag(Padding padding) {
    return padding == Padding::kSame ? XNN_FLAG_TENSORFLOW_SAME_PADDING : 0U;
  }

  void AddConv() {
    const auto options = op_->options<engine::ConvOptions>();
    const Tensor& filter = In(1);
    const auto in_channels = static_cast<std::size_t>(filter.shape.dim(3));
    const std::uint32_t groups = Unsigned(In(0).shape.dim(3) / filter.shape.dim(3));
    const auto out_channels = static_cast<std::size_t>(filter.shape.dim(0)) / groups;
    const Range range = RangeOf(options.activation);
    Check(xnn_define_convolution_2d(
        subgraph_, options.edges.top, options.edges.right, options.edges.bottom, options.edges.left,
        Unsigned(filter.shape.dim(1)), Unsigned(filter.shape.dim(2)),
        options.stride_h, options.stride_w, options.dilation_h, options.dilation_w, groups,
        in_channels, out_channels, range.low, range.high, InId(0), InId(1), BiasId(), OutId(),
        PaddingFlag(options.padding)));
  }

  void AddDepthwise() {
    const auto options = op_->options<engine::DepthwiseConvOptions>();
    const Tensor& filter = In(1);
    const std::int32_t channels = In(0).shape.dim(3);
    const Range range = RangeOf(options.activation);
    Check(xnn_define_depthwise_convolution_2d(
        subgraph_, options.edges.top, options.edges.right, options.edges.bottom, options.edges.left,
        Unsigned(filter.shape.dim(1)), Unsigned(filter.shape.dim(2)),
        options.stride_h, options.stride_w, options.dilation_h, options.dilation_w,
        Unsigned(filter.shape.dim(3) / channels), static_cast<std::size_t>(channels), range.low,
        range.high, InId(0), InId(1), BiasId(), OutId(), PaddingFlag(options.padding)));
  }

  void AddFullyConnected() {
    const auto options = op_->options<engine::FullyConnectedOptions>();
    const Range range = RangeOf(options.activation);
    Check(xnn_define_fully_connected(subgraph_, range.low, range.high, InId(0), InId(1), BiasId(),
                                     OutId(), XNN_FLAG_TENSORFLOW_RESHAPE_2D));
  }

  void AddAveragePool() {
    const auto options = op_->options<engine::Pool2dOptions>();
    const Tensor& input = In(0);
    const Range range = RangeOf(options.activation);
    if (options.filter_h == input.shape.dim(1) && options.filter_w == input.shape.dim(2) &&
        Out().shape.dim(1) == 1 && Out().shape.dim(2) == 1) {
      Check(xnn_define_global_average_pooling_2d(subgraph_, range.low, range.high, InId(0), OutId(),
                                                 0));
      return;
    }
    Check(xnn_define_average_pooling_2d(subgraph_, 0, 0, 0, 0, options.filter_h, options.filter_w,
                                        options.stride_h, options.stride_w, range.low, range.high,
                                        InId(0), OutId(), PaddingFlag(options.padding)));
  }

  void AddMaxPool() {
    const auto options = op_->options<engine::Pool2dOptions>();
    const Range range = RangeOf(options.activation);
    Check(xnn_define_max_pooling_2d(subgraph_, 0, 0, 0, 0, options.filter_h, options.filter_w,
                                    options.stride_h, options.stride_w, 1, 1, range.low, range.high,
                                    InId(0), OutId(), PaddingFlag(options.padding)));
  }

  // Over height and width only, which is a pooling.
  void AddMean() {
    const auto axes = In(1).constant<std::int32_t>();
    if (In(0).shape.rank() != 4 || axes.size() != 2 || axes[0] + axes[1] != 3 ||
        axes[0] * axes[1] != 2) {
      Refuse("axes other than 1 and 2");
    }
    Check(xnn_define_global_average_pooling_2d(subgraph_, -kInfinity, kInfinity, InId(0), OutId(),
                                               0));
  }

  void AddPad() {
    const auto amounts = In(1).constant<std::int32_t>();
    std::vector<std::size_t> before, after;
    for (std::size_t i = 0; i + 1 < amounts.size(); i += 2) {
      before.push_back(static_cast<std::size_t>(amounts[i]));
      after.push_back(static_cast<std::size_t>(amounts[i + 1]));
    }
    if (before.empty() || In(1).type != Type::kInt32) {
      Refuse("amounts that are no int32 constant");
    }
    Check(xnn_define_static_constant_pad(subgraph_, before.data(), after.data(), 0.0F, InId(0),
                                         OutId(), 0));
  }

  void AddReshape() {
    const std::vector<std::size_t> dims = Dims(Out());
    Check(xnn_define_static_reshape(subgraph_, dims.size(), dims.data(), InId(0), OutId(), 0));
  }

  void AddSoftmax() {
    if (In(0).type == Type::kFloat32) {
      Check(xnn_define_softmax(subgraph_, InId(0), OutId(), 0));
      return;
    }
    const std::uint32_t logits = Float(In(0)), shares = Float(In(0));
    Check(xnn_define_convert(subgraph_, InId(0), logits, 0));
    Check(xnn_define_softmax(subgraph_, logits, shares, 0));
    Check(xnn_define_convert(subgraph_, shares, OutId(), 0));
  }

  void AddResize() {
    const auto options = op_->options<engine::ResizeOptions>();
    std::uint32_t flags = 0;
    if (options.align_corners) {
      flags = XNN_FLAG_ALIGN_CORNERS;
    } else if (!options.half_pixel_centers) {
      flags = XNN_FLAG_TENSORFLOW_LEGACY_MODE;
    }
    Check(xnn_define_static_resize_bilinear_2d(
        subgraph_, static_cast<std::size_t>(Out().shape.dim(1)),
        static_cast<std::size_t>(Out().shape.dim(2)), InId(0), OutId(), flags));
  }

  void AddAdd() {
    const Range range = RangeOf(op_->options<engine::ActivationOptions>().activation);
    Check(xnn_define_add2(subgraph_, range.low, range.high, InId(0), InId(1), OutId(), 0));
  }

  void AddDepthToSpace() {
    const auto block = op_->options<engine::DepthToSpaceOptions>().block_size;
    Check(xnn_define_depth_to_space(subgraph_, InId(0), OutId(), Unsigned(block), 0));
  }

  void Add(const Operator& op) {
    switch (op.kind) {
      case OpKind::kConv2d: return AddConv();
      case OpKind::kDepthwiseConv2d: return AddDepthwise();
      case OpKind::kFullyConnected: return AddFullyConnected();
      case OpKind::kAdd: return AddAdd();
      case OpKind::kAveragePool2d: return AddAveragePool();
      case OpKind::kMaxPool2d: return AddMaxPool();
      case OpKind::kMean: return AddMean();
      case OpKind::kPad: return AddPad();
      case OpKind::kReshape: return AddReshape();
      case OpKind::kSoftmax: return AddSoftmax();
      case OpKind::kResizeBilinear: return AddResize();
      case OpKind::kDepthToSpace: return AddDepthToSpace();
      case OpKind::kPrelu: return Check(xnn_define_prelu(subgraph_, InId(0), InId(1), OutId(), 0));
      case OpKind::kRelu:
        return Check(xnn_define_clamp(subgraph_, 0.0F, kInfinity, InId(0), OutId(), 0));
      case OpKind::kRelu6:
        return Check(xnn_define_clamp(subgraph_, 0.0F, 6.0F, InId(0), OutId(), 0));
      case OpKind::kLogistic: return Check(xnn_define_sigmoid(subgraph_, InId(0), OutId(), 0));
      case OpKind::kQuantize:
      case OpKind::kDequantize: return Check(xnn_define_convert(subgraph_, InId(0), OutId(), 0));
      default: Refuse("no such node");
    }
  }

  const Graph& graph_;
  xnn_subgraph_t subgraph_;
  const Operator* op_ = nullptr;
  std::map<std::int32_t, External> external_;
  std::map<std::int32_t, std::uint32_t> values_;
  std::uint32_t next_external_ = 0;
};

class Xnnpack : public Engine {
 public:
  explicit Xnnpack(int threads)
      : pool_(threads > 1 ? pthreadpool_create(static_cast<std::size_t>(threads)) : nullptr) {}
  ~Xnnpack() override {
    xnn_delete_runtime(runtime_);
    pthreadpool_destroy(pool_);
  }
  Xnnpack(const Xnnpack&) = delete;
  Xnnpack& operator=(const Xnnpack&) = delete;

  std::string Load(const std::string& path) override {
    model_ = std::make_unique<engine::owned::OwnedModel>(path);
    const Graph& graph = model_->model().main();
    Check(xnn_initialize(nullptr), "initialize");
    xnn_subgraph_t subgraph = nullptr;
    const std::size_t externals = graph.inputs.size() + graph.outputs.size();
    Check(xnn_create_subgraph(static_cast<std::uint32_t>(externals), 0, &subgraph), "subgraph");
    const std::unique_ptr<xnn_subgraph, decltype(&xnn_delete_subgraph)> owned(subgraph,
                                                                              &xnn_delete_subgraph);
    Builder(graph, subgraph).AddAll();
    Check(xnn_create_runtime_v2(subgraph, pool_, 0, &runtime_), "runtime");
    std::vector<xnn_external_value> values;
    for (const auto& side : {graph.inputs, graph.outputs}) {
      for (const std::int32_t index : side) {
        sizes_.push_back(graph.tensor(index).bytes);
        buffers_.emplace_back(sizes_.back() + XNN_EXTRA_BYTES);
        values.push_back(
            {static_cast<std::uint32_t>(values.size()), buffers_.back().span().data()});
      }
    }
    inputs_ = graph.inputs.size();
    Check(xnn_setup_runtime(runtime_, values.size(), values.data()), "setup");
    return R"({"version":)" + Quoted(PINHOLE_XNNPACK_VERSION) + "}";
  }

  std::span<std::byte> Input(std::size_t i) override {
    return buffers_.at(i).span().first(sizes_.at(i));
  }

  std::vector<std::span<const std::byte>> Outputs() override {
    std::vector<std::span<const std::byte>> outputs;
    for (std::size_t i = inputs_; i < buffers_.size(); ++i) {
      outputs.emplace_back(buffers_[i].span().first(sizes_[i]));
    }
    return outputs;
  }

  void Run() override { Check(xnn_invoke_runtime(runtime_), "invoke"); }

 private:
  static void Check(xnn_status status, const char* what) {
    if (status != xnn_status_success) {
      throw Refused(std::string("xnn ") + what + ": status " + std::to_string(status));
    }
  }

  pthreadpool_t pool_;
  std::unique_ptr<engine::owned::OwnedModel> model_;
  xnn_runtime_t runtime_ = nullptr;
  std::vector<system::AlignedBytes> buffers_;
  std::vector<std::size_t> sizes_;
  std::size_t inputs_ = 0;
};

}  // namespace
}  // namespace pinhole::benchmarks

int main(int argc, char** argv) {
  pinhole::benchmarks::Xnnpack engine(argc > 1 ? std::atoi(argv[1]) : 1);
  return pinhole::benchmarks::Serve(engine);
}
