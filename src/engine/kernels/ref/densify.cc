// SPDX-License-Identifier: Apache-2.0
// DENSIFY: a sparse constant written out in full. The reader folds it when a model is loaded, so
// the operator only stays in a graph where its input is no constant; there is no sparse form for
// what a network computes, and the kernel says so.

#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 1));
  return context.Fail(base::Error::kUnsupported, "tensor '", context.input(0)->name(),
                      context.input(0)->is_constant()
                          ? "' was not folded when the model was loaded"
                          : "' is computed by the network, a sparse constant expected");
}

base::Status Evaluate(const EvalContext& /*context*/) {
  return base::Unexpected(base::Error::kInternal);  // Prepare never succeeds
}

}  // namespace

const Kernel kDensify{OpKind::kDensify, 1, 1, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
