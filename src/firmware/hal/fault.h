// SPDX-License-Identifier: Apache-2.0
#pragma once

// What happens where a program went wrong: a report on the board's console, then the end.
//
//   pinhole: hard fault on core 0
//     pc 0x100004a2  lr 0x1000031f  sp 0x20041f90  psr 0x61000000
//     r0 0x00000000  r1 ...
//
// The report wants a stack of its own and the UART alone: it works where the program's stack does
// not. A running watchdog resets the chip afterwards.

#include <string_view>

namespace pinhole::firmware::hal {

// Of both stacks: words at their lower ends that nothing overwrites unless it ran over.
void GuardStacks();
// Handlers of the vector table.
void HardFault();
void UnexpectedInterrupt();
// "pinhole: ", the text and a line's end; the program goes on.
void ReportLine(std::string_view text);
// Until the console, where it was opened, has sent all it was given.
void DrainConsole();

}  // namespace pinhole::firmware::hal
