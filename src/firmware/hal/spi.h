// SPDX-License-Identifier: Apache-2.0
#pragma once

// The SPI blocks (PL022) as controller. Chip select is a pin of the caller's. Source: RP2040
// datasheet, chapter 4.4.

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spi_inst {
  uint index;
} spi_inst_t;
extern spi_inst_t pinhole_spis[2];
#define spi0 (&pinhole_spis[0])
#define spi1 (&pinhole_spis[1])
typedef enum { SPI_CPHA_0 = 0, SPI_CPHA_1 = 1 } spi_cpha_t;
typedef enum { SPI_CPOL_0 = 0, SPI_CPOL_1 = 1 } spi_cpol_t;
typedef enum { SPI_LSB_FIRST = 0, SPI_MSB_FIRST = 1 } spi_order_t;

// 8 bits, mode 0, the highest bit first. Returns the rate, at most `baud`.
uint spi_init(spi_inst_t* spi, uint baud);
void spi_deinit(spi_inst_t* spi);
uint spi_set_baudrate(spi_inst_t* spi, uint baud);
// 4 to 16 bits; the block knows the highest bit first alone.
void spi_set_format(spi_inst_t* spi, uint bits, spi_cpol_t cpol, spi_cpha_t cpha,
                    spi_order_t order);
// Return the number of bytes.
int spi_write_read_blocking(spi_inst_t* spi, const uint8_t* from, uint8_t* to, size_t count);
int spi_write_blocking(spi_inst_t* spi, const uint8_t* from, size_t count);
int spi_read_blocking(spi_inst_t* spi, uint8_t repeated, uint8_t* to, size_t count);

#ifdef __cplusplus
}
#endif
