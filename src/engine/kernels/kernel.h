// SPDX-License-Identifier: Apache-2.0
#pragma once

// The seam between the engine and an operator.
//
// A kernel is two functions. Prepare runs once, when a model is loaded: it checks what the
// operator's use claims (count and types of tensors, shapes against each other, quantisation), puts
// what evaluation needs into the model arena, and says how much scratch and state it wants and
// whether its output may lie where an input lay. Evaluate runs with every buffer in place and
// allocates nothing; it checks only what depends on data (an index to gather).
//
// Rules: a model is hostile. Prepare must leave nothing for Evaluate to trip over: no division by
// zero, no index out of a buffer, no undefined shift or overflow for any input bytes
// (base/fixed_point.h has wrapping arithmetic). Dimensions are >= 1 and byte sizes < 2^31 already
// (the reader's work); each kernel checks that the OUTPUT shape the model declares is the one it
// computes. The caller's memory is aligned to 16 bytes for every tensor, scratch, state.
//
// An operator whose output can be computed row by row says so in Prepare (RowWindow) and has a third
// function, EvaluateRows, which computes some rows of the output from the rows of the inputs that
// they need. A plan that runs operators in turns of a few rows keeps only the rows that are still
// needed, in a ring: see RowsView.
//
//   constexpr Kernel kRelu{OpKind::kRelu, 1, 2, PrepareRelu, EvaluateRelu, EvaluateRowsRelu};

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "base/arena.h"
#include "base/diagnosis.h"
#include "base/result.h"
#include "engine/tensor/graph.h"
#include "engine/tensor/row_window.h"

namespace pinhole::engine::kernels {

using engine::RowWindow;

// What Prepare asks of the plan.
struct Prepared {
  const void* params = nullptr;     // in the model arena; handed back to Evaluate
  std::uint32_t scratch_bytes = 0;  // free between two evaluations
  std::uint32_t state_bytes = 0;    // zeroed at Reset, kept between runs
  // Bit i set: output 0 may take the memory of input i when nobody reads that input afterwards. Set
  // it only where Evaluate is right with both at the same address (element k of the output depends
  // on element k of that input and of inputs that do not share the memory, or is written after its
  // last read).
  std::uint8_t in_place_inputs = 0;
  RowWindow rows;  // set only where the kernel has evaluate_rows
  // Bit i: input i is a constant of which Prepare has taken all that Evaluate needs.
  std::uint8_t taken_inputs = 0;
};

// A tensor [1, rows, columns, channels] of which `held` rows at a time have a place: row r lies at
// data + (r % held) * row_bytes while it is needed. Where the whole tensor has a place, held is its
// number of rows.
struct RowsView {
  const Tensor* info = nullptr;
  std::byte* data = nullptr;
  std::uint32_t row_bytes = 0;
  std::int32_t held = 1;

  explicit operator bool() const { return info != nullptr; }
  template <typename T>
  [[nodiscard]] T* row(std::int32_t r) const {
    return reinterpret_cast<T*>(data + static_cast<std::size_t>(r % held) * row_bytes);
  }
  // How many rows from r on lie one behind the other; at least 1.
  [[nodiscard]] std::int32_t run(std::int32_t r) const { return held - r % held; }
};

// A cache line of the processors that pack.
inline constexpr std::size_t kPackedAlignment = 64;

class PrepareContext {
 public:
  PrepareContext(const Graph& graph, std::size_t op_index, base::Arena& arena, base::Diagnosis& why)
      : graph_(graph),
        op_(graph.operators[op_index]),
        op_index_(op_index),
        arena_(arena),
        why_(why) {}

  [[nodiscard]] const Operator& op() const { return op_; }
  [[nodiscard]] std::size_t input_count() const { return op_.inputs.size(); }
  [[nodiscard]] std::size_t output_count() const { return op_.outputs.size(); }
  // Null for an optional input that is absent, and beyond the end.
  [[nodiscard]] const Tensor* input(std::size_t i) const {
    return i < op_.inputs.size() && op_.inputs[i] >= 0 ? &graph_.tensor(op_.inputs[i]) : nullptr;
  }
  [[nodiscard]] const Tensor* output(std::size_t i) const {
    return i < op_.outputs.size() ? &graph_.tensor(op_.outputs[i]) : nullptr;
  }

  // One value-initialised P in the model arena; Error kOutOfMemory.
  template <typename P>
  base::Result<P*> NewParams() {
    PINHOLE_ASSIGN(const std::span<P> one, arena_.Make<P>(1));
    return one.data();
  }
  [[nodiscard]] base::Arena& arena() { return arena_; }

  // `bytes` of the model arena, aligned to 64, for weights laid out as the kernel reads them.
  // Error: kOutOfMemory.
  base::Result<std::span<std::byte>> TakePacked(std::size_t bytes) {
    packed_bytes_ += bytes;
    return arena_.Take(bytes, kPackedAlignment);
  }
  // What TakePacked has handed out to this operator.
  [[nodiscard]] std::size_t packed_bytes() const { return packed_bytes_; }

  // The error for this operator: "operator 3 CONV_2D: " and the pieces.
  template <typename... Pieces>
  base::Unexpected Fail(base::Error error, const Pieces&... pieces) {
    const std::string_view name =
        op_.kind == OpKind::kUnknown ? std::string_view(op_.custom_name) : OpName(op_.kind);
    return why_.Fail(error, "operator ", op_index_, " ", name, ": ", pieces...);
  }

