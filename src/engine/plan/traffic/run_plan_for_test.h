// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: a machine with two memories that runs a plan and really computes.
//
//   PlanMachine machine(network, plan);
//   machine.SetSlow(tensor, bytes);          // the inputs
//   ASSERT_TRUE(machine.Run()) << machine.why();
//   machine.Slow(tensor);                    // the outputs
//
// Fast memory is a block of exactly the plan's N bytes, poisoned; what is not filled or computed
// there is not there. Beside a step, the next step's fills come first and the spills of the step
// before come last: the order in which a fault would do most harm. A step computes with the
// reference kernels on tensors of its own size, cut out of fast memory and put back.

#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/kernels/ref/padding.h"
#include "engine/kernels/registry.h"
#include "engine/plan/traffic/packed_constants.h"
#include "engine/plan/traffic/traffic_plan.h"

namespace pinhole::engine::plan::traffic {

class PlanMachine {
 public:
  using Bytes = std::vector<std::byte>;

  PlanMachine(const Network& network, const TrafficPlan& plan)
      : network_(network),
        graph_(*network.graph),
        plan_(plan),
        packed_(PackConstants(network, plan)),
        slow_(plan.slow_bytes, std::byte{0x5A}),
        fast_(new std::byte[plan.fast_bytes]) {
    std::memset(fast_.get(), 0xA5, plan.fast_bytes);
  }

  void SetSlow(std::size_t tensor, const Bytes& bytes) {
    std::memcpy(&slow_[plan_.slow_offsets[tensor]], bytes.data(), bytes.size());
  }
  [[nodiscard]] Bytes Slow(std::size_t tensor) const {
    const std::byte* from = &slow_[plan_.slow_offsets[tensor]];
    return {from, from + network_.tensors[tensor].bytes};
  }

  bool Run() {
    const Step* before = nullptr;
    for (std::size_t k = 0; k < plan_.steps.size(); ++k) {
      const Step& step = plan_.steps[k];
      if (k == 0 || step.waits) {
        Spill(before);
        before = nullptr;
        Fill(step);
      }
      if (k + 1 < plan_.steps.size() && !plan_.steps[k + 1].waits) {
        Fill(plan_.steps[k + 1]);
      }
      if (!Compute(step)) {
        why_ = "step " + std::to_string(k) + ", " + network_.NameOf(network_.works[step.work]) +
               ": " + why_;
        return false;
      }
      Spill(before);
      before = &step;
    }
    Spill(before);
    return true;
  }
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] std::uint64_t moved() const { return moved_; }

 private:
  // A tensor of the step's own, with its bytes.
  struct Part {
    Tensor info;
    Bytes bytes;
  };

  void Fill(const Step& step) {
    for (const Transfer& one : step.fills) {
      const std::byte* from = one.tensor == kConstants
                                  ? packed_.data()
                                  : &slow_[plan_.slow_offsets[std::size_t(one.tensor)]];
      for (std::uint32_t p = 0; p < one.pieces; ++p) {
        std::memcpy(fast_.get() + one.address + std::uint64_t{p} * one.piece_bytes,
                    from + one.offset + std::uint64_t{p} * one.stride, one.piece_bytes);
        moved_ += one.piece_bytes;
      }
    }
  }
  void Spill(const Step* step) {
    for (std::size_t i = 0; step != nullptr && i < step->spills.size(); ++i) {
      const Transfer& one = step->spills[i];
      for (std::uint32_t p = 0; p < one.pieces; ++p) {
        std::memcpy(&slow_[plan_.slow_offsets[std::size_t(one.tensor)]] + one.offset +
                        std::uint64_t{p} * one.stride,
                    fast_.get() + one.address + std::uint64_t{p} * one.piece_bytes,
                    one.piece_bytes);
        moved_ += one.piece_bytes;
      }
    }
  }

  static std::byte ZeroOf(const Tensor& tensor) {
    return tensor.type == Type::kInt8 || tensor.type == Type::kUint8
               ? static_cast<std::byte>(tensor.zero_point & 0xFF)
               : std::byte{0};
  }

