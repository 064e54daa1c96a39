// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: random int8 networks with real weights, and a plain run of them, operator by
// operator with whole tensors.
//
//   const RandomNetwork made(seed, {.operators = 12});
//   const auto network = ReadNetwork(made.model(), why);
//   made.Run(inputs);   // the bytes of every tensor

#include <cstring>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/diagnosis.h"
#include "engine/format/model.h"
#include "engine/kernels/ref/padding.h"
#include "engine/kernels/registry.h"

namespace pinhole::engine::plan::traffic {

class RandomNetwork {
 public:
  using Bytes = std::vector<std::byte>;
  struct Size {
    int operators = 12;
    int most_rows = 14;
    int most_channels = 24;
    bool plain = false;  // stride 1 and SAME only: every byte is needed
  };

  RandomNetwork(std::uint32_t seed, const Size& size) : random_(seed), size_(size) {
    tensors_.reserve(std::size_t(size.operators) * 6 + 64);
    const int rows = size.plain ? 9 : 3 + Below(size.most_rows);
    pictures_.push_back(AddTensor({1, rows, 2 + Below(9), 1 + Below(size.most_channels)}));
    inputs_.push_back(pictures_[0]);
    for (int i = 0; i < size.operators; ++i) {
      AddOperator();
    }
    if (!size.plain && Chance(60)) {
      AddHead();
    }
    outputs_.push_back(pictures_.back());
    if (pictures_.size() > 3 && !size.plain && Chance(20)) {
      outputs_.push_back(pictures_[pictures_.size() - 3]);
    }
    graph_.tensors = tensors_;
    graph_.operators = operators_;
    graph_.inputs = inputs_;
    graph_.outputs = outputs_;
    model_.graphs = {&graph_, 1};
  }
  RandomNetwork(const RandomNetwork&) = delete;
  RandomNetwork& operator=(const RandomNetwork&) = delete;

  [[nodiscard]] const format::Model& model() const { return model_; }
  [[nodiscard]] const Graph& graph() const { return graph_; }

  // Random bytes for the input.
  [[nodiscard]] Bytes Input() {
    Bytes bytes(tensors_[std::size_t(inputs_[0])].bytes);
    for (std::byte& b : bytes) {
      b = std::byte(random_() & 0xFF);
    }
    return bytes;
  }

  // Every tensor's bytes after a run; empty where an operator failed, which is a defect of this
  // file.
  [[nodiscard]] std::map<std::int32_t, Bytes> Run(const Bytes& input) const {
    std::map<std::int32_t, Bytes> bytes;
    bytes[inputs_[0]] = input;
    for (std::size_t i = 0; i < operators_.size(); ++i) {
      if (!RunOperator(i, bytes)) {
        return {};
      }
    }
    return bytes;
  }

 private:
  int Below(int n) { return static_cast<int>(random_() % static_cast<std::uint32_t>(n)); }
  bool Chance(int percent) { return Below(100) < percent; }
  const Tensor& tensor(std::int32_t t) const { return tensors_[std::size_t(t)]; }

