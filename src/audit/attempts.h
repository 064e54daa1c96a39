// SPDX-License-Identifier: Apache-2.0
#pragma once

// Breaking out, attempt by attempt: the program pinhole-inside, locked as for a sensor, becomes
// each entry of wall/attempts.h in a process of its own, and this says how that ended.

#include <string>
#include <string_view>
#include <vector>

#include "wall/attempts.h"

namespace pinhole::audit {

enum class Fate {
  kKilled,   // by the kernel, at the attempt
  kRefused,  // the call came back with an error
  kOpen,     // it was let through
  kUnknown,  // the process ended otherwise: the audit itself failed
};

struct Outcome {
  Fate fate = Fate::kUnknown;
  std::string detail;  // "SIGSYS", "EACCES", the result
  std::string layer;   // what stopped it, for a person: "seccomp", "time-stamp counter off"
};

// `without`: layers left out (namespaces, landlock, seccomp), to see what the others do by
// themselves.
Outcome Try(const wall::Attempt& attempt, const std::vector<std::string>& without = {});

std::string_view FateName(Fate fate);  // "killed", "refused", "OPEN", "unknown"

}  // namespace pinhole::audit
