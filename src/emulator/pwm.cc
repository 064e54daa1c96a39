// SPDX-License-Identifier: Apache-2.0
#include "emulator/pwm.h"

#include <algorithm>

namespace pinhole::emulator {
namespace {

constexpr unsigned kIrq = 4;
constexpr unsigned kFirstRequest = 24;
constexpr unsigned kFunction = 4;

// DIVMODE.
constexpr unsigned kByTime = 0;
constexpr unsigned kWhileHigh = 1;
constexpr unsigned kByRise = 2;

constexpr unsigned SliceOf(unsigned pin) { return pin / 2 % Pwm::kSlices; }

}  // namespace

Pwm::Pwm(Signals& signals, Pins& pins) : signals_(&signals), pins_(&pins) {
  pins.set_counter(this);
  Pwm::Reset();
}

void Pwm::Reset() {
  slices_ = {};
  raw_ = irq_enable_ = force_ = 0;
  for (unsigned i = 0; i < kSlices; ++i) {
    signals_->SetDreq(kFirstRequest + i, false);
  }
  Update();
}

// --- counting -----------------------------------------------------------------------------------

bool Pwm::RunsByTime(const Slice& slice) {
  return On(slice) && (Mode(slice) == kByTime || (Mode(slice) == kWhileHigh && slice.input));
}

std::uint64_t Pwm::StepSixteenths(const Slice& slice) {
  return (slice.divisor & 0xFFF) < 16 ? 4096 : slice.divisor & 0xFFF;
}

std::uint32_t Pwm::Period(const Slice& slice) {
  return (slice.top_now + 1) * (UpAndDown(slice) ? 2 : 1);
}

std::uint32_t Pwm::Counter(const Slice& slice) {
  return slice.position <= slice.top_now ? slice.position : 2 * slice.top_now + 1 - slice.position;
}

bool Pwm::Output(const Slice& slice, unsigned output) {
  const bool inverted = (slice.control >> (2 + output) & 1) != 0;
  return (Counter(slice) < (slice.compare_now >> output * 16 & 0xFFFF)) != inverted;
}

void Pwm::Count(unsigned number, std::uint64_t steps) {
  Slice& slice = slices_[number];
  const std::uint64_t left = Period(slice) - slice.position;
  if (steps < left) {
    slice.position += static_cast<std::uint32_t>(steps);
    return;
  }
  raw_ |= 1u << number;
  signals_->SetDreq(kFirstRequest + number, true);
  slice.compare_now = slice.compare;
  slice.top_now = slice.top;
  slice.position = static_cast<std::uint32_t>((steps - left) % Period(slice));
}

// Brings a slice to the present.
void Pwm::Settle(unsigned number) {
  Slice& slice = slices_[number];
  const std::uint64_t passed = signals_->now - slice.since;
  slice.since = signals_->now;
  if (!RunsByTime(slice)) {
    return;
  }
  const std::uint64_t step = StepSixteenths(slice);
  slice.sixteenths += passed * 16;
  const std::uint64_t steps = slice.sixteenths / step;
  slice.sixteenths %= step;
  Count(number, steps);
}

void Pwm::SettleAll() {
  for (unsigned i = 0; i < kSlices; ++i) {
    Settle(i);
  }
}

std::uint64_t Pwm::CycleOf(const Slice& slice, std::uint64_t steps) {
  const std::uint64_t sixteenths = steps * StepSixteenths(slice) - slice.sixteenths;
  return slice.since + (sixteenths + 15) / 16;
}

std::uint64_t Pwm::NextEdge(const Slice& slice) {
  const std::uint32_t period = Period(slice);
  std::uint32_t next = period;
  for (unsigned output = 0; output < 2; ++output) {
    const std::uint32_t compare = slice.compare_now >> output * 16 & 0xFFFF;
    const std::uint32_t edges[] = {
        compare, UpAndDown(slice) && compare <= slice.top_now ? period - compare : period};
    for (const std::uint32_t edge : edges) {
      if (edge > slice.position) {
        next = std::min(next, edge);
      }
    }
  }
  return CycleOf(slice, next - slice.position);
}

// --- what others see ----------------------------------------------------------------------------

bool Pwm::Shown(unsigned number) const {
  const Slice& slice = slices_[number];
  return (on_pins_ >> number & 1) != 0 &&
         Period(slice) * StepSixteenths(slice) / 16 >= kShownCycles;
}

void Pwm::PinsChanged() {
  SettleAll();
  on_pins_ = 0;
  for (unsigned pin = 0; pin < kPins; ++pin) {
    if (pins_->function(pin) == kFunction) {
      on_pins_ |= 1u << SliceOf(pin);
    }
  }
  OnPins(signals_->now, pins_->levels(), kAllPins);
  Update();
}

void Pwm::OnPins(std::uint64_t, std::uint32_t levels, std::uint32_t changed) {
  if (driving_ || on_pins_ == 0) {
    return;
  }
  bool any = false;
  for (unsigned pin = 1; pin < kPins; pin += 2) {
    if ((changed >> pin & 1) == 0 || pins_->function(pin) != kFunction) {
      continue;
    }
    const unsigned number = SliceOf(pin);
    Slice& slice = slices_[number];
    const bool level = (levels >> pin & 1) != 0;
    if (Mode(slice) == kByTime || level == slice.input) {
      slice.input = level;
      continue;
    }
    Settle(number);
    slice.input = level;
    any = true;
    if (On(slice) && Mode(slice) != kWhileHigh && level == (Mode(slice) == kByRise)) {
      slice.sixteenths += 16;
      const std::uint64_t step = StepSixteenths(slice);
      Count(number, slice.sixteenths / step);
      slice.sixteenths %= step;
    }
  }
  if (any) {
    Update();
  }
}

void Pwm::Update() {
  next_ = kNever;
  std::uint32_t out = 0;
  std::uint32_t enable = 0;
  for (unsigned i = 0; i < kSlices; ++i) {
    const Slice& slice = slices_[i];
    const bool shown = Shown(i);
    for (unsigned pin = 0; pin < kPins; ++pin) {
      const unsigned output = pin % 2;
      if (SliceOf(pin) != i || (output == 1 && Mode(slice) != kByTime)) {
        continue;
      }
      const bool high = shown ? Output(slice, output) : Duty(i, output) == 65536;
      out |= high ? 1u << pin : 0;
      enable |= 1u << pin;
    }
    if (!RunsByTime(slice)) {
      continue;
    }
    if (shown) {
      next_ = std::min(next_, NextEdge(slice));
    }
    if ((irq_enable_ >> i & 1) != 0) {
      next_ = std::min(next_, CycleOf(slice, Period(slice) - slice.position));
    }
  }
  driving_ = true;
  pins_->Drive(PinSource::kPwm, out, enable);
  driving_ = false;
  signals_->SetIrq(kIrq, ((raw_ & irq_enable_) | force_) != 0);
}

std::uint64_t Pwm::NextEvent() const {
  const auto wanted = static_cast<std::uint32_t>(signals_->dreqs_wanted >> kFirstRequest & 0xFF);
  std::uint64_t next = next_;
  for (unsigned i = 0; wanted >> i != 0; ++i) {
    const Slice& slice = slices_[i];
    if ((wanted >> i & 1) != 0 && RunsByTime(slice)) {
      next = std::min(next, CycleOf(slice, Period(slice) - slice.position));
    }
  }
  return next;
}

void Pwm::Advance() {
  SettleAll();
  Update();
}

std::uint32_t Pwm::Duty(unsigned slice, unsigned output) const {
  const Slice& of = slices_[slice];
  if (!On(of)) {
    return 0;
  }
  const std::uint64_t compare = of.compare_now >> output * 16 & 0xFFFF;
  const std::uint64_t high = std::min<std::uint64_t>(65536, compare * 65536 / (of.top_now + 1));
  const bool inverted = (of.control >> (2 + output) & 1) != 0;
  return static_cast<std::uint32_t>(inverted ? 65536 - high : high);
}

// --- registers ----------------------------------------------------------------------------------

std::uint32_t Pwm::Read(std::uint32_t offset) {
  SettleAll();
  if (offset < 0xA0) {
    const Slice& slice = slices_[offset / 20];
    switch (offset % 20 / 4) {
      case 0: return slice.control;
      case 1: return slice.divisor;
      case 2: return Counter(slice);
      case 3: return slice.compare;
      default: return slice.top;
    }
  }
  switch (offset) {
    case 0xA0: {
      std::uint32_t enabled = 0;
      for (unsigned i = 0; i < kSlices; ++i) {
        enabled |= (slices_[i].control & 1) << i;
      }
      return enabled;
    }
    case 0xA4: return raw_;
    case 0xA8: return irq_enable_;
    case 0xAC: return force_;
    case 0xB0: return (raw_ & irq_enable_) | force_;
    default: return 0;
  }
}

void Pwm::WriteSlice(unsigned number, unsigned place, std::uint32_t value) {
  Slice& slice = slices_[number];
  switch (place) {
    case 0:
      slice.control = value & 0x3F;
      slice.position %= Period(slice);
      if (((value >> 6 ^ value >> 7) & 1) != 0) {
        // One step back (6) or on (7).
        const std::uint32_t step = (value & 0x80) != 0 ? 1 : Period(slice) - 1;
        slice.position = (slice.position + step) % Period(slice);
      }
      break;
    case 1: slice.divisor = value & 0xFFF; break;
    case 2: slice.position = (value & 0xFFFF) % Period(slice); break;
    case 3: slice.compare = value; break;
    default: slice.top = value & 0xFFFF; break;
  }
  if (!On(slice)) {
    // Nothing wraps; what was written is what it starts with.
    slice.compare_now = slice.compare;
    slice.top_now = slice.top;
    slice.position %= Period(slice);
  }
}

void Pwm::Write(std::uint32_t offset, std::uint32_t value) {
  SettleAll();
  if (offset < 0xA0) {
    WriteSlice(offset / 20, offset % 20 / 4, value);
  } else if (offset == 0xA0) {
    for (unsigned i = 0; i < kSlices; ++i) {
      slices_[i].control = (slices_[i].control & ~1u) | (value >> i & 1);
    }
  } else if (offset == 0xA4) {
    raw_ &= ~value;
  } else if (offset == 0xA8) {
    irq_enable_ = value & 0xFF;
  } else if (offset == 0xAC) {
    force_ = value & 0xFF;
  }
  Update();
}

}  // namespace pinhole::emulator
