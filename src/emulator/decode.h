// SPDX-License-Identifier: Apache-2.0
#pragma once

// One ARMv6-M instruction in its bits -> an Op: what it does, its registers and its constants.
//
// Everything that can be worked out from the bits and the place is worked out here, once: where a
// branch goes, which address a literal lies at, that `ADD Rd, PC` adds a constant. What is left to
// do at run time is one case of the switch in execute.cc. Decode never fails: bits that are no
// instruction of this architecture become kUndefined, which faults when it is reached.
//
// Source: ARMv6-M Architecture Reference Manual (ARM DDI 0419), chapter A5 to A7.

#include <cstdint>

#include "emulator/memory.h"

namespace pinhole::emulator {

// d, n, m are register numbers and imm is a constant unless the comment says otherwise.
enum class OpCode : std::uint8_t {
  kUnknown,  // not yet decoded
  kEnd,      // behind the last halfword of a memory
  kMovImm,   // d = imm, N Z
  kConst,    // d = imm, no flags: ADR, MOV Rd, PC
  kMovLow,   // d = m, N Z: LSLS #0
  kLslImm,   // d = n << imm, imm 1 to 31
  kLsrImm,   // d = n >> imm, imm 1 to 31
  kLsrAll,   // d = n >> 32
  kAsrImm,   // d = n >> imm arithmetically, imm 1 to 31
  kAsrAll,   // d = n >> 32 arithmetically
  kAddReg,   // d = n + m, N Z C V
  kSubReg,   // d = n - m
  kAddImm,   // d = n + imm
  kSubImm,   // d = n - imm
  kCmpImm,   // n - imm
  kAnd,      // d = d op m, N Z
  kEor,
  kLslReg,
  kLsrReg,
  kAsrReg,
  kAdc,
  kSbc,
  kRorReg,
  kTst,     // d op m, flags alone
  kRsb,     // d = 0 - m
  kCmpReg,  // n - m
  kCmn,
  kOrr,
  kMul,
  kBic,
  kMvn,
  kAddHigh,     // d = d + m, no flags
  kAddHighImm,  // d = d + imm, no flags: ADD Rd, PC
  kAddSpReg,    // SP = SP + m, low two bits cleared
  kAddPc,       // branch to pc + m; imm is this instruction's PC
  kMovHigh,     // d = m, no flags
  kMovSp,       // SP = m, low two bits cleared
  kMovPc,       // branch to m
  kBx,          // m
  kBlx,         // m
  kLdrLiteral,  // d = word at imm
  kStrReg,      // at n + m
  kStrhReg,
  kStrbReg,
  kLdrsbReg,
  kLdrReg,
  kLdrhReg,
  kLdrbReg,
  kLdrshReg,
  kStrImm,  // at n + imm
  kLdrImm,
  kStrbImm,
  kLdrbImm,
  kStrhImm,
  kLdrhImm,
  kAddSpTo,   // d = SP + imm
  kAddSpImm,  // SP = SP + imm, imm may be negative
  kSxth,      // d = m extended
  kSxtb,
  kUxth,
  kUxtb,
  kPush,   // imm: registers, bit 14 is LR; m: how many
  kPop,    // imm: registers, no PC
  kPopPc,  // imm: registers with PC in bit 15
  kRev,
  kRev16,
  kRevsh,
  kStm,  // n, imm: registers; m: how many
  kLdm,  // n, imm: registers; d: 1 where n is written back
  kBeq,  // the 14 conditions in their order; imm: halfwords from the next instruction
  kBne,
  kBcs,
  kBcc,
  kBmi,
  kBpl,
  kBvs,
  kBvc,
  kBhi,
  kBls,
  kBge,
  kBlt,
  kBgt,
  kBle,
  kB,      // imm: halfwords from the next instruction
  kBl,     // imm: halfwords from the next instruction
  kBFar,   // imm: an address outside this memory; the conditions of kBeq.. are in d, 14 is always
  kBlFar,  // imm: an address outside this memory
  kMrs,    // d = special register m
  kMsr,    // special register m = n
  kCps,    // imm: 1 disables interrupts
  kBarrier,
  kNop,
  kYield,
  kWfe,
  kWfi,
  kSev,
  kSvc,
  kBkpt,      // imm
  kHostCall,  // imm: UDF in the ROM, a function of the boot ROM that is written in C++
  kUndefined,
  kCount,
};

// The Op for the instruction at `index` (in halfwords) of `region`. Host calls are known in the ROM
// only (`host_calls`).
[[nodiscard]] Op Decode(const Region& region, std::uint32_t index, bool host_calls);

}  // namespace pinhole::emulator
