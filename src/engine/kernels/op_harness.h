// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: runs one operator alone, without a model file, a plan or a session.
//
//   OpHarness op(OpKind::kAdd, ActivationOptions{});
//   op.Input<std::int8_t>({1, 4}, {1, 2, 3, 4}, {.scale = 0.5F, .zero_point = 1});
//   op.Constant<std::int8_t>({1, 4}, {...}, {...});   // the same, but known when the operator is
//   prepared op.Output<std::int8_t>({1, 4}, {.scale = 0.25F}); ASSERT_TRUE(op.Run(ref::kAdd)) <<
//   op.why(); EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(...));
//
// Buffers are exactly as large as their tensors and separately allocated, so that AddressSanitizer
// sees a step too far. Run with in_place = i puts output 0 into input i's buffer where Prepare
// allows it (and fails where it doesn't). RunByRows makes the same output in turns of some rows,
// from rings that hold no row more than the operator's window says.

#include <algorithm>
#include <cstring>
#include <deque>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/kernels/kernel.h"

namespace pinhole::engine::kernels {

struct Quant {
  std::vector<float> scales;
  std::int32_t zero_point = 0;
  std::uint8_t axis = 0;
};
inline Quant Q(float scale, std::int32_t zero_point = 0) { return {{scale}, zero_point, 0}; }

class OpHarness {
 public:
  template <typename Options = std::monostate>
  explicit OpHarness(OpKind kind, Options options = {}, std::uint16_t version = 1) {
    op_.kind = kind;
    op_.attributes = options;
    op_.version = version;
  }

  template <typename T>
  OpHarness& Input(const Shape& shape, const std::vector<T>& values, Quant quant = {}) {
    inputs_.push_back(AddTensor(TypeOf<T>(), shape, quant));
    Fill(inputs_.back(), values);
    return *this;
  }
  template <typename T>
  OpHarness& Constant(const Shape& shape, const std::vector<T>& values, Quant quant = {}) {
    Input(shape, values, quant);
    tensors_.back().data = buffers_.back().get();
    return *this;
  }
  // A tensor that keeps its bytes between runs (SVDF, LSTM states): starts at zero.
  template <typename T>
  OpHarness& Variable(const Shape& shape, Quant quant = {}) {
    inputs_.push_back(AddTensor(TypeOf<T>(), shape, quant));
    tensors_.back().is_variable = true;
    return *this;
  }
  OpHarness& Absent() {
    inputs_.push_back(-1);
    return *this;
  }
  template <typename T>
  OpHarness& Output(const Shape& shape, Quant quant = {}) {
    outputs_.push_back(AddTensor(TypeOf<T>(), shape, quant));
    return *this;
  }
  OpHarness& ResourceBytes(std::size_t bytes) {
    resource_storage_.emplace_back(bytes);
    return *this;
  }

  // Has Run share the work among `parts` workers: each range apart, the last one first.
  OpHarness& Split(int parts) {
    parts_ = parts;
    return *this;
  }

  // Prepares and evaluates once; false with why() on an error. May be called again: state is kept.
  bool Run(const Kernel& kernel, int in_place = -1) {
    if (!prepared_once_ && !Prepare(kernel)) {
      return false;
    }
    std::vector<std::uint32_t> offsets(tensors_.size());
    // Offsets are relative to a null arena: here every tensor has a buffer of its own, reached
    // through a constant.
    std::vector<Tensor> placed(tensors_.begin(), tensors_.end());
    for (std::size_t i = 0; i < placed.size(); ++i) {
      placed[i].data = buffers_[i].get();
    }
    if (in_place >= 0) {
      if ((prepared_.in_place_inputs & (1U << in_place)) == 0) {
        why_.Fail(base::Error::kInternal, "in-place over input ", in_place, " is not offered");
        return false;
      }
      placed[static_cast<std::size_t>(outputs_[0])].data =
          buffers_[static_cast<std::size_t>(inputs_[static_cast<std::size_t>(in_place)])].get();
    }
    Graph graph = graph_;
    graph.tensors = placed;
    std::vector<std::span<std::byte>> resources;
    for (auto& bytes : resource_storage_) {
      resources.emplace_back(bytes);
    }
    const Workers workers{RunRanges, &parts_};
    const EvalContext::Places places{&graph, offsets.data(), nullptr, resources,
                                     parts_ > 1 ? &workers : nullptr};
    const EvalContext context(places, op_, prepared_.params, scratch_, state_);
    const base::Status status = kernel.evaluate(context);
    if (!status) {
      why_.Fail(status.error(), "evaluate: ", ErrorName(status.error()));
      return false;
    }
    in_place_ = in_place;
    return true;
  }