  // The rows that `reach` asks for, `fill` where there are none, of some channels.
  Bytes Cut(const Operand& in, const Place& place, Window::Reach reach, Rows channels,
            std::uint32_t all, std::byte fill) const {
    const std::uint32_t piece = in.row_bytes / in.pieces;
    const std::uint32_t channel = in.pixel_bytes / all;
    const std::uint32_t here = place.end_channel - place.begin_channel;
    const std::uint32_t pixels = in.row_bytes / in.pixel_bytes;
    Bytes bytes;
    for (std::int64_t r = reach.begin; r < reach.end; ++r) {
      if (r < 0 || r >= in.rows) {
        bytes.resize(bytes.size() + std::size_t{in.row_bytes} / all * channels.count(), fill);
        continue;
      }
      const std::byte* row = fast_.get() + place.address +
                             std::uint64_t(r) % place.held * std::uint64_t{place.row_bytes};
      if (in.pieces > 1) {
        for (std::uint32_t p = 0; p < in.pieces; ++p) {
          const std::byte* from = place.whole
                                      ? fast_.get() + place.address + std::uint64_t(r) * piece +
                                            std::uint64_t{p} * in.piece_stride
                                      : row + std::size_t{p} * piece;
          bytes.insert(bytes.end(), from, from + piece);
        }
        continue;
      }
      if (all == 1) {
        bytes.insert(bytes.end(), row, row + in.row_bytes);
        continue;
      }
      for (std::uint32_t x = 0; x < pixels; ++x) {
        const std::byte* from = row + std::size_t{x} * channel * here +
                                std::size_t{channels.begin - place.begin_channel} * channel;
        bytes.insert(bytes.end(), from, from + std::size_t{channel} * channels.count());
      }
    }
    return bytes;
  }

  void Put(const Operand& out, const Place& place, Rows rows, Rows channels, std::uint32_t all,
           const Bytes& bytes) {
    const std::uint32_t channel = out.pixel_bytes / all;
    const std::uint32_t here = place.end_channel - place.begin_channel;
    const std::uint32_t pixels = out.row_bytes / out.pixel_bytes;
    const std::byte* from = bytes.data();
    for (std::uint32_t r = rows.begin; r < rows.end; ++r) {
      std::byte* row = fast_.get() + place.address + std::size_t{r % place.held} * place.row_bytes;
      for (std::uint32_t x = 0; x < pixels; ++x) {
        std::byte* to = row + std::size_t{x} * channel * here +
                        std::size_t{channels.begin - place.begin_channel} * channel;
        std::memcpy(to, from, std::size_t{channel} * channels.count());
        from += std::size_t{channel} * channels.count();
      }
    }
  }

  // A tensor of the model, some channels of it: its scales with them.
  static Tensor Channels(Tensor tensor, Rows channels, std::uint32_t all, int dim) {
    if (channels.count() < all) {
      tensor.shape.set_dim(dim, static_cast<std::int32_t>(channels.count()));
      if (tensor.scale_count > 1) {
        tensor.scales += channels.begin;
        tensor.scale_count = channels.count();
      }
      tensor.bytes = tensor.bytes / all * channels.count();
    }
    return tensor;
  }

  static void SetRows(Tensor& tensor, std::int64_t rows, std::uint32_t all) {
    if (all > 1) {
      tensor.bytes = tensor.bytes / all * static_cast<std::uint32_t>(rows);
      tensor.shape.set_dim(1, static_cast<std::int32_t>(rows));
    }
  }

  // Constants as the kernel wants them, from fast memory where they are packed.
  void CutConstants(const Work& work, const Step& step, std::vector<Part>& parts) const {
    const std::byte* from = fast_.get() + step.constants;
    std::vector<Part> own(work.constants.size());
    for (std::size_t c = work.constants.size(); c-- > 0;) {
      const Tensor& tensor = graph_.tensor(work.constants[c]);
      const bool last = c == 0 && work.channels_last;
      own[c].info =
          Channels(tensor, step.channels, work.channels, last ? tensor.shape.rank() - 1 : 0);
      own[c].bytes.assign(from, from + own[c].info.bytes);
      from += own[c].info.bytes;
    }
    for (Part& part : own) {
      parts.push_back(std::move(part));
    }
  }

