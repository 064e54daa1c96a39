// SPDX-License-Identifier: Apache-2.0
#pragma once

// State machines of the PIO blocks. Programs come from pio_program.h, or from elsewhere as words.
// Source: RP2040 datasheet, chapter 3.

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pio_inst {
  uint index;
  uint32_t used_instructions;
  uint32_t used_machines;
} pio_inst_t;
typedef pio_inst_t* PIO;
extern pio_inst_t pinhole_pios[2];
#define pio0 (&pinhole_pios[0])
#define pio1 (&pinhole_pios[1])

typedef struct pio_program {
  const uint16_t* instructions;
  uint8_t length;
  int8_t origin;  // -1: anywhere
} pio_program_t;

typedef struct {
  uint32_t clkdiv;
  uint32_t execctrl;
  uint32_t shiftctrl;
  uint32_t pinctrl;
} pio_sm_config;

// Where the program went, its jumps moved along; -1 where there is no room.
int pio_add_program(PIO pio, const pio_program_t* program);
void pio_remove_program(PIO pio, const pio_program_t* program, uint offset);
int pio_claim_unused_sm(PIO pio, bool required);
void pio_sm_unclaim(PIO pio, uint machine);

// Clock undivided, wrap over all 32 instructions, shifting right without autopush.
pio_sm_config pio_get_default_sm_config(void);
void sm_config_set_wrap(pio_sm_config* config, uint target, uint wrap);
void sm_config_set_in_pins(pio_sm_config* config, uint base);
void sm_config_set_out_pins(pio_sm_config* config, uint base, uint count);
void sm_config_set_set_pins(pio_sm_config* config, uint base, uint count);
void sm_config_set_sideset_pins(pio_sm_config* config, uint base);
void sm_config_set_sideset(pio_sm_config* config, uint bits, bool optional, bool directions);
void sm_config_set_jmp_pin(pio_sm_config* config, uint pin);
void sm_config_set_in_shift(pio_sm_config* config, bool right, bool autopush, uint threshold);
void sm_config_set_out_shift(pio_sm_config* config, bool right, bool autopull, uint threshold);
// Both FIFOs as one of eight words.
void sm_config_join_receive(pio_sm_config* config);
// In 256ths; 256: every cycle.
void sm_config_set_clkdiv_256ths(pio_sm_config* config, uint32_t divisor);

void pio_gpio_init(PIO pio, uint pin);
void pio_sm_set_consecutive_pindirs(PIO pio, uint machine, uint base, uint count, bool out);
// Stopped, FIFOs empty, at `start`.
void pio_sm_init(PIO pio, uint machine, uint start, const pio_sm_config* config);
void pio_sm_set_enabled(PIO pio, uint machine, bool enabled);
void pio_sm_clear_fifos(PIO pio, uint machine);
void pio_sm_exec(PIO pio, uint machine, uint instruction);
void pio_sm_put_blocking(PIO pio, uint machine, uint32_t word);
uint32_t pio_sm_get_blocking(PIO pio, uint machine);
bool pio_sm_is_rx_fifo_empty(PIO pio, uint machine);
// The machine had to wait because its receive FIFO was full. Clears the flag.
bool pio_sm_take_rx_stall(PIO pio, uint machine);
// For a DMA channel: the FIFO's address and its request.
volatile uint32_t* pio_rx_fifo(PIO pio, uint machine);
volatile uint32_t* pio_tx_fifo(PIO pio, uint machine);
uint pio_get_dreq(PIO pio, uint machine, bool send);
// A machine's bit (1 << number) written here stops it.
volatile uint32_t* pio_stop_word(PIO pio);

#ifdef __cplusplus
}
#endif
