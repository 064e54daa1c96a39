// SPDX-License-Identifier: Apache-2.0
#pragma once

// Programs of PIO state machines, assembled by the compiler.
//
//   constexpr auto kProgram = pio::Assemble(std::array{
//       pio::Wait(true, pio::Pin{14}),
//       pio::In(pio::Source::kPins, 8),
//       pio::Jump(0)});
//   const pio_program_t program = {kProgram.data(), kProgram.size(), -1};
//
// One function an instruction, arguments as the datasheet names them; jumps go to the place of an
// instruction in the program. What the machine cannot say does not compile. Source: RP2040
// datasheet, chapter 3.4.

#include <array>
#include <cstddef>
#include <cstdint>

namespace pinhole::firmware::pio {

// A mistake in a program's text: no constant expression.
void Wrong();

struct Instruction {
  std::uint16_t word = 0;

  // Cycles to wait behind it. How many there can be depends on side-set, which takes bits away.
  [[nodiscard]] consteval Instruction Delay(unsigned cycles) const {
    return Field(cycles, 31, word, 8);
  }
  // The value that side-set puts out, where it has `bits` bits and is not optional.
  [[nodiscard]] consteval Instruction Side(unsigned value, unsigned bits) const {
    return Field(value, (1u << bits) - 1, word, 13 - bits);
  }

  static consteval Instruction Field(unsigned value, unsigned most, std::uint16_t word,
                                     unsigned shift) {
    if (value > most) {
      Wrong();
    }
    return {static_cast<std::uint16_t>(word | value << shift)};
  }
};

enum class When : std::uint8_t {
  kAlways,
  kXZero,
  kXDecrement,  // not 0 before
  kYZero,
  kYDecrement,
  kXNotY,
  kPin,
  kOutput,  // something is left in the output shift register
};
consteval Instruction Jump(unsigned target, When when = When::kAlways) {
  return Instruction::Field(target, 31,
                            static_cast<std::uint16_t>(static_cast<unsigned>(when) << 5), 0);
}

// Of the chip, not of the machine's window.
struct Pin {
  unsigned number = 0;
};
consteval Instruction Wait(bool high, Pin pin) {
  return Instruction::Field(pin.number, 31,
                            static_cast<std::uint16_t>(0x2000 | (high ? 1u << 7 : 0)), 0);
}

enum class Source : std::uint8_t { kPins, kX, kY, kNull, kIsr = 6, kOsr = 7 };
consteval Instruction In(Source source, unsigned bits) {
  if (bits < 1 || bits > 32) {
    Wrong();
  }
  return {static_cast<std::uint16_t>(0x4000 | static_cast<unsigned>(source) << 5 | bits % 32)};
}

enum class Target : std::uint8_t { kPins, kX, kY, kNull, kDirections, kPc, kIsr, kExec };
consteval Instruction Out(Target target, unsigned bits) {
  if (bits < 1 || bits > 32) {
    Wrong();
  }
  return {static_cast<std::uint16_t>(0x6000 | static_cast<unsigned>(target) << 5 | bits % 32)};
}

consteval Instruction Push(bool wait = true) {
  return {static_cast<std::uint16_t>(0x8000 | (wait ? 1u << 5 : 0))};
}
consteval Instruction Pull(bool wait = true) {
  return {static_cast<std::uint16_t>(0x8080 | (wait ? 1u << 5 : 0))};
}

enum class SetTarget : std::uint8_t { kPins = 0, kX = 1, kY = 2, kDirections = 4 };
consteval Instruction Set(SetTarget target, unsigned value) {
  return Instruction::Field(
      value, 31, static_cast<std::uint16_t>(0xE000 | static_cast<unsigned>(target) << 5), 0);
}

template <std::size_t kCount>
consteval std::array<std::uint16_t, kCount> Assemble(
    const std::array<Instruction, kCount>& instructions) {
  static_assert(kCount <= 32, "a block holds 32 instructions");
  std::array<std::uint16_t, kCount> words{};
  for (std::size_t i = 0; i < kCount; ++i) {
    const bool jump = (instructions[i].word & 0xE000) == 0;
    if (jump && (instructions[i].word & 31) >= kCount) {
      Wrong();
    }
    words[i] = instructions[i].word;
  }
  return words;
}

}  // namespace pinhole::firmware::pio
