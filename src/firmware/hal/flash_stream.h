// SPDX-License-Identifier: Apache-2.0
#pragma once

// Copies out of flash that no core waits for. The block in front of the flash reads words one after
// the other whenever no core wants the flash, and DMA takes them to memory: programs go on running
// from flash meanwhile. A word comes every 50 cycles or so, a core's own read of one that its cache
// lacks takes as long. Source: RP2040 datasheet, chapter 2.6.3; RP2350 datasheet, chapter 4.4.
//
//   flash_stream_init();
//   flash_stream_start(table, kTableInFlash, sizeof table);
//   ...
//   flash_stream_wait(0);

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

// Once, from the core that uses it. Takes a DMA channel and the interrupt DMA_IRQ_0.
void flash_stream_init(void);
// Queues a copy of `bytes`, a multiple of 4; both addresses too, and `from` lies in flash. Copies
// are made in their order. Waits where FLASH_STREAM_MOST are under way; panics at others.
void flash_stream_start(void* to, const void* from, size_t bytes);
#define FLASH_STREAM_MOST 32u
// Returns when all but the `left` queued last are made. Before flash is written:
// flash_stream_wait(0).
void flash_stream_wait(uint left);

#ifdef __cplusplus
}
#endif