  // The error for a type that the operator doesn't take: kUnsupported, "type int32 found,
  // `expected` expected".
  base::Unexpected FailOnType(Type type, std::string_view expected) {
    return Fail(base::Error::kUnsupported, "type ", TypeName(type), " found, ", expected,
                " expected");
  }

  // inputs in [min_inputs, max_inputs], outputs exactly `outputs`, the first min_inputs of the
  // inputs present.
  base::Status ExpectCounts(std::size_t min_inputs, std::size_t max_inputs, std::size_t outputs);
  // The output's declared shape is `computed`.
  base::Status ExpectShape(const Tensor& tensor, const Shape& computed);
  base::Status ExpectType(const Tensor& tensor, Type type);
  // The tensor has one scale (not one a channel).
  base::Status ExpectPerTensor(const Tensor& tensor);

 private:
  const Graph& graph_;
  const Operator& op_;
  std::size_t op_index_;
  base::Arena& arena_;
  base::Diagnosis& why_;
  std::size_t packed_bytes_ = 0;
};

// Splits [0, count) into ranges and calls body(argument, begin, end) for each, on as many threads
// as the host has lent; returns when all are done. Absent on a microcontroller: one range then.
struct Workers {
  void (*for_ranges)(void* self, int count, void (*body)(void* argument, int begin, int end),
                     void* argument);
  void* self;
};

// Where everything of one operator lies during a run.
class EvalContext {
 public:
  struct Places {
    const Graph* graph;
    const std::uint32_t* offsets;  // per tensor of the graph, into `arena`; not read for constants
    std::byte* arena;
    std::span<const std::span<std::byte>> resources;
    const Workers* workers;  // may be null
    // Per tensor: how many rows have a place, 0: all of it. Null: all of every tensor.
    const std::uint16_t* held_rows = nullptr;
  };

  EvalContext(const Places& places, const Operator& op, const void* params,
              std::span<std::byte> scratch, std::span<std::byte> state)
      : places_(places), op_(op), params_(params), scratch_(scratch), state_(state) {}

  [[nodiscard]] const Operator& op() const { return op_; }
  [[nodiscard]] TensorView input(std::size_t i) const {
    return i < op_.inputs.size() && op_.inputs[i] >= 0 ? View(op_.inputs[i]) : TensorView{};
  }
  [[nodiscard]] TensorView output(std::size_t i) const { return View(op_.outputs[i]); }
  // For EvaluateRows: the tensors that the window is about.
  [[nodiscard]] RowsView input_rows(std::size_t i) const { return Rows(op_.inputs[i]); }
  [[nodiscard]] RowsView output_rows(std::size_t i) const { return Rows(op_.outputs[i]); }
  template <typename P>
  [[nodiscard]] const P& params() const {
    return *static_cast<const P*>(params_);
  }
  // The same with other parameters: for a kernel that hands its work on to another.
  [[nodiscard]] EvalContext WithParams(const void* params) const {
    return {places_, op_, params, scratch_, state_};
  }
  [[nodiscard]] std::span<std::byte> scratch() const { return scratch_; }
  [[nodiscard]] std::span<std::byte> state() const { return state_; }
  [[nodiscard]] std::span<std::byte> resource(std::size_t i) const { return places_.resources[i]; }

  // body(begin, end) over [0, count), in parallel where there are workers. Ranges must write
  // disjoint bytes.
  template <typename Body>
  void ForRanges(int count, const Body& body) const {
    if (places_.workers == nullptr) {
      body(0, count);
      return;
    }
    places_.workers->for_ranges(
        places_.workers->self, count,
        [](void* argument, int begin, int end) {
          (*static_cast<const Body*>(argument))(begin, end);
        },
        const_cast<Body*>(&body));
  }

 private:
  [[nodiscard]] TensorView View(std::int32_t index) const {
    const Tensor& tensor = places_.graph->tensor(index);
    std::byte* data = tensor.is_constant()
                          ? const_cast<std::byte*>(tensor.data)
                          : places_.arena + places_.offsets[static_cast<std::size_t>(index)];
    return {&tensor, data};
  }
  [[nodiscard]] RowsView Rows(std::int32_t index) const {
    const TensorView whole = View(index);
    const std::int32_t rows = whole.shape().dim(1);
    const std::int32_t held =
        places_.held_rows != nullptr ? places_.held_rows[static_cast<std::size_t>(index)] : 0;
    return {whole.info, whole.data, whole.info->bytes / static_cast<std::uint32_t>(rows),
            held > 0 ? held : rows};
  }

  const Places& places_;
  const Operator& op_;
  const void* params_;
  std::span<std::byte> scratch_;
  std::span<std::byte> state_;
};

struct Kernel {
  OpKind kind;
  std::uint16_t min_version;
  std::uint16_t max_version;
  base::Result<Prepared> (*prepare)(PrepareContext& context);
  base::Status (*evaluate)(const EvalContext& context);
  // Rows [begin, end) of output 0; null where the operator never runs by rows.
  base::Status (*evaluate_rows)(const EvalContext& context, std::int32_t begin,
                                std::int32_t end) = nullptr;
};

}  // namespace pinhole::engine::kernels
