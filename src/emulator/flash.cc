// SPDX-License-Identifier: Apache-2.0
#include "emulator/flash.h"

#include <algorithm>
#include <cstring>

namespace pinhole::emulator {
namespace {

constexpr std::uint32_t kSectorBytes = 4096;
constexpr std::uint32_t kBlockBytes = 65536;

constexpr std::uint32_t kControl0 = 0x00;
constexpr std::uint32_t kControl1 = 0x04;
constexpr std::uint32_t kEnable = 0x08;
constexpr std::uint32_t kBaud = 0x14;
constexpr std::uint32_t kDma = 0x4C;
constexpr std::uint32_t kDmaReceive = 0x54;
constexpr std::uint32_t kSerialControl = 0xF4;

// Around a transfer: chip select's clock before and behind, and the way through bridge and bus. The
// datasheet gives neither. With them a word takes 50 cycles by four lines at half the system clock:
// the 400 ns at 125 MHz that others measured (oberon-rtk.org, "Flash Memory").
constexpr std::uint64_t kSelectClocks = 2;
constexpr std::uint64_t kBridgeCycles = 6;

}  // namespace

// --- the interface and the chip -----------------------------------------------------------------

void FlashInterface::Reset() {
  registers_.fill(0);
  receive_.Clear();
  held_ = write_enabled_ = false;
  position_ = 0;
  bulk_left_ = 0;
  bulk_at_ = kNever;
  busy_until_ = 0;
  Raise();
}

// --- time ---------------------------------------------------------------------------------------

std::uint64_t FlashInterface::Divider() const {
  const std::uint32_t divider = registers_[kBaud / 4] & 0xFFFE;
  return divider != 0 ? divider : 2;
}

std::uint64_t FlashInterface::AddressClocks() const {
  const std::uint32_t lanes = 1u << (registers_[kControl0 / 4] >> 21 & 3);
  const std::uint32_t serial = registers_[kSerialControl / 4];
  static constexpr std::uint8_t kInstructionBits[] = {0, 4, 8, 16};
  const std::uint32_t instruction = kInstructionBits[serial >> 8 & 3];
  const std::uint32_t address = (serial >> 2 & 15) * 4;
  const std::uint32_t type = serial & 3;
  return instruction / (type >= 2 ? lanes : 1) + address / (type >= 1 ? lanes : 1) +
         (serial >> 11 & 31);
}

std::uint64_t FlashInterface::FrameClocks() const {
  const std::uint32_t lanes = 1u << (registers_[kControl0 / 4] >> 21 & 3);
  return 32 / lanes;
}

std::uint64_t FlashInterface::WordCycles() const {
  return (AddressClocks() + FrameClocks() + kSelectClocks) * Divider() + kBridgeCycles;
}

std::uint64_t FlashInterface::ReadWord(std::uint64_t cycle, std::uint64_t takes) {
  busy_until_ = std::max(cycle, busy_until_) + takes;
  return busy_until_;
}

// --- bulk reads ---------------------------------------------------------------------------------
// Frames of 32 bits by several lines, more than one of them: one address, then the words, which
// come into the FIFO as the chip sends them, first byte on top. The clock stands while the FIFO is
// full.

bool FlashInterface::ReadsInBulk() const {
  const std::uint32_t control = registers_[kControl0 / 4];
  return (registers_[kEnable / 4] & 1) != 0 && (control >> 21 & 3) != 0 &&
         (control >> 16 & 31) == 31 && registers_[kControl1 / 4] != 0;
}

void FlashInterface::StartBulk(std::uint32_t command) {
  bulk_address_ = command >> 8;
  bulk_left_ = (registers_[kControl1 / 4] & 0xFFFF) + 1;
  bulk_at_ = std::max(signals_->now, busy_until_) + (AddressClocks() + FrameClocks()) * Divider();
  busy_until_ = bulk_at_;
}

void FlashInterface::Advance() {
  while (bulk_left_ != 0 && bulk_at_ <= signals_->now) {
    if (receive_.full()) {
      bulk_at_ = kNever;  // goes on with the next read
      break;
    }
    std::uint32_t word = 0;
    for (unsigned i = 0; i < 4; ++i, ++bulk_address_) {
      word = word << 8 |
             (bulk_address_ < memory_->flash.size ? memory_->flash.bytes[bulk_address_] : 0xFFu);
    }
    receive_.Push(word);
    bulk_at_ = --bulk_left_ != 0 ? bulk_at_ + FrameClocks() * Divider() : kNever;
    busy_until_ = bulk_left_ != 0 ? bulk_at_ : busy_until_;
  }
  Raise();
}

void FlashInterface::Raise() {
  const std::uint32_t dma = registers_[kDma / 4];
  signals_->SetDreq(38, (dma & 2) != 0);
  signals_->SetDreq(39, (dma & 1) != 0 && receive_.size() > (registers_[kDmaReceive / 4] & 15));
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
  Advance();
  if (offset >= 0x60 && offset < 0xF0 && !receive_.empty()) {
    const std::uint32_t value = receive_.Pop();
    if (receive_.empty() && !held_) {
      position_ = 0;  // the interface raises chip select once it is idle
    }
    if (bulk_left_ != 0 && bulk_at_ == kNever) {
      bulk_at_ = busy_until_ = signals_->now + FrameClocks() * Divider();
    }
    Raise();
    return value;
  }
  return Peek(offset);
}

std::uint32_t FlashInterface::Peek(std::uint32_t offset) {
  switch (offset) {
    case 0x24: return receive_.size();
    case 0x28:
      return (bulk_left_ != 0 ? 1u : 0) | 2u | 4u | (receive_.empty() ? 0 : 8u) |
             (receive_.full() ? 16u : 0);
    case 0x60: return receive_.empty() ? 0 : receive_.front();
    default: return offset / 4 < registers_.size() ? registers_[offset / 4] : 0;
  }
}

void FlashInterface::Write(std::uint32_t offset, std::uint32_t value) {
  if (offset >= 0x60 && offset < 0xF0) {
    if (ReadsInBulk()) {
      StartBulk(value);
    } else {
      receive_.Push(Exchange(static_cast<std::uint8_t>(value)));
    }
  } else if (offset / 4 < registers_.size()) {
    registers_[offset / 4] = value;
    if (offset == kEnable && !held_) {
      receive_.Clear();
      position_ = 0;
      bulk_left_ = 0;
      bulk_at_ = kNever;
    }
  }
  Raise();
}

// --- the cache ----------------------------------------------------------------------------------

bool XipCache::Access(std::uint32_t address) {
  const bool asks = enabled_ && (address >> 25 & 1) == 0;
  const bool fills = enabled_ && (address >> 24 & 1) == 0;
  const std::uint32_t line = (address & 0x00FF'FFFF) / kLineBytes;
  Set& set = sets_[line % kSets];
  const std::uint32_t tag = line / kSets;
  const std::uint32_t half = 1u << (address / kFillBytes % 2);
  ++counts_.accesses;
  for (unsigned i = 0; i < kWays; ++i) {
    Way& way = set.ways[i];
    if (way.halves == 0 || way.tag != tag) {
      continue;
    }
    const bool there = (way.halves & half) != 0;
    if (asks) {
      set.oldest = static_cast<std::uint8_t>(1 - i);
      counts_.hits += there ? 1 : 0;
    }
    way.halves |= fills ? half : 0;
    return asks && there;
  }
  if (fills) {
    set.ways[set.oldest] = {tag, half};
    set.oldest ^= 1;
  }
  return false;
}

void XipCache::Invalidate(std::uint32_t address) {
  const std::uint32_t line = (address & 0x00FF'FFFF) / kLineBytes;
  for (Way& way : sets_[line % kSets].ways) {
    if (way.tag == line / kSets) {
      way.halves = 0;
    }
  }
}

void XipCache::Flush() { sets_ = {}; }

// --- the cache's registers and its stream -------------------------------------------------------

void XipControl::Reset() {
  control_ = 3;
  cache_->set_enabled(true);
  hits_from_ = cache_->counts().hits;
  accesses_from_ = cache_->counts().accesses;
  stream_address_ = stream_left_ = 0;
  stream_.Clear();
  stream_at_ = kNever;
  stream_reading_ = false;
  Raise();
}

// The next word is read once there is room for it and the bus is free.
void XipControl::ScheduleStream() {
  if (stream_left_ == 0 || stream_.full()) {
    stream_at_ = kNever;
    stream_reading_ = false;
  } else if (!stream_reading_ && stream_at_ == kNever) {
    stream_at_ = std::max(signals_->now, flash_->busy_until());
  }
}

void XipControl::Advance() {
  while (signals_->now >= stream_at_) {
    if (!stream_reading_) {
      // A core may have taken the bus in the meantime.
      if (flash_->busy_until() > stream_at_) {
        stream_at_ = flash_->busy_until();
        continue;
      }
      stream_reading_ = true;
      stream_at_ = flash_->ReadWord(stream_at_, flash_->WordCycles());
      continue;
    }
    const std::uint32_t at = stream_address_ & 0x00FF'FFFC;
    std::uint32_t word = 0;
    if (at < memory_->flash.size) {
      std::memcpy(&word, memory_->flash.bytes.get() + at, 4);
    }
    stream_.Push(word);
    stream_address_ += 4;
    --stream_left_;
    ++streamed_words_;
    stream_reading_ = false;
    // Not earlier than this word came, however late somebody looks.
    stream_at_ = stream_left_ == 0 || stream_.full() ? kNever : stream_at_;
  }
  Raise();
}

std::uint32_t XipControl::ReadStream() {
  Advance();
  const std::uint32_t word = stream_.empty() ? 0 : stream_.Pop();
  ScheduleStream();
  Raise();
  return word;
}

std::uint32_t XipControl::Read(std::uint32_t offset) {
  Advance();
  return offset == 0x1C ? ReadStream() : Peek(offset);
}

std::uint32_t XipControl::Peek(std::uint32_t offset) {
  switch (offset) {
    case 0x00: return control_;
    case 0x08: return 1u | (stream_.empty() ? 2u : 0) | (stream_.full() ? 4u : 0);
    case 0x0C: return static_cast<std::uint32_t>(cache_->counts().hits - hits_from_);
    case 0x10: return static_cast<std::uint32_t>(cache_->counts().accesses - accesses_from_);
    case 0x14: return stream_address_;
    case 0x18: return stream_left_;
    case 0x1C: return stream_.empty() ? 0 : stream_.front();
    default: return 0;
  }
}

void XipControl::Write(std::uint32_t offset, std::uint32_t value) {
  switch (offset) {
    case 0x00:
      control_ = value & 11;
      cache_->set_enabled((value & 1) != 0);
      break;
    case 0x04: cache_->Flush(); break;
    case 0x0C: hits_from_ = cache_->counts().hits; break;
    case 0x10: accesses_from_ = cache_->counts().accesses; break;
    case 0x14: stream_address_ = value & ~3u; break;
    case 0x18:
      // A word that is on the bus is thrown away.
      stream_left_ = value & 0x003F'FFFF;
      stream_reading_ = false;
      stream_at_ = kNever;
      ScheduleStream();
      break;
    default: break;
  }
  Raise();
}

}  // namespace pinhole::emulator
