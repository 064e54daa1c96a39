// SPDX-License-Identifier: Apache-2.0
// Says hello on the console once a second: UART 0 on GP0, 115200 baud. Uses only functions that
// the Pico SDK has too.
#include <stdio.h>

#include "pico/stdlib.h"

int main(void) {
  stdio_init_all();
  for (unsigned second = 0;; ++second) {
    printf("Hello, world! %u s\n", second);
    sleep_ms(1000);
  }
}