  // Makes output 0 in turns of `step` rows, the last one perhaps shorter. What the network computes
  // lies in rings of the rows that a turn needs and `spare` more; all other bytes of the rings are
  // poison, which an operator must neither write nor let show. False with why() where Prepare did
  // not offer rows, or on an error.
  bool RunByRows(const Kernel& kernel, std::int32_t step, std::int32_t spare = 0) {
    if (!prepared_once_ && !Prepare(kernel)) {
      return false;
    }
    if (!prepared_.rows.by_rows() || kernel.evaluate_rows == nullptr) {
      why_.Fail(base::Error::kInternal, "running by rows is not offered");
      return false;
    }
    in_place_ = -1;
    const std::int32_t rows = tensors_[static_cast<std::size_t>(outputs_[0])].shape.dim(1);
    for (std::int32_t begin = 0; begin < rows; begin += step) {
      if (!RunTurn(kernel, begin, std::min(begin + step, rows), spare)) {
        return false;
      }
    }
    return true;
  }

  // Prepare alone: for tests of what is refused.
  bool Prepare(const Kernel& kernel) {
    op_.inputs = inputs_;
    op_.outputs = outputs_;
    graph_.tensors = tensors_;
    graph_.operators = {&op_, 1};
    const base::Result<Prepared> prepared = PrepareInRoomEnough(kernel);
    if (!prepared) {
      error_ = prepared.error();
      return false;
    }
    prepared_ = *prepared;
    scratch_.assign(prepared_.scratch_bytes, std::byte{0xA5});
    state_.assign(prepared_.state_bytes, std::byte{0});
    prepared_once_ = true;
    return true;
  }

  template <typename T>
  std::vector<T> Result(std::size_t i = 0) const {
    const auto index = static_cast<std::size_t>(
        i == 0 && in_place_ >= 0 ? inputs_[static_cast<std::size_t>(in_place_)] : outputs_[i]);
    const Tensor& tensor = tensors_[static_cast<std::size_t>(outputs_[i])];
    std::vector<T> values(tensor.shape.element_count());
    std::memcpy(static_cast<void*>(values.data()), buffers_[index].get(),
                values.size() * sizeof(T));
    return values;
  }
  // New values for input i before the next Run.
  template <typename T>
  void SetInput(std::size_t i, const std::vector<T>& values) {
    Fill(inputs_[i], values);
  }

  [[nodiscard]] std::string why() const { return std::string(why_.text()); }
  [[nodiscard]] base::Error error() const { return error_; }
  [[nodiscard]] const Prepared& prepared() const { return prepared_; }

 private:
  static constexpr std::byte kPoison{0xA5};

  // Most operators want a few bytes, and tests make hundreds of thousands of them: filling
  // megabytes for each takes longer than all else together.
  base::Result<Prepared> PrepareInRoomEnough(const Kernel& kernel) {
    constexpr std::size_t kLeastBytes = std::size_t{1} << 12;
    constexpr std::size_t kMostBytes = std::size_t{1} << 22;
    for (std::size_t bytes = kLeastBytes;; bytes *= 32) {
      arena_memory_.assign(bytes, std::byte{0});
      base::Arena arena(arena_memory_);
      why_.Clear();
      PrepareContext context(graph_, 0, arena, why_);
      base::Result<Prepared> prepared = kernel.prepare(context);
      if (prepared || prepared.error() != base::Error::kOutOfMemory || bytes == kMostBytes) {
        return prepared;
      }
    }
  }

  // The rows of a tensor that have a place during a turn.
  struct Ring {
    std::vector<std::byte> bytes;
    std::size_t row_bytes = 0;
    std::int32_t begin = 0, end = 0, held = 0;

    [[nodiscard]] std::byte* row(std::int32_t r) {
      return bytes.data() + static_cast<std::size_t>(r % held) * row_bytes;
    }
  };
  Ring MakeRing(std::int32_t index, std::int32_t begin, std::int32_t end, std::int32_t spare) {
    const Tensor& tensor = tensors_[static_cast<std::size_t>(index)];
    Ring ring;
    ring.row_bytes = tensor.bytes / static_cast<std::uint32_t>(tensor.shape.dim(1));
    ring.begin = begin;
    ring.end = end;
    ring.held = std::min(std::max(end - begin, 1) + spare, tensor.shape.dim(1));
    ring.bytes.assign(static_cast<std::size_t>(ring.held) * ring.row_bytes, kPoison);
    return ring;
  }
  std::byte* RowIn(std::int32_t index, const Ring& ring, std::int32_t row) {
    return buffers_[static_cast<std::size_t>(index)].get() +
           static_cast<std::size_t>(row) * ring.row_bytes;
  }

