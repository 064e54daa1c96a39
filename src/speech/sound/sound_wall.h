// SPDX-License-Identifier: Apache-2.0
#pragma once

// The lock of `pinhole-sound`, closed before the first byte of a file is looked at.
//
// What is left: reading standard input, writing to standard output and error, memory that can't be
// run, the clock, ending. No file can be opened, no socket made, no program started, no thread, no
// signal sent; any other call ends the process at once (SIGSYS). Memory and processor time are
// limited. Landlock and an empty network stand behind that where the kernel has them; without the
// filter of system calls there is no lock, and nothing is decoded.
//
// Holds for ever, and for the whole process.

#include <cstdint>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::speech {

struct SoundWallLimits {
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;  // of addresses, libraries among them
  std::uint64_t cpu_seconds = 3600;
};

// Error: kUnsupported.
base::Status LockSoundProgram(const SoundWallLimits& limits, base::Diagnosis& why);

}  // namespace pinhole::speech
