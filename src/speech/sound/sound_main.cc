// SPDX-License-Identifier: Apache-2.0
// pinhole-sound: see sound_program.h. Started by `pinhole`, not by hand.

#include <unistd.h>

#include "speech/sound/sound_program.h"

int main() { ::_exit(pinhole::speech::RunSoundProgram()); }
