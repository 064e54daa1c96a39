// SPDX-License-Identifier: Apache-2.0
#pragma once

// The I2C blocks (DW_apb_i2c) as controller, and as target by events.
//
// As controller: addresses of 7 bits. Transfers return how many bytes went over the bus,
// PICO_ERROR_GENERIC where nobody acknowledged, PICO_ERROR_TIMEOUT where the time was over. With
// `nostop` the bus is kept and the next transfer begins with a repeated start. A block that was
// given up in mid-transfer is brought back by the next one. Source: RP2040 datasheet, chapter 4.3.

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct i2c_inst {
  uint index;
  bool restart_on_next;
} i2c_inst_t;
extern i2c_inst_t pinhole_i2cs[2];
#define i2c0 (&pinhole_i2cs[0])
#define i2c1 (&pinhole_i2cs[1])

// Controller, up to 1 MHz. Returns the rate that the divisors give. Pins are the caller's:
// gpio_set_function(pin, GPIO_FUNC_I2C), gpio_pull_up(pin).
uint i2c_init(i2c_inst_t* i2c, uint baud);
void i2c_deinit(i2c_inst_t* i2c);
uint i2c_set_baudrate(i2c_inst_t* i2c, uint baud);
int i2c_write_blocking(i2c_inst_t* i2c, uint8_t address, const uint8_t* from, size_t count,
                       bool nostop);
int i2c_read_blocking(i2c_inst_t* i2c, uint8_t address, uint8_t* to, size_t count, bool nostop);
int i2c_write_timeout_us(i2c_inst_t* i2c, uint8_t address, const uint8_t* from, size_t count,
                         bool nostop, uint timeout_us);
int i2c_read_timeout_us(i2c_inst_t* i2c, uint8_t address, uint8_t* to, size_t count, bool nostop,
                        uint timeout_us);

// Target. The callback runs in the block's interrupt: for RECEIVE it takes bytes by
// i2c_read_byte_raw, for REQUEST it gives one by i2c_write_byte_raw, during which the bus waits;
// FINISH comes at a stop and at a repeated start.
typedef enum {
  I2C_SLAVE_RECEIVE,
  I2C_SLAVE_REQUEST,
  I2C_SLAVE_FINISH,
} i2c_slave_event_t;
typedef void (*i2c_slave_handler_t)(i2c_inst_t* i2c, i2c_slave_event_t event);
void i2c_slave_init(i2c_inst_t* i2c, uint8_t address, i2c_slave_handler_t handler);
void i2c_slave_deinit(i2c_inst_t* i2c);
size_t i2c_get_read_available(i2c_inst_t* i2c);
uint8_t i2c_read_byte_raw(i2c_inst_t* i2c);
void i2c_write_byte_raw(i2c_inst_t* i2c, uint8_t byte);

#ifdef __cplusplus
}
#endif
