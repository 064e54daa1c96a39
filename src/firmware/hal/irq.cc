// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/irq.h"

#include <algorithm>
#include <array>

#include "firmware/chips/chip.h"
#include "firmware/hal/fault.h"
#include "firmware/hal/sync.h"
#include "firmware/hal/vectors.h"

namespace chip = pinhole::firmware::chip;

namespace pinhole::firmware::hal {
namespace {

constexpr unsigned kExceptions = 16;
constexpr unsigned kHardFault = 3;
using Table = std::array<Handler*, kExceptions + chip::kInterrupts>;

__attribute__((section(".ram_vectors"))) alignas(256) Table table;

constexpr std::uint32_t kEnable = chip::kSystemControl + 0x100;
constexpr std::uint32_t kDisable = chip::kSystemControl + 0x180;
constexpr std::uint32_t kClearPending = chip::kSystemControl + 0x280;
constexpr std::uint32_t kPriority = chip::kSystemControl + 0x400;
constexpr std::uint32_t kVectorTable = chip::kSystemControl + 0xD08;

}  // namespace

void UseRamVectors() {
  std::ranges::fill(table, UnexpectedInterrupt);
  table[kHardFault] = HardFault;
  chip::At(kVectorTable) =
      static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(table.data()));
}

const void* RamVectors() { return table.data(); }

extern "C" {

void irq_set_exclusive_handler(uint number, irq_handler_t handler) {
  if (number < chip::kInterrupts) {
    table[kExceptions + number] = handler != nullptr ? handler : &UnexpectedInterrupt;
    __dmb();
  }
}

void irq_set_enabled(uint number, bool enabled) {
  const std::uint32_t offset = number / 32 * 4;
  const std::uint32_t bit = 1u << number % 32;
  if (enabled) {
    chip::At(kClearPending + offset) = bit;
    chip::At(kEnable + offset) = bit;
  } else {
    chip::At(kDisable + offset) = bit;
    // Whoever switched it off must not meet it behind the next instruction.
    asm volatile("dsb\n isb" ::: "memory");
  }
}

void irq_set_priority(uint number, uint8_t priority) {
  const std::uint32_t at = kPriority + number / 4 * 4;
  const std::uint32_t shift = number % 4 * 8;
  chip::At(at) = (chip::At(at) & ~(0xFFu << shift)) | std::uint32_t{priority} << shift;
}

void irq_clear(uint number) { chip::At(kClearPending + number / 32 * 4) = 1u << number % 32; }

}  // extern "C"
}  // namespace pinhole::firmware::hal
