// SPDX-License-Identifier: Apache-2.0
// A program that looks into the frame buffer from outside of its owner: what the check of the link
// map has to catch. Never run.
#include <cstdint>

#include "firmware/hal/stdio.h"
#include "firmware/inside/camera.h"

extern "C" const volatile std::uint8_t __frame_buffer_start[];

int main() {
  static pinhole::firmware::inside::Camera camera;
  camera.Begin();
  printf("%u\n", static_cast<unsigned>(__frame_buffer_start[0]));
  return 0;
}
