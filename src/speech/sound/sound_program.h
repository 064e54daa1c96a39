// SPDX-License-Identifier: Apache-2.0
#pragma once

// The program `pinhole-sound`: a file on standard input -> 16 kHz mono on standard output.
//
//   standard output   one line (sound_info.h), then samples: 32-bit floats, little-endian
//   standard error    one sentence without a subject, where it failed or has a warning
//   exit code         0: all that could be decoded is out; kExitOfError + base::Error: it failed
//
// Standard input has to be a file that can be read at any place; it is read with pread, so that
// whoever shares the descriptor keeps his place. The process locks itself (sound_wall.h) before it
// reads the first byte.

namespace pinhole::speech {

inline constexpr int kExitOfError = 64;

// Does all that; answers the exit code, with which the process should end by one call and no more.
int RunSoundProgram();

}  // namespace pinhole::speech
