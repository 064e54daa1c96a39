// SPDX-License-Identifier: Apache-2.0
#include "emulator/core.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "emulator/thumb_for_tests.h"

namespace pinhole::emulator {
namespace {

// The flags of the architecture written down a second time, from its manual's pseudocode.
struct Model {
  std::uint32_t result = 0;
  bool n = false;
  bool z = false;
  bool c = false;
  bool v = false;

  void Logic(std::uint32_t value) {
    result = value;
    n = static_cast<std::int32_t>(value) < 0;
    z = value == 0;
  }
  void AddWithCarry(std::uint32_t x, std::uint32_t y, bool carry) {
    const std::int64_t wide_signed =
        std::int64_t{static_cast<std::int32_t>(x)} + static_cast<std::int32_t>(y) + (carry ? 1 : 0);
    const std::uint64_t wide = std::uint64_t{x} + y + (carry ? 1 : 0);
    Logic(static_cast<std::uint32_t>(wide));
    c = wide != result;
    v = wide_signed != static_cast<std::int32_t>(result);
  }
  void ShiftOnce(char kind) {
    const std::uint32_t x = result;
    switch (kind) {
      case 'l':
        c = (x & 0x8000'0000) != 0;
        Logic(x * 2);
        break;
      case 'r':
        c = (x & 1) != 0;
        Logic(x / 2);
        break;
      case 'a':
        c = (x & 1) != 0;
        Logic(x / 2 | (x & 0x8000'0000));
        break;
      default:
        c = (x & 1) != 0;
        Logic(x / 2 | (x & 1) * 0x8000'0000);
        break;
    }
  }
  // One bit at a time, as slow as it is plain.
  void Shift(std::uint32_t x, std::uint32_t by, char kind) {
    Logic(x);
    for (std::uint32_t i = 0; i < by; ++i) {
      ShiftOnce(kind);
    }
  }
  void Data(unsigned op, std::uint32_t d, std::uint32_t m) {
    switch (op) {
      case 0: Logic(d & m); break;
      case 1: Logic(d ^ m); break;
      case 2: Shift(d, m & 0xFF, 'l'); break;
      case 3: Shift(d, m & 0xFF, 'r'); break;
      case 4: Shift(d, m & 0xFF, 'a'); break;
      case 5: AddWithCarry(d, m, c); break;
      case 6: AddWithCarry(d, ~m, c); break;
      case 7: Shift(d, m & 0xFF, 'o'); break;
      case 8:
        Logic(d & m);
        result = d;
        break;
      case 9: AddWithCarry(~m, 0, true); break;
      case 10:
        AddWithCarry(d, ~m, true);
        result = d;
        break;
      case 11:
        AddWithCarry(d, m, false);
        result = d;
        break;
      case 12: Logic(d | m); break;
      case 13: Logic(d * m); break;
      case 14: Logic(d & ~m); break;
      default: Logic(~m); break;
    }
  }
  [[nodiscard]] std::uint32_t flags() const {
    return (n ? 1u << 31 : 0) | (z ? 1u << 30 : 0) | (c ? 1u << 29 : 0) | (v ? 1u << 28 : 0);
  }
};

constexpr std::uint32_t kInteresting[] = {0,           1,           2,           31,   32,   33,
                                          0x7FFF'FFFF, 0x8000'0000, 0xFFFF'FFFF, 0xFF, 0x100};

TEST(Core, DataInstructionsSetWhatTheManualSays) {
  TestMachine machine;
  ASSERT_TRUE(machine.good);
  std::mt19937 random(1);
  const auto operand = [&] {
    return random() % 3 == 0 ? static_cast<std::uint32_t>(random())
                             : kInteresting[random() % std::size(kInteresting)];
  };
  for (unsigned op = 0; op < 16; ++op) {
    // ANDS R0, R1 and its fifteen siblings.
    machine.Load({static_cast<std::uint16_t>(0x4000 | op << 6 | 1 << 3)});
    for (int i = 0; i < 20000; ++i) {
      const std::uint32_t d = operand();
      const std::uint32_t m = operand();
      const auto before = static_cast<std::uint32_t>(random()) & 0xF000'0000;
      Model model;
      model.n = (before >> 31 & 1) != 0;
      model.z = (before >> 30 & 1) != 0 && !model.n;
      model.c = (before >> 29 & 1) != 0;
      model.v = (before >> 28 & 1) != 0;
      const std::uint32_t flags = model.flags();
      model.Data(op, d, m);
      machine.core.set_reg(0, d);
      machine.core.set_reg(1, m);
      machine.core.set_reg(15, kRamBase);
      machine.core.set_flags(flags);
      machine.core.Step();
      ASSERT_EQ(machine.core.reg(0), model.result) << "op " << op << " " << d << " " << m;
      ASSERT_EQ(machine.core.xpsr() & 0xF000'0000, model.flags())
          << "op " << op << " " << d << " " << m << " flags " << flags;
      ASSERT_EQ(machine.core.pc(), kRamBase + 2);
    }
  }
}

TEST(Core, CyclesAreThoseOfTheManual) {
  struct Case {
    std::vector<std::uint16_t> code;
    std::uint64_t cycles;
    std::uint32_t next;
  };
  // One instruction each; R0 points into RAM, R1 is 0, Z is clear.
  const Case cases[] = {
      {{0x2001}, 1, 2},          // MOVS
      {{0x4348}, 1, 2},          // MULS
      {{0x6801}, 2, 2},          // LDR
      {{0x6001}, 2, 2},          // STR
      {{0xC80C}, 3, 2},          // LDM of two
      {{0xB407}, 4, 2},          // PUSH of three
      {{0xD000}, 1, 2},          // BEQ, not taken
      {{0xD101}, 2, 6},          // BNE, taken
      {{0xE7FE}, 2, 0},          // B
      {{0xF000, 0xF801}, 3, 6},  // BL
      {{0x4770}, 2, 0x100},      // BX LR
      {{0xF3EF, 0x8200}, 3, 4},  // MRS
      {{0xF3BF, 0x8F4F}, 3, 4},  // DSB
      {{0xBF00}, 1, 2},          // NOP
  };
  for (const Case& each : cases) {
    TestMachine machine;
    machine.Load(each.code);
    machine.core.set_reg(0, kRamBase + 0x800);
    machine.core.set_reg(14, kRamBase + 0x101);
    const std::uint64_t before = machine.core.cycles();
    machine.core.Step();
    EXPECT_EQ(machine.core.cycles() - before, each.cycles) << std::hex << each.code[0];
    EXPECT_EQ(machine.core.pc(), kRamBase + each.next) << std::hex << each.code[0];
  }
}

TEST(Core, RunAndStepsCountTheSame) {
  // R1 = 20; R2 = where the data is; twenty rounds with a store, a load, a call and a return.
  const std::vector<std::uint16_t> code = {
      0x2114,          // movs r1, #20
      0x4A06,          // ldr r2, [pc, #24]
      0x6011,          // str r1, [r2]
      0x6813,          // ldr r3, [r2]
      0xF000, 0xF804,  // bl +8
      0x3901,          // subs r1, #1
      0xD1F9,          // bne to the store
      0xBE00,          // bkpt
      0x46C0,
      0xB510,  // push {r4, lr}
      0x18E4,  // adds r4, r4, r3
      0xBD10,  // pop {r4, pc}
      0x46C0, 0x0800, 0x2000,
  };
  TestMachine run;
  run.Load(code);
  run.core.Run(5000);
  TestMachine steps;
  steps.Load(code);
  while (steps.core.fault().count == 0) {
    steps.core.Step();
  }
  EXPECT_EQ(run.core.fault().kind, FaultKind::kBreakpoint);
  EXPECT_EQ(run.core.fault().registers, steps.core.fault().registers);
  EXPECT_GT(steps.core.instructions(), 100u);
}

TEST(Core, ExceptionsStackAndReturn) {
  TestMachine machine;
  // SVC, then a breakpoint; the handler at 0x100 loads R0 and returns.
  std::vector<std::uint16_t> code(0x90);
  code[0] = 0xDF05;
  code[1] = 0x2207;
  code[2] = 0xE7FE;
  code[0x80] = 0x2000;
  code[0x81] = 0x2109;
  code[0x82] = 0x4770;
  machine.Load(code);
  machine.SetVector(11, kRamBase + 0x101);
  machine.core.set_reg(0, 0x1234);
  machine.core.set_flags(0xA000'0000);
  const std::uint32_t sp = machine.core.reg(13);
  machine.core.Step();  // SVC pends
  machine.core.Step();  // its exception is entered
  EXPECT_EQ(machine.core.xpsr() & 63, 11u);
  EXPECT_EQ(machine.core.reg(13), sp - 32);
  EXPECT_EQ(machine.core.reg(14), 0xFFFF'FFF9u);
  for (int i = 0; i < 3; ++i) {
    machine.core.Step();
  }
  EXPECT_EQ(machine.core.pc(), kRamBase + 2);
  EXPECT_EQ(machine.core.reg(0), 0x1234u);
  EXPECT_EQ(machine.core.reg(13), sp);
  EXPECT_EQ(machine.core.xpsr(), 0xA100'0000u);
}

TEST(Core, PrioritiesDecideWhoRuns) {
  TestMachine machine;
  std::vector<std::uint16_t> code(0x200, 0xBF00);
  code[0] = 0xE7FE;
  machine.Load(code);
  for (unsigned irq = 0; irq < 4; ++irq) {
    machine.SetVector(16 + irq, kRamBase + 0x101 + irq * 0x20);
  }
  machine.core.WriteMemory(0xE000'E100, 4, 0xF);
  machine.core.WriteMemory(0xE000'E400, 4, 0x4080'C040);
  machine.core.SetLine(0, true);
  machine.core.SetLine(1, true);
  machine.core.SetLine(3, true);
  machine.core.Step();
  EXPECT_EQ(machine.core.xpsr() & 63, 16u);  // 0 and 3 are equal: the lower number
  machine.core.SetLine(2, true);
  machine.core.Step();
  EXPECT_EQ(machine.core.xpsr() & 63, 16u);  // 2 is less urgent
  machine.core.WriteMemory(0xE000'E400, 4, 0x4000'C040);
  machine.core.Step();
  EXPECT_EQ(machine.core.xpsr() & 63, 18u);  // now more urgent
}

TEST(Core, CodeThatIsWrittenAnewRunsAnew) {
  TestMachine machine;
  // STRH R1, [R0] over the instruction behind it, which was run before.
  machine.Load({0x8001, 0x2205, 0xE7FE});
  machine.core.set_reg(0, kRamBase + 0x800);
  machine.core.Step();
  machine.core.Step();
  EXPECT_EQ(machine.core.reg(2), 5u);
  machine.core.set_reg(0, kRamBase + 2);
  machine.core.set_reg(1, 0x2209);
  machine.core.set_reg(15, kRamBase);
  machine.core.Run(machine.core.cycles() + 4);
  EXPECT_EQ(machine.core.reg(2), 9u);
}

TEST(Core, FaultsSayWhatWasWrong) {
  struct Case {
    std::vector<std::uint16_t> code;
    FaultKind kind;
    std::uint32_t detail;
  };
  const Case cases[] = {
      {{0xB100}, FaultKind::kUndefined, 0xB100},  {{0x6801}, FaultKind::kRead, 0x6000'0000},
      {{0x6001}, FaultKind::kWrite, 0x6000'0000}, {{0x6842, 0x0000}, FaultKind::kRead, 0x6000'0004},
      {{0x8841}, FaultKind::kRead, 0x6000'0002},  {{0x4700}, FaultKind::kNotThumb, 0x6000'0000},
      {{0xBE12}, FaultKind::kBreakpoint, 0x12},
  };
  for (const Case& each : cases) {
    TestMachine machine;
    machine.Load(each.code);
    machine.SetVector(3, kRamBase + 0x201);
    machine.core.set_reg(0, 0x6000'0000);
    machine.core.Step();
    EXPECT_EQ(machine.core.fault().kind, each.kind) << std::hex << each.code[0];
    EXPECT_EQ(machine.core.fault().detail, each.detail) << std::hex << each.code[0];
    EXPECT_EQ(machine.core.xpsr() & 63, 3u) << std::hex << each.code[0];
    EXPECT_EQ(machine.core.pc(), kRamBase + 0x200) << std::hex << each.code[0];
  }
}

TEST(Core, AFaultInAFaultLocksUp) {
  TestMachine machine;
  machine.Load({0xDE00});
  machine.core.Run(100);
  EXPECT_EQ(machine.core.state(), CoreState::kLockup);
  EXPECT_EQ(machine.core.fault().kind, FaultKind::kUndefined);
  EXPECT_EQ(machine.core.fault().registers[15], kRamBase);
}

TEST(Core, AStackInTheVoidLocksUp) {
  TestMachine machine;
  machine.Load({0xB401});
  machine.core.set_reg(13, 0x2000'0000);
  machine.core.Run(100);
  EXPECT_EQ(machine.core.state(), CoreState::kLockup);
  EXPECT_EQ(machine.core.fault().kind, FaultKind::kWrite);
  EXPECT_EQ(machine.core.fault().detail, 0x1FFF'FFFCu);
}

TEST(Core, SysTickCountsAndInterrupts) {
  TestMachine machine;
  std::vector<std::uint16_t> code(0x100, 0xBF00);
  code[0] = 0xE7FE;
  code[0x80] = 0x3401;  // ADDS R4, #1
  code[0x81] = 0x4770;
  machine.Load(code);
  machine.SetVector(15, kRamBase + 0x101);
  machine.core.WriteMemory(0xE000'E014, 4, 99);
  machine.core.WriteMemory(0xE000'E018, 4, 0);
  machine.core.WriteMemory(0xE000'E010, 4, 7);
  machine.core.Run(1050);
  EXPECT_EQ(machine.core.reg(4), 10u);
}

TEST(Core, SleepEndsWithAnInterruptOrAnEvent) {
  TestMachine machine;
  machine.Load({0xBF30, 0xBF20, 0xBF00, 0xE7FE});
  machine.core.Run(100);
  EXPECT_EQ(machine.core.state(), CoreState::kWaitingForInterrupt);
  EXPECT_TRUE(machine.core.Asleep());
  // Masked, it still ends the sleep, and is not taken.
  machine.core.WriteSpecial(16, 1);
  machine.core.WriteMemory(0xE000'E100, 4, 1);
  machine.core.SetLine(0, true);
  EXPECT_FALSE(machine.core.Asleep());
  machine.core.Run(200);
  EXPECT_EQ(machine.core.state(), CoreState::kWaitingForEvent);
  machine.core.SetEvent();
  machine.core.Run(machine.core.cycles() + 20);
  EXPECT_EQ(machine.core.pc(), kRamBase + 6);
  EXPECT_EQ(machine.core.xpsr() & 63, 0u);
}

// Any bits at all: no crash, no hang, and a state that can be read.
TEST(Core, RandomBitsAreRunOrRefused) {
  std::mt19937 random(7);
  TestMachine machine;
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::uint16_t> code(256);
    for (std::uint16_t& halfword : code) {
      halfword = static_cast<std::uint16_t>(random());
    }
    machine.Load(code);
    for (unsigned reg = 0; reg < 13; ++reg) {
      machine.core.set_reg(reg, random() % 2 == 0 ? static_cast<std::uint32_t>(random())
                                                  : kRamBase + random() % 0x2000);
    }
    const std::uint64_t end = machine.core.cycles() + 2000;
    machine.core.Run(end);
    EXPECT_TRUE(machine.core.cycles() >= end || machine.core.Asleep());
  }
}

}  // namespace
}  // namespace pinhole::emulator
