// SPDX-License-Identifier: Apache-2.0
#include "emulator/dma.h"

namespace pinhole::emulator {
namespace {

constexpr std::uint32_t kEnable = 1;
constexpr std::uint32_t kIncrementRead = 1u << 4;
constexpr std::uint32_t kIncrementWrite = 1u << 5;
constexpr std::uint32_t kRingOnWrite = 1u << 10;
constexpr std::uint32_t kQuiet = 1u << 21;
constexpr std::uint32_t kSwap = 1u << 22;
constexpr std::uint32_t kSniff = 1u << 23;
constexpr std::uint32_t kBusy = 1u << 24;
constexpr std::uint32_t kWriteError = 1u << 29;
constexpr std::uint32_t kReadError = 1u << 30;
constexpr std::uint32_t kAnyError = 1u << 31;
constexpr std::uint32_t kWritable = 0x00FF'FFFF;
constexpr unsigned kFirstTimer = 0x3B;
constexpr unsigned kPermanent = 0x3F;
constexpr unsigned kFirstPwm = 24;

constexpr unsigned Request(std::uint32_t control) { return control >> 15 & 0x3F; }
constexpr unsigned ChainTo(std::uint32_t control) { return control >> 11 & 15; }

std::uint32_t Swapped(std::uint32_t value, unsigned size) {
  if (size == 2) {
    return (value >> 8 & 0xFF) | (value << 8 & 0xFF00);
  }
  return size == 4 ? value >> 24 | (value >> 8 & 0xFF00) | (value << 8 & 0xFF0000) | value << 24
                   : value;
}

std::uint32_t Reversed(std::uint32_t value) {
  std::uint32_t reversed = 0;
  for (unsigned i = 0; i < 32; ++i) {
    reversed |= (value >> i & 1) << (31 - i);
  }
  return reversed;
}

// The registers of a channel in each of its four orders: 0 read, 1 write, 2 count, 3 control. The
// last of a line triggers.
constexpr unsigned kOrder[4][4] = {{0, 1, 2, 3}, {3, 0, 1, 2}, {3, 2, 0, 1}, {3, 1, 2, 0}};

}  // namespace

void Dma::Reset() {
  channels_ = {};
  for (unsigned i = 0; i < kChannels; ++i) {
    channels_[i].control = i << 11;
  }
  timers_.fill(0);
  raw_ = sniff_control_ = sniff_data_ = 0;
  enable_.fill(0);
  force_.fill(0);
  go_on_at_ = kNever;
  stalled_until_ = 0;
  SayWanted();
  Raise();
}

void Dma::Raise() {
  for (unsigned i = 0; i < 2; ++i) {
    signals_->SetIrq(11 + i, ((raw_ & enable_[i]) | force_[i]) != 0);
  }
}

void Dma::Trigger(unsigned number) {
  Channel& channel = channels_[number];
  if ((channel.control & kEnable) == 0 || channel.busy) {
    return;
  }
  channel.left = channel.reload;
  channel.next = signals_->now;
  channel.busy = true;
  SayWanted();
  if (channel.left == 0) {
    Finish(number);
  }
  go_on_at_ = signals_->now;
}

std::uint64_t Dma::Pace(unsigned timer) const {
  // X / Y of the system clock.
  const std::uint32_t x = timers_[timer] >> 16;
  const std::uint32_t y = timers_[timer] & 0xFFFF;
  return x == 0 ? kNever : y / x + (y % x != 0 ? 1 : 0);
}

bool Dma::Ready(const Channel& channel) const {
  if (!channel.busy || (channel.control & kEnable) == 0) {
    return false;
  }
  const unsigned request = Request(channel.control);
  if (request == kPermanent) {
    return true;
  }
  if (request >= kFirstTimer) {
    return Pace(request - kFirstTimer) != kNever && signals_->now >= channel.next;
  }
  return (signals_->dreqs >> request & 1) != 0;
}

std::uint64_t Dma::NextEvent() const {
  std::uint64_t next = go_on_at_;
  for (const Channel& channel : channels_) {
    const unsigned request = Request(channel.control);
    if (channel.busy && request >= kFirstTimer && request < kPermanent &&
        Pace(request - kFirstTimer) != kNever) {
      next = channel.next < next ? channel.next : next;
    }
  }
  return next;
}

void Dma::Advance() {
  if (signals_->now < stalled_until_) {
    go_on_at_ = stalled_until_;
    return;
  }
  go_on_at_ = kNever;
  for (unsigned moved = 0; moved < kBurst; ++moved) {
    unsigned chosen = kChannels;
    for (unsigned i = 0; i < kChannels && chosen == kChannels; ++i) {
      const unsigned candidate = (turn_ + i) % kChannels;
      if (Ready(channels_[candidate])) {
        chosen = candidate;
      }
    }
    if (chosen == kChannels) {
      break;
    }
    turn_ = (chosen + 1) % kChannels;
    Move(chosen);
    // What was moved takes its time, and what comes next waits for it.
    go_on_at_ = signals_->now + moved + 1;
    if (const std::uint64_t wait = bus_->TakeMasterWait(); wait != 0) {
      stalled_until_ = go_on_at_ += wait;
      break;
    }
  }
  Raise();
}

void Dma::SayWanted() {
  signals_->dreqs_wanted = 0;
  for (const Channel& channel : channels_) {
    if (channel.busy) {
      signals_->dreqs_wanted |= std::uint64_t{1} << Request(channel.control);
    }
  }
}

void Dma::Move(unsigned number) {
  Channel& channel = channels_[number];
  const std::uint32_t control = channel.control;
  const unsigned size = 1u << (control >> 2 & 3);
  std::uint32_t value = 0;
  if (size > 4 || !bus_->MasterRead(channel.read & ~(size - 1), size, value)) {
    channel.control |= kReadError | kAnyError;
    channel.busy = false;
    return;
  }
  if ((control & kSniff) != 0 && (sniff_control_ & 1) != 0 &&
      (sniff_control_ >> 1 & 15) == number) {
    Sniff((sniff_control_ >> 9 & 1) != 0 ? Swapped(value, size) : value, size);
  }
  if ((control & kSwap) != 0) {
    value = Swapped(value, size);
  }
  if (!bus_->MasterWrite(channel.write & ~(size - 1), size, value)) {
    channel.control |= kWriteError | kAnyError;
    channel.busy = false;
    return;
  }
  ++items_moved_;
  const unsigned ring = control >> 6 & 15;
  const std::uint32_t mask = ring != 0 ? (1u << ring) - 1 : ~0u;
  const auto step = [&](std::uint32_t& address, bool wraps) {
    const std::uint32_t keep = wraps ? ~mask : 0;
    address = (address & keep) | ((address + size) & ~keep);
  };
  if ((control & kIncrementRead) != 0) {
    step(channel.read, ring != 0 && (control & kRingOnWrite) == 0);
  }
  if ((control & kIncrementWrite) != 0) {
    step(channel.write, ring != 0 && (control & kRingOnWrite) != 0);
  }
  const unsigned request = Request(control);
  if (request >= kFirstTimer && request < kPermanent) {
    channel.next += Pace(request - kFirstTimer);
  }
  if (request >= kFirstPwm && request < kFirstPwm + 8) {
    signals_->SetDreq(request, false);  // one item a wrap
  }
  if (channel.busy && --channel.left == 0) {
    Finish(number);
  }
}

void Dma::Finish(unsigned number) {
  Channel& channel = channels_[number];
  channel.busy = false;
  SayWanted();
  if ((channel.control & kQuiet) == 0) {
    raw_ |= 1u << number;
  }
  const unsigned next = ChainTo(channel.control);
  if (next != number && next < kChannels && channels_[next].reload != 0) {
    Trigger(next);
  }
}

void Dma::Sniff(std::uint32_t value, unsigned size) {
  const unsigned mode = sniff_control_ >> 5 & 15;
  if (mode == 15) {
    sniff_data_ += value;
    return;
  }
  if (mode == 14) {
    sniff_data_ ^= value;
    return;
  }
  for (unsigned byte = 0; byte < size; ++byte) {
    std::uint32_t bits = value >> byte * 8 & 0xFF;
    if (mode == 1 || mode == 3) {
      bits = Reversed(bits) >> 24;
    }
    if (mode >= 2) {
      sniff_data_ ^= bits << 8;
      for (unsigned i = 0; i < 8; ++i) {
        sniff_data_ = (sniff_data_ << 1 ^ ((sniff_data_ >> 15 & 1) != 0 ? 0x1021 : 0)) & 0xFFFF;
      }
      continue;
    }
    sniff_data_ ^= bits << 24;
    for (unsigned i = 0; i < 8; ++i) {
      sniff_data_ = sniff_data_ << 1 ^ ((sniff_data_ >> 31) != 0 ? 0x04C1'1DB7 : 0);
    }
  }
}

std::uint32_t Dma::Read(std::uint32_t offset) {
  if (offset < kChannels * 64) {
    const Channel& channel = channels_[offset / 64];
    switch (kOrder[offset / 16 % 4][offset / 4 % 4]) {
      case 0: return channel.read;
      case 1: return channel.write;
      case 2: return channel.busy ? channel.left : channel.reload == 0 ? 0 : channel.left;
      default: return channel.control | (channel.busy ? kBusy : 0);
    }
  }
  if (offset >= 0x800 && offset < 0x800 + kChannels * 64) {
    return offset % 64 == 4 ? channels_[(offset - 0x800) / 64].reload : 0;
  }
  switch (offset) {
    case 0x400: return raw_;
    case 0x404:
    case 0x414: return enable_[offset >> 4 & 1];
    case 0x408:
    case 0x418: return force_[offset >> 4 & 1];
    case 0x40C:
    case 0x41C: return (raw_ & enable_[offset >> 4 & 1]) | force_[offset >> 4 & 1];
    case 0x420:
    case 0x424:
    case 0x428:
    case 0x42C: return timers_[(offset - 0x420) / 4];
    case 0x434: return sniff_control_;
    case 0x438: {
      const std::uint32_t data =
          (sniff_control_ >> 10 & 1) != 0 ? Reversed(sniff_data_) : sniff_data_;
      return (sniff_control_ >> 11 & 1) != 0 ? ~data : data;
    }
    case 0x448: return kChannels;
    default: return 0;
  }
}

void Dma::Write(std::uint32_t offset, std::uint32_t value) {
  if (offset < kChannels * 64) {
    const unsigned number = offset / 64;
    Channel& channel = channels_[number];
    const unsigned place = offset / 4 % 4;
    switch (kOrder[offset / 16 % 4][place]) {
      case 0: channel.read = value; break;
      case 1: channel.write = value; break;
      case 2: channel.reload = value; break;
      default:
        channel.control =
            (value & kWritable) | (channel.control & (kReadError | kWriteError) & ~value);
        if ((channel.control & (kReadError | kWriteError)) != 0) {
          channel.control |= kAnyError;
        }
        if (channel.busy) {
          go_on_at_ = signals_->now;
        }
        break;
    }
    if (place == 3) {
      // A zero written to a trigger ends a list of control blocks instead of starting one.
      const bool null = value == 0;
      if (!null) {
        Trigger(number);
      } else if ((channel.control & kQuiet) != 0) {
        raw_ |= 1u << number;
      }
    }
    Raise();
    return;
  }
  switch (offset) {
    case 0x400:
    case 0x40C:
    case 0x41C: raw_ &= ~value; break;
    case 0x404:
    case 0x414: enable_[offset >> 4 & 1] = value & 0xFFF; break;
    case 0x408:
    case 0x418: force_[offset >> 4 & 1] = value & 0xFFF; break;
    case 0x420:
    case 0x424:
    case 0x428:
    case 0x42C: timers_[(offset - 0x420) / 4] = value; break;
    case 0x430:
      for (unsigned i = 0; i < kChannels; ++i) {
        if ((value >> i & 1) != 0) {
          Trigger(i);
        }
      }
      break;
    case 0x434: sniff_control_ = value & 0xFFF; break;
    case 0x438: sniff_data_ = value; break;
    case 0x444:
      for (unsigned i = 0; i < kChannels; ++i) {
        if ((value >> i & 1) != 0) {
          channels_[i].busy = false;
        }
      }
      SayWanted();
      break;
    default: break;
  }
  Raise();
}

}  // namespace pinhole::emulator
