// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/pio.h"

#include <bit>

#include "firmware/chips/chip.h"
#include "firmware/hal/gpio.h"
#include "firmware/hal/system.h"

namespace chip = pinhole::firmware::chip;

pio_inst_t pinhole_pios[2] = {{0, 0, 0}, {1, 0, 0}};

namespace {

constexpr std::uint32_t kControl = 0x00;
constexpr std::uint32_t kFifoStatus = 0x04;
constexpr std::uint32_t kFifoDebug = 0x08;
constexpr std::uint32_t kSend = 0x10;
constexpr std::uint32_t kReceive = 0x20;
constexpr std::uint32_t kMemory = 0x48;
constexpr std::uint32_t kMachine = 0xC8;
constexpr std::uint32_t kMachineBytes = 0x18;
// Of a machine.
constexpr std::uint32_t kDivisor = 0x00;
constexpr std::uint32_t kExec = 0x04;
constexpr std::uint32_t kShift = 0x08;
constexpr std::uint32_t kInstruction = 0x10;
constexpr std::uint32_t kPinControl = 0x14;
// Fields of its words.
constexpr unsigned kWrapTarget = 7;
constexpr unsigned kWrap = 12;
constexpr unsigned kJumpPin = 24;
constexpr std::uint32_t kSideDirections = 1u << 29;
constexpr std::uint32_t kSideOptional = 1u << 30;
constexpr std::uint32_t kJoinReceive = 1u << 31;
constexpr unsigned kInstructions = 32;
constexpr uint kMachines = 4;

std::uint32_t Base(PIO pio) { return chip::kPio[pio->index]; }

chip::Register& At(PIO pio, std::uint32_t offset) { return chip::At(Base(pio) + offset); }

std::uint32_t OfMachine(uint machine, std::uint32_t offset) {
  return kMachine + kMachineBytes * machine + offset;
}

void Wake(PIO pio) {
  if (pio->used_instructions == 0 && pio->used_machines == 0) {
    unreset_block_wait(1u << (chip::kResetPio + pio->index));
  }
}

std::uint32_t Ones(unsigned count) { return count >= 32 ? ~0u : (1u << count) - 1; }

void Put(std::uint32_t& word, unsigned shift, unsigned bits, std::uint32_t value) {
  word = (word & ~(Ones(bits) << shift)) | (value & Ones(bits)) << shift;
}

// Jumps are to places in the program; memory wants places in itself.
std::uint16_t Moved(std::uint16_t instruction, uint offset) {
  return (instruction & 0xE000) == 0 ? static_cast<std::uint16_t>(instruction + offset)
                                     : instruction;
}

}  // namespace