  // A convolution's or pool's picture with its padding written out, so that the part of it can be
  // computed as VALID.
  void WriteOutPadding(const Operator& op, const Work& work, Part& part, std::byte fill) const {
    std::int32_t filter = 1, stride = 1, dilation = 1;
    Padding padding = Padding::kValid;
    PaddedEdges edges;
    if (op.kind == OpKind::kConv2d || op.kind == OpKind::kDepthwiseConv2d) {
      filter = graph_.tensor(work.constants[0]).shape.dim(2);
      const auto take = [&](const auto& options) {
        stride = options.stride_w;
        dilation = options.dilation_w;
        padding = options.padding;
        edges = options.edges;
      };
      op.kind == OpKind::kConv2d ? take(op.options<ConvOptions>())
                                 : take(op.options<DepthwiseConvOptions>());
    } else {
      const auto options = op.options<Pool2dOptions>();
      filter = options.filter_w;
      stride = options.stride_w;
      padding = options.padding;
    }
    const Tensor& in = graph_.tensor(op.inputs[0]);
    const std::int32_t width = in.shape.dim(2);
    const auto fit = padding == Padding::kExplicit
                         ? kernels::ref::FitPaddedWindow(edges.left, edges.right, width, filter,
                                                         stride, dilation)
                         : kernels::ref::FitWindow(padding, width, filter, stride, dilation);
    const std::int32_t wide = (fit->out_size - 1) * stride + (filter - 1) * dilation + 1;
    const std::size_t pixel = part.bytes.size() / (std::size_t(part.info.shape.dim(1)) * width);
    Bytes padded;
    for (std::int32_t r = 0; r < part.info.shape.dim(1); ++r) {
      for (std::int32_t x = -fit->pad_before; x < wide - fit->pad_before; ++x) {
        if (x < 0 || x >= width) {
          padded.resize(padded.size() + pixel, fill);
        } else {
          const std::byte* from = &part.bytes[(std::size_t(r) * width + x) * pixel];
          padded.insert(padded.end(), from, from + pixel);
        }
      }
    }
    part.bytes = padded;
    part.info.shape.set_dim(2, wide);
    part.info.bytes = static_cast<std::uint32_t>(padded.size());
  }

  // True for a convolution or pool of whose picture only the window's rows are cut out.
  bool WindowIsCut(const Operator& op, const Work& work) const {
    const bool has_window = op.kind == OpKind::kConv2d || op.kind == OpKind::kDepthwiseConv2d ||
                            op.kind == OpKind::kAveragePool2d || op.kind == OpKind::kMaxPool2d;
    return has_window && work.inputs[0].rows ==
                             static_cast<std::uint32_t>(
                                 graph_.tensor(graph_.operators[work.op].inputs[0]).shape.dim(1));
  }

  bool Compute(const Step& step) {
    const Work& work = network_.works[step.work];
    Operator op = graph_.operators[work.op];
    if (work.outputs.size() != op.outputs.size()) {
      why_ = "keeps state, which this machine can't";
      return false;
    }
    if (op.kind == OpKind::kConcatenation && work.rows() > 1 &&
        op.options<AxisOptions>().axis == 1) {
      return Concatenate(work, step);
    }
    std::vector<Part> inputs = CutInputs(op, work, step);
    std::vector<Part> outputs;
    for (std::size_t o = 0; o < work.outputs.size(); ++o) {
      Part part;
      part.info = graph_.tensor(op.outputs[o]);
      part.info = Channels(part.info, step.channels, work.channels, part.info.shape.rank() - 1);
      SetRows(part.info, step.rows.count(), work.outputs[o].rows);
      part.bytes.assign(part.info.bytes, std::byte{0xCD});
      outputs.push_back(std::move(part));
    }
    if (WindowIsCut(op, work)) {
      MakeValid(op);
    }
    if (!RunKernel(op, inputs, outputs)) {
      return false;
    }
    for (std::size_t o = 0; o < work.outputs.size(); ++o) {
      Put(work.outputs[o], step.outputs[o],
          work.outputs.size() > 1 ? Rows{0, work.outputs[o].rows} : step.rows, step.channels,
          work.channels, outputs[o].bytes);
    }
    return true;
  }

