// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/pwm.h"

#include <algorithm>

#include "firmware/chips/chip.h"
#include "firmware/hal/gpio.h"
#include "firmware/hal/system.h"

namespace chip = pinhole::firmware::chip;

namespace {

constexpr std::uint32_t kSliceBytes = 0x14;
constexpr std::uint32_t kControl = 0x00;
constexpr std::uint32_t kDivisor = 0x04;
constexpr std::uint32_t kLevels = 0x0C;
constexpr std::uint32_t kTop = 0x10;

}  // namespace

extern "C" void pwm_square_wave(uint pin, uint32_t divisor) {
  if ((chip::At(chip::kResets) >> chip::kResetPwm & 1) != 0) {
    unreset_block_wait(1u << chip::kResetPwm);
  }
  const std::uint32_t half = std::clamp<std::uint32_t>(divisor / 2, 1, 32768);
  const std::uint32_t slice = chip::kPwm + kSliceBytes * (pin / 2 % 8);
  chip::At(slice + kDivisor) = 1u << 4;
  chip::At(slice + kTop) = 2 * half - 1;
  chip::Change(slice + kLevels, half << 16 * (pin & 1), 0xFFFFu << 16 * (pin & 1));
  chip::At(slice + kControl) = 1;
  gpio_set_function(pin, GPIO_FUNC_PWM);
}
