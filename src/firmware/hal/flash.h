// SPDX-License-Identifier: Apache-2.0
#pragma once

// Erasing and programming flash. The caller holds off interrupts (save_and_disable_interrupts) and
// keeps the other core in RAM or out of work.

#include "firmware/hal/types.h"

#define FLASH_SECTOR_SIZE 4096u
#define FLASH_PAGE_SIZE 256u
#ifndef XIP_BASE
#define XIP_BASE 0x10000000u
#endif

#ifdef __cplusplus
extern "C" {
#endif

// `offset` counts from the start of flash. Multiples of a sector; panics at others.
void flash_range_erase(uint32_t offset, size_t count);
// Multiples of a page; `data` lies in RAM. Panics at others.
void flash_range_program(uint32_t offset, const uint8_t* data, size_t count);

#ifdef __cplusplus
}
#endif