  static void MakeValid(Operator& op) {
    if (auto* conv = std::get_if<ConvOptions>(&op.attributes)) {
      conv->padding = Padding::kValid;
      conv->edges = {};
    } else if (auto* depthwise = std::get_if<DepthwiseConvOptions>(&op.attributes)) {
      depthwise->padding = Padding::kValid;
      depthwise->edges = {};
    } else if (auto* pool = std::get_if<Pool2dOptions>(&op.attributes)) {
      pool->padding = Padding::kValid;
    }
  }

  std::vector<Part> CutInputs(const Operator& op, const Work& work, const Step& step) const {
    std::vector<Part> constants;
    CutConstants(work, step, constants);
    std::vector<Part> inputs;
    std::size_t computed = 0, constant = 0;
    for (const std::int32_t t : op.inputs) {
      Part part;
      if (t < 0) {
        part.info.data = nullptr;
        part.info.name_text = nullptr;  // absent
      } else if (!graph_.tensor(t).is_constant()) {
        part = CutInput(op, work, step, computed++);
      } else if (constant < work.constants.size() && work.constants[constant] == t) {
        part = constants[constant++];
        part.info.data = part.bytes.data();
      } else {
        part.info = graph_.tensor(t);
        part.bytes.assign(part.info.data, part.info.data + part.info.bytes);
        if ((op.kind == OpKind::kPad || op.kind == OpKind::kPadV2) && work.rows() > 1) {
          const std::size_t size = TypeSize(part.info.type);
          std::memset(part.bytes.data() + 2 * size, 0, 2 * size);  // rows are written out
        }
        part.info.data = part.bytes.data();
      }
      inputs.push_back(std::move(part));
      if (inputs.back().info.is_constant()) {
        inputs.back().info.data = inputs.back().bytes.data();
      }
    }
    return inputs;
  }

  Part CutInput(const Operator& op, const Work& work, const Step& step, std::size_t i) const {
    const Operand& in = work.inputs[i];
    std::int32_t index = -1;
    for (std::size_t k = 0, seen = 0; k < op.inputs.size(); ++k) {
      if (op.inputs[k] >= 0 && !graph_.tensor(op.inputs[k]).is_constant() && seen++ == i) {
        index = op.inputs[k];
      }
    }
    Part part;
    part.info = graph_.tensor(index);
    const std::byte fill = op.kind == OpKind::kMaxPool2d ? std::byte{0x80} : ZeroOf(part.info);
    const Rows channels = work.channelwise ? step.channels : Rows{0, 1};
    const std::uint32_t all = work.channelwise ? work.channels : 1;
    const Window::Reach reach = in.window.Unclipped(step.rows);
    part.bytes = Cut(in, step.inputs[i], reach, channels, all, fill);
    if (work.channelwise) {
      part.info = Channels(part.info, channels, all, part.info.shape.rank() - 1);
    }
    if (in.pieces > 1 || op.kind == OpKind::kTranspose) {
      Interleave(op, in, reach, part);
    } else {
      if (WindowIsCut(op, work)) {
        part.info.shape.set_dim(1, static_cast<std::int32_t>(reach.end - reach.begin));
        WriteOutPadding(op, work, part, fill);
      } else {
        // A picture of one row may be asked for rows before and behind it.
        const std::int64_t rows = reach.end - reach.begin;
        if (rows != in.rows && part.info.shape.dim(1) == static_cast<std::int32_t>(in.rows)) {
          part.info.shape.set_dim(1, static_cast<std::int32_t>(rows));
        }
        part.info.bytes = static_cast<std::uint32_t>(part.bytes.size());
      }
    }
    return part;
  }

