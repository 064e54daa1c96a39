// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside the room only: the operators of one graph, in two passes over the file's tables.
//
// SurveyOperators checks every tensor index and the order (what an operator reads is there before
// it; no tensor is written twice) and decides which operators are folded away. ReadOperators then
// knows how many stay: it takes exactly that many from the arena, reads their options, joins
// variables to their handles and makes the folded constants that they read. At the end PADs go into
// the convolutions behind them (fold_pads.h).

#include <cstdint>
#include <span>

#include "base/result.h"
#include "engine/format/draft.h"
#include "engine/format/reading.h"
#include "engine/format/resources.h"
#include "engine/tensor/op.h"

namespace pinhole::engine::format {

// Fills draft.marks and draft.folded; the graph's inputs are marked available already. Errors: the
// reader's, with the operator's index and name.
base::Status SurveyOperators(Reading& reading, const GraphDraft& draft);

// `graph`: the graph's index, for only graph 0 may call others; `outputs`: the graph's. Errors as
// above.
base::Result<std::span<const Operator>> ReadOperators(Reading& reading, const GraphDraft& draft,
                                                      std::size_t graph,
                                                      std::span<const std::int32_t> outputs,
                                                      ResourceTable& resources);

}  // namespace pinhole::engine::format
