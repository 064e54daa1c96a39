// SPDX-License-Identifier: Apache-2.0
#pragma once

// A model made ready and run.
//
//   base::Arena model_arena(model_memory);
//   base::Diagnosis why;
//   auto session = Session::Load(file, model_arena, {.kernels = kernels::AllKernels()}, why);
//   session->Bind(activations, why);   // session->activation_bytes() of memory, aligned to 16
//   ... fill session->input(0) ...
//   session->Run(why);
//   ... read session->output(0) ...
//
// Load reads and checks the file, prepares every operator, plans the memory and verifies the plan;
// it takes memory from the model arena only. Bind hands over the activation arena, sets all state
// to its beginning and so ends set-up: Run allocates nothing. State (variables, streaming features)
// stays from Run to Run until Reset. The memory of an input may be reused while the network runs,
// and by Reset: fill every input before every Run. The file's bytes and both memories must outlive
// the session. One thread may use a session at a time.
//
// State begins as zero: int8 variables and resources as the zero point of what they hold, all else
// as zero bytes; then the graphs that run once (CALL_ONCE) put in what they will.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "base/diagnosis.h"
#include "base/result.h"
#include "engine/format/model.h"
#include "engine/format/tflite_reader.h"
#include "engine/kernels/kernel.h"
#include "engine/plan/plan.h"

namespace pinhole::engine::run {

struct SessionOptions {
  std::span<const kernels::Kernel* const> kernels;
  std::span<const std::string_view> taps;  // names of tensors to keep readable after a run
  format::ReadLimits limits;
  plan::Effort effort = plan::Effort::kThorough;  // kQuick where loading happens on the device
  plan::Objective objective = plan::Objective::kSmallest;  // or kWhole: no turns of rows
  // Of large tensors, and of what Bind is given: see plan::Request. With less, Run is right too.
  std::uint32_t alignment = plan::kAlignment;
};

class Session {
 public:
  // Errors: the reader's; kUnsupported with all operators that no kernel runs; each kernel's;
  // kNotFound (a tap's name); kTooLarge (the plan); kOutOfMemory (the model arena, which must be
  // discarded). `why` says more.
  static base::Result<Session> Load(std::span<const std::byte> file, base::Arena& model_arena,
                                    const SessionOptions& options, base::Diagnosis& why);

  // What Bind will want: the plan's bytes, state included.
  [[nodiscard]] std::size_t activation_bytes() const { return plan_.arena_bytes; }
  // Of these, what is kept from run to run.
  [[nodiscard]] std::size_t state_bytes() const { return plan_.state_bytes; }
  // Bytes of the model arena that stay in use: graph, prepared parameters, plan, folded constants.
  [[nodiscard]] std::size_t model_bytes() const { return model_bytes_; }
  // Of these, weights laid out anew for the kernels that read them; none with reference kernels.
  [[nodiscard]] std::size_t packed_bytes() const { return packed_bytes_; }
  // Of these, constants made while loading that are still read. All of them, unless
  // SessionOptions::limits.folded named an arena of their own, which may then go: what kernels have
  // laid out anew is not kept twice.
  [[nodiscard]] std::size_t folded_bytes() const { return folded_bytes_; }
  // All run-time memory beside the file and the weights laid out anew: activation_bytes +
  // model_bytes - folded constants - packed_bytes. This is what is held against TFLite Micro's
  // arena_used_bytes.
  [[nodiscard]] std::size_t arena_bytes() const {
    return activation_bytes() + model_bytes_ - folded_bytes_ - packed_bytes_;
  }

  // Error: kInvalidArgument (too small, or not aligned to 16); what Reset says.
  base::Status Bind(std::span<std::byte> activations, base::Diagnosis& why);
  // State back to the beginning: zeroes (or zero points) and the graphs that run once. Errors:
  // kNotReady (before Bind); an operator's.
  base::Status Reset(base::Diagnosis& why);

  [[nodiscard]] std::size_t input_count() const { return model_->main().inputs.size(); }
  [[nodiscard]] std::size_t output_count() const { return model_->main().outputs.size(); }
  // i below the count; after Bind.
  [[nodiscard]] TensorView input(std::size_t i) const;
  [[nodiscard]] TensorView output(std::size_t i) const;
  // A tensor named in SessionOptions::taps, to be read after a run. Error: kNotFound.
  [[nodiscard]] base::Result<TensorView> Tap(std::string_view name) const;

  // Errors: kNotReady (before Bind, or after a Reset that failed); an operator's, which depends on
  // the data given: outputs are then undefined.
  base::Status Run(base::Diagnosis& why);

  // Threads to share the work with; null (the default): none. Must outlive the session's use of it.
  void set_workers(const kernels::Workers* workers) { workers_ = workers; }

  [[nodiscard]] const format::Model& model() const { return *model_; }
  [[nodiscard]] const plan::Plan& plan() const { return plan_; }

 private:
  friend class Loader;

  struct Step {  // one operator, ready to run
    const kernels::Kernel* kernel = nullptr;
    const void* params = nullptr;
  };
  struct Buffers {  // of one operator that wants scratch or state: few do
    std::uint32_t op = 0;
    std::uint32_t scratch_offset = 0, scratch_bytes = 0;
    std::uint32_t state_offset = 0, state_bytes = 0;
  };
  struct Program {                     // one graph
    std::span<const Step> steps;       // one an operator
    std::span<const Buffers> buffers;  // in the order of operators
  };

  Session() = default;
  void ClearState();
  base::Status RunGraph(std::size_t graph, base::Diagnosis& why);
  base::Status RunOperator(std::size_t graph, std::size_t op,
                           const kernels::EvalContext::Places& places, base::Diagnosis& why);
  base::Status RunGroup(std::size_t graph, const plan::RowGroup& group,
                        const kernels::EvalContext::Places& places, base::Diagnosis& why);
  [[nodiscard]] kernels::EvalContext ContextOf(std::size_t graph, std::size_t op,
                                               const kernels::EvalContext::Places& places) const;
  [[nodiscard]] TensorView View(std::int32_t tensor) const;

  const format::Model* model_ = nullptr;
  std::span<const Program> programs_;  // [graph]
  plan::Plan plan_;
  std::span<const std::int32_t> taps_;
  std::span<std::span<std::byte>> resources_;
  std::span<std::byte> activations_;
  const kernels::Workers* workers_ = nullptr;
  std::size_t model_bytes_ = 0;
  std::size_t packed_bytes_ = 0;
  std::size_t folded_bytes_ = 0;
  bool bound_ = false;
  bool ready_ = false;  // bound, and the last Reset went well
};

}  // namespace pinhole::engine::run
