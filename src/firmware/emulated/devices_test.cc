// SPDX-License-Identifier: Apache-2.0
// What the HAL does with each device, said by checks/device_check.cc; and what a program says that
// went wrong.
#include <gtest/gtest.h>

#include <string>

#include "emulator/board.h"
#include "firmware/emulated/machine_for_tests.h"

namespace pinhole::firmware::emulated {
namespace {

struct HalfTheSupply final : emulator::AnalogSource {
  std::uint32_t Sample(std::uint64_t, unsigned input) override { return input == 1 ? 2048 : 0; }
};

TEST(Devices, EachDoesWhatTheProgramAsks) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "device_check.elf");
  emulator::I2cMemory memory(0x50);
  emulator::I2cBus bus;
  ASSERT_TRUE(bus.Attach(&memory));
  machine->chip().i2c(0).set_bus(&bus);
  HalfTheSupply volts;
  machine->chip().adc().set_source(&volts);
  EXPECT_TRUE(machine->RunUntilSaid("watchdog fed", 2'000'000)) << machine->console();
  EXPECT_EQ(machine->console().find("WRONG"), std::string::npos) << machine->console();
  EXPECT_NE(machine->console().find("system clock 125000 kHz\n"), std::string::npos);
  for (const char* const name : {"sleep",        "alarm",         "alarm in the past",
                                 "pin edges",    "pin edges off", "I2C rate",
                                 "I2C write",    "I2C read",      "I2C nobody",
                                 "I2C again",    "I2C too late",  "I2C after that",
                                 "DMA",          "PIO",           "SPI",
                                 "ADC",          "second core",   "flash",
                                 "flash stream", "character"}) {
    EXPECT_NE(machine->console().find("\n" + std::string(name) + " ok\n"), std::string::npos)
        << name << " is missing in\n"
        << machine->console();
  }
  // Not fed any more: the watchdog starts the program again, which knows why.
  EXPECT_TRUE(machine->RunUntilSaid("back after the watchdog\n", 200'000)) << machine->console();
  EXPECT_EQ(machine->chip().resets(), 1u);
}

// What fault_check said behind `letter`, until it stopped.
std::string SaidBefore(Machine& machine, char letter, emulator::StopReason stop) {
  EXPECT_TRUE(machine.RunUntilSaid("ready\n", 100'000));
  const std::size_t before = machine.console().size();
  EXPECT_TRUE(machine.chip().uart(0).Receive(static_cast<std::uint8_t>(letter)));
  EXPECT_EQ(machine.RunForMicros(100'000), stop) << machine.console();
  return machine.console().substr(before);
}

TEST(Faults, AHardFaultIsReportedWithItsRegisters) {
  for (const char letter : {'f', 'u'}) {
    PINHOLE_LOAD_FIRMWARE(machine, "pico", "fault_check.elf");
    const std::string said = SaidBefore(*machine, letter, emulator::StopReason::kLockup);
    EXPECT_NE(said.find("pinhole: hard fault on core 0\n  pc 0x10000"), std::string::npos) << said;
    EXPECT_NE(said.find("\n  r0 0x"), std::string::npos) << said;
    EXPECT_EQ(said.find("ran over"), std::string::npos) << said;
  }
}

TEST(Faults, PanicAndAbortSaySo) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "fault_check.elf");
  EXPECT_EQ(SaidBefore(*machine, 'p', emulator::StopReason::kLockup),
            "\npinhole: panic\n3 faces of nobody\n");
  PINHOLE_LOAD_FIRMWARE(another, "pico", "fault_check.elf");
  EXPECT_EQ(SaidBefore(*another, 'a', emulator::StopReason::kLockup), "\npinhole: panic\nabort\n");
}

TEST(Faults, AStackThatRanOverIsReported) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "fault_check.elf");
  const std::string said = SaidBefore(*machine, 's', emulator::StopReason::kLockup);
  EXPECT_NE(said.find("pinhole: the stack of core 0 ran over\n"), std::string::npos) << said;
}

TEST(Faults, ARunningWatchdogStartsTheProgramAgain) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "fault_check.elf");
  // As the chip itself: a core that is beyond help stands still until the watchdog comes.
  emulator::Rp2040::Options options;
  options.go_on_after_lockup = true;
  const std::unique_ptr<Machine> chip = Machine::Load("pico", "fault_check.elf", options);
  ASSERT_NE(chip, nullptr);
  const std::string said = SaidBefore(*chip, 'w', emulator::StopReason::kNone);
  EXPECT_NE(said.find("pinhole: hard fault on core 0\n"), std::string::npos) << said;
  EXPECT_NE(said.find("ready again\n"), std::string::npos) << said;
}

TEST(Faults, TheEndOfMainIsNoFault) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "fault_check.elf");
  EXPECT_EQ(SaidBefore(*machine, 'e', emulator::StopReason::kLockup), "");
  // The status, where a debugger looks for it.
  EXPECT_EQ(machine->chip().core(0).fault().registers[0], 3u);
}

TEST(Faults, TheEndOfMainIsSeenWithNamesAndWithout) {
  for (const char* const file : {"fault_check.elf", "fault_check.uf2"}) {
    PINHOLE_LOAD_FIRMWARE(there, "pico", file);
    const auto machine = Machine::Load("pico", file, {.semihosting = true});
    EXPECT_EQ(SaidBefore(*machine, 'e', emulator::StopReason::kExit), "");
    EXPECT_EQ(machine->chip().exit_code(), 3u);
    // A report of a fault ends in such a loop too, but is none.
    const auto faulty = Machine::Load("pico", file, {.semihosting = true});
    EXPECT_NE(SaidBefore(*faulty, 'f', emulator::StopReason::kLockup), "");
  }
}

}  // namespace
}  // namespace pinhole::firmware::emulated
