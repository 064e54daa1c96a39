// SPDX-License-Identifier: Apache-2.0
#include "emulator/rp2040.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/heap_count.h"
#include "emulator/board.h"
#include "emulator/chip_for_tests.h"

namespace pinhole::emulator {
namespace {

TEST(Rp2040, AliasesFlipSetAndClear) {
  Bench bench;
  constexpr std::uint32_t kScratch = 0x4005'800C;
  bench.Write(kScratch, 0b1100);
  bench.Write(kScratch + 0x1000, 0b0101);
  EXPECT_EQ(bench.Read(kScratch), 0b1001u);
  bench.Write(kScratch + 0x2000, 0b0110);
  EXPECT_EQ(bench.Read(kScratch), 0b1111u);
  bench.Write(kScratch + 0x3000, 0b0001);
  EXPECT_EQ(bench.Read(kScratch), 0b1110u);
  bench.Write(kScratch, 0xAB, 1);  // a narrow write fills the register
  EXPECT_EQ(bench.Read(kScratch), 0xABAB'ABABu);
}

// Public programs write flags away through the clearing alias; the others must stay.
TEST(Rp2040, FlagsGoThroughTheClearingAliasOneByOne) {
  Bench bench;
  constexpr std::uint32_t kTimer = 0x4005'4000;
  for (std::uint32_t alarm = 0; alarm < 2; ++alarm) {
    bench.Write(kTimer + 0x10 + alarm * 4, bench.Read(kTimer + 0x28) + 5);
  }
  EXPECT_EQ(bench.chip->RunUntilMicros(bench.chip->micros() + 20), StopReason::kNone);
  EXPECT_EQ(bench.Read(kTimer + 0x34), 3u);
  bench.Write(kTimer + 0x34 + kClear, 1);
  EXPECT_EQ(bench.Read(kTimer + 0x34), 2u);
}

TEST(Rp2040, WritingToTheRomDoesNothing) {
  Bench bench;
  const std::uint32_t before = bench.Read(0);
  bench.Write(0, ~before);
  EXPECT_EQ(bench.Read(0), before);
}

TEST(Rp2040, AddressesWithoutAnythingAreFaults) {
  Bench bench;
  std::uint32_t value = 0;
  for (const std::uint32_t address :
       {0x2004'2000u, 0x3000'0000u, 0x4006'8000u, 0x4007'0000u, 0x6000'0000u, 0xD000'0180u}) {
    EXPECT_FALSE(bench.chip->core(0).ReadMemory(address, 4, value)) << std::hex << address;
    EXPECT_FALSE(bench.chip->core(0).WriteMemory(address, 4, 0)) << std::hex << address;
  }
  EXPECT_FALSE(bench.chip->core(0).ReadMemory(0x2000'0001, 2, value));
}

TEST(Rp2040, BanksOfRamAreStripesOfIt) {
  Bench bench;
  for (std::uint32_t word = 0; word < 8; ++word) {
    bench.Write(0x2000'1000 + word * 4, word);
  }
  // 0x1000 is word 0x100 of bank 0.
  for (std::uint32_t bank = 0; bank < 4; ++bank) {
    EXPECT_EQ(bench.Read(0x2100'0400 + bank * 0x1'0000), bank);
    EXPECT_EQ(bench.Read(0x2100'0404 + bank * 0x1'0000), bank + 4);
  }
}

TEST(Rp2040, ClocksFollowTheirRegisters) {
  Bench bench;
  EXPECT_EQ(bench.chip->hz(), kRingHz);
  // PLL: 12 MHz * 125 / 6 / 2 = 125 MHz.
  bench.Write(0x4002'8008, 125);
  bench.Write(0x4002'800C, 6 << 16 | 2 << 12);
  bench.Write(0x4000'803C, 1);
  EXPECT_EQ(bench.chip->hz(), 125'000'000u);
  EXPECT_EQ(bench.Read(0x4000'8044), 2u);
  const std::uint64_t before = bench.chip->micros();
  bench.Pass(1'250'000);
  EXPECT_NEAR(static_cast<double>(bench.chip->micros() - before), 10'000, 2);
}

TEST(Rp2040, AnAlarmFiresOnItsMicrosecond) {
  Bench bench;
  bench.Write(0x4005'4038, 1);
  const std::uint32_t now = bench.Read(0x4005'4028);
  bench.Write(0x4005'4010, now + 500);
  EXPECT_EQ(bench.Read(0x4005'4020), 1u);
  EXPECT_EQ(bench.chip->RunUntilMicros(bench.chip->micros() + 490), StopReason::kNone);
  EXPECT_EQ(bench.Pending() & 1, 0u);
  EXPECT_EQ(bench.chip->RunUntilMicros(bench.chip->micros() + 20), StopReason::kNone);
  EXPECT_EQ(bench.Pending() & 1, 1u);
  EXPECT_EQ(bench.Read(0x4005'4020), 0u);
  bench.Write(0x4005'4034, 1);
  EXPECT_EQ(bench.Pending() & 1, 0u);
}

TEST(Rp2040, UartSendsAtItsRateAndReceives) {
  Bench bench;
  Bytes bytes;
  bench.chip->uart(0).set_sink(&bytes);
  // 6.5 MHz / 16 / 100 is about 4062 baud: 16,000 cycles a byte.
  bench.Write(0x4003'4024, 100);
  bench.Write(0x4003'402C, 0x70);
  bench.Write(0x4003'4030, 0x301);
  for (const char c : {'p', 'i', 'n'}) {
    bench.Write(0x4003'4000, static_cast<std::uint32_t>(c));
  }
  bench.Pass(15'000);
  EXPECT_EQ(bytes.text, "");
  bench.Pass(34'000);
  EXPECT_EQ(bytes.text, "pin");
  bench.Write(0x4003'4038, 0x50);
  bench.chip->uart(0).Receive('x');
  bench.Pass(16'000 * 4);
  EXPECT_EQ(bench.Pending() >> 20 & 1, 1u);  // the receive timeout
  EXPECT_EQ(bench.Read(0x4003'4000), 'x' + 0u);
  EXPECT_EQ(bench.Pending() >> 20 & 1, 0u);
}

TEST(Rp2040, PinsRaiseInterruptsAtTheirEdges) {
  Bench bench;
  bench.Write(0x4001'4000 + 5 * 8 + 4, 5);  // GPIO5: SIO
  bench.Write(0xD000'0024, 1 << 5);
  bench.Write(0x4001'4100, 8u << 20);  // its rising edge
  EXPECT_EQ(bench.Pending() >> 13 & 1, 0u);
  bench.Write(0xD000'0014, 1 << 5);
  EXPECT_EQ(bench.chip->pins().levels() >> 5 & 1, 1u);
  EXPECT_EQ(bench.Pending() >> 13 & 1, 1u);
  bench.Write(0x4001'40F0, 8u << 20);
  EXPECT_EQ(bench.Pending() >> 13 & 1, 0u);
  bench.chip->pins().DriveFromOutside(1 << 7, 1 << 7);
  EXPECT_EQ(bench.Read(0xD000'0004) >> 7 & 1, 1u);
}

TEST(Rp2040, SpinlocksAndDividersAndFifos) {
  Bench bench;
  EXPECT_EQ(bench.Read(0xD000'010C), 8u);
  EXPECT_EQ(bench.Read(0xD000'010C), 0u);
  bench.Write(0xD000'010C, 1);
  EXPECT_EQ(bench.Read(0xD000'010C), 8u);
  bench.Write(0xD000'0068, static_cast<std::uint32_t>(-123456));
  bench.Write(0xD000'006C, 321);
  EXPECT_EQ(bench.Read(0xD000'0074), static_cast<std::uint32_t>(-192));
  EXPECT_EQ(bench.Read(0xD000'0070), static_cast<std::uint32_t>(-384));
  bench.Write(0xD000'0060, 7);
  bench.Write(0xD000'0064, 0);
  EXPECT_EQ(bench.Read(0xD000'0070), ~0u);
}

TEST(Rp2040, CoreOneStartsByTheHandshake) {
  Bench bench;
  // Anything else is answered and forgotten.
  for (const std::uint32_t word : {5u, 0u, 0u, 1u, 0x2000'0000u, 0x2001'0000u, 0x2000'0005u}) {
    bench.Write(0xD000'0054, word);
    EXPECT_EQ(bench.Read(0xD000'0058), word);
  }
  bench.Pass(1000);
  EXPECT_EQ(bench.chip->core(1).state(), CoreState::kRunning);
  EXPECT_EQ(bench.chip->core(1).pc(), 0x2000'0004u);
  EXPECT_EQ(bench.chip->core(1).reg(13), 0x2001'0000u);
  EXPECT_GT(bench.chip->core(1).instructions(), 100u);
}

TEST(Rp2040, DmaCopiesChainsAndSums) {
  Bench bench;
  for (std::uint32_t i = 0; i < 64; ++i) {
    bench.Write(0x2000'2000 + i * 4, i * 3);
  }
  const auto channel = [](unsigned i) { return 0x5000'0000u + i * 64; };
  constexpr std::uint32_t kWords = 1 | 2 << 2 | 1 << 4 | 1 << 5 | 0x3F << 15;
  bench.Write(0x5000'0434, 1 | 15 << 5);  // the sniffer adds up channel 0
  bench.Write(channel(1), 0x2000'2000);
  bench.Write(channel(1) + 4, 0x2000'4000);
  bench.Write(channel(1) + 8, 64);
  bench.Write(channel(1) + 0x10, kWords | 1 << 11);
  bench.Write(channel(0), 0x2000'2000);
  bench.Write(channel(0) + 4, 0x2000'3000);
  bench.Write(channel(0) + 8, 64);
  bench.Write(0x5000'0404, 3);
  bench.Write(channel(0) + 0xC, kWords | 1 << 11 | 1 << 23);  // and then channel 1
  bench.Pass(400);
  for (std::uint32_t i = 0; i < 64; ++i) {
    EXPECT_EQ(bench.Read(0x2000'3000 + i * 4), i * 3);
    EXPECT_EQ(bench.Read(0x2000'4000 + i * 4), i * 3);
  }
  EXPECT_EQ(bench.Read(0x5000'0438), 3u * 63 * 64 / 2);
  EXPECT_EQ(bench.Read(0x5000'0400), 3u);
  EXPECT_EQ(bench.Pending() >> 11 & 1, 1u);
}

TEST(Rp2040, PioMakesASquareWave) {
  Bench bench;
  struct Edges final : PinListener {
    void OnPins(std::uint64_t cycle, std::uint32_t, std::uint32_t changed) override {
      if ((changed & 8) != 0) {
        at.push_back(cycle);
      }
    }
    std::vector<std::uint64_t> at;
  } edges;
  bench.Write(0x4001'4000 + 3 * 8 + 4, 6);
  const std::uint32_t pio = 0x5020'0000;
  bench.Write(pio + 0x48, 0xE081);  // set pindirs, 1
  bench.Write(pio + 0x4C, 0xE101);  // set pins, 1 [1]
  bench.Write(pio + 0x50, 0xE000);  // set pins, 0
  bench.Write(pio + 0x54, 0x0001);  // jmp 1
  bench.Write(pio + 0xDC, 1 << 26 | 3 << 5);
  bench.chip->pins().set_listener(&edges);
  bench.Write(pio, 1);
  bench.Pass(4000);
  // A period of four cycles has two edges.
  EXPECT_NEAR(static_cast<double>(edges.at.size()), 2000, 70);
}

TEST(Rp2040, PioShiftsThroughItsFifos) {
  Bench bench;
  const std::uint32_t pio = 0x5030'0000;
  bench.Write(pio + 0x48, 0x80A0);  // pull block
  bench.Write(pio + 0x4C, 0xA04F);  // mov y, ~osr
  bench.Write(pio + 0x50, 0x4040);  // in y, 32
  bench.Write(pio + 0x54, 0x8020);  // push block
  bench.Write(pio + 0xCC, 3 << 12);
  bench.Write(pio, 1);
  for (std::uint32_t i = 0; i < 3; ++i) {
    bench.Write(pio + 0x10, i);
  }
  bench.Pass(100);
  EXPECT_EQ(bench.Read(pio + 4) >> 8 & 1, 0u);
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(bench.Read(pio + 0x20), ~i);
  }
  EXPECT_EQ(bench.Read(pio + 4) >> 8 & 1, 1u);
}

TEST(Rp2040, ADelayLoopOfPioTakesItsTime) {
  Bench bench;
  bench.Write(0x4001'4000 + 3 * 8 + 4, 6);
  const std::uint32_t pio = 0x5020'0000;
  bench.Write(pio + 0x48, 0x80A0);  // pull block
  bench.Write(pio + 0x4C, 0xA027);  // mov x, osr
  bench.Write(pio + 0x50, 0x0042);  // jmp x-- to itself
  bench.Write(pio + 0x54, 0x8000);  // push noblock
  bench.Write(pio + 0xCC, 3 << 12);
  bench.Write(pio, 1);
  bench.Write(pio + 0x10, 1'000'000);
  bench.Pass(999'900);
  EXPECT_EQ(bench.Read(pio + 4) >> 8 & 1, 1u);
  bench.Pass(300);
  EXPECT_EQ(bench.Read(pio + 4) >> 8 & 1, 0u);
}

// Bytes of block 0 as controller to block 1 as target, by polling.
class I2cBench : public Bench {
 public:
  static constexpr std::uint32_t kController = 0x4004'4000;
  static constexpr std::uint32_t kTarget = 0x4004'8000;
  I2cBench() {
    for (unsigned i = 0; i < 2; ++i) {
      chip->i2c(i).set_bus(&bus);
      bus.Attach(&chip->i2c(i));
    }
    Write(kController + 0x04, 0x62);
    Write(kController + 0x6C, 1);
    Write(kTarget, 0x200 | 0x20 | 4);  // a target that holds the clock when it is full
    Write(kTarget + 0x08, 0x62);
    Write(kTarget + 0x6C, 1);
  }
  I2cBus bus;
};

TEST(Rp2040, I2cTargetReceivesAndStretches) {
  I2cBench bench;
  for (std::uint32_t i = 0; i < 20; ++i) {
    // 15 a time: the FIFO has 16 places.
    bench.Write(bench.kController + 0x10, i | (i == 19 ? 0x200 : 0));
    if (i == 14) {
      bench.Pass(9 * 19 * 20);
    }
  }
  bench.Pass(9 * 19 * 20);
  // The target's FIFO is full, and the controller waits with what is left.
  EXPECT_EQ(bench.Read(bench.kTarget + 0x78), 16u);
  EXPECT_EQ(bench.Read(bench.kController + 0x74), 4u);
  for (std::uint32_t i = 0; i < 20; ++i) {
    EXPECT_EQ(bench.Read(bench.kTarget + 0x10), i | (i == 0 ? 0x800u : 0));
    bench.Pass(9 * 19 * 2);
  }
  EXPECT_EQ(bench.Read(bench.kTarget + 0x34) >> 9 & 1, 1u);  // the stop
}

TEST(Rp2040, I2cTargetAnswersWhenItsProgramDoes) {
  I2cBench bench;
  bench.Write(bench.kController + 0x10, 0x100);
  bench.Write(bench.kController + 0x10, 0x300);
  bench.Pass(9 * 19 * 10);
  EXPECT_EQ(bench.Read(bench.kController + 0x78), 0u);
  EXPECT_EQ(bench.Read(bench.kTarget + 0x34) >> 5 & 1, 1u);  // a read request
  for (const std::uint32_t byte : {0x5Au, 0xA5u}) {
    EXPECT_EQ(bench.Read(bench.kTarget + 0x50), 1u);
    bench.Write(bench.kTarget + 0x10, byte);
    bench.Pass(9 * 19 * 4);
  }
  EXPECT_EQ(bench.Read(bench.kController + 0x10), 0x5Au);
  EXPECT_EQ(bench.Read(bench.kController + 0x10), 0xA5u);
  EXPECT_EQ(bench.Read(bench.kTarget + 0x34) >> 7 & 1, 1u);  // the last byte was not acknowledged
}

TEST(Rp2040, I2cAnAddressThatNobodyHasIsAnAbort) {
  I2cBench bench;
  bench.Write(bench.kController + 0x6C, 0);
  bench.Write(bench.kController + 0x04, 0x33);
  bench.Write(bench.kController + 0x6C, 1);
  bench.Write(bench.kController + 0x10, 0x300);
  bench.Pass(9 * 19 * 4);
  EXPECT_EQ(bench.Read(bench.kController + 0x80) & 1, 1u);
  EXPECT_EQ(bench.Read(bench.kController + 0x54), 1u);
  EXPECT_EQ(bench.Read(bench.kController + 0x80), 0u);
}

TEST(Board, TwoChipsTalkOverI2c) {
  Bench first;
  Bench second;
  I2cPair pair(*first.chip, 0, *second.chip, 1);
  first.Write(0x4004'4004, 0x62);
  first.Write(0x4004'406C, 1);
  second.Write(0x4004'8000, 0x24);
  second.Write(0x4004'8008, 0x62);
  second.Write(0x4004'806C, 1);
  first.Write(0x4004'4010, 0x11);
  first.Write(0x4004'4010, 0x722);  // restart, read, stop
  const auto run = [&](std::uint64_t micros) {
    EXPECT_EQ(pair.RunUntilMicros(first.chip->micros() + micros), StopReason::kNone);
  };
  run(500);
  EXPECT_EQ(second.Read(0x4004'8010) & 0xFF, 0x11u);
  EXPECT_EQ(second.Read(0x4004'8034) >> 5 & 1, 1u);
  second.Read(0x4004'8050);
  second.Write(0x4004'8010, 0x99);
  run(500);
  EXPECT_EQ(first.Read(0x4004'4010), 0x99u);
}

TEST(Rp2040, I2cAByteIsSeenBeforeTheStopBehindIt) {
  I2cBench bench;
  bench.Write(bench.kController + 0x10, 0x242);
  for (int i = 0; bench.Read(bench.kTarget + 0x78) == 0; ++i) {
    ASSERT_LT(i, 9 * 19 * 4);
    bench.Pass(1);
  }
  EXPECT_EQ(bench.Read(bench.kTarget + 0x34) >> 9 & 1, 0u);
  bench.Pass(2 * 19 + 8);
  EXPECT_EQ(bench.Read(bench.kTarget + 0x34) >> 9 & 1, 1u);
}

// A controller that is switched off in mid-read, again and again: the target is free afterwards.
TEST(Rp2040, I2cAControllerThatVanishesLeavesTheTargetFree) {
  for (std::uint64_t after = 0; after < 9 * 19 * 4; after += 17) {
    I2cBench bench;
    bench.Write(bench.kController + 0x10, 0x100);
    bench.Pass(1 + after);
    bench.Write(bench.kController + 0x6C, 0);
    EXPECT_EQ(bench.Read(bench.kTarget + 0x70) >> 6 & 1, 0u);
    bench.Write(bench.kController + 0x6C, 1);
    bench.Write(bench.kController + 0x10, 0x25A);
    bench.Pass(9 * 19 * 6);
    EXPECT_EQ(bench.Read(bench.kTarget + 0x10) & 0xFF, 0x5Au) << after;
  }
}

// Random transfers against a list of what was sent.
TEST(Rp2040, I2cRandomTransfersArriveWhole) {
  I2cBench bench;
  std::mt19937 random(5);
  for (int transfer = 0; transfer < 10'000; ++transfer) {
    const bool read = random() % 2 == 0;
    const unsigned count = 1 + random() % 8;
    std::vector<std::uint32_t> sent;
    std::vector<std::uint32_t> got;
    for (unsigned i = 0; i < count; ++i) {
      const std::uint32_t byte = random() & 0xFF;
      const std::uint32_t stop = i + 1 == count ? 0x200 : 0;
      bench.Write(bench.kController + 0x10, (read ? 0x100 : byte) | stop);
      sent.push_back(byte);
    }
    for (int turn = 0; turn < 100 && got.size() < count; ++turn) {
      bench.Pass(9 * 19);
      if (read && (bench.Read(bench.kTarget + 0x34) >> 5 & 1) != 0 && random() % 2 == 0) {
        bench.Read(bench.kTarget + 0x50);
        bench.Write(bench.kTarget + 0x10, sent[got.size()]);
        bench.Pass(9 * 19 * 2);
      }
      const std::uint32_t receiver = read ? bench.kController : bench.kTarget;
      while (bench.Read(receiver + 0x78) != 0) {
        got.push_back(bench.Read(receiver + 0x10) & 0xFF);
      }
    }
    ASSERT_EQ(got, sent) << "transfer " << transfer << (read ? ", a read" : ", a write");
    bench.Pass(9 * 19 * 2);
  }
}

TEST(Rp2040, FlashIsErasedAndProgrammedByItsCommands) {
  Bench bench;
  Memory& memory = bench.chip->memory();
  memory.flash.bytes[0x3000] = 0x12;
  const std::uint32_t ssi = 0x1800'0000;
  const std::uint32_t select = 0x4001'800C;
  const auto command = [&](std::initializer_list<std::uint32_t> bytes) {
    bench.Write(select, 2 << 8);
    for (const std::uint32_t byte : bytes) {
      bench.Write(ssi + 0x60, byte);
    }
    bench.Write(select, 3 << 8);
  };
  command({0x20, 0, 0x30, 0});
  EXPECT_EQ(memory.flash.bytes[0x3000], 0x12);  // writing was not enabled
  command({0x06});
  command({0x20, 0, 0x30, 0});
  EXPECT_EQ(memory.flash.bytes[0x3000], 0xFF);
  command({0x06});
  command({0x02, 0, 0x30, 0, 0xF0, 0x0F});
  command({0x06});
  command({0x02, 0, 0x30, 0, 0x3C, 0xFF});
  EXPECT_EQ(memory.flash.bytes[0x3000], 0x30);  // bits go from 1 to 0 only
  EXPECT_EQ(memory.flash.bytes[0x3001], 0x0F);
}

TEST(Rp2040, BootRomFunctionsAreFoundAndRight) {
  Bench bench;
  Core& core = bench.chip->core(0);
  const auto find = [&](std::uint32_t table_at, char a, char b) {
    std::uint32_t at = bench.Read(table_at, 2);
    const auto code = static_cast<std::uint32_t>(a | b << 8);
    while (bench.Read(at, 2) != 0 && bench.Read(at, 2) != code) {
      at += 4;
    }
    return bench.Read(at + 2, 2);
  };
  const auto call = [&](std::uint32_t function, std::array<std::uint32_t, 4> arguments) {
    for (unsigned i = 0; i < 4; ++i) {
      core.set_reg(i, arguments[i]);
    }
    core.set_reg(14, kRamBase | 1);
    core.set_reg(15, function & ~1u);
    core.Step();
    core.Step();
    EXPECT_EQ(core.pc(), kRamBase);
    return core.reg(0);
  };
  EXPECT_EQ(call(find(0x14, 'P', '3'), {0xF0F0, 0, 0, 0}), 8u);
  EXPECT_EQ(call(find(0x14, 'L', '3'), {0x00FF, 0, 0, 0}), 24u);
  EXPECT_EQ(call(find(0x14, 'T', '3'), {0x0100, 0, 0, 0}), 8u);
  EXPECT_EQ(call(find(0x14, 'R', '3'), {1, 0, 0, 0}), 0x8000'0000u);
  call(find(0x14, 'M', 'S'), {0x2000'5000, 0x7E, 5, 0});
  EXPECT_EQ(bench.Read(0x2000'5004), 0x7Eu);
  call(find(0x14, 'M', 'C'), {0x2000'5100, 0x2000'5000, 5, 0});
  EXPECT_EQ(bench.Read(0x2000'5100), 0x7E7E'7E7Eu);
  const std::uint32_t floats = find(0x16, 'S', 'F');
  const auto bits = [](float value) { return std::bit_cast<std::uint32_t>(value); };
  EXPECT_EQ(call(bench.Read(floats), {bits(1.5F), bits(2.25F), 0, 0}), bits(3.75F));
  EXPECT_EQ(call(bench.Read(floats + 0x0C), {bits(1.0F), bits(3.0F), 0, 0}), bits(1.0F / 3.0F));
  EXPECT_EQ(call(bench.Read(floats + 0x18), {bits(2.0F), 0, 0, 0}), bits(std::sqrt(2.0F)));
  EXPECT_EQ(call(bench.Read(floats + 0x1C), {bits(-1.5F), 0, 0, 0}),
            static_cast<std::uint32_t>(-2));
  const std::uint32_t doubles = find(0x16, 'S', 'D');
  const auto third = std::bit_cast<std::array<std::uint32_t, 2>>(1.0 / 3.0);
  const auto three = std::bit_cast<std::array<std::uint32_t, 2>>(3.0);
  const auto one = std::bit_cast<std::array<std::uint32_t, 2>>(1.0);
  EXPECT_EQ(call(bench.Read(doubles + 0x0C), {one[0], one[1], three[0], three[1]}), third[0]);
  EXPECT_EQ(core.reg(1), third[1]);
}

TEST(Rp2040, TheWatchdogStartsTheChipAnew) {
  Bench bench;
  bench.Write(0x4005'800C, 0x1234);
  bench.Write(0x4005'8004, 2000);  // half as many microseconds
  bench.Write(0x4005'8000 + 0x2000, 1u << 30);
  EXPECT_EQ(bench.chip->RunUntilMicros(bench.chip->micros() + 900), StopReason::kNone);
  EXPECT_EQ(bench.chip->resets(), 0u);
  EXPECT_EQ(bench.chip->RunUntilMicros(bench.chip->micros() + 200), StopReason::kNone);
  EXPECT_EQ(bench.chip->resets(), 1u);
  EXPECT_EQ(bench.Read(0x4005'8008), 1u);
  EXPECT_EQ(bench.Read(0x4005'800C), 0x1234u);
}

TEST(Rp2040, AWatcherStopsTheChipAndLetsItGoOn) {
  struct EveryTenth final : Watcher {
    bool Before(Core&) override { return ++seen % 10 != 0; }
    void FlashRead(Core&, std::uint32_t) override {}
    unsigned seen = 0;
  } watcher;
  Bench bench;
  bench.chip->set_watcher(&watcher);
  for (unsigned stop = 1; stop < 5; ++stop) {
    EXPECT_EQ(bench.chip->RunUntil(10'000), StopReason::kWatcher);
    EXPECT_EQ(watcher.seen, stop * 10);
  }
  bench.chip->set_watcher(nullptr);
  EXPECT_EQ(bench.chip->RunUntil(10'000), StopReason::kNone);
}

TEST(Rp2040, AFlashWithoutABootStageIsSaid) {
  Bench bench;
  bench.chip->Boot();
  EXPECT_EQ(bench.chip->RunUntil(bench.chip->cycles() + 10), StopReason::kNoBootCode);
}

// A function that calls itself: PUSH {r0, lr}; BL itself.
TEST(Rp2040, AStackBelowItsLimitStopsBeforeItOverwrites) {
  Bench bench;
  const std::uint16_t code[] = {0xB501, 0xF7FF, 0xFFFD};
  std::memcpy(bench.chip->memory().ram.bytes.get() + 0x100, code, sizeof code);
  const std::uint32_t limit = kRamBase + 0x4'0000;
  const auto run = [&](std::uint32_t floor) {
    bench.chip->Boot((kRamBase + 0x100) | 1);
    std::memset(bench.chip->memory().ram.bytes.get() + 0x3'0000, 0xA5, 0x1'0000);
    bench.chip->set_stack_limit(floor);
    return bench.chip->RunUntil(bench.chip->cycles() + 20'000);
  };
  EXPECT_EQ(run(limit), StopReason::kStack);
  EXPECT_EQ(bench.chip->core(0).pc(), kRamBase + 0x100);
  EXPECT_EQ(bench.chip->core(0).reg(13), limit);
  EXPECT_EQ(bench.Read(limit - 4), 0xA5A5'A5A5u);
  EXPECT_EQ(run(0), StopReason::kNone);
  EXPECT_NE(bench.Read(limit - 4), 0xA5A5'A5A5u);
}

// Runs `code` at the start of RAM, until it ends or for a while.
StopReason RunCode(Rp2040& chip, const std::vector<std::uint16_t>& code) {
  std::memcpy(chip.memory().ram.bytes.get(), code.data(), code.size() * 2);
  chip.Boot(kRamBase | 1);
  return chip.RunUntil(chip.cycles() + 1000);
}

TEST(Rp2040, ABreakpointInALoopOfItsOwnIsTheEndWithItsStatus) {
  constexpr std::uint16_t kStatus7 = 0x2007, kBreak = 0xBE00;
  for (const std::vector<std::uint16_t>& code : std::vector<std::vector<std::uint16_t>>{
           {kStatus7, kBreak, 0xE7FD},
           {kStatus7, kBreak, 0x46C0, 0xE7FC},
           {kStatus7, kBreak, 0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xE7F9}}) {
    const std::unique_ptr<Rp2040> chip = Rp2040::Create({.semihosting = true});
    EXPECT_EQ(RunCode(*chip, code), StopReason::kExit);
    EXPECT_EQ(chip->exit_code(), 7u);
    // Without a debugger it is a fault; on the chip itself the other core would go on.
    const std::unique_ptr<Rp2040> alone = Rp2040::Create({});
    EXPECT_EQ(RunCode(*alone, code), StopReason::kLockup);
    const std::unique_ptr<Rp2040> as_chip =
        Rp2040::Create({.semihosting = true, .go_on_after_lockup = true});
    EXPECT_EQ(RunCode(*as_chip, code), StopReason::kNone);
  }
}

TEST(Rp2040, OtherBreakpointsAreFaults) {
  for (const std::vector<std::uint16_t>& code : std::vector<std::vector<std::uint16_t>>{
           {0xBE00, 0xE7FE},          // a loop behind it
           {0x2007, 0xBE00, 0xE7FC},  // one that begins before it
           {0xBE01, 0xE7FD},          // another number
           {0xBE00, 0x2000, 0xE7FC},  // that does something
           {0xBE00, 0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xE7F8}}) {
    const std::unique_ptr<Rp2040> chip = Rp2040::Create({.semihosting = true});
    EXPECT_EQ(RunCode(*chip, code), StopReason::kLockup);
    EXPECT_EQ(chip->core(0).fault().kind, FaultKind::kBreakpoint);
  }
}

TEST(Rp2040, ABreakpointLoopInAHandlerIsAFault) {
  // SVC whose handler is the loop.
  const std::vector<std::uint16_t> code = {0xDF00, 0xE7FE, 0xBE00, 0xE7FD};
  const std::unique_ptr<Rp2040> chip = Rp2040::Create({.semihosting = true});
  std::memcpy(chip->memory().ram.bytes.get(), code.data(), code.size() * 2);
  chip->Boot(kRamBase | 1);
  constexpr std::uint32_t kVectors = kRamBase + 0x100, kSvcall = 11;
  ASSERT_TRUE(chip->core(0).WriteMemory(kVectors + 4 * kSvcall, 4, (kRamBase + 4) | 1));
  ASSERT_TRUE(chip->core(0).WriteMemory(0xE000'ED08, 4, kVectors));
  EXPECT_EQ(chip->RunUntil(chip->cycles() + 1000), StopReason::kLockup);
  EXPECT_EQ(chip->core(0).fault().registers[15], kRamBase + 4);
}

TEST(Rp2040, SemihostingsExitsHaveTheirStatus) {
  const auto status = [](std::uint32_t call, std::uint32_t argument) {
    const std::unique_ptr<Rp2040> chip = Rp2040::Create({.semihosting = true});
    // LDR r0, [call]; LDR r1, [argument]; BKPT 0xAB; then both words and a block.
    const std::uint32_t code[] = {0x4902'4801, 0x0000'BEAB, call, argument, 0x0002'0026, 42, 7, 42};
    std::memcpy(chip->memory().ram.bytes.get(), code, sizeof code);
    chip->Boot(kRamBase | 1);
    EXPECT_EQ(chip->RunUntil(chip->cycles() + 1000), StopReason::kExit);
    return chip->exit_code();
  };
  EXPECT_EQ(status(0x18, 0x0002'0026), 0u);
  EXPECT_EQ(status(0x18, 0x0002'0023), 1u);
  EXPECT_EQ(status(0x20, kRamBase + 16), 42u);
  EXPECT_EQ(status(0x20, kRamBase + 24), 1u);
  EXPECT_EQ(status(0x20, 0x6000'0000), 1u);
}

TEST(Rp2040, RunningTakesNoMemory) {
  if (!base::kCountsHeap) {
    GTEST_SKIP() << "a sanitizer brings its own heap";
  }
  Bench bench;
  const long before = base::heap_calls;
  bench.chip->RunUntil(100'000);
  EXPECT_EQ(base::heap_calls, before);
}

// The same inputs give the same state, however the time is cut.
TEST(Rp2040, AnyCutOfTheTimeGivesTheSameEnd) {
  const auto run = [](std::uint64_t step) {
    Bench bench;
    bench.Write(0x4005'4038, 1);
    bench.Write(0x4005'4010, 700);
    while (bench.chip->cycles() < 50'000) {
      bench.chip->RunUntil(std::min<std::uint64_t>(bench.chip->cycles() + step, 50'000));
    }
    return std::array<std::uint64_t, 3>{bench.chip->core(0).instructions(), bench.chip->micros(),
                                        bench.Pending()};
  };
  EXPECT_EQ(run(50'000), run(50));
  EXPECT_EQ(run(50'000), run(777));
}

}  // namespace
}  // namespace pinhole::emulator
