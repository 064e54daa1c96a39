// SPDX-License-Identifier: Apache-2.0
#include "engine/format/draft.h"

namespace pinhole::engine::format {

using base::Error;

base::Status CheckOperand(Reading& reading, const GraphDraft& draft, std::string_view role,
                          std::size_t place, std::int32_t tensor) {
  if (!draft.InRange(tensor)) {
    return reading.Fail(Error::kMalformed, role, " ", place, " is tensor ", tensor,
                        ", the graph has ", draft.tensors.size());
  }
  if (draft.mark(tensor).hollow) {
    return reading.Fail(Error::kMalformed, role, " ", place, ", tensor ", tensor, " '",
                        draft.tensor(tensor).name(),
                        "', has a dimension of 0, at least 1 expected; convert the model with a "
                        "fixed input shape");
  }
  return {};
}

}  // namespace pinhole::engine::format
