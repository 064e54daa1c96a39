// SPDX-License-Identifier: Apache-2.0
#include "emulator/gdb.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace pinhole::emulator {
namespace {

constexpr std::string_view kDescription =
    "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
    "<architecture>arm</architecture><feature name=\"org.gnu.gdb.arm.m-profile\">"
    "<reg name=\"r0\" bitsize=\"32\"/><reg name=\"r1\" bitsize=\"32\"/>"
    "<reg name=\"r2\" bitsize=\"32\"/><reg name=\"r3\" bitsize=\"32\"/>"
    "<reg name=\"r4\" bitsize=\"32\"/><reg name=\"r5\" bitsize=\"32\"/>"
    "<reg name=\"r6\" bitsize=\"32\"/><reg name=\"r7\" bitsize=\"32\"/>"
    "<reg name=\"r8\" bitsize=\"32\"/><reg name=\"r9\" bitsize=\"32\"/>"
    "<reg name=\"r10\" bitsize=\"32\"/><reg name=\"r11\" bitsize=\"32\"/>"
    "<reg name=\"r12\" bitsize=\"32\"/><reg name=\"sp\" bitsize=\"32\" type=\"data_ptr\"/>"
    "<reg name=\"lr\" bitsize=\"32\"/><reg name=\"pc\" bitsize=\"32\" type=\"code_ptr\"/>"
    "<reg name=\"xpsr\" bitsize=\"32\"/></feature></target>";
constexpr unsigned kRegisters = 17;
constexpr std::string_view kDigits = "0123456789abcdef";

// Takes a hexadecimal number off the front; false where there is none.
bool TakeHex(std::string_view& text, std::uint32_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc()) {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool TakeChar(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

// Two digits; false where they are none.
bool TakeByte(std::string_view& text, std::uint32_t& byte) {
  std::string_view two = text.substr(0, 2);
  if (two.size() != 2 || !TakeHex(two, byte) || !two.empty()) {
    return false;
  }
  text.remove_prefix(2);
  return true;
}

bool TakeWord(std::string_view& text, std::uint32_t& word) {
  word = 0;
  for (unsigned i = 0; i < 4; ++i) {
    std::uint32_t byte = 0;
    if (!TakeByte(text, byte)) {
      return false;
    }
    word |= byte << i * 8;
  }
  return true;
}

}  // namespace

void GdbSession::AppendHex(std::uint32_t byte) {
  if (reply_size_ + 2 <= kMostBytes) {
    reply_[reply_size_++] = kDigits[byte >> 4 & 15];
    reply_[reply_size_++] = kDigits[byte & 15];
  }
}

void GdbSession::AppendWord(std::uint32_t word) {
  for (unsigned i = 0; i < 4; ++i) {
    AppendHex(word >> i * 8 & 0xFF);
  }
}

// Sends `text`, or where it is empty and something was appended, that.
void GdbSession::Reply(std::string_view text) {
  std::array<char, kMostBytes + 8> framed{};
  const std::string_view body = text.empty() ? std::string_view(reply_.data(), reply_size_) : text;
  std::uint32_t sum = 0;
  std::size_t size = 0;
  framed[size++] = '$';
  for (const char c : body.substr(0, kMostBytes)) {
    framed[size++] = c;
    sum += static_cast<unsigned char>(c);
  }
  framed[size++] = '#';
  framed[size++] = kDigits[sum >> 4 & 15];
  framed[size++] = kDigits[sum & 15];
  reply_size_ = 0;
  out_->Write({framed.data(), size});
}

std::uint32_t GdbSession::Register(unsigned number) const {
  return number < 16 ? core_->reg(number) : core_->xpsr();
}

void GdbSession::ReplyRegisters() {
  for (unsigned i = 0; i < kRegisters; ++i) {
    AppendWord(Register(i));
  }
  Reply({});
}

void GdbSession::ReplyMemory(std::string_view arguments) {
  std::uint32_t address = 0;
  std::uint32_t size = 0;
  if (!TakeHex(arguments, address) || !TakeChar(arguments, ',') || !TakeHex(arguments, size)) {
    Reply("E01");
    return;
  }
  size = std::min<std::uint32_t>(size, kMostBytes / 2);
  // Whole words where that is what is asked for: a device's register is read once.
  if (size == 4 && address % 4 == 0) {
    std::uint32_t word = 0;
    if (!core_->ReadMemory(address, 4, word)) {
      Reply("E02");
      return;
    }
    AppendWord(word);
    Reply({});
    return;
  }
  for (std::uint32_t i = 0; i < size; ++i) {
    std::uint32_t byte = 0;
    if (!core_->ReadMemory(address + i, 1, byte)) {
      break;
    }
    AppendHex(byte);
  }
  Reply(reply_size_ == 0 ? "E02" : "");
}

void GdbSession::WriteMemory(std::string_view arguments) {
  std::uint32_t address = 0;
  std::uint32_t size = 0;
  if (!TakeHex(arguments, address) || !TakeChar(arguments, ',') || !TakeHex(arguments, size) ||
      !TakeChar(arguments, ':')) {
    Reply("E01");
    return;
  }
  for (std::uint32_t i = 0; i < size; ++i) {
    std::uint32_t byte = 0;
    if (!TakeByte(arguments, byte) || !core_->WriteMemory(address + i, 1, byte)) {
      Reply("E02");
      return;
    }
  }
  Reply("OK");
}

void GdbSession::WriteRegister(std::string_view arguments) {
  std::uint32_t number = 0;
  std::uint32_t value = 0;
  if (!TakeHex(arguments, number) || !TakeChar(arguments, '=') || !TakeWord(arguments, value) ||
      number >= kRegisters) {
    Reply("E01");
    return;
  }
  if (number < 16) {
    core_->set_reg(number, number == 15 ? value & ~1u : value);
  } else {
    core_->set_flags(value);
  }
  Reply("OK");
}

void GdbSession::ChangeBreakpoint(std::string_view packet) {
  const bool set = packet.front() == 'Z';
  std::string_view arguments = packet.substr(1);
  std::uint32_t kind = 0;
  std::uint32_t address = 0;
  if (!TakeHex(arguments, kind) || kind > 1) {
    reply_size_ = 0;
    out_->Write("$#00");  // not known: GDB does without
    return;
  }
  if (!TakeChar(arguments, ',') || !TakeHex(arguments, address)) {
    Reply("E01");
    return;
  }
  const auto end = breakpoints_.begin() + static_cast<std::ptrdiff_t>(breakpoint_count_);
  const auto found = std::find(breakpoints_.begin(), end, address);
  if (set && found == end) {
    if (breakpoint_count_ == kMostBreakpoints) {
      Reply("E03");
      return;
    }
    breakpoints_[breakpoint_count_++] = address;
  } else if (!set && found != end) {
    *found = breakpoints_[--breakpoint_count_];
  }
  Reply("OK");
}

void GdbSession::ReplyDescription(std::string_view arguments) {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
  if (!TakeHex(arguments, offset) || !TakeChar(arguments, ',') || !TakeHex(arguments, size)) {
    Reply("E01");
    return;
  }
  const std::string_view left =
      kDescription.substr(std::min<std::size_t>(offset, kDescription.size()));
  const std::string_view part = left.substr(0, std::min<std::size_t>(size, kMostBytes - 1));
  reply_[0] = part.size() < left.size() ? 'm' : 'l';
  std::memcpy(reply_.data() + 1, part.data(), part.size());
  reply_size_ = part.size() + 1;
  Reply({});
}

void GdbSession::Handle(std::string_view packet) {
  constexpr std::string_view kFeatures = "qXfer:features:read:target.xml:";
  if (packet.empty()) {
    out_->Write("$#00");
    return;
  }
  const std::string_view rest = packet.substr(1);
  switch (packet.front()) {
    case '?': Reply("S05"); return;
    case 'g': ReplyRegisters(); return;
    case 'm': ReplyMemory(rest); return;
    case 'M': WriteMemory(rest); return;
    case 'P': WriteRegister(rest); return;
    case 'p': {
      std::uint32_t number = 0;
      std::string_view text = rest;
      if (!TakeHex(text, number) || number >= kRegisters) {
        Reply("E01");
        return;
      }
      AppendWord(Register(number));
      Reply({});
      return;
    }
    case 'Z':
    case 'z': ChangeBreakpoint(packet); return;
    case 'c': wish_ = Wish::kRun; return;
    case 's': wish_ = Wish::kStep; return;
    case 'D':
      Reply("OK");
      wish_ = Wish::kDetach;
      return;
    case 'k': wish_ = Wish::kKill; return;
    case 'H':
    case 'T': Reply("OK"); return;
    default: break;
  }
  if (packet.starts_with("qSupported")) {
    Reply("PacketSize=fff;qXfer:features:read+");
  } else if (packet.starts_with(kFeatures)) {
    ReplyDescription(packet.substr(kFeatures.size()));
  } else if (packet.starts_with("qAttached")) {
    Reply("1");
  } else {
    out_->Write("$#00");
  }
}

GdbSession::Wish GdbSession::Receive(std::span<const std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) {
    const char c = static_cast<char>(byte);
    switch (state_) {
      case State::kIdle:
        if (c == '$') {
          state_ = State::kBody;
          size_ = 0;
          too_long_ = false;
        } else if (byte == 3) {
          wish_ = Wish::kStay;
          SayStopped(false);
        }
        break;
      case State::kBody:
        if (c == '#') {
          state_ = State::kChecksum1;
        } else if (size_ < packet_.size()) {
          packet_[size_++] = c;
        } else {
          too_long_ = true;
        }
        break;
      case State::kChecksum1: state_ = State::kChecksum2; break;
      case State::kChecksum2:
        // The connection is a reliable one: the checksum is not looked at.
        state_ = State::kIdle;
        out_->Write("+");
        if (too_long_) {
          Reply("E04");
        } else {
          Handle({packet_.data(), size_});
        }
        break;
    }
  }
  return wish_;
}

void GdbSession::SayStopped(bool fault) {
  wish_ = Wish::kStay;
  Reply(fault ? "S0b" : "S05");
}

bool GdbSession::Before(Core& core) {
  if (&core != core_) {
    return true;
  }
  if (pass_) {
    pass_ = false;
    return true;
  }
  const auto end = breakpoints_.begin() + static_cast<std::ptrdiff_t>(breakpoint_count_);
  return std::find(breakpoints_.begin(), end, core.pc()) == end;
}

}  // namespace pinhole::emulator
