// SPDX-License-Identifier: Apache-2.0
// Goes wrong as it is told by a letter on the console.
#include <cstdint>
#include <cstdlib>

#include "firmware/hal/stdio.h"
#include "firmware/hal/system.h"
#include "firmware/hal/timer.h"
#include "firmware/hal/watchdog.h"

namespace {

__attribute__((noinline)) std::uint32_t Dig(std::uint32_t depth) {
  volatile std::uint32_t room[64];
  for (volatile std::uint32_t& word : room) {
    word = depth;
  }
  room[63] = depth == 0 ? 0 : Dig(depth - 1);
  return room[0] + room[63];
}

void GoWrong(int how) {
  switch (how) {
    case 'f': *reinterpret_cast<volatile std::uint32_t*>(std::uintptr_t{0x6000'0000}) = 1; return;
    case 'u': asm volatile("udf #1"); return;
    case 'p': panic("%d faces of %s", 3, "nobody");
    case 'a': std::abort();
    case 's':  // 30 · 260 bytes: more than 6 KB
      printf("%u\n", static_cast<unsigned>(Dig(30)));
      sleep_ms(1);
      return;
    case 'w':
      watchdog_enable(20, false);
      *reinterpret_cast<volatile std::uint32_t*>(std::uintptr_t{0x6000'0000}) = 1;
      return;
    default: printf("what?\n");
  }
}

}  // namespace

int main() {
  stdio_init_all();
  printf(watchdog_caused_reboot() ? "ready again\n" : "ready\n");
  for (;;) {
    const int how = getchar_timeout_us(1'000'000);
    if (how == 'e') {
      return 3;
    }
    if (how >= 0) {
      GoWrong(how);
    }
  }
}
