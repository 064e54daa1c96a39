// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/spi.h"

#include <algorithm>

#include "firmware/chips/chip.h"
#include "firmware/hal/system.h"

namespace chip = pinhole::firmware::chip;

spi_inst_t pinhole_spis[2] = {{0}, {1}};

namespace {

constexpr std::uint32_t kControl0 = 0x00;
constexpr std::uint32_t kControl1 = 0x04;
constexpr std::uint32_t kData = 0x08;
constexpr std::uint32_t kStatus = 0x0C;
constexpr std::uint32_t kPrescale = 0x10;
constexpr std::uint32_t kRoom = 1u << 1;
constexpr std::uint32_t kReceived = 1u << 2;
constexpr std::uint32_t kEnable = 1u << 1;
constexpr size_t kFifo = 8;

std::uint32_t Base(const spi_inst_t* spi) { return chip::kSpi[spi->index]; }

// One byte out, one in; as many under way as the FIFOs hold, so that none is lost.
template <typename From, typename To>
int Exchange(const spi_inst_t* spi, size_t count, const From& from, const To& to) {
  size_t sent = 0;
  for (size_t received = 0; received < count;) {
    const std::uint32_t status = chip::At(Base(spi) + kStatus);
    if (sent < count && sent - received < kFifo && (status & kRoom) != 0) {
      chip::At(Base(spi) + kData) = from(sent++);
    }
    if ((status & kReceived) != 0) {
      to(received++, static_cast<std::uint8_t>(chip::At(Base(spi) + kData)));
    }
  }
  return static_cast<int>(count);
}

}  // namespace

extern "C" {

uint spi_init(spi_inst_t* spi, uint baud) {
  const std::uint32_t reset = 1u << (chip::kResetSpi + spi->index);
  reset_block(reset);
  unreset_block_wait(reset);
  const uint rate = spi_set_baudrate(spi, baud);
  spi_set_format(spi, 8, SPI_CPOL_0, SPI_CPHA_0, SPI_MSB_FIRST);
  return rate;
}

void spi_deinit(spi_inst_t* spi) { reset_block(1u << (chip::kResetSpi + spi->index)); }

uint spi_set_baudrate(spi_inst_t* spi, uint baud) {
  const std::uint32_t hz = clock_get_hz(clk_peri);
  const std::uint32_t wanted = std::max(baud, 1u);
  // rate = hz / (even prescale from 2 to 254 · post divisor from 1 to 256)
  std::uint32_t prescale = 2;
  while (prescale < 254 && hz / prescale / 256 >= wanted) {
    prescale += 2;
  }
  const std::uint64_t step = std::uint64_t{prescale} * wanted;
  const auto divisor =
      static_cast<std::uint32_t>(std::clamp<std::uint64_t>((hz + step - 1) / step, 1, 256));
  const std::uint32_t was = chip::At(Base(spi) + kControl1);
  chip::At(Base(spi) + kControl1) = was & ~kEnable;
  chip::At(Base(spi) + kPrescale) = prescale;
  chip::Change(Base(spi) + kControl0, (divisor - 1) << 8, 0xFF00);
  chip::At(Base(spi) + kControl1) = was;
  return hz / (prescale * divisor);
}

void spi_set_format(spi_inst_t* spi, uint bits, spi_cpol_t cpol, spi_cpha_t cpha, spi_order_t) {
  chip::Clear(Base(spi) + kControl1, kEnable);
  chip::Change(
      Base(spi) + kControl0,
      (bits - 1) | static_cast<std::uint32_t>(cpol) << 6 | static_cast<std::uint32_t>(cpha) << 7,
      0xCF);
  chip::Set(Base(spi) + kControl1, kEnable);
}

int spi_write_read_blocking(spi_inst_t* spi, const uint8_t* from, uint8_t* to, size_t count) {
  return Exchange(
      spi, count, [&](size_t i) { return std::uint32_t{from[i]}; },
      [&](size_t i, uint8_t byte) { to[i] = byte; });
}

int spi_write_blocking(spi_inst_t* spi, const uint8_t* from, size_t count) {
  return Exchange(
      spi, count, [&](size_t i) { return std::uint32_t{from[i]}; }, [](size_t, uint8_t) {});
}

int spi_read_blocking(spi_inst_t* spi, uint8_t repeated, uint8_t* to, size_t count) {
  return Exchange(
      spi, count, [&](size_t) { return std::uint32_t{repeated}; },
      [&](size_t i, uint8_t byte) { to[i] = byte; });
}

}  // extern "C"
