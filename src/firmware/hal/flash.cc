// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/flash.h"

#include <pinhole_board.h>

#include "firmware/chips/flash_write.h"
#include "firmware/hal/system.h"

namespace chip = pinhole::firmware::chip;

namespace {

void Check(const char* what, uint32_t offset, size_t count, size_t unit) {
  if (offset % unit != 0 || count % unit != 0 || offset > PINHOLE_BOARD_FLASH_BYTES ||
      count > PINHOLE_BOARD_FLASH_BYTES - offset) {
    panic("%s: %u bytes at %u are not whole units of %u in %u bytes of flash", what,
          static_cast<unsigned>(count), static_cast<unsigned>(offset), static_cast<unsigned>(unit),
          static_cast<unsigned>(PINHOLE_BOARD_FLASH_BYTES));
  }
}

}  // namespace

extern "C" {

void flash_range_erase(uint32_t offset, size_t count) {
  Check("flash_range_erase", offset, count, chip::kFlashSectorBytes);
  chip::EraseFlash(offset, count);
}

void flash_range_program(uint32_t offset, const uint8_t* data, size_t count) {
  Check("flash_range_program", offset, count, chip::kFlashPageBytes);
  chip::ProgramFlash(offset, data, count);
}

}  // extern "C"