extern "C" {

int pio_add_program(PIO pio, const pio_program_t* program) {
  Wake(pio);
  for (unsigned offset = 0; offset + program->length <= kInstructions; ++offset) {
    const std::uint32_t place = Ones(program->length) << offset;
    const bool wanted = program->origin < 0 || offset == static_cast<unsigned>(program->origin);
    if (!wanted || (pio->used_instructions & place) != 0) {
      continue;
    }
    pio->used_instructions |= place;
    for (unsigned i = 0; i < program->length; ++i) {
      At(pio, kMemory + 4 * (offset + i)) = Moved(program->instructions[i], offset);
    }
    return static_cast<int>(offset);
  }
  return -1;
}

void pio_remove_program(PIO pio, const pio_program_t* program, uint offset) {
  pio->used_instructions &= ~(Ones(program->length) << offset);
}

int pio_claim_unused_sm(PIO pio, bool required) {
  Wake(pio);
  const auto machine = static_cast<uint>(std::countr_one(pio->used_machines));
  if (machine >= kMachines) {
    if (required) {
      panic("all machines of PIO %u are taken", pio->index);
    }
    return -1;
  }
  pio->used_machines |= 1u << machine;
  return static_cast<int>(machine);
}

void pio_sm_unclaim(PIO pio, uint machine) { pio->used_machines &= ~(1u << machine); }

pio_sm_config pio_get_default_sm_config(void) {
  pio_sm_config config = {1u << 16, 0, 0, 0};
  sm_config_set_wrap(&config, 0, kInstructions - 1);
  sm_config_set_in_shift(&config, true, false, 32);
  sm_config_set_out_shift(&config, true, false, 32);
  return config;
}

void sm_config_set_wrap(pio_sm_config* config, uint target, uint wrap) {
  Put(config->execctrl, kWrapTarget, 5, target);
  Put(config->execctrl, kWrap, 5, wrap);
}

void sm_config_set_in_pins(pio_sm_config* config, uint base) { Put(config->pinctrl, 15, 5, base); }

void sm_config_set_out_pins(pio_sm_config* config, uint base, uint count) {
  Put(config->pinctrl, 0, 5, base);
  Put(config->pinctrl, 20, 6, count);
}

void sm_config_set_set_pins(pio_sm_config* config, uint base, uint count) {
  Put(config->pinctrl, 5, 5, base);
  Put(config->pinctrl, 26, 3, count);
}

void sm_config_set_sideset_pins(pio_sm_config* config, uint base) {
  Put(config->pinctrl, 10, 5, base);
}

void sm_config_set_sideset(pio_sm_config* config, uint bits, bool optional, bool directions) {
  Put(config->pinctrl, 29, 3, bits);
  config->execctrl &= ~(kSideOptional | kSideDirections);
  config->execctrl |= (optional ? kSideOptional : 0) | (directions ? kSideDirections : 0);
}

void sm_config_set_jmp_pin(pio_sm_config* config, uint pin) {
  Put(config->execctrl, kJumpPin, 5, pin);
}

void sm_config_set_in_shift(pio_sm_config* config, bool right, bool autopush, uint threshold) {
  Put(config->shiftctrl, 18, 1, right ? 1 : 0);
  Put(config->shiftctrl, 16, 1, autopush ? 1 : 0);
  Put(config->shiftctrl, 20, 5, threshold);  // 32 is 0
}

void sm_config_set_out_shift(pio_sm_config* config, bool right, bool autopull, uint threshold) {
  Put(config->shiftctrl, 19, 1, right ? 1 : 0);
  Put(config->shiftctrl, 17, 1, autopull ? 1 : 0);
  Put(config->shiftctrl, 25, 5, threshold);
}

void sm_config_join_receive(pio_sm_config* config) { config->shiftctrl |= kJoinReceive; }

void sm_config_set_clkdiv_256ths(pio_sm_config* config, uint32_t divisor) {
  config->clkdiv = divisor << 8;
}

void pio_gpio_init(PIO pio, uint pin) {
  gpio_set_function(pin, pio->index == 0 ? GPIO_FUNC_PIO0 : GPIO_FUNC_PIO1);
}

// By instructions that the machine runs: five pins at once are what `set` can do.
void pio_sm_set_consecutive_pindirs(PIO pio, uint machine, uint base, uint count, bool out) {
  const std::uint32_t kept = At(pio, OfMachine(machine, kPinControl));
  for (uint done = 0; done < count; done += 5) {
    const uint pins = count - done < 5 ? count - done : 5;
    At(pio, OfMachine(machine, kPinControl)) = pins << 26 | ((base + done) % 32) << 5;
    pio_sm_exec(pio, machine, 0xE080u | (out ? 31u : 0u));
  }
  At(pio, OfMachine(machine, kPinControl)) = kept;
}

void pio_sm_init(PIO pio, uint machine, uint start, const pio_sm_config* config) {
  pio_sm_set_enabled(pio, machine, false);
  At(pio, OfMachine(machine, kDivisor)) = config->clkdiv;
  At(pio, OfMachine(machine, kExec)) = config->execctrl;
  At(pio, OfMachine(machine, kShift)) = config->shiftctrl;
  At(pio, OfMachine(machine, kPinControl)) = config->pinctrl;
  pio_sm_clear_fifos(pio, machine);
  static_cast<void>(pio_sm_take_rx_stall(pio, machine));
  chip::Set(Base(pio) + kControl, 1u << (4 + machine) | 1u << (8 + machine));  // restart, clock too
  pio_sm_exec(pio, machine, start);                                            // a jump
}

void pio_sm_set_enabled(PIO pio, uint machine, bool enabled) {
  if (enabled) {
    chip::Set(Base(pio) + kControl, 1u << machine);
  } else {
    chip::Clear(Base(pio) + kControl, 1u << machine);
  }
}

void pio_sm_clear_fifos(PIO pio, uint machine) {
  // Joining and parting the FIFOs empties them.
  const std::uint32_t at = Base(pio) + OfMachine(machine, kShift);
  chip::At(at + 0x1000) = kJoinReceive;
  chip::At(at + 0x1000) = kJoinReceive;
}

void pio_sm_exec(PIO pio, uint machine, uint instruction) {
  At(pio, OfMachine(machine, kInstruction)) = instruction;
}

void pio_sm_put_blocking(PIO pio, uint machine, uint32_t word) {
  while ((At(pio, kFifoStatus) >> (16 + machine) & 1) != 0) {
  }
  At(pio, kSend + 4 * machine) = word;
}

uint32_t pio_sm_get_blocking(PIO pio, uint machine) {
  while (pio_sm_is_rx_fifo_empty(pio, machine)) {
  }
  return At(pio, kReceive + 4 * machine);
}

bool pio_sm_is_rx_fifo_empty(PIO pio, uint machine) {
  return (At(pio, kFifoStatus) >> (8 + machine) & 1) != 0;
}

bool pio_sm_take_rx_stall(PIO pio, uint machine) {
  const std::uint32_t bit = 1u << machine;
  const bool stalled = (At(pio, kFifoDebug) & bit) != 0;
  At(pio, kFifoDebug) = bit;
  return stalled;
}

volatile uint32_t* pio_rx_fifo(PIO pio, uint machine) { return &At(pio, kReceive + 4 * machine); }
volatile uint32_t* pio_tx_fifo(PIO pio, uint machine) { return &At(pio, kSend + 4 * machine); }

volatile uint32_t* pio_stop_word(PIO pio) { return &chip::At(Base(pio) + kControl + 0x3000); }

uint pio_get_dreq(PIO pio, uint machine, bool send) {
  return chip::kRequestPio + 8 * pio->index + (send ? 0 : 4) + machine;
}

}  // extern "C"
