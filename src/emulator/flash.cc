// SPDX-License-Identifier: Apache-2.0
#include "emulator/flash.h"

#include <algorithm>
#include <cstring>

namespace pinhole::emulator {
namespace {

constexpr std::uint32_t kSectorBytes = 4096;
constexpr std::uint32_t kBlockBytes = 65536;

}  // namespace

// --- the interface and the chip -----------------------------------------------------------------

void FlashInterface::Reset() {
  registers_.fill(0);
  receive_.Clear();
  held_ = write_enabled_ = false;
  position_ = 0;
}

void FlashInterface::Select(bool selected) {
  held_ = selected;
  position_ = 0;
  receive_.Clear();
}

void FlashInterface::Program(std::uint32_t address, std::uint8_t byte) {
  Region& flash = memory_->flash;
  if (address < flash.size) {
    flash.bytes[address] &= byte;
    memory_->Forget(flash.base + address, 1);
  }
}

void FlashInterface::Erase(std::uint32_t address, std::uint32_t size) {
  Region& flash = memory_->flash;
  if (address >= flash.size || size == 0) {
    return;
  }
  const std::uint32_t bytes = std::min(size, flash.size - address);
  std::memset(flash.bytes.get() + address, 0xFF, bytes);
  memory_->Forget(flash.base + address, bytes);
}

// One byte to the chip, one back. The first of a command says what the others are.
std::uint8_t FlashInterface::Exchange(std::uint8_t byte) {
  static constexpr std::uint8_t kIdentity[] = {0xEF, 0x40, 0x15};
  static constexpr std::uint8_t kUnique[] = {0x50, 0x69, 0x6E, 0x68, 0x6F, 0x6C, 0x65, 0x01};
  const unsigned at = position_++;
  if (at == 0) {
    command_ = byte;
    address_ = 0;
    write_enabled_ = byte == 0x06 || (write_enabled_ && byte != 0x04);
    return 0;
  }
  if (at <= 3) {
    address_ = address_ << 8 | byte;
  }
  switch (command_) {
    case 0x05: return write_enabled_ ? 2 : 0;
    case 0x35: return 2;  // four data lines are on
    case 0x9F: return at <= 3 ? kIdentity[at - 1] : 0;
    case 0x4B: return at >= 5 && at < 13 ? kUnique[at - 5] : 0;
    case 0x03:
      return at >= 4 && address_ + (at - 4) < memory_->flash.size
                 ? memory_->flash.bytes[address_ + (at - 4)]
                 : 0;
    case 0x02:
      if (at >= 4 && write_enabled_) {
        Program((address_ & ~0xFFu) | ((address_ + (at - 4)) & 0xFF), byte);
      }
      return 0;
    case 0x20:
    case 0xD8:
      if (at == 3 && write_enabled_) {
        const std::uint32_t unit = command_ == 0x20 ? kSectorBytes : kBlockBytes;
        Erase(address_ & ~(unit - 1), unit);
        write_enabled_ = false;
      }
      return 0;
    default: return 0;
  }
}

std::uint32_t FlashInterface::Read(std::uint32_t offset) {
  if (offset >= 0x60 && offset < 0xF0 && !receive_.empty()) {
    const std::uint32_t value = receive_.Pop();
    if (receive_.empty() && !held_) {
      position_ = 0;  // the interface raises chip select once it is idle
    }
    return value;
  }
  return Peek(offset);
}

std::uint32_t FlashInterface::Peek(std::uint32_t offset) {
  switch (offset) {
    case 0x24: return receive_.size();
    case 0x28: return 2u | 4u | (receive_.empty() ? 0 : 8u) | (receive_.full() ? 16u : 0);
    default: return offset / 4 < registers_.size() && offset < 0x60 ? registers_[offset / 4] : 0;
  }
}

void FlashInterface::Write(std::uint32_t offset, std::uint32_t value) {
  if (offset >= 0x60 && offset < 0xF0) {
    receive_.Push(Exchange(static_cast<std::uint8_t>(value)));
  } else if (offset / 4 < registers_.size()) {
    registers_[offset / 4] = value;
    if (offset == 8 && !held_) {
      receive_.Clear();
      position_ = 0;
    }
  }
}

// --- the cache ----------------------------------------------------------------------------------

bool XipCache::Access(std::uint32_t address) {
  const std::uint32_t line = (address & 0x00FF'FFFF) / kLineBytes;
  Set& set = sets_[line % kSets];
  const std::uint32_t tag = line / kSets + 1;
  ++counts_.accesses;
  for (unsigned way = 0; way < kWays; ++way) {
    if (set.tags[way] == tag) {
      ++counts_.hits;
      set.oldest = static_cast<std::uint8_t>(1 - way);
      return true;
    }
  }
  set.tags[set.oldest] = tag;
  set.oldest ^= 1;
  return false;
}

void XipCache::Flush() { sets_ = {}; }

void XipControl::Reset() {
  control_ = 3;
  hits_from_ = accesses_from_ = 0;
  stream_address_ = stream_left_ = 0;
  Raise();
}

std::uint32_t XipControl::Read(std::uint32_t offset) {
  if (offset == 0x1C && stream_left_ != 0) {
    const std::uint32_t value = Peek(offset);
    stream_address_ += 4;
    --stream_left_;
    Raise();
    return value;
  }
  return Peek(offset);
}

std::uint32_t XipControl::Peek(std::uint32_t offset) {
  switch (offset) {
    case 0x00: return control_;
    case 0x08: return 1u | (stream_left_ == 0 ? 2u : 0);
    case 0x0C: return static_cast<std::uint32_t>(cache_->counts().hits - hits_from_);
    case 0x10: return static_cast<std::uint32_t>(cache_->counts().accesses - accesses_from_);
    case 0x14: return stream_address_;
    case 0x18: return stream_left_;
    case 0x1C: {
      const std::uint32_t at = stream_address_ & 0x00FF'FFFC;
      std::uint32_t value = 0;
      if (stream_left_ != 0 && at < memory_->flash.size) {
        std::memcpy(&value, memory_->flash.bytes.get() + at, 4);
      }
      return value;
    }
    default: return 0;
  }
}

void XipControl::Write(std::uint32_t offset, std::uint32_t value) {
  switch (offset) {
    case 0x00: control_ = value & 11; break;
    case 0x04: cache_->Flush(); break;
    case 0x0C: hits_from_ = cache_->counts().hits; break;
    case 0x10: accesses_from_ = cache_->counts().accesses; break;
    case 0x14: stream_address_ = value & ~3u; break;
    case 0x18: stream_left_ = value & 0x003F'FFFF; break;
    default: break;
  }
  Raise();
}

}  // namespace pinhole::emulator
