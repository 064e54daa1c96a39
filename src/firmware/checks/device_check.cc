// SPDX-License-Identifier: Apache-2.0
// Every device once, as a program would use it; one line each on the console. What stands around
// the chip is the test's: a memory at I2C address 0x50 on bus 0, and 1.65 V at ADC input 1.
#include <pinhole_board.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "firmware/hal/adc.h"
#include "firmware/hal/dma.h"
#include "firmware/hal/flash.h"
#include "firmware/hal/flash_stream.h"
#include "firmware/hal/gpio.h"
#include "firmware/hal/i2c.h"
#include "firmware/hal/multicore.h"
#include "firmware/hal/pio.h"
#include "firmware/hal/pio_program.h"
#include "firmware/hal/spi.h"
#include "firmware/hal/stdio.h"
#include "firmware/hal/sync.h"
#include "firmware/hal/system.h"
#include "firmware/hal/timer.h"
#include "firmware/hal/watchdog.h"

namespace {

namespace pio = pinhole::firmware::pio;

constexpr unsigned kOutPin = 10;
volatile std::uint32_t pin_events;
volatile std::uint64_t alarm_at;
std::array<std::uint8_t, FLASH_PAGE_SIZE> page;

void Say(const char* name, bool right) { printf("%s %s\n", name, right ? "ok" : "WRONG"); }

void CheckTime() {
  const std::uint64_t before = time_us_64();
  sleep_us(1234);
  const std::uint64_t slept = time_us_64() - before;
  Say("sleep", slept >= 1234 && slept < 1250);
  const std::uint64_t target = time_us_64() + 500;
  hardware_alarm_set_callback(0, [](uint) { alarm_at = time_us_64(); });
  const bool missed = hardware_alarm_set_target(0, target);
  sleep_us(1000);
  Say("alarm", !missed && alarm_at >= target && alarm_at < target + 10);
  hardware_alarm_set_callback(0, nullptr);
  Say("alarm in the past", hardware_alarm_set_target(1, time_us_64() - 1));
}

void CheckPins() {
  gpio_init(kOutPin);
  gpio_set_dir(kOutPin, GPIO_OUT);
  gpio_set_irq_enabled_with_callback(
      kOutPin, GPIO_IRQ_EDGE_RISE | GPIO_IRQ_EDGE_FALL, true,
      [](uint pin, std::uint32_t events) { pin_events = pin_events << 8 | pin << 4 | events; });
  gpio_put(kOutPin, true);
  sleep_us(20);
  gpio_put(kOutPin, false);
  sleep_us(20);
  Say("pin edges", pin_events == 0xA8A4);
  gpio_set_irq_enabled(kOutPin, GPIO_IRQ_EDGE_RISE | GPIO_IRQ_EDGE_FALL, false);
  gpio_put(kOutPin, true);
  sleep_us(20);
  Say("pin edges off", pin_events == 0xA8A4 && gpio_get(kOutPin));
  gpio_put(99, true);  // no such pin: nothing happens
}

// More copies than the queue holds, of this program's own code, while it runs.
void CheckFlashStream() {
  constexpr unsigned kCopies = FLASH_STREAM_MOST + 8;
  constexpr unsigned kWords = 5;
  static std::array<std::uint32_t, kCopies * kWords + 1> words;
  const auto* const code = reinterpret_cast<const std::uint32_t*>(std::uintptr_t{XIP_BASE});
  flash_stream_init();
  for (unsigned i = 0; i < kCopies; ++i) {
    flash_stream_start(&words[i * kWords], code + i * kWords, kWords * sizeof(std::uint32_t));
  }
  flash_stream_wait(1);
  const bool most = std::memcmp(words.data(), code, (kCopies - 1) * kWords * 4) == 0;
  flash_stream_wait(0);
  const bool all = std::memcmp(words.data(), code, kCopies * kWords * 4) == 0;
  Say("flash stream", most && all && words.back() == 0);
}

void CheckI2c() {
  gpio_set_function(PINHOLE_BOARD_DEFAULT_SDA_PIN, GPIO_FUNC_I2C);
  gpio_set_function(PINHOLE_BOARD_DEFAULT_SCL_PIN, GPIO_FUNC_I2C);
  const uint rate = i2c_init(i2c0, 400'000);
  Say("I2C rate", rate > 396'000 && rate <= 404'000);
  const std::uint8_t written[] = {0x20, 1, 2, 3};
  Say("I2C write", i2c_write_blocking(i2c0, 0x50, written, 4, false) == 4);
  std::uint8_t read[3] = {};
  Say("I2C read", i2c_write_blocking(i2c0, 0x50, written, 1, true) == 1 &&
                      i2c_read_blocking(i2c0, 0x50, read, 3, false) == 3 &&
                      std::memcmp(read, written + 1, 3) == 0);
  Say("I2C nobody", i2c_read_blocking(i2c0, 0x51, read, 1, false) == PICO_ERROR_GENERIC);
  Say("I2C again", i2c_write_timeout_us(i2c0, 0x50, written, 4, false, 10'000) == 4);
  Say("I2C too late", i2c_read_timeout_us(i2c0, 0x50, read, 3, false, 20) == PICO_ERROR_TIMEOUT);
  Say("I2C after that", i2c_read_timeout_us(i2c0, 0x50, read, 3, false, 10'000) == 3);
}

void CheckDma() {
  static std::array<std::uint32_t, 64> from, to;
  for (std::size_t i = 0; i < from.size(); ++i) {
    from[i] = static_cast<std::uint32_t>(i * 0x0101'0101);
  }
  const auto channel = static_cast<uint>(dma_claim_unused_channel(true));
  dma_channel_config config = dma_channel_get_default_config(channel);
  channel_config_set_write_increment(&config, true);
  dma_channel_configure(channel, &config, to.data(), from.data(), from.size(), true);
  dma_channel_wait_for_finish_blocking(channel);
  Say("DMA", from == to && dma_channel_left(channel) == 0);
  dma_channel_unclaim(channel);
}

// A machine that counts down from the number it is given and pushes what is left of another.
void CheckPio() {
  static constexpr auto kProgram = pio::Assemble(std::array{
      pio::Pull(),
      pio::Out(pio::Target::kX, 32),
      pio::Jump(2, pio::When::kXDecrement),
      pio::Set(pio::SetTarget::kY, 21),
      pio::In(pio::Source::kY, 32),
      pio::Push(),
  });
  static constexpr pio_program_t kAdded = {kProgram.data(), kProgram.size(), -1};
  const auto at = static_cast<uint>(pio_add_program(pio1, &kAdded));
  const auto machine = static_cast<uint>(pio_claim_unused_sm(pio1, true));
  pio_sm_config config = pio_get_default_sm_config();
  sm_config_set_wrap(&config, at, at + kProgram.size() - 1);
  pio_sm_init(pio1, machine, at, &config);
  pio_sm_set_enabled(pio1, machine, true);
  const std::uint32_t before = time_us_32();
  pio_sm_put_blocking(pio1, machine, clock_get_hz(clk_sys) / 1000);
  const std::uint32_t got = pio_sm_get_blocking(pio1, machine);
  const std::uint32_t took = time_us_32() - before;
  Say("PIO", got == 21 && took >= 999 && took < 1010);
  pio_remove_program(pio1, &kAdded, at);
}

void CheckSpiAndAdc() {
  const uint rate = spi_init(spi0, 1'000'000);
  const std::uint8_t out[] = {1, 2, 3};
  Say("SPI", rate > 990'000 && rate <= 1'000'000 && spi_write_blocking(spi0, out, 3) == 3);
  adc_init();
  adc_gpio_init(27);
  adc_select_input(1);
  const std::uint16_t volts = adc_read();
  Say("ADC", volts == 2048);
}

void OnCore1() {
  for (;;) {
    const std::uint32_t word = multicore_fifo_pop_blocking();
    multicore_fifo_push_blocking(word * 3 + get_core_num());
  }
}

void CheckCores() {
  for (int launch = 0; launch < 2; ++launch) {
    multicore_launch_core1(OnCore1);
    bool right = true;
    for (std::uint32_t i = 0; i < 20; ++i) {
      multicore_fifo_push_blocking(i);
      right = right && multicore_fifo_pop_blocking() == i * 3 + 1;
    }
    Say("second core", right);
  }
  multicore_reset_core1();
}

void CheckFlash() {
  constexpr std::uint32_t kAt = PINHOLE_BOARD_FLASH_BYTES - FLASH_SECTOR_SIZE;
  const auto* const flash = reinterpret_cast<const std::uint8_t*>(std::uintptr_t{XIP_BASE + kAt});
  const auto all = [&](std::size_t from, std::size_t to, std::uint8_t value) {
    for (std::size_t i = from; i < to; ++i) {
      if (const_cast<const volatile std::uint8_t*>(flash)[i] != value) {
        return false;
      }
    }
    return true;
  };
  page.fill(0x5A);
  const std::uint32_t status = save_and_disable_interrupts();
  flash_range_erase(kAt, FLASH_SECTOR_SIZE);
  flash_range_program(kAt + FLASH_PAGE_SIZE, page.data(), page.size());
  restore_interrupts(status);
  Say("flash", all(0, FLASH_PAGE_SIZE, 0xFF) && all(FLASH_PAGE_SIZE, 2 * FLASH_PAGE_SIZE, 0x5A) &&
                   all(2 * FLASH_PAGE_SIZE, FLASH_SECTOR_SIZE, 0xFF));
}

}  // namespace

int main() {
  stdio_init_all();
  if (watchdog_caused_reboot()) {
    printf("back after the watchdog\n");
    return 0;
  }
  printf("system clock %u kHz\n", static_cast<unsigned>(clock_get_hz(clk_sys) / 1000));
  CheckTime();
  CheckPins();
  CheckI2c();
  CheckDma();
  CheckPio();
  CheckSpiAndAdc();
  CheckCores();
  CheckFlash();
  CheckFlashStream();
  Say("character", getchar_timeout_us(1000) == PICO_ERROR_TIMEOUT);
  watchdog_enable(50, false);
  for (int i = 0; i < 5; ++i) {
    sleep_ms(30);
    watchdog_update();
  }
  Say("watchdog fed", true);
  stdio_flush();
  for (;;) {
  }
}
