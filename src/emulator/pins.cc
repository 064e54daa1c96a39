// SPDX-License-Identifier: Apache-2.0
#include "emulator/pins.h"

namespace pinhole::emulator {
namespace {

constexpr unsigned kFunctionPwm = 4;
constexpr unsigned kFunctionPio1 = 7;
constexpr std::uint32_t kPullUp = 8;
constexpr std::uint32_t kOutputDisable = 0x80;

// INVERT, LOW, HIGH of a two-bit override field; 0 leaves the level.
constexpr bool Override(bool level, std::uint32_t how) {
  switch (how & 3) {
    case 1: return !level;
    case 2: return false;
    case 3: return true;
    default: return level;
  }
}

}  // namespace

Pins::Pins(Signals& signals) : signals_(&signals) {
  ResetPads();
  ResetBank();
}

void Pins::ResetBank() {
  control_.fill(0x1F);
  edges_.fill(0);
  irq_enable_ = {};
  irq_force_ = {};
  interrupts_changed_ = true;
  Update();
}

void Pins::ResetPads() {
  pads_.fill(0x56);
  Update();
}

void Pins::Drive(PinSource source, std::uint32_t out, std::uint32_t enable) {
  const auto i = static_cast<std::size_t>(source);
  if (out_[i] == out && enable_[i] == enable) {
    return;
  }
  out_[i] = out;
  enable_[i] = enable;
  Update();
}

void Pins::DriveFromOutside(std::uint32_t levels, std::uint32_t mask) {
  outside_levels_ = levels & mask & kAllPins;
  outside_mask_ = mask & kAllPins;
  Update();
}

void Pins::Update() {
  std::uint32_t levels = 0;
  std::uint32_t driven = 0;
  for (unsigned pin = 0; pin < kPins; ++pin) {
    const std::uint32_t bit = 1u << pin;
    const std::uint32_t control = control_[pin];
    const unsigned function = control & 31;
    bool out = false;
    bool enable = false;
    if (function >= kFunctionPwm && function <= kFunctionPio1) {
      out = (out_[function - kFunctionPwm] & bit) != 0;
      enable = (enable_[function - kFunctionPwm] & bit) != 0;
    }
    out = Override(out, control >> 8);
    enable = Override(enable, control >> 12) && (pads_[pin] & kOutputDisable) == 0;
    bool level = (pads_[pin] & kPullUp) != 0;
    if ((outside_mask_ & bit) != 0) {
      level = (outside_levels_ & bit) != 0;
    } else if (enable) {
      level = out;
    }
    levels |= level ? bit : 0;
    driven |= enable ? bit : 0;
  }
  driven_ = driven;
  const std::uint32_t changed = levels ^ levels_;
  if (changed == 0) {
    return;
  }
  levels_ = levels;
  interrupts_changed_ = true;
  for (unsigned pin = 0; pin < kPins; ++pin) {
    if ((changed >> pin & 1) != 0) {
      const std::uint32_t edge = (levels >> pin & 1) != 0 ? 8 : 4;
      edges_[pin / 8] |= edge << pin % 8 * 4;
    }
  }
  if (counter_ != nullptr) {
    counter_->OnPins(signals_->now, levels, changed);
  }
  if (listener_ != nullptr) {
    listener_->OnPins(signals_->now, levels, changed);
  }
}

std::uint32_t Pins::Raw(unsigned word) const {
  std::uint32_t raw = edges_[word];
  for (unsigned i = 0; i < 8 && word * 8 + i < kPins; ++i) {
    raw |= ((levels_ >> (word * 8 + i) & 1) != 0 ? 2u : 1u) << i * 4;
  }
  return raw;
}

bool Pins::Interrupts(unsigned core) const {
  for (unsigned word = 0; word < 4; ++word) {
    if (((Raw(word) & irq_enable_[core][word]) | irq_force_[core][word]) != 0) {
      return true;
    }
  }
  return false;
}

bool Pins::TakeInterruptsChanged() {
  const bool changed = interrupts_changed_;
  interrupts_changed_ = false;
  return changed;
}

std::uint32_t Pins::ReadBank(std::uint32_t offset) {
  if (offset < kPins * 8) {
    const unsigned pin = offset / 8;
    if (offset % 8 == 4) {
      return control_[pin];
    }
    const bool level = (levels_ >> pin & 1) != 0;
    const bool enable = (driven_ >> pin & 1) != 0;
    return (enable ? 0x3000u : 0) | (level ? 0x000A'0300u : 0);
  }
  if (offset < 0x100) {
    return Raw((offset - 0xF0) / 4);
  }
  if (offset >= 0x190) {
    return 0;
  }
  const unsigned group = (offset - 0x100) / 16;
  const unsigned word = offset % 16 / 4;
  const unsigned who = group / 3;
  switch (group % 3) {
    case 0: return irq_enable_[who][word];
    case 1: return irq_force_[who][word];
    default: return (Raw(word) & irq_enable_[who][word]) | irq_force_[who][word];
  }
}

void Pins::WriteBank(std::uint32_t offset, std::uint32_t value) {
  if (offset < kPins * 8) {
    if (offset % 8 == 4) {
      control_[offset / 8] = value;
      Update();
    }
    return;
  }
  interrupts_changed_ = true;
  if (offset < 0x100) {
    edges_[(offset - 0xF0) / 4] &= ~(value & 0xCCCC'CCCC);
    return;
  }
  if (offset >= 0x190) {
    return;
  }
  const unsigned group = (offset - 0x100) / 16;
  const unsigned word = offset % 16 / 4;
  if (group % 3 == 0) {
    irq_enable_[group / 3][word] = value;
  } else if (group % 3 == 1) {
    irq_force_[group / 3][word] = value;
  }
}

std::uint32_t Pins::ReadPads(std::uint32_t offset) const {
  const unsigned pin = offset / 4 - 1;
  return offset == 0 ? pads_voltage_ : pin < kPins ? pads_[pin] : 0;
}

void Pins::WritePads(std::uint32_t offset, std::uint32_t value) {
  const unsigned pin = offset / 4 - 1;
  if (offset == 0) {
    pads_voltage_ = value & 1;
  } else if (pin < kPins) {
    pads_[pin] = value & 0xFF;
    Update();
  }
}

}  // namespace pinhole::emulator
