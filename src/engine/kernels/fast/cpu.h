// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the processor has and the system lets a program use.

namespace pinhole::engine::kernels::fast {

// And AMX with int8. Linux gives a process that state, 8 KB a thread, if asked: this asks, and asking
// again changes nothing. False where it refuses. Not behind the wall, which knows no such call: a
// target is chosen before.
bool HasAvx512Amx();
bool HasAvx512AmxBf16();  // and AMX with bfloat16, and HasAvx512Bf16
bool HasAvx512Vnni();
bool HasAvx512Bf16();  // and HasAvx512Vnni
bool HasAvxVnni();     // and AVX2
bool HasAvx2();        // and FMA
bool HasSse41();
bool HasNeonDot();

}  // namespace pinhole::engine::kernels::fast
