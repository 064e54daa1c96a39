// SPDX-License-Identifier: Apache-2.0
#pragma once

// Proves that a plan is safe to run, without trusting the planner: it shares no code with it beside
// plan.h and the walk over a group's steps, which the run follows too.
//
// It walks the graph as the run will and keeps a record of whose bytes lie where: every byte an
// operator reads must have been written by the right writer and not overwritten since; what an
// operator writes must not touch anything still to be read, but for an input whose kernel allows it
// in place; all offsets aligned and inside the arena; state apart from everything else. In a group
// it does so row by row: from the kernels' windows it works out which rows a step reads, and each
// must have been made and be there still; every row of every output is made once.

#include "engine/plan/plan.h"

namespace pinhole::engine::plan {

// Error: kInternal, `why` names the tensors and the operator. Working memory from the back of
// `arena`.
base::Status VerifyPlan(const Request& request, const Plan& plan, base::Arena& arena,
                        base::Diagnosis& why);

}  // namespace pinhole::engine::plan
