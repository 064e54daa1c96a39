// SPDX-License-Identifier: Apache-2.0
// CALL_ONCE: names a graph that sets variables to their beginning. The session runs that graph when
// state is reset, before the first run; when its turn comes in the main graph, all is done.

#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

const Kernel kCallOnce{OpKind::kCallOnce, 1, 1,
                       [](PrepareContext& context) -> base::Result<Prepared> {
                         PINHOLE_TRY(context.ExpectCounts(0, 0, 0));
                         return Prepared{};
                       },
                       [](const EvalContext&) { return base::Status(); }};

}  // namespace pinhole::engine::kernels::ref