  // Rows of a transposed picture: from row by row to piece by piece.
  void Interleave(const Operator& op, const Operand& in, Window::Reach reach, Part& part) const {
    if (in.rows == 1) {
      return;
    }
    const auto perm = graph_.tensor(op.inputs[1]).constant<std::int32_t>();
    const auto rows = static_cast<std::size_t>(reach.end - reach.begin);
    const std::size_t piece = in.row_bytes / in.pieces;
    Bytes bytes(part.bytes.size());
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t p = 0; p < in.pieces; ++p) {
        std::memcpy(&bytes[(p * rows + r) * piece], &part.bytes[(r * in.pieces + p) * piece],
                    piece);
      }
    }
    part.bytes = bytes;
    part.info.shape.set_dim(perm[1], static_cast<std::int32_t>(rows));
    part.info.bytes = static_cast<std::uint32_t>(bytes.size());
  }

  bool Concatenate(const Work& work, const Step& step) {
    for (std::uint32_t r = step.rows.begin; r < step.rows.end; ++r) {
      for (std::size_t i = 0; i < work.inputs.size(); ++i) {
        const Operand& in = work.inputs[i];
        const Rows need = in.window.Need({r, r + 1}, in.rows);
        if (!need.empty()) {
          const Bytes row =
              Cut(in, step.inputs[i], {need.begin, need.end}, {0, 1}, 1, std::byte{0});
          Put(work.outputs[0], step.outputs[0], {r, r + 1}, {0, 1}, 1, row);
        }
      }
    }
    return true;
  }

  bool RunKernel(Operator op, std::vector<Part>& inputs, std::vector<Part>& outputs) {
    std::vector<Tensor> tensors;
    std::vector<std::int32_t> in, out;
    std::vector<std::uint32_t> offsets;
    Bytes arena_bytes;
    const auto place = [&](Part& part) {
      offsets.push_back(static_cast<std::uint32_t>((arena_bytes.size() + 15) / 16 * 16));
      arena_bytes.resize(offsets.back() + part.bytes.size());
      std::copy(part.bytes.begin(), part.bytes.end(), arena_bytes.begin() + offsets.back());
      tensors.push_back(part.info);
      return static_cast<std::int32_t>(tensors.size()) - 1;
    };
    for (Part& part : inputs) {
      in.push_back(part.info.name_text == nullptr ? -1 : place(part));
    }
    for (Part& part : outputs) {
      out.push_back(place(part));
    }
    op.inputs = in;
    op.outputs = out;
    Graph graph;
    graph.tensors = tensors;
    graph.operators = {&op, 1};
    const kernels::Kernel* kernel = kernels::FindKernel(kernels::AllKernels(), op.kind);
    base::Arena arena(memory_);
    base::Diagnosis why;
    kernels::PrepareContext context(graph, 0, arena, why);
    const auto prepared = kernel->prepare(context);
    if (!prepared) {
      why_ = std::string(why.text());
      return false;
    }
    Bytes scratch(prepared->scratch_bytes + 16), state(prepared->state_bytes);
    const kernels::EvalContext::Places places{
        &graph, offsets.data(), arena_bytes.data(), {}, nullptr};
    const kernels::EvalContext evaluation(places, op, prepared->params, scratch, state);
    if (!kernel->evaluate(evaluation)) {
      why_ = "evaluate failed";
      return false;
    }
    for (std::size_t o = 0; o < outputs.size(); ++o) {
      std::copy_n(arena_bytes.begin() + offsets[std::size_t(out[o])], outputs[o].bytes.size(),
                  outputs[o].bytes.begin());
    }
    return true;
  }

  const Network& network_;
  const Graph& graph_;
  const TrafficPlan& plan_;
  Bytes packed_;
  Bytes slow_;
  std::unique_ptr<std::byte[]> fast_;
  Bytes memory_ = Bytes(std::size_t{1} << 20);  // for kernels' parameters
  std::string why_;
  std::uint64_t moved_ = 0;
};

}  // namespace pinhole::engine::plan::traffic
