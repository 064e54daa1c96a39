// SPDX-License-Identifier: Apache-2.0
#include "emulator/sio.h"

#include <bit>
#include <limits>

namespace pinhole::emulator {
namespace {

// Interpolator control bits.
constexpr std::uint32_t kSigned = 1u << 15;
constexpr std::uint32_t kCrossInput = 1u << 16;
constexpr std::uint32_t kCrossResult = 1u << 17;
constexpr std::uint32_t kAddRaw = 1u << 18;
constexpr unsigned kForceMsb = 19;
constexpr std::uint32_t kBlend = 1u << 21;
constexpr std::uint32_t kClamp = 1u << 22;

constexpr std::uint32_t kFifoValid = 1;
constexpr std::uint32_t kFifoReady = 2;
constexpr std::uint32_t kFifoWriteError = 4;
constexpr std::uint32_t kFifoReadError = 8;

// Writes, sets, clears or flips by the register's place in a group of four.
void Apply(std::uint32_t& word, unsigned how, std::uint32_t value) {
  switch (how) {
    case 0: word = value; break;
    case 1: word |= value; break;
    case 2: word &= ~value; break;
    default: word ^= value; break;
  }
}

}  // namespace

// --- interpolators ------------------------------------------------------------------------------

Interpolator::Results Interpolator::Compute() const {
  Results results{};
  std::array<std::uint32_t, 2> addend{};
  for (unsigned lane = 0; lane < 2; ++lane) {
    const std::uint32_t control = control_[lane];
    const std::uint32_t input = accumulator_[(control & kCrossInput) != 0 ? 1 - lane : lane];
    const std::uint32_t low = control >> 5 & 31;
    const std::uint32_t high = control >> 10 & 31;
    const std::uint32_t to_high = (2u << high) - 1;
    const std::uint32_t mask = to_high & ~((1u << low) - 1);
    // Bits come in as zeros.
    const std::uint32_t shifted = input >> (control & 31);
    std::uint32_t masked = shifted & mask;
    results.overflow[lane] = (shifted & ~to_high) != 0;
    if ((control & kSigned) != 0 && (masked >> high & 1) != 0) {
      masked |= ~to_high;
    }
    results.masked[lane] = masked;
    addend[lane] = (control & kAddRaw) != 0 ? input : masked;
  }
  results.value[0] = addend[0] + base_[0];
  results.value[1] = addend[1] + base_[1];
  results.value[2] = results.masked[0] + results.masked[1] + base_[2];
  if (first_ && (control_[0] & kBlend) != 0) {
    // From BASE0 to BASE1 by the low byte of lane 1.
    const std::uint32_t alpha = results.masked[1] & 0xFF;
    const auto blend = [&](std::int64_t from, std::int64_t to) {
      return static_cast<std::uint32_t>(from + (((to - from) * alpha) >> 8));
    };
    results.value[0] = alpha;
    results.value[1] = (control_[1] & kSigned) != 0 ? blend(static_cast<std::int32_t>(base_[0]),
                                                            static_cast<std::int32_t>(base_[1]))
                                                    : blend(base_[0], base_[1]);
    results.value[2] = results.masked[0] + base_[2];
  }
  if (!first_ && (control_[0] & kClamp) != 0) {
    const std::uint32_t value = results.masked[0];
    const bool is_signed = (control_[0] & kSigned) != 0;
    const auto less = [&](std::uint32_t a, std::uint32_t b) {
      return is_signed ? static_cast<std::int32_t>(a) < static_cast<std::int32_t>(b) : a < b;
    };
    results.value[0] = less(value, base_[0]) ? base_[0] : less(base_[1], value) ? base_[1] : value;
  }
  return results;
}

void Interpolator::Step(const Results& results) {
  for (unsigned lane = 0; lane < 2; ++lane) {
    accumulator_[lane] = results.value[(control_[lane] & kCrossResult) != 0 ? 1 - lane : lane];
  }
}

std::uint32_t Interpolator::Read(unsigned word) {
  const Results results = Compute();
  const auto forced = [&](unsigned lane) {
    return results.value[lane] | (control_[lane] >> kForceMsb & 3) << 28;
  };
  switch (word) {
    case 0:
    case 1: return accumulator_[word];
    case 2:
    case 3:
    case 4: return base_[word - 2];
    case 5:
    case 6:
    case 7: {
      const std::uint32_t value = word == 7 ? results.value[2] : forced(word - 5);
      Step(results);
      return value;
    }
    case 8:
    case 9: return forced(word - 8);
    case 10: return results.value[2];
    case 11: {
      const std::uint32_t flags = (results.overflow[0] ? 1u : 0) | (results.overflow[1] ? 2u : 0);
      return control_[0] | flags << 23 | (flags != 0 ? 1u << 25 : 0);
    }
    case 12: return control_[1];
    case 13:
    case 14: return results.masked[word - 13];
    default: return 0;
  }
}

void Interpolator::Write(unsigned word, std::uint32_t value) {
  switch (word) {
    case 0:
    case 1: accumulator_[word] = value; break;
    case 2:
    case 3:
    case 4: base_[word - 2] = value; break;
    case 11: control_[0] = value & 0x007F'FFFF; break;
    case 12: control_[1] = value & 0x001F'FFFF; break;
    case 13:
    case 14: accumulator_[word - 13] += value & 0x00FF'FFFF; break;
    case 15: {
      const auto half = [&](unsigned lane, std::uint32_t bits) {
        const bool is_signed = (control_[lane] & kSigned) != 0;
        return is_signed ? static_cast<std::uint32_t>(static_cast<std::int16_t>(bits)) : bits;
      };
      // In blend mode lane 1's sign speaks for both.
      const bool blend = first_ && (control_[0] & kBlend) != 0;
      base_[0] = half(blend ? 1 : 0, value & 0xFFFF);
      base_[1] = half(1, value >> 16);
      break;
    }
    default: break;
  }
}

// --- divider ------------------------------------------------------------------------------------

void Divider::Divide(bool is_signed) {
  dirty_ = true;
  if (is_signed) {
    const auto a = static_cast<std::int32_t>(dividend_);
    const auto b = static_cast<std::int32_t>(divisor_);
    if (b == 0) {
      quotient_ = a < 0 ? 1 : ~0u;
      remainder_ = dividend_;
    } else if (b == -1) {
      quotient_ = 0u - dividend_;
      remainder_ = 0;
    } else {
      quotient_ = static_cast<std::uint32_t>(a / b);
      remainder_ = static_cast<std::uint32_t>(a % b);
    }
    return;
  }
  quotient_ = divisor_ != 0 ? dividend_ / divisor_ : ~0u;
  remainder_ = divisor_ != 0 ? dividend_ % divisor_ : dividend_;
}

std::uint32_t Divider::Read(unsigned word) {
  switch (word) {
    case 0:
    case 2: return dividend_;
    case 1:
    case 3: return divisor_;
    case 4: dirty_ = false; return quotient_;
    case 5: return remainder_;
    case 6: return 1u | (dirty_ ? 2u : 0);
    default: return 0;
  }
}

void Divider::Write(unsigned word, std::uint32_t value) {
  switch (word) {
    case 0:
    case 2:
      dividend_ = value;
      Divide(word == 2);
      break;
    case 1:
    case 3:
      divisor_ = value;
      Divide(word == 3);
      break;
    case 4:
      quotient_ = value;
      dirty_ = true;
      break;
    case 5:
      remainder_ = value;
      dirty_ = true;
      break;
    default: break;
  }
}

// --- the block ----------------------------------------------------------------------------------

void Sio::Reset() {
  out_ = enable_ = high_out_ = high_enable_ = spinlocks_ = 0;
  for (auto& fifo : fifos_) {
    fifo.Clear();
  }
  fifo_errors_.fill(0);
  dividers_ = {};
  interpolators_ = {
      {{Interpolator(true), Interpolator(false)}, {Interpolator(true), Interpolator(false)}}};
  fifo_changed_ = true;
  pins_->Drive(PinSource::kSio, 0, 0);
}

bool Sio::Interrupts(unsigned core) const {
  return !fifos_[core].empty() || fifo_errors_[core] != 0;
}

bool Sio::TakeFifoChanged() {
  const bool changed = fifo_changed_;
  fifo_changed_ = false;
  return changed;
}

std::uint32_t Sio::PopFifo(unsigned core) {
  fifo_changed_ = true;
  if (fifos_[core].empty()) {
    fifo_errors_[core] |= kFifoReadError;
    return 0;
  }
  return fifos_[core].Pop();
}

void Sio::PushFifo(unsigned to_core, std::uint32_t value) {
  fifo_changed_ = true;
  if (!fifos_[to_core].Push(value)) {
    fifo_errors_[1 - to_core] |= kFifoWriteError;
  }
}

std::uint32_t Sio::Read(unsigned core, std::uint32_t offset) {
  if (offset >= 0x100) {
    const std::uint32_t lock = 1u << (offset / 4 & 31);
    if (offset >= 0x180 || (spinlocks_ & lock) != 0) {
      return 0;
    }
    spinlocks_ |= lock;
    return lock;
  }
  if (offset >= 0x80) {
    return interpolators_[core][(offset - 0x80) / 64].Read(offset / 4 & 15);
  }
  if (offset >= 0x60) {
    return dividers_[core].Read((offset - 0x60) / 4);
  }
  switch (offset) {
    case 0x00: return core;
    case 0x04: return pins_->LevelsAt(signals_->now);
    case 0x08: return 2;  // the flash's chip select is high between accesses
    case 0x10: return out_;
    case 0x20: return enable_;
    case 0x30: return high_out_;
    case 0x40: return high_enable_;
    case 0x50:
      return (fifos_[core].empty() ? 0 : kFifoValid) | (fifos_[1 - core].full() ? 0 : kFifoReady) |
             fifo_errors_[core];
    case 0x58: return PopFifo(core);
    case 0x5C: return spinlocks_;
    default: return 0;
  }
}

void Sio::WritePins(std::uint32_t offset, std::uint32_t value) {
  const unsigned how = offset / 4 & 3;
  switch (offset / 16) {
    case 1: Apply(out_, how, value & kAllPins); break;
    case 2: Apply(enable_, how, value & kAllPins); break;
    case 3: Apply(high_out_, how, value & 0x3F); return;
    default: Apply(high_enable_, how, value & 0x3F); return;
  }
  pins_->Drive(PinSource::kSio, out_, enable_);
}

void Sio::Write(unsigned core, std::uint32_t offset, std::uint32_t value) {
  if (offset >= 0x100) {
    if (offset < 0x180) {
      spinlocks_ &= ~(1u << (offset / 4 & 31));
    }
    return;
  }
  if (offset >= 0x80) {
    interpolators_[core][(offset - 0x80) / 64].Write(offset / 4 & 15, value);
    return;
  }
  if (offset >= 0x60) {
    dividers_[core].Write((offset - 0x60) / 4, value);
    return;
  }
  if (offset >= 0x10 && offset < 0x50) {
    WritePins(offset, value);
  } else if (offset == 0x50) {
    fifo_errors_[core] &= ~value;
    fifo_changed_ = true;
  } else if (offset == 0x54) {
    PushFifo(1 - core, value);
  }
}

}  // namespace pinhole::emulator
