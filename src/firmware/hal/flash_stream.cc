// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/flash_stream.h"

#include <array>

#include "firmware/chips/chip.h"
#include "firmware/hal/dma.h"
#include "firmware/hal/irq.h"
#include "firmware/hal/sync.h"
#include "firmware/hal/system.h"

namespace chip = pinhole::firmware::chip;

namespace {

constexpr std::uint32_t kStatus = chip::kFlashCache + 0x08;
constexpr std::uint32_t kEmpty = 1u << 1;
constexpr std::uint32_t kAddress = chip::kFlashCache + 0x14;
constexpr std::uint32_t kCount = chip::kFlashCache + 0x18;
constexpr std::uint32_t kWords = chip::kFlashCache + 0x1C;
// The same FIFO on a bus of its own, where reading it holds nobody up.
constexpr std::uint32_t kWordsForDma = chip::kFlashStream;

struct Copy {
  void* to;
  std::uint32_t from;
  std::uint32_t words;
};

struct Stream {
  std::array<Copy, FLASH_STREAM_MOST> copies;
  // Since the beginning, modulo 2^32.
  volatile std::uint32_t queued;
  volatile std::uint32_t made;
  uint channel;
};
// The interrupt has no other way to it.
Stream stream;

void StartNext() {
  const Copy& copy = stream.copies[stream.made % FLASH_STREAM_MOST];
  dma_channel_config config = dma_channel_get_default_config(stream.channel);
  channel_config_set_read_increment(&config, false);
  channel_config_set_write_increment(&config, true);
  channel_config_set_dreq(&config, chip::kRequestFlashStream);
  chip::At(kCount) = 0;
  while ((chip::At(kStatus) & kEmpty) == 0) {
    chip::Touch(chip::At(kWords));
  }
  chip::At(kAddress) = copy.from;
  chip::At(kCount) = copy.words;
  dma_channel_configure(stream.channel, &config, copy.to,
                        reinterpret_cast<const volatile void*>(std::uintptr_t{kWordsForDma}),
                        copy.words, true);
}

void OnCopied() {
  dma_channel_acknowledge_irq0(stream.channel);
  stream.made = stream.made + 1;
  if (stream.made != stream.queued) {
    StartNext();
  }
}

}  // namespace

extern "C" {

void flash_stream_init(void) {
  stream.channel = static_cast<uint>(dma_claim_unused_channel(true));
  irq_set_exclusive_handler(chip::kDmaIrq, OnCopied);
  // Who had the channel before may have left its end behind.
  dma_channel_acknowledge_irq0(stream.channel);
  dma_channel_set_irq0_enabled(stream.channel, true);
  irq_set_enabled(chip::kDmaIrq, true);
}

void flash_stream_start(void* to, const void* from, size_t bytes) {
  const auto address = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(from));
  const auto target = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(to));
  if (bytes % 4 != 0 || address % 4 != 0 || target % 4 != 0) {
    panic("flash_stream_start: %u bytes from %p to %p are not whole words",
          static_cast<unsigned>(bytes), from, to);
  }
  if (bytes == 0) {
    return;
  }
  while (stream.queued - stream.made == FLASH_STREAM_MOST) {
  }
  const std::uint32_t status = save_and_disable_interrupts();
  const bool idle = stream.queued == stream.made;
  stream.copies[stream.queued % FLASH_STREAM_MOST] = {to, address,
                                                      static_cast<std::uint32_t>(bytes / 4)};
  stream.queued = stream.queued + 1;
  if (idle) {
    StartNext();
  }
  restore_interrupts(status);
}

void flash_stream_wait(uint left) {
  while (stream.queued - stream.made > left) {
  }
  __dmb();
}

}  // extern "C"
