// SPDX-License-Identifier: Apache-2.0
#pragma once

// The vector table in RAM, which both cores use.

namespace pinhole::firmware::hal {

using Handler = void();

// Fills it, every interrupt unexpected, and lets this core use it.
void UseRamVectors();
// Its address, for the other core.
const void* RamVectors();

}  // namespace pinhole::firmware::hal
