// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/timer.h"

#include <algorithm>

#include "firmware/chips/chip.h"
#include "firmware/hal/irq.h"
#include "firmware/hal/sync.h"
#include "firmware/hal/system.h"

namespace chip = pinhole::firmware::chip;

namespace {

constexpr std::uint32_t kRawHigh = chip::kTimer + 0x24;
constexpr std::uint32_t kRawLow = chip::kTimer + 0x28;
constexpr std::uint32_t kArmed = chip::kTimer + 0x20;
constexpr std::uint32_t kFired = chip::kTimerInterrupts;
constexpr std::uint32_t kEnable = chip::kTimerInterrupts + 4;
constexpr uint kProgramAlarms = 2;
// Waits are cut: an alarm compares 32 bits.
constexpr std::uint64_t kLongest = 1u << 30;
// Below this an interrupt takes longer than the wait.
constexpr std::uint64_t kShortest = 10;

hardware_alarm_callback_t callbacks[kProgramAlarms];

constexpr std::uint32_t Alarm(uint alarm) { return chip::kTimer + 0x10 + 4 * alarm; }

template <uint kAlarm>
void OnAlarm() {
  chip::At(kFired) = 1u << kAlarm;
  if constexpr (kAlarm < kProgramAlarms) {
    if (callbacks[kAlarm] != nullptr) {
      callbacks[kAlarm](kAlarm);
    }
  }
}

constexpr irq_handler_t kHandlers[] = {OnAlarm<0>, OnAlarm<1>, OnAlarm<2>, OnAlarm<3>};

void EnableAlarm(uint alarm) {
  irq_set_exclusive_handler(chip::kTimerIrq + alarm, kHandlers[alarm]);
  chip::Set(kEnable, 1u << alarm);
  irq_set_enabled(chip::kTimerIrq + alarm, true);
}

// Sleeps until the alarm of this core, or any other interrupt.
void SleepOnce(uint alarm, std::uint64_t until) {
  chip::At(Alarm(alarm)) = static_cast<std::uint32_t>(until);
  // An interrupt that comes between the look and the sleep ends the sleep at once.
  const std::uint32_t status = save_and_disable_interrupts();
  if (time_us_64() + 1 < until) {
    __wfi();
  }
  restore_interrupts(status);
}

}  // namespace

extern "C" {

uint32_t time_us_32(void) { return chip::At(kRawLow); }

uint64_t time_us_64(void) {
  // The upper half may change while the lower one is read.
  std::uint32_t high = chip::At(kRawHigh);
  for (;;) {
    const std::uint32_t low = chip::At(kRawLow);
    const std::uint32_t again = chip::At(kRawHigh);
    if (again == high) {
      return std::uint64_t{high} << 32 | low;
    }
    high = again;
  }
}

uint32_t to_ms_since_boot(absolute_time_t time) { return static_cast<uint32_t>(time / 1000); }

int64_t absolute_time_diff_us(absolute_time_t from, absolute_time_t to) {
  return static_cast<int64_t>(to - from);
}

void busy_wait_us(uint64_t us) {
  const std::uint64_t until = time_us_64() + us;
  while (time_us_64() < until) {
  }
}

void busy_wait_us_32(uint32_t us) { busy_wait_us(us); }

void sleep_until(absolute_time_t time) {
  stack_guard_check();
  const uint alarm = 3 - get_core_num();
  bool armed = false;
  for (;;) {
    const std::uint64_t now = time_us_64();
    if (now >= time) {
      break;
    }
    if (time - now < kShortest) {
      continue;
    }
    if (!armed) {
      EnableAlarm(alarm);
      armed = true;
    }
    SleepOnce(alarm, std::min(time, now + kLongest));
  }
  if (armed) {
    chip::At(kArmed) = 1u << alarm;
    chip::Clear(kEnable, 1u << alarm);
    chip::At(kFired) = 1u << alarm;
  }
}

void sleep_us(uint64_t us) { sleep_until(time_us_64() + us); }
void sleep_ms(uint32_t ms) { sleep_until(time_us_64() + 1000ull * ms); }

void hardware_alarm_set_callback(uint alarm, hardware_alarm_callback_t callback) {
  if (alarm >= kProgramAlarms) {
    panic("alarm %u: programs have 0 and 1", alarm);
  }
  hardware_alarm_cancel(alarm);
  callbacks[alarm] = callback;
  if (callback != nullptr) {
    EnableAlarm(alarm);
  } else {
    chip::Clear(kEnable, 1u << alarm);
  }
}

bool hardware_alarm_set_target(uint alarm, absolute_time_t time) {
  if (alarm >= kProgramAlarms) {
    panic("alarm %u: programs have 0 and 1", alarm);
  }
  chip::At(Alarm(alarm)) = static_cast<std::uint32_t>(time);
  if (time_us_64() >= time && (chip::At(kArmed) >> alarm & 1) != 0) {
    hardware_alarm_cancel(alarm);
    return true;
  }
  return false;
}

void hardware_alarm_cancel(uint alarm) { chip::At(kArmed) = 1u << alarm; }

}  // extern "C"
