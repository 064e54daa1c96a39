// SPDX-License-Identifier: Apache-2.0
#pragma once

// DMA channels: what moves bytes between memory and devices without a core. Source: RP2040
// datasheet, chapter 2.5.
//
//   const int channel = dma_claim_unused_channel(true);
//   dma_channel_config config = dma_channel_get_default_config(channel);
//   channel_config_set_dreq(&config, pio_get_dreq(pio0, 0, false));
//   dma_channel_configure(channel, &config, to, from, count, true);
//   dma_channel_wait_for_finish_blocking(channel);

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum dma_channel_transfer_size { DMA_SIZE_8 = 0, DMA_SIZE_16 = 1, DMA_SIZE_32 = 2 };
typedef struct {
  uint32_t ctrl;
} dma_channel_config;

// A channel that nobody has; -1, or panic where it is `required`, when all are taken.
int dma_claim_unused_channel(bool required);
void dma_channel_unclaim(uint channel);

// 32 bits, reading forth, writing in place, as fast as it goes, no chain.
dma_channel_config dma_channel_get_default_config(uint channel);
void channel_config_set_read_increment(dma_channel_config* config, bool increment);
void channel_config_set_write_increment(dma_channel_config* config, bool increment);
void channel_config_set_dreq(dma_channel_config* config, uint dreq);
void channel_config_set_chain_to(dma_channel_config* config, uint channel);
void channel_config_set_transfer_data_size(dma_channel_config* config,
                                           enum dma_channel_transfer_size size);
// Wraps addresses at 2^bits bytes; 0: never.
void channel_config_set_ring(dma_channel_config* config, bool write, uint bits);

void dma_channel_configure(uint channel, const dma_channel_config* config, volatile void* to,
                           const volatile void* from, uint count, bool start);
void dma_channel_set_read_addr(uint channel, const volatile void* from, bool start);
void dma_channel_set_write_addr(uint channel, volatile void* to, bool start);
void dma_channel_set_trans_count(uint channel, uint32_t count, bool start);
void dma_channel_start(uint channel);
// Returns once nothing is under way any more.
void dma_channel_abort(uint channel);
bool dma_channel_is_busy(uint channel);
// How many transfers are still to be done.
uint32_t dma_channel_left(uint channel);
void dma_channel_wait_for_finish_blocking(uint channel);
void dma_channel_set_irq0_enabled(uint channel, bool enabled);
void dma_channel_acknowledge_irq0(uint channel);

#ifdef __cplusplus
}
#endif
