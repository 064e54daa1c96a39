// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the processor has and the system lets a program use.

namespace pinhole::engine::kernels::fast {

bool HasAvx512Vnni();
bool HasAvx512Bf16();  // and HasAvx512Vnni
bool HasAvxVnni();     // and AVX2
bool HasAvx2();        // and FMA
bool HasSse41();
bool HasNeonDot();

}  // namespace pinhole::engine::kernels::fast
