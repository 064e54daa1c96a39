// SPDX-License-Identifier: Apache-2.0
// Any bytes at all: Load refuses them with a sentence, or what it accepts binds, runs twice and
// resets.
#include <cstdlib>
#include <span>

#include "engine/format/aligned_bytes.h"
#include "engine/format/cost.h"
#include "engine/format/model_mutator.h"
#include "engine/kernels/registry.h"
#include "engine/run/session.h"

namespace {

using namespace pinhole;
using namespace pinhole::engine;

constexpr std::size_t kModelArena = std::size_t{4} << 20;
constexpr std::size_t kMaxActivations = std::size_t{16} << 20;
constexpr std::uint64_t kMaxMultiplyAdds = 2'000'000;

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// Work that is no multiply-add: an output of millions of elements from a small input.
bool IsTooMuchWork(const run::Session& session) {
  std::uint64_t work = 0;
  for (const Graph& graph : session.model().graphs) {
    work += format::MultiplyAdds(graph);
    for (const Operator& op : graph.operators) {
      const Pool2dOptions pool = op.options<Pool2dOptions>();
      for (const std::int32_t output : op.outputs) {
        work += std::uint64_t{graph.tensor(output).bytes} * pool.filter_h * pool.filter_w;
      }
      for (const std::int32_t input : op.inputs) {
        work += input < 0 ? 0 : graph.tensor(input).bytes;
      }
    }
    if (work > kMaxMultiplyAdds) {
      return true;
    }
  }
  return false;
}

void RunSession(run::Session& session) {
  base::Diagnosis why;
  const format::AlignedBytes activations(session.activation_bytes());
  if (!session.Bind(activations.span(), why)) {
    Require(!why.empty());
    return;
  }
  for (int step = 0; step < 2; ++step) {
    for (std::size_t i = 0; i < session.input_count(); ++i) {
      const TensorView view = session.input(i);
      for (std::size_t k = 0; k < view.info->bytes; ++k) {
        view.data[k] = static_cast<std::byte>((k + 1) * (step == 0 ? 37 : 251));
      }
    }
    Require(session.Run(why) || !why.empty());
  }
  Require(session.Reset(why) || !why.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const format::AlignedBytes file(size);
  std::copy_n(reinterpret_cast<const std::byte*>(data), size, file.span().begin());
  static const format::AlignedBytes memory(kModelArena);
  base::Arena arena(memory.span());
  base::Diagnosis why;
  run::SessionOptions options;
  options.kernels = kernels::AllKernels();
  options.limits.max_folded_bytes = std::size_t{1} << 20;
  options.limits.max_tensors = 2048;
  options.limits.max_operators = 2048;
  options.effort = size % 2 == 0 ? plan::Effort::kQuick : plan::Effort::kThorough;
  base::Result<run::Session> session = run::Session::Load(file.span(), arena, options, why);
  if (!session) {
    Require(!why.empty());
    Require(session.error() != base::Error::kInternal);  // a plan that its verifier refuses
    return 0;
  }
  if (session->activation_bytes() <= kMaxActivations && !IsTooMuchWork(*session)) {
    RunSession(*session);
  }
  return 0;
}
