// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pinhole_board.h>

#include "firmware/hal/gpio.h"
#include "firmware/hal/stdio.h"
#include "firmware/hal/sync.h"
#include "firmware/hal/system.h"
#include "firmware/hal/timer.h"
#include "hardware/uart.h"

#define PICO_DEFAULT_LED_PIN PINHOLE_BOARD_LED_PIN
