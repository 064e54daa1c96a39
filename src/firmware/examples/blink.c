// SPDX-License-Identifier: Apache-2.0
// Blinks the board's LED, twice a second. Uses only functions that the Pico SDK has too.
#include "pico/stdlib.h"

int main(void) {
  gpio_init(PICO_DEFAULT_LED_PIN);
  gpio_set_dir(PICO_DEFAULT_LED_PIN, GPIO_OUT);
  for (;;) {
    gpio_put(PICO_DEFAULT_LED_PIN, true);
    sleep_ms(250);
    gpio_put(PICO_DEFAULT_LED_PIN, false);
    sleep_ms(250);
  }
}
