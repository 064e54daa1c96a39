// SPDX-License-Identifier: Apache-2.0
#pragma once

// `pinhole emulate --gdb PORT`: one debugger on the loopback drives core 0.

#include "emulator/rp2040.h"

namespace pinhole::host {

// Waits for a debugger and lets it drive until it lets go. False: it asked to end the program.
// Throws Failure where the port can't be had.
bool DebugOnPort(emulator::Rp2040& chip, int port);

}  // namespace pinhole::host
