// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/dma.h"

#include "firmware/chips/chip.h"
#include "firmware/hal/sync.h"
#include "firmware/hal/system.h"

namespace chip = pinhole::firmware::chip;

namespace {

constexpr std::uint32_t kRead = 0x00;
constexpr std::uint32_t kWrite = 0x04;
constexpr std::uint32_t kCount = 0x08;
constexpr std::uint32_t kControlAndStart = 0x0C;
constexpr std::uint32_t kControl = 0x10;
// The same registers once more; writing these starts the channel.
constexpr std::uint32_t kCountAndStart = 0x1C;
constexpr std::uint32_t kWriteAndStart = 0x2C;
constexpr std::uint32_t kReadAndStart = 0x3C;
constexpr std::uint32_t kRaw = chip::kDma + 0x400;
constexpr std::uint32_t kEnable0 = chip::kDma + 0x404;

std::uint32_t taken;

chip::Register& At(uint channel, std::uint32_t offset) {
  return chip::At(chip::kDma + 0x40 * channel + offset);
}

std::uint32_t Address(const volatile void* at) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(at));
}

void Put(dma_channel_config* config, unsigned shift, std::uint32_t mask, std::uint32_t value) {
  config->ctrl = (config->ctrl & ~(mask << shift)) | (value & mask) << shift;
}

}  // namespace

extern "C" {

int dma_claim_unused_channel(bool required) {
  const std::uint32_t status = save_and_disable_interrupts();
  if (taken == 0) {
    unreset_block_wait(1u << chip::kResetDma);
  }
  int found = -1;
  for (uint channel = 0; channel < chip::kDmaChannels && found < 0; ++channel) {
    if ((taken >> channel & 1) == 0) {
      taken |= 1u << channel;
      found = static_cast<int>(channel);
    }
  }
  restore_interrupts(status);
  if (found < 0 && required) {
    panic("all %u DMA channels are taken", chip::kDmaChannels);
  }
  return found;
}

void dma_channel_unclaim(uint channel) {
  const std::uint32_t status = save_and_disable_interrupts();
  taken &= ~(1u << channel);
  restore_interrupts(status);
}

dma_channel_config dma_channel_get_default_config(uint channel) {
  dma_channel_config config = {1};
  channel_config_set_read_increment(&config, true);
  channel_config_set_write_increment(&config, false);
  channel_config_set_dreq(&config, chip::kRequestAlways);
  channel_config_set_chain_to(&config, channel);
  channel_config_set_transfer_data_size(&config, DMA_SIZE_32);
  return config;
}

void channel_config_set_read_increment(dma_channel_config* config, bool increment) {
  Put(config, 4, 1, increment ? 1 : 0);
}
void channel_config_set_write_increment(dma_channel_config* config, bool increment) {
  Put(config, chip::kDmaIncrementWrite, 1, increment ? 1 : 0);
}
void channel_config_set_dreq(dma_channel_config* config, uint dreq) {
  Put(config, chip::kDmaRequest, 63, dreq);
}
void channel_config_set_chain_to(dma_channel_config* config, uint channel) {
  Put(config, chip::kDmaChainTo, 15, channel);
}
void channel_config_set_transfer_data_size(dma_channel_config* config,
                                           dma_channel_transfer_size size) {
  Put(config, 2, 3, static_cast<std::uint32_t>(size));
}
void channel_config_set_ring(dma_channel_config* config, bool write, uint bits) {
  Put(config, chip::kDmaRingSize, 15, bits);
  Put(config, chip::kDmaRingSelect, 1, write ? 1 : 0);
}

void dma_channel_configure(uint channel, const dma_channel_config* config, volatile void* to,
                           const volatile void* from, uint count, bool start) {
  At(channel, kRead) = Address(from);
  At(channel, kWrite) = Address(to);
  At(channel, kCount) = count;
  __dmb();
  At(channel, start ? kControlAndStart : kControl) = config->ctrl;
}

void dma_channel_set_read_addr(uint channel, const volatile void* from, bool start) {
  __dmb();
  At(channel, start ? kReadAndStart : kRead) = Address(from);
}

void dma_channel_set_write_addr(uint channel, volatile void* to, bool start) {
  __dmb();
  At(channel, start ? kWriteAndStart : kWrite) = Address(to);
}

void dma_channel_set_trans_count(uint channel, uint32_t count, bool start) {
  __dmb();
  At(channel, start ? kCountAndStart : kCount) = count;
}

void dma_channel_start(uint channel) {
  __dmb();
  chip::At(chip::kDmaTrigger) = 1u << channel;
}

void dma_channel_abort(uint channel) {
  chip::At(chip::kDmaAbort) = 1u << channel;
  while ((chip::At(chip::kDmaAbort) >> channel & 1) != 0 || dma_channel_is_busy(channel)) {
  }
  // Aborting may leave the interrupt of a finished transfer (the RP2040's erratum E13).
  dma_channel_acknowledge_irq0(channel);
}

bool dma_channel_is_busy(uint channel) {
  return (At(channel, kControl) >> chip::kDmaBusy & 1) != 0;
}

uint32_t dma_channel_left(uint channel) { return At(channel, kCount); }

void dma_channel_wait_for_finish_blocking(uint channel) {
  while (dma_channel_is_busy(channel)) {
  }
  __dmb();
}

void dma_channel_set_irq0_enabled(uint channel, bool enabled) {
  if (enabled) {
    chip::Set(kEnable0, 1u << channel);
  } else {
    chip::Clear(kEnable0, 1u << channel);
  }
}

void dma_channel_acknowledge_irq0(uint channel) { chip::At(kRaw) = 1u << channel; }

}  // extern "C"
