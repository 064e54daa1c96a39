// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/gpio.h"

#include "firmware/chips/chip.h"
#include "firmware/hal/irq.h"
#include "firmware/hal/sync.h"

namespace chip = pinhole::firmware::chip;

namespace {

constexpr std::uint32_t kPadOutputDisable = 1u << 7;
constexpr std::uint32_t kPadInputEnable = 1u << 6;
constexpr std::uint32_t kPadPullUp = 1u << 3;
constexpr std::uint32_t kPadPullDown = 1u << 2;

gpio_irq_callback_t callbacks[2];  // by core

constexpr std::uint32_t Pad(uint pin) { return chip::kPads + 4 + 4 * pin; }
constexpr std::uint32_t Control(uint pin) { return chip::kPins + 8 * pin + 4; }
// Events of eight pins a word, four bits a pin.
constexpr std::uint32_t EventWord(uint pin) { return pin / 8 * 4; }
constexpr std::uint32_t EventBits(uint pin, std::uint32_t events) { return events << pin % 8 * 4; }

void OnPins() {
  const uint core = get_core_num();
  for (uint pin = 0; pin < chip::kPinCount; ++pin) {
    const std::uint32_t events =
        chip::At(chip::kPinEventsStatus[core] + EventWord(pin)) >> pin % 8 * 4 & 15;
    if (events == 0) {
      continue;
    }
    gpio_acknowledge_irq(pin, events);
    if (callbacks[core] != nullptr) {
      callbacks[core](pin, events);
    }
  }
}

}  // namespace

extern "C" {

void gpio_init(uint pin) {
  gpio_set_dir(pin, GPIO_IN);
  gpio_put(pin, false);
  gpio_set_function(pin, GPIO_FUNC_SIO);
}

void gpio_set_function(uint pin, gpio_function function) {
  if (pin >= chip::kPinCount) {
    return;
  }
  chip::Change(Pad(pin), kPadInputEnable, kPadInputEnable | kPadOutputDisable);
  chip::At(Control(pin)) = static_cast<std::uint32_t>(function);
  if (chip::kPadIsolation != 0) {
    chip::Clear(Pad(pin), chip::kPadIsolation);
  }
}

void gpio_set_pulls(uint pin, bool up, bool down) {
  if (pin < chip::kPinCount) {
    chip::Change(Pad(pin), (up ? kPadPullUp : 0) | (down ? kPadPullDown : 0),
                 kPadPullUp | kPadPullDown);
  }
}

void gpio_set_dir(uint pin, bool out) {
  if (pin < chip::kPinCount) {
    chip::At(out ? chip::kSioDriveSet : chip::kSioDriveClear) = 1u << pin;
  }
}

void gpio_put(uint pin, bool high) {
  if (pin < chip::kPinCount) {
    chip::At(high ? chip::kSioOutSet : chip::kSioOutClear) = 1u << pin;
  }
}

void gpio_xor_mask(uint32_t mask) { chip::At(chip::kSioOutFlip) = mask; }

bool gpio_get(uint pin) { return pin < chip::kPinCount && (gpio_get_all() >> pin & 1) != 0; }

uint32_t gpio_get_all(void) { return chip::At(chip::kSio + 0x04); }

bool gpio_get_out_level(uint pin) {
  return pin < chip::kPinCount && (chip::At(chip::kSio + 0x10) >> pin & 1) != 0;
}

void gpio_set_irq_enabled(uint pin, uint32_t events, bool enabled) {
  if (pin >= chip::kPinCount) {
    return;
  }
  gpio_acknowledge_irq(pin, events);
  const std::uint32_t at = chip::kPinEventsEnable[get_core_num()] + EventWord(pin);
  if (enabled) {
    chip::Set(at, EventBits(pin, events & 15));
  } else {
    chip::Clear(at, EventBits(pin, events & 15));
  }
}

void gpio_set_irq_enabled_with_callback(uint pin, uint32_t events, bool enabled,
                                        gpio_irq_callback_t callback) {
  callbacks[get_core_num()] = callback;
  irq_set_exclusive_handler(chip::kPinsIrq, OnPins);
  gpio_set_irq_enabled(pin, events, enabled);
  irq_set_enabled(chip::kPinsIrq, true);
}

void gpio_acknowledge_irq(uint pin, uint32_t events) {
  if (pin < chip::kPinCount) {
    // Edges are kept, levels are not.
    chip::At(chip::kPinEvents + EventWord(pin)) =
        EventBits(pin, events & (GPIO_IRQ_EDGE_FALL | GPIO_IRQ_EDGE_RISE));
  }
}

}  // extern "C"
