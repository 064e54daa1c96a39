// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/system.h"

#include <pinhole_board.h>

#include "firmware/chips/chip.h"
#include "firmware/chips/clock_start.h"
#include "firmware/hal/sync.h"

namespace chip = pinhole::firmware::chip;

extern "C" {

uint32_t clock_get_hz(clock_index clock) {
  switch (clock) {
    case clk_ref: return PINHOLE_BOARD_CRYSTAL_HZ;
    case clk_sys:
    case clk_peri: return PINHOLE_BOARD_CLOCK_HZ;
    case clk_usb:
    case clk_adc: return chip::kUsbHz;
  }
  return 0;
}

void reset_block(uint32_t bits) { chip::Set(chip::kResets, bits); }

void unreset_block_wait(uint32_t bits) {
  chip::Clear(chip::kResets, bits);
  while ((chip::At(chip::kResets + 8) & bits) != bits) {
  }
}

uint get_core_num(void) { return chip::At(chip::kSio); }

}  // extern "C"
