// SPDX-License-Identifier: Apache-2.0
// A screen that wakes up when somebody comes, and draws where their faces are. A person sensor
// (I2C address 0x62) and a display with an SSD1306 (128 x 64, address 0x3C) share the bus on GP4
// and GP5; GP22 is high while the screen is on, for a backlight. After five seconds with nobody
// there the screen goes dark. Uses only functions that the Pico SDK has too.
#include <stdio.h>
#include <string.h>

#include "hardware/i2c.h"
#include "pico/stdlib.h"

enum {
  kSensor = 0x62,
  kPacketBytes = 39,
  kFirstFace = 5,
  kFaceBytes = 8,
  kMostFaces = 4,
  kScreen = 0x3C,
  kWidth = 128,
  kHeight = 64,
  kBacklightPin = 22,
  kLookEveryMs = 200,
  kDarkAfterMs = 5000,
  kBusTimeoutUs = 50000,
};

// Control byte, then eight rows of pixels a byte, the upper pixel lowest.
static uint8_t picture[1 + kWidth * kHeight / 8] = {0x40};

static bool command(const uint8_t* bytes, size_t count) {
  return i2c_write_timeout_us(i2c_default, kScreen, bytes, count, false, kBusTimeoutUs) ==
         (int)count;
}

static bool set_up_screen(void) {
  // Dark; a picture row by row into the whole of its memory; its own high voltage; upright.
  static const uint8_t kSetUp[] = {0x00, 0xAE, 0x20, 0x00, 0x21, 0x00, 0x7F, 0x22,
                                   0x00, 0x07, 0x8D, 0x14, 0xA1, 0xC8, 0xDA, 0x12};
  return command(kSetUp, sizeof kSetUp);
}

static void screen_on(bool on) {
  const uint8_t bytes[] = {0x00, on ? 0xAF : 0xAE};
  gpio_put(kBacklightPin, command(bytes, sizeof bytes) && on);
}

static void set_pixel(int x, int y) { picture[1 + y / 8 * kWidth + x] |= (uint8_t)(1u << y % 8); }

// Places on the sensor's grid of 0 to 255.
static void draw_box(const uint8_t* face) {
  const int left = face[1] * kWidth / 256, top = face[2] * kHeight / 256;
  const int right = face[3] * kWidth / 256, bottom = face[4] * kHeight / 256;
  for (int x = left; x <= right; ++x) {
    set_pixel(x, top);
    set_pixel(x, bottom);
  }
  for (int y = top; y <= bottom; ++y) {
    set_pixel(left, y);
    set_pixel(right, y);
  }
}

static void show_faces(const uint8_t* packet) {
  memset(picture + 1, 0, sizeof picture - 1);
  for (int i = 0; i < packet[4]; ++i) {
    draw_box(packet + kFirstFace + kFaceBytes * i);
  }
  i2c_write_timeout_us(i2c_default, kScreen, picture, sizeof picture, false, kBusTimeoutUs);
}

int main(void) {
  stdio_init_all();
  gpio_init(kBacklightPin);
  gpio_set_dir(kBacklightPin, GPIO_OUT);
  i2c_init(i2c_default, 400 * 1000);
  gpio_set_function(PICO_DEFAULT_I2C_SDA_PIN, GPIO_FUNC_I2C);
  gpio_set_function(PICO_DEFAULT_I2C_SCL_PIN, GPIO_FUNC_I2C);
  gpio_pull_up(PICO_DEFAULT_I2C_SDA_PIN);
  gpio_pull_up(PICO_DEFAULT_I2C_SCL_PIN);
  if (!set_up_screen()) {
    printf("no screen at 0x3C\n");
  }
  bool on = false;
  for (uint32_t dark_for_ms = 0;; dark_for_ms += kLookEveryMs) {
    uint8_t packet[kPacketBytes];
    const int count = i2c_read_timeout_us(i2c_default, kSensor, packet, sizeof packet, false,
                                          kBusTimeoutUs);
    // What cannot be read is nobody: a screen goes dark when its sensor is gone.
    const bool somebody = count == kPacketBytes && packet[4] > 0 && packet[4] <= kMostFaces;
    if (somebody) {
      dark_for_ms = 0;
      show_faces(packet);
    }
    if (somebody && !on) {
      printf("awake\n");
    } else if (on && dark_for_ms >= kDarkAfterMs) {
      printf("dark\n");
    }
    if (somebody != on && (somebody || dark_for_ms >= kDarkAfterMs)) {
      on = somebody;
      screen_on(on);
    }
    sleep_ms(kLookEveryMs);
  }
}