  std::int32_t AddTensor(const Shape& shape, std::int32_t like = -1) {
    Tensor tensor;
    tensor.name_text = names_.emplace_back("t" + std::to_string(tensors_.size())).c_str();
    tensor.type = Type::kInt8;
    tensor.shape = shape;
    tensor.bytes = static_cast<std::uint32_t>(shape.element_count());
    tensor.scales = &scales_.emplace_back(like >= 0 ? tensors_[std::size_t(like)].scales[0]
                                                    : 0.02F + 0.01F * float(Below(5)));
    tensor.scale_count = 1;
    tensor.zero_point = like >= 0 ? tensors_[std::size_t(like)].zero_point : Below(40) - 20;
    tensors_.push_back(tensor);
    return static_cast<std::int32_t>(tensors_.size()) - 1;
  }
  template <typename T>
  std::int32_t AddConstant(Type type, const Shape& shape, const std::vector<T>& values,
                           float scale) {
    Bytes& bytes = constants_.emplace_back(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    Tensor tensor;
    tensor.type = type;
    tensor.shape = shape;
    tensor.bytes = static_cast<std::uint32_t>(bytes.size());
    tensor.data = bytes.data();
    if (scale > 0) {
      tensor.scales = &scales_.emplace_back(scale);
      tensor.scale_count = 1;
    }
    tensors_.push_back(tensor);
    return static_cast<std::int32_t>(tensors_.size()) - 1;
  }
  void Add(OpKind kind, Attributes attributes, const std::vector<std::int32_t>& inputs,
           std::int32_t output) {
    Operator op;
    op.kind = kind;
    op.attributes = attributes;
    op.inputs = lists_.emplace_back(inputs);
    op.outputs = lists_.emplace_back(std::vector<std::int32_t>{output});
    operators_.push_back(op);
    pictures_.push_back(output);
  }

  std::int32_t Weights(const Shape& shape) {
    std::vector<std::int8_t> values(shape.element_count());
    for (std::int8_t& v : values) {
      v = static_cast<std::int8_t>(Below(255) - 127);
    }
    return AddConstant(Type::kInt8, shape, values, 0.004F);
  }
  std::int32_t Bias(int channels, std::int32_t input) {
    std::vector<std::int32_t> values(std::size_t(channels), 0);
    for (std::int32_t& v : values) {
      v = Below(2000) - 1000;
    }
    return AddConstant(Type::kInt32, {channels}, values, 0.004F * tensor(input).scales[0]);
  }

  // A picture: mostly the last, now and then one further back.
  std::int32_t Pick() {
    const auto back = static_cast<std::size_t>(size_.plain || Chance(80) ? 0 : Below(4));
    return pictures_[pictures_.size() - 1 - std::min(back, pictures_.size() - 1)];
  }

  void AddOperator() {
    const std::int32_t in = Pick();
    switch (size_.plain ? Below(4) : Below(9)) {
      case 0:
      case 1: return AddConvolution(in, false);
      case 2: return AddConvolution(in, true);
      case 3: return AddSum(in);
      case 4: return AddPool(in);
      case 5: return AddPad(in);
      case 6: return AddConcatenation(in);
      case 7: return AddTranspose(in);
      default: return Add(OpKind::kRelu, std::monostate{}, {in}, AddTensor(tensor(in).shape, in));
    }
  }

  void AddConvolution(std::int32_t in, bool depthwise) {
    const Shape shape = tensor(in).shape;
    const int filter = Chance(50) ? 1 : 3;
    const int stride = size_.plain || Chance(70) ? 1 : 2;
    const int dilation = !size_.plain && filter == 3 && stride == 1 && Chance(15) ? 2 : 1;
    Padding padding = size_.plain || Chance(70) ? Padding::kSame : Padding::kValid;
    PaddedEdges edges;
    if (!size_.plain && filter > 1 && Chance(25)) {
      padding = Padding::kExplicit;
      for (std::uint8_t* edge : {&edges.top, &edges.left, &edges.bottom, &edges.right}) {
        *edge = static_cast<std::uint8_t>(Below(3));
      }
    }
    const auto fit = [&](int axis, std::int32_t before, std::int32_t after) {
      return padding == Padding::kExplicit
                 ? kernels::ref::FitPaddedWindow(before, after, shape.dim(axis), filter, stride,
                                                 dilation)
                 : kernels::ref::FitWindow(padding, shape.dim(axis), filter, stride, dilation);
    };
    const auto rows = fit(1, edges.top, edges.bottom);
    const auto columns = fit(2, edges.left, edges.right);
    if (!rows || !columns) {
      return AddSum(in);
    }
    const int channels = depthwise ? shape.dim(3) : 1 + Below(size_.most_channels);
    const auto s = static_cast<std::uint16_t>(stride);
    const auto d = static_cast<std::uint16_t>(dilation);
    const std::int32_t weights = depthwise ? Weights({1, filter, filter, channels})
                                           : Weights({channels, filter, filter, shape.dim(3)});
    std::vector<std::int32_t> inputs = {in, weights};
    if (size_.plain || Chance(80)) {
      inputs.push_back(Bias(channels, in));
    }
    const std::int32_t out = AddTensor({1, rows->out_size, columns->out_size, channels});
    if (depthwise) {
      Add(OpKind::kDepthwiseConv2d,
          DepthwiseConvOptions{s, s, d, d, 1, padding, Activation::kNone, edges}, inputs, out);
    } else {
      Add(OpKind::kConv2d, ConvOptions{s, s, d, d, padding, Activation::kNone, edges}, inputs, out);
    }
  }
  // With another picture of the same shape, the one furthest back.
  void AddSum(std::int32_t in) {
    std::int32_t other = in;
    for (const std::int32_t t : pictures_) {
      if (tensor(t).shape == tensor(in).shape && t != in) {
        other = t;
        break;
      }
    }
    Add(OpKind::kAdd, ActivationOptions{}, {in, other}, AddTensor(tensor(in).shape));
  }
  void AddPool(std::int32_t in) {
    const Shape& shape = tensor(in).shape;
    const auto filter = static_cast<std::uint16_t>(1 + Below(3));
    const auto stride = static_cast<std::uint16_t>(1 + Below(2));
    const bool largest = Chance(50);
    // The mean over a window counts what is there: the test's machine can't write padding out.
    const Padding padding = largest && Chance(50) ? Padding::kSame : Padding::kValid;
    const auto rows = kernels::ref::FitWindow(padding, shape.dim(1), filter, stride, 1);
    const auto columns = kernels::ref::FitWindow(padding, shape.dim(2), filter, stride, 1);
    if (!rows || !columns) {
      return AddSum(in);
    }
    const Shape out = {1, rows->out_size, columns->out_size, shape.dim(3)};
    Add(largest ? OpKind::kMaxPool2d : OpKind::kAveragePool2d,
        Pool2dOptions{stride, stride, filter, filter, padding, Activation::kNone}, {in},
        AddTensor(out, in));
  }
  void AddPad(std::int32_t in) {
    const Shape& shape = tensor(in).shape;
    std::vector<std::int32_t> pads = {0, 0, Below(3), Below(3), Below(2), Below(2), 0, Below(2)};
    const Shape out = {1, shape.dim(1) + pads[2] + pads[3], shape.dim(2) + pads[4] + pads[5],
                       shape.dim(3) + pads[7]};
    const std::int32_t setting = AddConstant(Type::kInt32, {4, 2}, pads, 0);
    Add(OpKind::kPad, std::monostate{}, {in, setting}, AddTensor(out, in));
  }
  void AddConcatenation(std::int32_t in) {
    const int axis = 1 + Below(3);
    Shape out = tensor(in).shape;
    out.set_dim(axis, 2 * out.dim(axis));
    AxisOptions options;
    options.axis = axis;
    Add(OpKind::kConcatenation, options, {in, in}, AddTensor(out, in));
  }
  void AddTranspose(std::int32_t in) {
    const Shape& shape = tensor(in).shape;
    static constexpr int kPerms[][4] = {{0, 2, 1, 3}, {0, 3, 1, 2}, {0, 2, 3, 1}, {0, 1, 3, 2}};
    const auto& perm = kPerms[Below(4)];
    const Shape out = {shape.dim(perm[0]), shape.dim(perm[1]), shape.dim(perm[2]),
                       shape.dim(perm[3])};
    const std::int32_t setting =
        AddConstant(Type::kInt32, {4}, std::vector<std::int32_t>(perm, perm + 4), 0);
    Add(OpKind::kTranspose, std::monostate{}, {in, setting}, AddTensor(out, in));
  }
  // Mean over the picture, reshaped, a dense layer.
  void AddHead() {
    const std::int32_t in = pictures_.back();
    const int channels = tensor(in).shape.dim(3);
    const std::int32_t axes = AddConstant(Type::kInt32, {2}, std::vector<std::int32_t>{1, 2}, 0);
    const std::int32_t mean = AddTensor({1, 1, 1, channels});
    Add(OpKind::kMean, ReduceOptions{true}, {in, axes}, mean);
    const std::int32_t shape =
        AddConstant(Type::kInt32, {2}, std::vector<std::int32_t>{1, channels}, 0);
    const std::int32_t flat = AddTensor({1, channels}, mean);
    Add(OpKind::kReshape, std::monostate{}, {mean, shape}, flat);
    const int classes = 1 + Below(30);
    Add(OpKind::kFullyConnected, FullyConnectedOptions{},
        {flat, Weights({classes, channels}), Bias(classes, flat)}, AddTensor({1, classes}));
  }

  bool RunOperator(std::size_t i, std::map<std::int32_t, Bytes>& bytes) const {
    const Operator& op = operators_[i];
    std::vector<std::uint32_t> offsets(tensors_.size());
    Bytes arena_bytes;
    const auto place = [&](std::int32_t t, const Bytes& from) {
      offsets[std::size_t(t)] = static_cast<std::uint32_t>((arena_bytes.size() + 15) / 16 * 16);
      arena_bytes.resize(offsets[std::size_t(t)] + from.size());
      std::copy(from.begin(), from.end(), arena_bytes.begin() + offsets[std::size_t(t)]);
    };
    for (const std::int32_t t : op.inputs) {
      if (!tensor(t).is_constant()) {
        place(t, bytes.at(t));
      }
    }
    const std::int32_t out = op.outputs[0];
    place(out, Bytes(tensor(out).bytes));
    Bytes memory(std::size_t{1} << 18), state;
    base::Arena arena(memory);
    base::Diagnosis why;
    kernels::PrepareContext context(graph_, i, arena, why);
    const kernels::Kernel* kernel = kernels::FindKernel(kernels::AllKernels(), op.kind);
    const auto prepared = kernel->prepare(context);
    if (!prepared) {
      return false;
    }
    Bytes scratch(prepared->scratch_bytes + 16);
    const kernels::EvalContext::Places places{
        &graph_, offsets.data(), arena_bytes.data(), {}, nullptr};
    const kernels::EvalContext evaluation(places, op, prepared->params, scratch, state);
    if (!kernel->evaluate(evaluation)) {
      return false;
    }
    const auto from = arena_bytes.begin() + offsets[std::size_t(out)];
    bytes[out] = Bytes(from, from + tensor(out).bytes);
    return true;
  }

  std::minstd_rand random_;
  Size size_;
  std::deque<std::string> names_;
  std::deque<float> scales_;
  std::deque<Bytes> constants_;
  std::deque<std::vector<std::int32_t>> lists_;
  std::vector<Tensor> tensors_;
  std::vector<Operator> operators_;
  std::vector<std::int32_t> pictures_, inputs_, outputs_;
  Graph graph_;
  format::Model model_;
};

}  // namespace pinhole::engine::plan::traffic
