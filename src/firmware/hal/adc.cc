// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/adc.h"

#include "firmware/chips/chip.h"
#include "firmware/hal/gpio.h"
#include "firmware/hal/system.h"

namespace chip = pinhole::firmware::chip;

namespace {

constexpr std::uint32_t kControl = chip::kAdc + 0x00;
constexpr std::uint32_t kResult = chip::kAdc + 0x04;
constexpr std::uint32_t kEnable = 1u << 0;
constexpr std::uint32_t kTemperature = 1u << 1;
constexpr std::uint32_t kStartOnce = 1u << 2;
constexpr std::uint32_t kReady = 1u << 8;
constexpr unsigned kInput = 12;

void WaitReady() {
  while ((chip::At(kControl) & kReady) == 0) {
  }
}

}  // namespace

extern "C" {

void adc_init(void) {
  reset_block(1u << chip::kResetAdc);
  unreset_block_wait(1u << chip::kResetAdc);
  chip::At(kControl) = kEnable;
  WaitReady();
}

void adc_gpio_init(uint pin) {
  gpio_set_function(pin, GPIO_FUNC_NULL);
  gpio_disable_pulls(pin);
  if (pin < chip::kPinCount) {
    chip::Clear(chip::kPads + 4 + 4 * pin, 1u << 6);  // a digital input would draw current
  }
}

void adc_select_input(uint input) { chip::Change(kControl, input << kInput, 7u << kInput); }

void adc_set_temp_sensor_enabled(bool enabled) {
  chip::Change(kControl, enabled ? kTemperature : 0, kTemperature);
}

uint16_t adc_read(void) {
  chip::Set(kControl, kStartOnce);
  WaitReady();
  return static_cast<uint16_t>(chip::At(kResult));
}

}  // extern "C"
