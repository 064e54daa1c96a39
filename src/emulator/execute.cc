// SPDX-License-Identifier: Apache-2.0

// The loop that runs instructions: one switch over Ops, longer than a function should be because
// what makes it fast is that all of it is one function. Flags, counters and the place stand in
// local variables; members are brought up to date before anything that looks at them (an access to
// a device, an exception, leaving).
//
// Cycles and instructions are not counted one by one: straight code is as many of both as there are
// halfwords between `start` and `ip`; `extra` holds what else it took. A taken branch settles the
// account and looks at the clock, so that code without a branch is never interrupted in between,
// except directly after an access to a device that asks for it.

#include <algorithm>
#include <bit>
#include <cstring>

#include "emulator/core.h"
#include "emulator/decode.h"

namespace pinhole::emulator {
namespace {

// The offset of an aligned access turned so that one comparison with size / sizeof(T) refuses both
// a misaligned address and one outside.
template <typename T>
constexpr std::uint32_t Slot(std::uint32_t offset) {
  return std::rotr(offset, std::countr_zero(sizeof(T)));
}

constexpr bool Negative(std::uint32_t value) { return (value >> 31) != 0; }

}  // namespace

template <bool kCareful>
void Core::Execute(std::uint64_t until) {
  Memory& memory = *memory_;
  std::uint32_t* const r = r_.data();
  std::uint8_t* const ram = memory.ram.bytes.get();
  const std::uint8_t* const flash = memory.flash.bytes.get();
  const std::uint32_t ram_size = memory.ram.size;
  const std::uint32_t flash_size = memory.flash.size;

  Region* region = memory.Find(r[15]);
  if (region == nullptr) {
    RaiseFault(FaultKind::kFetch, r[15], r[15]);
    return;
  }
  const Op* ops = region->ops.get();
  const Op* ip = ops + (r[15] - region->base) / 2;
  const Op* start = ip;
  std::uint64_t cycles = cycles_;
  std::uint64_t instructions = instructions_;
  std::uint64_t extra = 0;
  std::uint32_t n = n_;
  std::uint32_t z = z_;
  std::uint32_t c = c_;
  std::uint32_t v = v_;

  const auto here = [&](const Op* op) {
    return region->base + static_cast<std::uint32_t>(op - ops) * 2;
  };
  const auto settle = [&] {
    const auto ran = static_cast<std::uint64_t>(ip - start);
    instructions += ran;
    cycles += ran + extra;
    extra = 0;
    start = ip;
  };
  // Makes the members true with `next` as the instruction to go on with.
  const auto publish = [&](std::uint32_t next) {
    settle();
    cycles_ = cycles;
    instructions_ = instructions;
    n_ = n;
    z_ = z;
    c_ = c;
    v_ = v;
    r[15] = next;
  };
  // The place to go on from is at `address`, perhaps in another memory. False: there is none.
  const auto go_to = [&](std::uint32_t address) {
    settle();
    if (!region->Contains(address)) {
      Region* const other = memory.Find(address);
      if (other == nullptr) {
        return false;
      }
      region = other;
      ops = region->ops.get();
    }
    ip = ops + (address - region->base) / 2;
    start = ip;
    return true;
  };
  const auto set_nz = [&](std::uint32_t value) { n = z = value; };
  const auto add = [&](std::uint32_t a, std::uint32_t b, std::uint32_t carry) {
    const std::uint64_t sum = std::uint64_t{a} + b + carry;
    const auto low = static_cast<std::uint32_t>(sum);
    c = static_cast<std::uint32_t>(sum >> 32);
    v = (a ^ low) & (b ^ low);
    n = z = low;
    return low;
  };
  // Accesses. `ip` is already at the next instruction; false means that a fault was raised and the
  // members are up to date.
  const auto slow_access = [&](bool write, std::uint32_t address, unsigned size,
                               std::uint32_t& value) {
    publish(here(ip) - 2);
    waited_ = 0;
    const bool good = write ? WriteSlow(address, size, value) : ReadSlow(address, size, value);
    extra += static_cast<std::uint64_t>(std::int64_t{waited_});
    if (!good) {
      const FaultKind kind = write ? FaultKind::kWrite : FaultKind::kRead;
      RaiseFault((address & (size - 1)) != 0 ? FaultKind::kUnaligned : kind, address, r[15]);
    }
    return good;
  };
  const auto load = [&]<typename T>(T, std::uint32_t address, std::uint32_t& value) {
    ++extra;
    T loaded;
    const std::uint32_t in_ram = address - kRamBase;
    if (Slot<T>(in_ram) < ram_size / sizeof(T)) [[likely]] {
      std::memcpy(&loaded, ram + in_ram, sizeof loaded);
      value = loaded;
      return true;
    }
    const std::uint32_t in_flash = address - kFlashBase;
    if (!kCareful && Slot<T>(in_flash) < flash_size / sizeof(T)) {
      std::memcpy(&loaded, flash + in_flash, sizeof loaded);
      value = loaded;
      return true;
    }
    return slow_access(false, address, sizeof(T), value);
  };
  const auto store = [&]<typename T>(T value, std::uint32_t address) {
    ++extra;
    const std::uint32_t in_ram = address - kRamBase;
    if (Slot<T>(in_ram) < ram_size / sizeof(T)) [[likely]] {
      std::memcpy(ram + in_ram, &value, sizeof value);
      if (memory.HasCode(in_ram)) [[unlikely]] {
        memory.Forget(address, sizeof(T));
      }
      return true;
    }
    std::uint32_t stored = value;
    return slow_access(true, address, sizeof(T), stored);
  };

  const auto decode_here = [&] {
    const auto index = static_cast<std::uint32_t>(ip - ops);
    region->ops[index] = Decode(*region, index, region == &memory.rom);
    if (region == &memory.ram) {
      memory.NoteCode(index * 2);
      memory.NoteCode((index + 1) * 2 < ram_size ? (index + 1) * 2 : index * 2);
    }
  };

// The ways on from a case. A branch looks at the clock; an access to a device may ask to leave.
#define PINHOLE_BRANCH(halfwords)               \
  {                                             \
    settle();                                   \
    ++cycles;                                   \
    ip += static_cast<std::int32_t>(halfwords); \
    start = ip;                                 \
    if (cycles >= until) [[unlikely]] {         \
      publish(here(ip));                        \
      return;                                   \
    }                                           \
    continue;                                   \
  }
#define PINHOLE_BRANCH_IF(condition) \
  if (condition) {                   \
    PINHOLE_BRANCH(op.imm)           \
  }                                  \
  continue
#define PINHOLE_JUMP(address, more_cycles)             \
  {                                                    \
    const std::uint32_t jump_to = (address);           \
    extra += (more_cycles);                            \
    if (!go_to(jump_to)) [[unlikely]] {                \
      publish(jump_to);                                \
      RaiseFault(FaultKind::kFetch, jump_to, jump_to); \
      return;                                          \
    }                                                  \
    if (cycles >= until) [[unlikely]] {                \
      publish(jump_to);                                \
      return;                                          \
    }                                                  \
    continue;                                          \
  }
#define PINHOLE_LOAD(type, address)                      \
  {                                                      \
    std::uint32_t loaded;                                \
    if (!load(type{}, (address), loaded)) [[unlikely]] { \
      return;                                            \
    }                                                    \
    r[op.d] = loaded;                                    \
    if (attention_) [[unlikely]] {                       \
      publish(here(ip));                                 \
      return;                                            \
    }                                                    \
    continue;                                            \
  }
#define PINHOLE_STORE(type, address)                                  \
  {                                                                   \
    if (!store(static_cast<type>(r[op.d]), (address))) [[unlikely]] { \
      return;                                                         \
    }                                                                 \
    if (attention_) [[unlikely]] {                                    \
      publish(here(ip));                                              \
      return;                                                         \
    }                                                                 \
    continue;                                                         \
  }

  bool stepped = false;
  for (;;) {
    if constexpr (kCareful) {
      if (ip->code == static_cast<std::uint8_t>(OpCode::kUnknown)) {
        decode_here();
      }
      publish(here(ip));
      if (attention_ || cycles >= until || (stepping_ && stepped)) {
        return;
      }
      stepped = true;
      waited_ = 0;
      if (watcher_ != nullptr && !watcher_->Before(*this) && !stepping_) {
        stopped_by_watcher_ = true;
        Yield();
        return;
      }
      extra += static_cast<std::uint64_t>(std::int64_t{waited_});
    }
    const Op op = *ip;
    ++ip;
    switch (static_cast<OpCode>(op.code)) {
      case OpCode::kUnknown:
        --ip;
        decode_here();
        continue;
      case OpCode::kEnd: {
        --ip;
        const std::uint32_t next = here(ip);
        publish(next);
        RaiseFault(FaultKind::kFetch, next, next);
        return;
      }
      case OpCode::kMovImm: set_nz(r[op.d] = op.imm); continue;
      case OpCode::kConst: r[op.d] = op.imm; continue;
      case OpCode::kMovLow: set_nz(r[op.d] = r[op.m]); continue;
      case OpCode::kLslImm: {
        const std::uint32_t a = r[op.n];
        c = a >> (32 - op.imm) & 1;
        set_nz(r[op.d] = a << op.imm);
        continue;
      }
      case OpCode::kLsrImm: {
        const std::uint32_t a = r[op.n];
        c = a >> (op.imm - 1) & 1;
        set_nz(r[op.d] = a >> op.imm);
        continue;
      }
      case OpCode::kLsrAll:
        c = r[op.n] >> 31;
        set_nz(r[op.d] = 0);
        continue;
      case OpCode::kAsrImm: {
        const std::uint32_t a = r[op.n];
        c = a >> (op.imm - 1) & 1;
        set_nz(r[op.d] = static_cast<std::uint32_t>(static_cast<std::int32_t>(a) >> op.imm));
        continue;
      }
      case OpCode::kAsrAll:
        c = r[op.n] >> 31;
        set_nz(r[op.d] = 0u - c);
        continue;
      case OpCode::kAddReg: r[op.d] = add(r[op.n], r[op.m], 0); continue;
      case OpCode::kSubReg: r[op.d] = add(r[op.n], ~r[op.m], 1); continue;
      case OpCode::kAddImm: r[op.d] = add(r[op.n], op.imm, 0); continue;
      case OpCode::kSubImm: r[op.d] = add(r[op.n], ~op.imm, 1); continue;
      case OpCode::kCmpImm: add(r[op.n], ~op.imm, 1); continue;
      case OpCode::kAnd: set_nz(r[op.d] &= r[op.m]); continue;
      case OpCode::kEor: set_nz(r[op.d] ^= r[op.m]); continue;
      case OpCode::kLslReg: {
        const std::uint32_t by = r[op.m] & 0xFF;
        std::uint32_t a = r[op.d];
        if (by != 0) {
          c = by <= 32 ? static_cast<std::uint32_t>(std::uint64_t{a} << by >> 32) & 1 : 0;
          a = by < 32 ? a << by : 0;
        }
        set_nz(r[op.d] = a);
        continue;
      }
      case OpCode::kLsrReg: {
        const std::uint32_t by = r[op.m] & 0xFF;
        std::uint32_t a = r[op.d];
        if (by != 0) {
          c = by <= 32 ? a >> (by - 1) & 1 : 0;
          a = by < 32 ? a >> by : 0;
        }
        set_nz(r[op.d] = a);
        continue;
      }
      case OpCode::kAsrReg: {
        const std::uint32_t by = r[op.m] & 0xFF;
        std::uint32_t a = r[op.d];
        if (by != 0) {
          const auto wide = static_cast<std::int64_t>(static_cast<std::int32_t>(a));
          const std::uint32_t most = by < 32 ? by : 32;
          c = static_cast<std::uint32_t>(wide >> (most - 1)) & 1;
          a = static_cast<std::uint32_t>(wide >> most);
        }
        set_nz(r[op.d] = a);
        continue;
      }
      case OpCode::kAdc: r[op.d] = add(r[op.d], r[op.m], c); continue;
      case OpCode::kSbc: r[op.d] = add(r[op.d], ~r[op.m], c); continue;
      case OpCode::kRorReg: {
        const std::uint32_t by = r[op.m] & 0xFF;
        std::uint32_t a = r[op.d];
        if (by != 0) {
          a = std::rotr(a, static_cast<int>(by & 31));
          c = a >> 31;
        }
        set_nz(r[op.d] = a);
        continue;
      }
      case OpCode::kTst: set_nz(r[op.d] & r[op.m]); continue;
      case OpCode::kRsb: r[op.d] = add(~r[op.m], 0, 1); continue;
      case OpCode::kCmpReg: add(r[op.n], ~r[op.m], 1); continue;
      case OpCode::kCmn: add(r[op.d], r[op.m], 0); continue;
      case OpCode::kOrr: set_nz(r[op.d] |= r[op.m]); continue;
      case OpCode::kMul: set_nz(r[op.d] *= r[op.m]); continue;
      case OpCode::kBic: set_nz(r[op.d] &= ~r[op.m]); continue;
      case OpCode::kMvn: set_nz(r[op.d] = ~r[op.m]); continue;
      case OpCode::kAddHigh: r[op.d] += r[op.m]; continue;
      case OpCode::kAddHighImm: r[op.d] = (r[op.d] + op.imm) & (op.d == 13 ? ~3u : ~0u); continue;
      case OpCode::kAddSpReg: r[13] = (r[13] + r[op.m]) & ~3u; continue;
      case OpCode::kAddPc: PINHOLE_JUMP((op.imm + r[op.m]) & ~1u, 1)
      case OpCode::kMovHigh: r[op.d] = r[op.m]; continue;
      case OpCode::kMovSp: r[13] = r[op.m] & ~3u; continue;
      case OpCode::kMovPc: PINHOLE_JUMP(r[op.m] & ~1u, 1)
      case OpCode::kBx:
      case OpCode::kBlx: {
        const std::uint32_t target = r[op.m];
        if (static_cast<OpCode>(op.code) == OpCode::kBlx) {
          r[14] = here(ip) | 1;
        } else if (target >= 0xF000'0000 && InHandler()) {
          ++extra;
          publish(here(ip));
          Return(target);
          return;
        }
        if ((target & 1) == 0) [[unlikely]] {
          publish(here(ip));
          RaiseFault(FaultKind::kNotThumb, target, target);
          return;
        }
        PINHOLE_JUMP(target & ~1u, 1)
      }
      case OpCode::kLdrLiteral: PINHOLE_LOAD(std::uint32_t, op.imm)
      case OpCode::kStrReg: PINHOLE_STORE(std::uint32_t, r[op.n] + r[op.m])
      case OpCode::kStrhReg: PINHOLE_STORE(std::uint16_t, r[op.n] + r[op.m])
      case OpCode::kStrbReg: PINHOLE_STORE(std::uint8_t, r[op.n] + r[op.m])
      case OpCode::kLdrsbReg:
      case OpCode::kLdrshReg: {
        const bool byte = static_cast<OpCode>(op.code) == OpCode::kLdrsbReg;
        const std::uint32_t address = r[op.n] + r[op.m];
        std::uint32_t loaded;
        if (!(byte ? load(std::uint8_t{}, address, loaded)
                   : load(std::uint16_t{}, address, loaded))) {
          return;
        }
        r[op.d] = byte ? static_cast<std::uint32_t>(static_cast<std::int8_t>(loaded))
                       : static_cast<std::uint32_t>(static_cast<std::int16_t>(loaded));
        if (attention_) {
          publish(here(ip));
          return;
        }
        continue;
      }
      case OpCode::kLdrReg: PINHOLE_LOAD(std::uint32_t, r[op.n] + r[op.m])
      case OpCode::kLdrhReg: PINHOLE_LOAD(std::uint16_t, r[op.n] + r[op.m])
      case OpCode::kLdrbReg: PINHOLE_LOAD(std::uint8_t, r[op.n] + r[op.m])
      case OpCode::kStrImm: PINHOLE_STORE(std::uint32_t, r[op.n] + op.imm)
      case OpCode::kLdrImm: PINHOLE_LOAD(std::uint32_t, r[op.n] + op.imm)
      case OpCode::kStrbImm: PINHOLE_STORE(std::uint8_t, r[op.n] + op.imm)
      case OpCode::kLdrbImm: PINHOLE_LOAD(std::uint8_t, r[op.n] + op.imm)
      case OpCode::kStrhImm: PINHOLE_STORE(std::uint16_t, r[op.n] + op.imm)
      case OpCode::kLdrhImm: PINHOLE_LOAD(std::uint16_t, r[op.n] + op.imm)
      case OpCode::kAddSpTo: r[op.d] = r[13] + op.imm; continue;
      case OpCode::kAddSpImm:
        if (r[13] + op.imm < stack_floor_) [[unlikely]] {
          publish(here(ip) - 2);
          if (Overflows(r[13] + op.imm)) {
            return;
          }
        }
        r[13] += op.imm;
        continue;
      case OpCode::kSxth:
        r[op.d] = static_cast<std::uint32_t>(static_cast<std::int16_t>(r[op.m]));
        continue;
      case OpCode::kSxtb:
        r[op.d] = static_cast<std::uint32_t>(static_cast<std::int8_t>(r[op.m]));
        continue;
      case OpCode::kUxth: r[op.d] = r[op.m] & 0xFFFF; continue;
      case OpCode::kUxtb: r[op.d] = r[op.m] & 0xFF; continue;
      case OpCode::kPush: {
        std::uint32_t address = r[13] - op.m * 4u;
        const std::uint32_t lowest = address;
        if (lowest < stack_floor_) [[unlikely]] {
          publish(here(ip) - 2);
          if (Overflows(lowest)) {
            return;
          }
        }
        for (std::uint32_t list = op.imm; list != 0; list &= list - 1) {
          if (!store(r[std::countr_zero(list)], address)) [[unlikely]] {
            return;
          }
          address += 4;
        }
        r[13] = lowest;
        continue;
      }
      case OpCode::kPop:
      case OpCode::kPopPc: {
        std::uint32_t address = r[13];
        for (std::uint32_t list = op.imm & 0xFF; list != 0; list &= list - 1) {
          if (!load(std::uint32_t{}, address, r[std::countr_zero(list)])) [[unlikely]] {
            return;
          }
          address += 4;
        }
        if (static_cast<OpCode>(op.code) == OpCode::kPop) {
          r[13] = address;
          continue;
        }
        std::uint32_t target;
        if (!load(std::uint32_t{}, address, target)) [[unlikely]] {
          return;
        }
        r[13] = address + 4;
        extra += 2;
        if (target >= 0xF000'0000 && InHandler()) {
          publish(here(ip));
          Return(target);
          return;
        }
        if ((target & 1) == 0) [[unlikely]] {
          publish(here(ip));
          RaiseFault(FaultKind::kNotThumb, target, target);
          return;
        }
        PINHOLE_JUMP(target & ~1u, 0)
      }
      case OpCode::kRev: {
        const std::uint32_t a = r[op.m];
        r[op.d] = a >> 24 | (a >> 8 & 0xFF00) | (a << 8 & 0xFF0000) | a << 24;
        continue;
      }
      case OpCode::kRev16: {
        const std::uint32_t a = r[op.m];
        r[op.d] = (a >> 8 & 0x00FF00FF) | (a << 8 & 0xFF00FF00);
        continue;
      }
      case OpCode::kRevsh: {
        const std::uint32_t a = r[op.m];
        const std::uint32_t swapped = (a >> 8 & 0xFF) | (a << 8 & 0xFF00);
        r[op.d] = static_cast<std::uint32_t>(static_cast<std::int16_t>(swapped));
        continue;
      }
      case OpCode::kStm: {
        std::uint32_t address = r[op.n];
        for (std::uint32_t list = op.imm; list != 0; list &= list - 1) {
          if (!store(r[std::countr_zero(list)], address)) [[unlikely]] {
            return;
          }
          address += 4;
        }
        r[op.n] = address;
        if (attention_) [[unlikely]] {
          publish(here(ip));
          return;
        }
        continue;
      }
      case OpCode::kLdm: {
        std::uint32_t address = r[op.n];
        for (std::uint32_t list = op.imm; list != 0; list &= list - 1) {
          std::uint32_t loaded;
          if (!load(std::uint32_t{}, address, loaded)) [[unlikely]] {
            return;
          }
          r[std::countr_zero(list)] = loaded;
          address += 4;
        }
        if (op.d != 0) {
          r[op.n] = address;
        }
        if (attention_) [[unlikely]] {
          publish(here(ip));
          return;
        }
        continue;
      }
      case OpCode::kBeq: PINHOLE_BRANCH_IF(z == 0);
      case OpCode::kBne: PINHOLE_BRANCH_IF(z != 0);
      case OpCode::kBcs: PINHOLE_BRANCH_IF(c != 0);
      case OpCode::kBcc: PINHOLE_BRANCH_IF(c == 0);
      case OpCode::kBmi: PINHOLE_BRANCH_IF(Negative(n));
      case OpCode::kBpl: PINHOLE_BRANCH_IF(!Negative(n));
      case OpCode::kBvs: PINHOLE_BRANCH_IF(Negative(v));
      case OpCode::kBvc: PINHOLE_BRANCH_IF(!Negative(v));
      case OpCode::kBhi: PINHOLE_BRANCH_IF(c != 0 && z != 0);
      case OpCode::kBls: PINHOLE_BRANCH_IF(c == 0 || z == 0);
      case OpCode::kBge: PINHOLE_BRANCH_IF(!Negative(n ^ v));
      case OpCode::kBlt: PINHOLE_BRANCH_IF(Negative(n ^ v));
      case OpCode::kBgt: PINHOLE_BRANCH_IF(z != 0 && !Negative(n ^ v));
      case OpCode::kBle: PINHOLE_BRANCH_IF(z == 0 || Negative(n ^ v));
      case OpCode::kB: PINHOLE_BRANCH(op.imm)
      case OpCode::kBl: {
        // Two halfwords and one instruction of three cycles: the second halfword counts as one.
        ++ip;
        --instructions;
        r[14] = here(ip) | 1;
        PINHOLE_BRANCH(op.imm)
      }
      case OpCode::kBlFar:
        ++ip;
        --instructions;
        r[14] = here(ip) | 1;
        PINHOLE_JUMP(op.imm, 1)
      case OpCode::kBFar: {
        bool taken = op.d == 14;
        switch (op.d >> 1) {
          case 0: taken = z == 0; break;
          case 1: taken = c != 0; break;
          case 2: taken = Negative(n); break;
          case 3: taken = Negative(v); break;
          case 4: taken = c != 0 && z != 0; break;
          case 5: taken = !Negative(n ^ v); break;
          case 6: taken = z != 0 && !Negative(n ^ v); break;
          default: taken = true; break;
        }
        if (taken != ((op.d & 1) != 0)) {
          PINHOLE_JUMP(op.imm, 1)
        }
        continue;
      }
      case OpCode::kMrs:
        ++ip;
        --instructions;
        ++extra;
        publish(here(ip));
        r[op.d] = ReadSpecial(op.m);
        continue;
      case OpCode::kMsr: {
        ++ip;
        --instructions;
        ++extra;
        publish(here(ip));
        WriteSpecial(op.m, r[op.n]);
        n = n_;
        z = z_;
        c = c_;
        v = v_;
        if (attention_) {
          return;
        }
        continue;
      }
      case OpCode::kCps:
        if (InHandler() || (control_ & 1) == 0) {
          primask_ = op.imm != 0;
          if (!primask_) {
            publish(here(ip));
            return;
          }
        }
        continue;
      case OpCode::kBarrier:
        ++ip;
        --instructions;
        ++extra;
        continue;
      case OpCode::kNop:
      case OpCode::kYield: continue;
      case OpCode::kSev:
        publish(here(ip));
        bus_->SendEvent(*this);
        if (attention_) {
          return;
        }
        continue;
      case OpCode::kWfe:
        ++extra;
        publish(here(ip));
        if (event_) {
          event_ = false;
        } else {
          GoToSleep(CoreState::kWaitingForEvent);
        }
        return;
      case OpCode::kWfi:
        ++extra;
        publish(here(ip));
        GoToSleep(CoreState::kWaitingForInterrupt);
        return;
      case OpCode::kSvc: {
        const std::uint32_t next = here(ip);
        publish(next);
        if (Priority(kSvcall) < CurrentPriority(true)) {
          pending_ |= std::uint64_t{1} << kSvcall;
        } else {
          RaiseFault(FaultKind::kSupervisor, op.imm, next - 2);
        }
        return;
      }
      case OpCode::kBkpt: {
        const std::uint32_t next = here(ip);
        publish(next - 2);
        if (bus_->Breakpoint(*this, op.imm)) {
          r[15] = next;
        } else {
          RaiseFault(FaultKind::kBreakpoint, op.imm, next - 2);
        }
        return;
      }
      case OpCode::kHostCall:
        publish(here(ip));
        bus_->HostCall(*this, op.imm);
        return;
      case OpCode::kUndefined:
      case OpCode::kCount: {
        const std::uint32_t next = here(ip);
        publish(next - 2);
        RaiseFault(FaultKind::kUndefined, op.imm, next - 2);
        return;
      }
    }
  }
#undef PINHOLE_BRANCH
#undef PINHOLE_BRANCH_IF
#undef PINHOLE_JUMP
#undef PINHOLE_LOAD
#undef PINHOLE_STORE
}

void Core::Run(std::uint64_t until) {
  yield_ = false;
  stopped_by_watcher_ = false;
  while (cycles_ < until && !yield_) {
    attention_ = false;
    TakePending();
    if (state_ != CoreState::kRunning) {
      return;
    }
    if (watcher_ != nullptr) {
      Execute<true>(std::min(until, NextSysTick()));
    } else {
      Execute<false>(std::min(until, NextSysTick()));
    }
  }
}

void Core::Step() {
  attention_ = false;
  if (TakePending() || state_ != CoreState::kRunning) {
    return;
  }
  stepping_ = true;
  Execute<true>(~std::uint64_t{0});
  stepping_ = false;
}

}  // namespace pinhole::emulator
