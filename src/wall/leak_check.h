// SPDX-License-Identifier: Apache-2.0
#pragma once

// LeakSanitizer, where it is built in, looks at a process that ends from a second one, through
// /proc and ptrace. The locks of this room forbid both, and the look would end the locked process
// with an error: so whoever locks a process says first that there will be no look.

namespace pinhole::wall {

// Holds for this process and those it forks. Does nothing without a sanitizer.
void ForgoLeakCheck();

}  // namespace pinhole::wall
