// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pinhole_board.h>

#include "firmware/hal/i2c.h"

#define PICO_DEFAULT_I2C PINHOLE_BOARD_DEFAULT_I2C
#define PICO_DEFAULT_I2C_SDA_PIN PINHOLE_BOARD_DEFAULT_SDA_PIN
#define PICO_DEFAULT_I2C_SCL_PIN PINHOLE_BOARD_DEFAULT_SCL_PIN
#define i2c_default (&pinhole_i2cs[PINHOLE_BOARD_DEFAULT_I2C])
