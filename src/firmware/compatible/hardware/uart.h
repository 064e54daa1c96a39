// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pinhole_board.h>

#include "firmware/hal/uart.h"

#define PICO_DEFAULT_UART PINHOLE_BOARD_UART
#define PICO_DEFAULT_UART_TX_PIN PINHOLE_BOARD_UART_TX_PIN
#define PICO_DEFAULT_UART_RX_PIN PINHOLE_BOARD_UART_RX_PIN
#define PICO_DEFAULT_UART_BAUD_RATE PINHOLE_BOARD_UART_BAUD
#define uart_default (&pinhole_uarts[PINHOLE_BOARD_UART])
