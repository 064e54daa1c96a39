// SPDX-License-Identifier: Apache-2.0
#include "emulator/decode.h"

#include <bit>

namespace pinhole::emulator {
namespace {

constexpr Op Make(OpCode code, std::uint32_t d = 0, std::uint32_t n = 0, std::uint32_t m = 0,
                  std::uint32_t imm = 0) {
  return {static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(d),
          static_cast<std::uint8_t>(n), static_cast<std::uint8_t>(m), imm};
}

constexpr OpCode After(OpCode first, std::uint32_t by) {
  return static_cast<OpCode>(static_cast<std::uint32_t>(first) + by);
}

std::uint32_t Halfword(const Region& region, std::uint32_t index) {
  return static_cast<std::uint32_t>(region.bytes[index * 2] | region.bytes[index * 2 + 1] << 8);
}

constexpr std::uint32_t SignExtend(std::uint32_t value, unsigned bits) {
  const std::uint32_t sign = 1u << (bits - 1);
  return ((value & ((sign << 1) - 1)) ^ sign) - sign;
}

// Shift by a constant, add and subtract three registers, move, compare: 00xxxx.
Op DecodeShiftAddMove(std::uint32_t bits) {
  const std::uint32_t d = bits & 7;
  const std::uint32_t n = bits >> 3 & 7;
  const std::uint32_t imm5 = bits >> 6 & 31;
  const std::uint32_t d8 = bits >> 8 & 7;
  const std::uint32_t imm8 = bits & 0xFF;
  switch (bits >> 11) {
    case 0:
      return imm5 == 0 ? Make(OpCode::kMovLow, d, 0, n) : Make(OpCode::kLslImm, d, n, 0, imm5);
    case 1: return Make(imm5 == 0 ? OpCode::kLsrAll : OpCode::kLsrImm, d, n, 0, imm5);
    case 2: return Make(imm5 == 0 ? OpCode::kAsrAll : OpCode::kAsrImm, d, n, 0, imm5);
    case 3: {
      const std::uint32_t m = bits >> 6 & 7;
      const bool subtract = (bits & 0x200) != 0;
      if ((bits & 0x400) != 0) {
        return Make(subtract ? OpCode::kSubImm : OpCode::kAddImm, d, n, 0, m);
      }
      return Make(subtract ? OpCode::kSubReg : OpCode::kAddReg, d, n, m);
    }
    case 4: return Make(OpCode::kMovImm, d8, 0, 0, imm8);
    case 5: return Make(OpCode::kCmpImm, 0, d8, 0, imm8);
    case 6: return Make(OpCode::kAddImm, d8, d8, 0, imm8);
    default: return Make(OpCode::kSubImm, d8, d8, 0, imm8);
  }
}

// Arithmetic of two low registers: 010000.
Op DecodeData(std::uint32_t bits) {
  static constexpr OpCode kCodes[16] = {
      OpCode::kAnd,    OpCode::kEor, OpCode::kLslReg, OpCode::kLsrReg,
      OpCode::kAsrReg, OpCode::kAdc, OpCode::kSbc,    OpCode::kRorReg,
      OpCode::kTst,    OpCode::kRsb, OpCode::kCmpReg, OpCode::kCmn,
      OpCode::kOrr,    OpCode::kMul, OpCode::kBic,    OpCode::kMvn};
  const std::uint32_t d = bits & 7;
  return Make(kCodes[bits >> 6 & 15], d, d, bits >> 3 & 7);
}

// Add, compare, move with all registers, and branches to a register: 010001. `pc` is the
// architecture's: this instruction's address plus 4.
Op DecodeHigh(std::uint32_t bits, std::uint32_t pc) {
  const std::uint32_t d = (bits & 7) | (bits >> 4 & 8);
  const std::uint32_t m = bits >> 3 & 15;
  switch (bits >> 8 & 3) {
    case 0:
      if (d == 15) {
        return m == 15 ? Make(OpCode::kUndefined, 0, 0, 0, bits)
                       : Make(OpCode::kAddPc, 0, 0, m, pc);
      }
      if (d == 13 && m != 15) {
        return Make(OpCode::kAddSpReg, 13, 0, m);
      }
      return m == 15 ? Make(OpCode::kAddHighImm, d, 0, 0, pc) : Make(OpCode::kAddHigh, d, 0, m);
    case 1:
      return d == 15 || m == 15 ? Make(OpCode::kUndefined, 0, 0, 0, bits)
                                : Make(OpCode::kCmpReg, 0, d, m);
    case 2:
      if (m == 15) {
        return d == 15 ? Make(OpCode::kUndefined, 0, 0, 0, bits)
                       : Make(OpCode::kConst, d, 0, 0, d == 13 ? pc & ~3u : pc);
      }
      return Make(d == 15 ? OpCode::kMovPc : d == 13 ? OpCode::kMovSp : OpCode::kMovHigh, d, 0, m);
    default:
      if (m == 15 || (bits & 7) != 0) {
        return Make(OpCode::kUndefined, 0, 0, 0, bits);
      }
      return Make((bits & 0x80) != 0 ? OpCode::kBlx : OpCode::kBx, 0, 0, m);
  }
}

// Loads and stores with a constant offset: 0110xx, 0111xx, 1000xx, 1001xx.
Op DecodeLoadStoreImm(std::uint32_t bits) {
  const std::uint32_t d = bits & 7;
  const std::uint32_t n = bits >> 3 & 7;
  const std::uint32_t imm5 = bits >> 6 & 31;
  const bool load = (bits & 0x800) != 0;
  switch (bits >> 12) {
    case 6: return Make(load ? OpCode::kLdrImm : OpCode::kStrImm, d, n, 0, imm5 * 4);
    case 7: return Make(load ? OpCode::kLdrbImm : OpCode::kStrbImm, d, n, 0, imm5);
    case 8: return Make(load ? OpCode::kLdrhImm : OpCode::kStrhImm, d, n, 0, imm5 * 2);
    default:
      return Make(load ? OpCode::kLdrImm : OpCode::kStrImm, bits >> 8 & 7, 13, 0,
                  (bits & 0xFF) * 4);
  }
}

Op DecodeHint(std::uint32_t bits) {
  if ((bits & 15) != 0) {
    return Make(OpCode::kUndefined, 0, 0, 0, bits);
  }
  switch (bits >> 4 & 15) {
    case 1: return Make(OpCode::kYield);
    case 2: return Make(OpCode::kWfe);
    case 3: return Make(OpCode::kWfi);
    case 4: return Make(OpCode::kSev);
    default: return Make(OpCode::kNop);
  }
}

// What does not fit elsewhere: 1011xx.
Op DecodeMiscellaneous(std::uint32_t bits) {
  const std::uint32_t d = bits & 7;
  const std::uint32_t m = bits >> 3 & 7;
  const std::uint32_t list = bits & 0xFF;
  switch (bits >> 8 & 15) {
    case 0: {
      const std::uint32_t offset = (bits & 0x7F) * 4;
      return Make(OpCode::kAddSpImm, 13, 13, 0, (bits & 0x80) != 0 ? 0u - offset : offset);
    }
    case 2: return Make(After(OpCode::kSxth, bits >> 6 & 3), d, 0, m);
    case 4:
    case 5: {
      const std::uint32_t all = list | (bits & 0x100) << 6;
      if (all == 0) {
        break;
      }
      return Make(OpCode::kPush, 0, 0, static_cast<std::uint32_t>(std::popcount(all)), all);
    }
    case 6:
      if ((bits & 0xFFEF) != 0xB662) {
        break;
      }
      return Make(OpCode::kCps, 0, 0, 0, bits >> 4 & 1);
    case 10:
      switch (bits >> 6 & 3) {
        case 0: return Make(OpCode::kRev, d, 0, m);
        case 1: return Make(OpCode::kRev16, d, 0, m);
        case 3: return Make(OpCode::kRevsh, d, 0, m);
        default: break;
      }
      break;
    case 12:
      if (list == 0) {
        break;
      }
      return Make(OpCode::kPop, 0, 0, static_cast<std::uint32_t>(std::popcount(list)), list);
    case 13:
      return Make(OpCode::kPopPc, 0, 0, static_cast<std::uint32_t>(std::popcount(list)) + 1,
                  list | 0x8000);
    case 14: return Make(OpCode::kBkpt, 0, 0, 0, list);
    case 15: return DecodeHint(bits);
    default: break;
  }
  return Make(OpCode::kUndefined, 0, 0, 0, bits);
}

Op DecodeMultiple(std::uint32_t bits) {
  const std::uint32_t n = bits >> 8 & 7;
  const std::uint32_t list = bits & 0xFF;
  if (list == 0) {
    return Make(OpCode::kUndefined, 0, 0, 0, bits);
  }
  const auto count = static_cast<std::uint32_t>(std::popcount(list));
  if ((bits & 0x800) == 0) {
    return Make(OpCode::kStm, 0, n, count, list);
  }
  return Make(OpCode::kLdm, (list >> n & 1) == 0 ? 1 : 0, n, count, list);
}

// A branch by `offset` bytes from `next`, the address of the next instruction.
Op DecodeBranch(const Region& region, std::uint32_t next, std::uint32_t offset, OpCode near,
                OpCode far, std::uint32_t condition) {
  const std::uint32_t target = next + offset;
  if (region.Contains(target)) {
    const auto halfwords = static_cast<std::int32_t>(target - next) / 2;
    return Make(near, 0, 0, 0, static_cast<std::uint32_t>(halfwords));
  }
  return Make(far, condition, 0, 0, target);
}

// The instructions of 32 bits: BL, MSR, MRS and the barriers.
Op DecodeLong(const Region& region, std::uint32_t address, std::uint32_t first,
              std::uint32_t second) {
  if ((first & 0xF800) == 0xF000 && (second & 0xD000) == 0xD000) {
    const std::uint32_t s = first >> 10 & 1;
    const std::uint32_t i1 = ~((second >> 13 & 1) ^ s) & 1;
    const std::uint32_t i2 = ~((second >> 11 & 1) ^ s) & 1;
    const std::uint32_t offset =
        s << 24 | i1 << 23 | i2 << 22 | (first & 0x3FF) << 12 | (second & 0x7FF) << 1;
    return DecodeBranch(region, address + 4, SignExtend(offset, 25), OpCode::kBl, OpCode::kBlFar,
                        0);
  }
  if (first == 0xF3EF && (second & 0xF000) == 0x8000) {
    const std::uint32_t d = second >> 8 & 15;
    return Make(d == 13 || d == 15 ? OpCode::kUndefined : OpCode::kMrs, d, 0, second & 0xFF);
  }
  if ((first & 0xFFF0) == 0xF380 && (second & 0xFF00) == 0x8800) {
    const std::uint32_t n = first & 15;
    return Make(n == 13 || n == 15 ? OpCode::kUndefined : OpCode::kMsr, 0, n, second & 0xFF);
  }
  if (first == 0xF3BF && (second & 0xFF00) == 0x8F00) {
    const std::uint32_t kind = second >> 4 & 15;
    if (kind >= 4 && kind <= 6) {
      return Make(OpCode::kBarrier);
    }
  }
  return Make(OpCode::kUndefined, 0, 0, 0, first << 16 | second);
}

}  // namespace

Op Decode(const Region& region, std::uint32_t index, bool host_calls) {
  const std::uint32_t bits = Halfword(region, index);
  const std::uint32_t address = region.base + index * 2;
  const std::uint32_t pc = address + 4;
  const std::uint32_t d8 = bits >> 8 & 7;
  const std::uint32_t imm8 = bits & 0xFF;
  switch (bits >> 12) {
    case 0:
    case 1:
    case 2:
    case 3: return DecodeShiftAddMove(bits);
    case 4:
      if ((bits & 0x800) != 0) {
        return Make(OpCode::kLdrLiteral, d8, 0, 0, (pc & ~3u) + imm8 * 4);
      }
      return (bits & 0x400) != 0 ? DecodeHigh(bits, pc) : DecodeData(bits);
    case 5:
      return Make(After(OpCode::kStrReg, bits >> 9 & 7), bits & 7, bits >> 3 & 7, bits >> 6 & 7);
    case 6:
    case 7:
    case 8:
    case 9: return DecodeLoadStoreImm(bits);
    case 10:
      return (bits & 0x800) != 0 ? Make(OpCode::kAddSpTo, d8, 13, 0, imm8 * 4)
                                 : Make(OpCode::kConst, d8, 0, 0, (pc & ~3u) + imm8 * 4);
    case 11: return DecodeMiscellaneous(bits);
    case 12: return DecodeMultiple(bits);
    case 13: {
      const std::uint32_t condition = bits >> 8 & 15;
      if (condition == 14) {
        return host_calls ? Make(OpCode::kHostCall, 0, 0, 0, imm8)
                          : Make(OpCode::kUndefined, 0, 0, 0, bits);
      }
      if (condition == 15) {
        return Make(OpCode::kSvc, 0, 0, 0, imm8);
      }
      return DecodeBranch(region, address + 2, SignExtend(imm8 << 1, 9) + 2,
                          After(OpCode::kBeq, condition), OpCode::kBFar, condition);
    }
    case 14:
      if ((bits & 0x800) == 0) {
        return DecodeBranch(region, address + 2, SignExtend((bits & 0x7FF) << 1, 12) + 2,
                            OpCode::kB, OpCode::kBFar, 14);
      }
      [[fallthrough]];
    default:
      if ((index + 1) * 2 >= region.size) {
        return Make(OpCode::kUndefined, 0, 0, 0, bits << 16);
      }
      return DecodeLong(region, address, bits, Halfword(region, index + 1));
  }
}

}  // namespace pinhole::emulator
