// SPDX-License-Identifier: Apache-2.0
// Reads a person sensor at I2C address 0x62 five times a second and prints its faces: what a board
// beside the sensor does. Field's own function names only, so it builds with the pico-sdk too.
#include <stdio.h>

#include "hardware/i2c.h"
#include "pico/stdlib.h"

enum { kAddress = 0x62, kPacketBytes = 39, kFirstFace = 5, kFaceBytes = 8, kMostFaces = 4 };

static void print_faces(const uint8_t* packet) {
  printf("%d faces found\n", packet[4]);
  for (int i = 0; i < packet[4]; ++i) {
    const uint8_t* const face = packet + kFirstFace + kFaceBytes * i;
    printf("Face #%d: %d confidence, (%d, %d), (%d, %d), %s\n", i, face[0], face[1], face[2],
           face[3], face[4], face[7] != 0 ? "facing" : "not facing");
  }
}

int main(void) {
  stdio_init_all();
  i2c_init(i2c_default, 400 * 1000);
  gpio_set_function(PICO_DEFAULT_I2C_SDA_PIN, GPIO_FUNC_I2C);
  gpio_set_function(PICO_DEFAULT_I2C_SCL_PIN, GPIO_FUNC_I2C);
  gpio_pull_up(PICO_DEFAULT_I2C_SDA_PIN);
  gpio_pull_up(PICO_DEFAULT_I2C_SCL_PIN);
  for (;;) {
    uint8_t packet[kPacketBytes];
    const int count = i2c_read_blocking(i2c_default, kAddress, packet, sizeof packet, false);
    if (count == kPacketBytes && packet[4] <= kMostFaces) {
      print_faces(packet);
    } else {
      printf("no sensor at 0x62\n");
    }
    sleep_ms(200);
  }
}
