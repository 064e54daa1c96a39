// SPDX-License-Identifier: Apache-2.0
#include "emulator/boot_rom.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "emulator/decode.h"

namespace pinhole::emulator {
namespace {

// Host calls: 0 to 31 are the table of float functions, 32 to 63 that of double.
constexpr std::uint32_t kFloatCalls = 0;
constexpr std::uint32_t kDoubleCalls = 32;
constexpr std::uint32_t kTableEntries = 32;
enum Call : std::uint32_t {
  kPopcount = 64,
  kReverse,
  kCountLeading,
  kCountTrailing,
  kMemset,
  kMemset4,
  kMemcpy,
  kMemcpy4,
  kConnectFlash,
  kExitXip,
  kErase,
  kProgram,
  kFlushCache,
  kEnterXip,
  kLookup,
  kUsbBoot,
  kCallsEnd,
};

constexpr std::uint32_t kVersion = 3;
constexpr std::uint32_t kStubs = 0x0100;
constexpr std::uint32_t kFunctionTable = 0x0400;
constexpr std::uint32_t kDataTable = 0x0480;
constexpr std::uint32_t kFloatTable = 0x0500;
constexpr std::uint32_t kDoubleTable = 0x0600;
constexpr std::uint32_t kRevision = 0x0700;

constexpr std::uint32_t Code(char a, char b) {
  return static_cast<std::uint32_t>(static_cast<unsigned char>(a) | static_cast<unsigned char>(b)
                                                                        << 8);
}
constexpr std::uint32_t Stub(std::uint32_t call) { return (kStubs + call * 4) | 1; }

struct Named {
  std::uint32_t code;
  std::uint32_t call;
};
constexpr Named kFunctions[] = {
    {Code('P', '3'), kPopcount},      {Code('R', '3'), kReverse},  {Code('L', '3'), kCountLeading},
    {Code('T', '3'), kCountTrailing}, {Code('M', 'S'), kMemset},   {Code('S', '4'), kMemset4},
    {Code('M', 'C'), kMemcpy},        {Code('C', '4'), kMemcpy4},  {Code('I', 'F'), kConnectFlash},
    {Code('E', 'X'), kExitXip},       {Code('R', 'E'), kErase},    {Code('R', 'P'), kProgram},
    {Code('F', 'C'), kFlushCache},    {Code('C', 'X'), kEnterXip}, {Code('U', 'B'), kUsbBoot},
};

void Put16(Memory& memory, std::uint32_t at, std::uint32_t value) {
  memory.rom.bytes[at] = static_cast<std::uint8_t>(value);
  memory.rom.bytes[at + 1] = static_cast<std::uint8_t>(value >> 8);
}

void Put32(Memory& memory, std::uint32_t at, std::uint32_t value) {
  Put16(memory, at, value & 0xFFFF);
  Put16(memory, at + 2, value >> 16);
}

std::uint64_t Pair(const Core& core, unsigned low) {
  return core.reg(low) | std::uint64_t{core.reg(low + 1)} << 32;
}
void SetPair(Core& core, unsigned low, std::uint64_t value) {
  core.set_reg(low, static_cast<std::uint32_t>(value));
  core.set_reg(low + 1, static_cast<std::uint32_t>(value >> 32));
}

// A number of the table's type, which fills this many registers from `first` on.
template <typename Float>
constexpr unsigned kRegisters = sizeof(Float) / 4;

template <typename Float>
Float Number(const Core& core, unsigned first) {
  if constexpr (kRegisters<Float> == 1) {
    return std::bit_cast<Float>(core.reg(first));
  } else {
    return std::bit_cast<Float>(Pair(core, first));
  }
}
template <typename Float>
void SetNumber(Core& core, unsigned first, Float value) {
  if constexpr (kRegisters<Float> == 1) {
    core.set_reg(first, std::bit_cast<std::uint32_t>(value));
  } else {
    SetPair(core, first, std::bit_cast<std::uint64_t>(value));
  }
}

// Cycles of a table's functions: of any of them, and what some take beyond that.
struct Costs {
  unsigned any, sine, tangent, exponential, logarithm, arctangent;
};
template <typename Float>
constexpr Costs kCosts = {70, 530, 650, 500, 480, 500};
template <>
constexpr Costs kCosts<double> = {110, 1500, 1900, 1500, 1500, 1800};

// Rounds towards minus infinity and saturates, as the chip's conversions do; not a number is 0.
template <typename Integer>
Integer FloorTo(double value) {
  if (std::isnan(value)) {
    return 0;
  }
  const double floored = std::floor(value);
  if (floored < static_cast<double>(std::numeric_limits<Integer>::min())) {
    return std::numeric_limits<Integer>::min();
  }
  // The first value too large is a power of two, which a double holds.
  if (floored >= std::ldexp(1.0, std::numeric_limits<Integer>::digits)) {
    return std::numeric_limits<Integer>::max();
  }
  return static_cast<Integer>(floored);
}

// The flags of comparing a with b, and r0 = -1, 0 or 1. What cannot be ordered counts as greater.
void Compare(Core& core, double a, double b) {
  const int order = a < b ? -1 : a == b ? 0 : 1;
  core.set_reg(0, static_cast<std::uint32_t>(order));
  core.set_flags((order < 0 ? 1u << 31 : 0) | (order == 0 ? 1u << 30 : 0) |
                 (order >= 0 ? 1u << 29 : 0));
}

void Fill(Core& core, unsigned unit) {
  const std::uint32_t to = core.reg(0);
  const std::uint32_t bytes = core.reg(2);
  for (std::uint32_t i = 0; i < bytes; i += unit) {
    const std::uint32_t value = unit == 1 ? core.reg(1) & 0xFF : (core.reg(1) & 0xFF) * 0x01010101;
    if (!core.WriteMemory(to + i, unit, value)) {
      break;
    }
  }
  core.Spend(10 + bytes / unit);
}

void Copy(Core& core, unsigned unit) {
  const std::uint32_t to = core.reg(0);
  const std::uint32_t from = core.reg(1);
  const std::uint32_t bytes = core.reg(2);
  for (std::uint32_t i = 0; i < bytes; i += unit) {
    std::uint32_t value = 0;
    if (!core.ReadMemory(from + i, unit, value) || !core.WriteMemory(to + i, unit, value)) {
      break;
    }
  }
  core.Spend(10 + bytes / unit * 2);
}

// r0 = table of code, pointer pairs; r1 = code. r0 = pointer, 0 where it isn't there.
void Lookup(Core& core) {
  std::uint32_t table = core.reg(0);
  const std::uint32_t wanted = core.reg(1) & 0xFFFF;
  std::uint32_t found = 0;
  constexpr unsigned kMostEntries = 64;
  for (unsigned i = 0; i < kMostEntries; ++i, table += 4) {
    std::uint32_t code = 0;
    if (!core.ReadMemory(table, 2, code) || code == 0) {
      break;
    }
    if (code == wanted) {
      core.ReadMemory(table + 2, 2, found);
      break;
    }
  }
  core.set_reg(0, found);
  core.Spend(40);
}

// Entry 15 to 20 and 22 of a table.
template <typename Float>
void CallTranscendental(Core& core, unsigned entry) {
  constexpr Costs kCost = kCosts<Float>;
  const auto a = Number<Float>(core, 0);
  Float result = 0;
  switch (entry) {
    case 15:
      result = std::cos(a);
      core.Spend(kCost.sine);
      break;
    case 16:
      result = std::sin(a);
      core.Spend(kCost.sine);
      break;
    case 17:
      result = std::tan(a);
      core.Spend(kCost.tangent);
      break;
    case 18:
      SetNumber(core, kRegisters<Float>, std::cos(a));
      result = std::sin(a);
      core.Spend(kCost.sine);
      break;
    case 19:
      result = std::exp(a);
      core.Spend(kCost.exponential);
      break;
    case 20:
      result = std::log(a);
      core.Spend(kCost.logarithm);
      break;
    default:
      result = std::atan2(a, Number<Float>(core, kRegisters<Float>));
      core.Spend(kCost.arctangent);
      break;
  }
  SetNumber(core, 0, result);
}

// A function of the table for `Float`. Numbers with a binary point have the bits behind it in the
// register that follows the number.
template <typename Float>
void CallTable(Core& core, unsigned entry) {
  const auto a = Number<Float>(core, 0);
  const auto b = Number<Float>(core, kRegisters<Float>);
  const std::uint32_t word = core.reg(0);
  const std::uint64_t pair = Pair(core, 0);
  const auto result = [&](auto value) { SetNumber(core, 0, static_cast<Float>(value)); };
  const auto set_word = [&](auto value) { core.set_reg(0, static_cast<std::uint32_t>(value)); };
  const auto set_pair = [&](auto value) { SetPair(core, 0, static_cast<std::uint64_t>(value)); };
  const auto point = [&](unsigned at) { return static_cast<std::int32_t>(core.reg(at)); };
  // To and from a binary point, by way of a double.
  const auto up = [&] { return std::ldexp(static_cast<double>(a), point(kRegisters<Float>)); };
  const auto down = [&](auto value, unsigned at) {
    return std::ldexp(static_cast<double>(value), -point(at));
  };
  core.Spend(kCosts<Float>.any);
  switch (entry) {
    case 0: result(a + b); break;
    case 1: result(a - b); break;
    case 2: result(a * b); break;
    case 3: result(a / b); break;
    case 4:
    case 5:
    case 21: Compare(core, a, b); break;
    case 6: result(a < 0 ? -std::numeric_limits<Float>::infinity() : std::sqrt(a)); break;
    case 7: set_word(FloorTo<std::int32_t>(a)); break;
    case 8: set_word(FloorTo<std::int32_t>(up())); break;
    case 9: set_word(FloorTo<std::uint32_t>(a)); break;
    case 10: set_word(FloorTo<std::uint32_t>(up())); break;
    case 11: result(static_cast<std::int32_t>(word)); break;
    case 12: result(down(static_cast<std::int32_t>(word), 1)); break;
    case 13: result(word); break;
    case 14: result(down(word, 1)); break;
    case 23: result(static_cast<std::int64_t>(pair)); break;
    case 24: result(down(static_cast<std::int64_t>(pair), 2)); break;
    case 25: result(pair); break;
    case 26: result(down(pair, 2)); break;
    case 27: set_pair(FloorTo<std::int64_t>(a)); break;
    case 28: set_pair(FloorTo<std::int64_t>(up())); break;
    case 29: set_pair(FloorTo<std::uint64_t>(a)); break;
    case 30: set_pair(FloorTo<std::uint64_t>(up())); break;
    case 31: {
      using Other = std::conditional_t<kRegisters<Float> == 1, double, float>;
      SetNumber(core, 0, static_cast<Other>(a));
      break;
    }
    default: CallTranscendental<Float>(core, entry); break;
  }
}

}  // namespace

void WriteBootRom(Memory& memory) {
  std::memset(memory.rom.bytes.get(), 0, memory.rom.size);
  Put32(memory, 0, kRamBase + memory.ram.size);
  // No handler: a fault before the program has set its own table up is the end, and is reported.
  Put32(memory, 4, kRomParking | 1);
  memory.rom.bytes[0x10] = 'M';
  memory.rom.bytes[0x11] = 'u';
  memory.rom.bytes[0x12] = 1;
  memory.rom.bytes[0x13] = kVersion;
  Put16(memory, 0x14, kFunctionTable);
  Put16(memory, 0x16, kDataTable);
  Put16(memory, 0x18, Stub(kLookup));
  // Parking: WFE, and again.
  Put16(memory, kRomParking, 0xBF20);
  Put16(memory, kRomParking + 2, 0xE7FD);
  for (std::uint32_t call = 0; call < kCallsEnd; ++call) {
    Put16(memory, kStubs + call * 4, 0xDE00 | call);
    Put16(memory, kStubs + call * 4 + 2, 0x4770);
  }
  std::uint32_t at = kFunctionTable;
  for (const Named& function : kFunctions) {
    Put16(memory, at, function.code);
    Put16(memory, at + 2, Stub(function.call));
    at += 4;
  }
  const Named data[] = {
      {Code('S', 'F'), kFloatTable}, {Code('S', 'D'), kDoubleTable}, {Code('G', 'R'), kRevision}};
  at = kDataTable;
  for (const Named& entry : data) {
    Put16(memory, at, entry.code);
    Put16(memory, at + 2, entry.call);
    at += 4;
  }
  // The size in words stands before a table.
  Put16(memory, kFloatTable - 2, kTableEntries);
  Put16(memory, kDoubleTable - 2, kTableEntries);
  for (std::uint32_t i = 0; i < kTableEntries; ++i) {
    Put32(memory, kFloatTable + i * 4, Stub(kFloatCalls + i));
    Put32(memory, kDoubleTable + i * 4, Stub(kDoubleCalls + i));
  }
  memory.Forget(memory.rom.base, memory.rom.size);
}

BootCall BootFunctions::Call(Core& core, std::uint32_t number) {
  if (number < kDoubleCalls) {
    CallTable<float>(core, number - kFloatCalls);
    return BootCall::kDone;
  }
  if (number < kPopcount) {
    CallTable<double>(core, number - kDoubleCalls);
    return BootCall::kDone;
  }
  const std::uint32_t a = core.reg(0);
  core.Spend(10);
  switch (number) {
    case kPopcount: core.set_reg(0, static_cast<std::uint32_t>(std::popcount(a))); break;
    case kReverse: {
      std::uint32_t reversed = 0;
      for (unsigned i = 0; i < 32; ++i) {
        reversed |= (a >> i & 1) << (31 - i);
      }
      core.set_reg(0, reversed);
      break;
    }
    case kCountLeading: core.set_reg(0, static_cast<std::uint32_t>(std::countl_zero(a))); break;
    case kCountTrailing: core.set_reg(0, static_cast<std::uint32_t>(std::countr_zero(a))); break;
    case kMemset: Fill(core, 1); break;
    case kMemset4: Fill(core, 4); break;
    case kMemcpy: Copy(core, 1); break;
    case kMemcpy4: Copy(core, 4); break;
    case kConnectFlash:
    case kExitXip:
    case kEnterXip: core.Spend(1000); break;
    case kErase:
      flash_->Erase(a, core.reg(1));
      // About 45 ms a sector at 125 MHz.
      core.Spend(std::uint64_t{core.reg(1)} / 4096 * 5'625'000);
      break;
    case kProgram:
      for (std::uint32_t i = 0; i < core.reg(2) && a + i < 0x0100'0000; ++i) {
        std::uint32_t byte = 0;
        if (!core.ReadMemory(core.reg(1) + i, 1, byte)) {
          break;
        }
        flash_->Program(a + i, static_cast<std::uint8_t>(byte));
      }
      // About 0.4 ms a page of 256 bytes.
      core.Spend(std::uint64_t{core.reg(2)} / 256 * 50'000);
      break;
    case kFlushCache: cache_->Flush(); break;
    case kLookup: Lookup(core); break;
    case kUsbBoot: return BootCall::kUsbBoot;
    default: return BootCall::kUnknown;
  }
  return BootCall::kDone;
}

}  // namespace pinhole::emulator
