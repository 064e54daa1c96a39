// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every way out of the inside's wall that we could think of, as small programs: the audit makes the
// inside become each of them in turn, behind the very lock that a sensor has.
//
//   for (const Attempt& attempt : AllAttempts()) { ... a new process, Separate, Seal ...
//     errno = 0; const long result = attempt.make(context); }
//
// An attempt that comes back with a result below 0 was refused; with another one it was OPEN. Most
// never come back: the kernel kills the process. None does harm where it is let through, as it is
// when the audit looks at one layer alone: what could is marked `only_behind_seccomp`.

#include <span>
#include <string_view>

namespace pinhole::wall {

struct AttemptContext {
  int facts_fd = -1;
  int other_fd = -1;  // the device or another descriptor that was open before the lock; may be -1
  int parent = 0;     // the audit's process id
  unsigned char* page = nullptr;  // a page of our own
};

struct Attempt {
  std::string_view name;  // one word, for the command line
  std::string_view
      group;  // files, network, processes, memory, channels, descriptors, kernel, clocks
  std::string_view what;  // for the table
  long (*make)(const AttemptContext& context);
  bool only_behind_seccomp = false;
};

std::span<const Attempt> AllAttempts();

// Null where there is none of that name.
const Attempt* AttemptNamed(std::string_view name);

}  // namespace pinhole::wall