  bool RunTurn(const Kernel& kernel, std::int32_t begin, std::int32_t end, std::int32_t spare) {
    std::vector<Tensor> placed(tensors_.begin(), tensors_.end());
    std::vector<std::uint16_t> held(tensors_.size());
    const auto place = [&](std::int32_t index, Ring& ring) {
      placed[static_cast<std::size_t>(index)].data = ring.bytes.data();
      held[static_cast<std::size_t>(index)] = static_cast<std::uint16_t>(ring.held);
    };
    std::deque<Ring> rings;
    for (const std::int32_t index : inputs_) {
      if (index < 0 || tensors_[static_cast<std::size_t>(index)].is_constant()) {
        continue;
      }
      const std::int32_t rows = tensors_[static_cast<std::size_t>(index)].shape.dim(1);
      const RowWindow& window = prepared_.rows;
      const auto clip = [rows](std::int64_t row) {
        return static_cast<std::int32_t>(std::clamp<std::int64_t>(row, 0, rows));
      };
      Ring& ring = rings.emplace_back(MakeRing(
          index, clip(std::int64_t{begin} * window.stride - window.pad),
          clip((std::int64_t{end} - 1) * window.stride - window.pad + window.height), spare));
      for (std::int32_t row = ring.begin; row < ring.end; ++row) {
        std::memcpy(ring.row(row), RowIn(index, ring, row), ring.row_bytes);
      }
      place(index, ring);
    }
    const std::deque<Ring> before = rings;
    Ring out = MakeRing(outputs_[0], begin, end, spare);
    place(outputs_[0], out);
    if (!EvaluateRows(kernel, placed, held, begin, end)) {
      return false;
    }
    for (std::int32_t row = begin; row < end; ++row) {
      std::memcpy(RowIn(outputs_[0], out, row), out.row(row), out.row_bytes);
      std::memset(out.row(row), static_cast<int>(kPoison), out.row_bytes);
    }
    bool untouched = std::all_of(out.bytes.begin(), out.bytes.end(),
                                 [](std::byte byte) { return byte == kPoison; });
    for (std::size_t i = 0; i < rings.size(); ++i) {
      untouched = untouched && rings[i].bytes == before[i].bytes;
    }
    if (!untouched) {
      why_.Fail(base::Error::kInternal, "rows [", begin, ", ", end,
                "): wrote to another place than these rows");
    }
    return untouched;
  }

  bool EvaluateRows(const Kernel& kernel, std::span<Tensor> placed,
                    std::span<const std::uint16_t> held, std::int32_t begin, std::int32_t end) {
    Graph graph = graph_;
    graph.tensors = placed;
    for (std::size_t i = 0; i < placed.size(); ++i) {
      placed[i].data = placed[i].data == nullptr ? buffers_[i].get() : placed[i].data;
    }
    const std::vector<std::uint32_t> offsets(placed.size());
    const Workers workers{RunRanges, &parts_};
    const EvalContext::Places places{
        &graph, offsets.data(), nullptr, {}, parts_ > 1 ? &workers : nullptr, held.data()};
    const EvalContext context(places, op_, prepared_.params, scratch_, state_);
    const base::Status status = kernel.evaluate_rows(context, begin, end);
    if (!status) {
      why_.Fail(status.error(), "evaluate rows: ", ErrorName(status.error()));
    }
    return status.has_value();
  }

  static void RunRanges(void* self, int count, void (*body)(void*, int, int), void* argument) {
    const int parts = *static_cast<int*>(self);
    for (int part = parts - 1; part >= 0; --part) {
      const auto edge = [&](int i) {
        return static_cast<int>(static_cast<std::int64_t>(count) * i / parts);
      };
      if (edge(part) < edge(part + 1)) {
        body(argument, edge(part), edge(part + 1));
      }
    }
  }

  std::int32_t AddTensor(Type type, const Shape& shape, const Quant& quant) {
    scales_.push_back(quant.scales);
    Tensor tensor;
    tensor.name_text = "t";
    tensor.type = type;
    tensor.shape = shape;
    tensor.bytes = static_cast<std::uint32_t>(shape.element_count() * TypeSize(type));
    tensor.scales = scales_.back().data();
    tensor.scale_count = static_cast<std::uint32_t>(scales_.back().size());
    tensor.zero_point = quant.zero_point;
    tensor.axis = quant.axis;
    tensors_.push_back(tensor);
    buffers_.push_back(std::make_unique<std::byte[]>(tensor.bytes + (tensor.bytes == 0 ? 1 : 0)));
    return static_cast<std::int32_t>(tensors_.size()) - 1;
  }
  template <typename T>
  void Fill(std::int32_t index, const std::vector<T>& values) {
    const auto i = static_cast<std::size_t>(index);
    if (values.size() * sizeof(T) != tensors_[i].bytes) {
      std::abort();  // the test itself is wrong
    }
    std::memcpy(buffers_[i].get(), values.data(), tensors_[i].bytes);
  }

  Operator op_;
  Graph graph_;
  std::vector<Tensor> tensors_;
  std::deque<std::vector<float>> scales_;
  std::vector<std::unique_ptr<std::byte[]>> buffers_;
  std::vector<std::int32_t> inputs_, outputs_;
  std::vector<std::vector<std::byte>> resource_storage_;
  std::vector<std::byte> arena_memory_;
  base::Diagnosis why_;
  Prepared prepared_;
  std::vector<std::byte> scratch_, state_;
  base::Error error_ = base::Error::kInternal;
  bool prepared_once_ = false;
  int in_place_ = -1;
  int parts_ = 1;
};

}  // namespace pinhole::engine::kernels
