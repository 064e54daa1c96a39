// SPDX-License-Identifier: Apache-2.0
// Takes pictures, says a checksum of each and whether it was wiped: one begun ahead, one waited
// for, in turns.
#include <cstdint>
#include <span>

#include "base/diagnosis.h"
#include "firmware/hal/stdio.h"
#include "firmware/hal/timer.h"
#include "firmware/inside/camera.h"

namespace {

using pinhole::base::Diagnosis;
using pinhole::firmware::inside::Camera;

// Sensitive to every pixel and to its place.
std::uint32_t Checksum(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  for (const std::uint8_t byte : bytes) {
    sum = sum * 31 + byte;
  }
  return sum;
}

int Complain(const Diagnosis& why) {
  printf("failed: %.*s\n", static_cast<int>(why.text().size()), why.text().data());
  return 1;
}

}  // namespace

int main() {
  stdio_init_all();
  static Camera camera;
  Diagnosis why;
  if (!camera.Open(why)) {
    return Complain(why);
  }
  printf("open\n");
  for (int i = 0; i < 4; ++i) {
    if (i % 2 == 1) {
      camera.Begin();
      sleep_ms(60);  // longer than a frame: it waits in the buffer
    }
    const std::uint64_t before = time_us_64();
    auto frame = camera.Capture(why);
    const auto waited = static_cast<unsigned>(time_us_64() - before);
    if (!frame) {
      return Complain(why);
    }
    const std::span<const std::uint8_t> pixels = frame->pixels();
    const std::uint32_t sum = Checksum(pixels);
    frame->Release();
    std::uint32_t left = 0;
    for (const std::uint8_t& pixel : pixels) {
      left |= const_cast<const volatile std::uint8_t&>(pixel);
    }
    printf("picture %d x %d %08x after %u us, %s\n", Camera::kWidth, Camera::kHeight,
           static_cast<unsigned>(sum), waited, left == 0 ? "wiped" : "LEFT");
  }
  printf("done\n");
  return 0;
}
