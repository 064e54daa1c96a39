// SPDX-License-Identifier: Apache-2.0
#pragma once

// The chip: two cores, memories and devices on their buses, and the loop that moves time on.
//
// In: a flash image or a program in RAM (program.h), wires of a board. Out: what the
// program does to pins and buses, a cycle count, why it stopped. Set up with Create, which takes
// all memory; RunUntil allocates nothing.
//
//   std::unique_ptr<Rp2040> chip = Rp2040::Create({});
//   LoadProgram(bytes, chip->memory(), why);
//   chip->Boot();
//   while (chip->RunUntil(chip->cycles() + 1'000'000) == StopReason::kNone) { ... }
//
// Time is in cycles of the system clock. The cores take turns of at most kTurn cycles while both
// are awake, shorter where one wakes the other, so that a program's result never depends on
// anything but its inputs. Where both sleep, time jumps to the next event. Devices without a model
// (the flash's own pins, voltage, bus control) keep what is written to them.

#include <array>
#include <cstdint>
#include <memory>

#include "emulator/boot_rom.h"
#include "emulator/clock_tree.h"
#include "emulator/core.h"
#include "emulator/counters.h"
#include "emulator/device.h"
#include "emulator/dma.h"
#include "emulator/flash.h"
#include "emulator/i2c.h"
#include "emulator/memory.h"
#include "emulator/pins.h"
#include "emulator/pio.h"
#include "emulator/pwm.h"
#include "emulator/sio.h"
#include "emulator/spi.h"
#include "emulator/timer.h"
#include "emulator/uart.h"
#include "emulator/usb.h"
#include "emulator/usb_host.h"

namespace pinhole::emulator {

enum class StopReason : std::uint8_t {
  kNone,        // the time asked for has passed
  kLockup,      // a fault while a fault was handled: Core::fault has the first
  kNoBootCode,  // the flash does not begin with a boot stage whose checksum is right
  kUsbBoot,     // the program asked for the USB boot loader
  kExit,        // the program ended, with exit_code()
  kWatcher,     // a Watcher stopped a core
  kStack,       // the stack went below the limit that was set
};

class Rp2040 final : public Bus, public BusMaster {
 public:
  struct Options {
    std::uint32_t flash_bytes = 2 * 1024 * 1024;
    // Counts the flash's cache and charges misses; about two thirds of the speed.
    bool model_flash_cache = false;
    // 0: what the flash's interface takes as the program has set it.
    std::uint32_t cycles_per_miss = 0;
    // What a debugger would do: BKPT 0xAB writes to the console and exits; `bkpt #0` in a loop of
    // its own, outside of exceptions, is the end of the program with the status in r0.
    bool semihosting = false;
    // As the chip itself: a core that is beyond help, or ended, stands still, the rest goes on.
    bool go_on_after_lockup = false;
  };

  // Null where memory is short or the flash is larger than 16 MB.
  static std::unique_ptr<Rp2040> Create(const Options& options);
  ~Rp2040() override = default;

  // As after power-on: through the second boot stage in flash, or where `ram_entry` is not 0,
  // straight into a program in RAM.
  void Boot(std::uint32_t ram_entry = 0);
  StopReason RunUntil(std::uint64_t cycle);
  // The same by the clock on the wall, whatever the program does to the chip's.
  StopReason RunUntilMicros(std::uint64_t micros);

  [[nodiscard]] std::uint64_t cycles() const { return time_; }
  [[nodiscard]] std::uint64_t micros() const { return signals_.Micros(); }
  [[nodiscard]] std::uint32_t hz() const { return signals_.sys_hz; }
  [[nodiscard]] Core& core(unsigned i) { return cores_[i]; }
  [[nodiscard]] Memory& memory() { return memory_; }
  [[nodiscard]] Pins& pins() { return pins_; }
  [[nodiscard]] Uart& uart(unsigned i) { return uarts_[i]; }
  [[nodiscard]] I2c& i2c(unsigned i) { return i2cs_[i]; }
  [[nodiscard]] Spi& spi(unsigned i) { return spis_[i]; }
  [[nodiscard]] Adc& adc() { return adc_; }
  // The computer at the other end of the USB cable, which is not plugged in at first.
  [[nodiscard]] UsbHost& usb_host() { return usb_host_; }
  [[nodiscard]] const Pwm& pwm() const { return pwm_; }
  [[nodiscard]] const Dma& dma() const { return dma_; }
  [[nodiscard]] const XipCache::Counts& flash_cache() const { return cache_.counts(); }
  // Words that went over the stream of the flash.
  [[nodiscard]] std::uint64_t streamed_words() const { return xip_control_.streamed_words(); }
  [[nodiscard]] std::uint32_t exit_code() const { return exit_code_; }
  // See Core::set_stack_limit.
  void set_stack_limit(std::uint32_t address);
  [[nodiscard]] unsigned resets() const { return resets_; }
  // Semihosting's output, as device 2.
  void set_console(ByteSink* console) { console_ = console; }
  // Sees every instruction of both cores; null for none.
  void set_watcher(Watcher* watcher);

  bool Read(Core& core, std::uint32_t address, unsigned size, std::uint32_t& value) override;
  bool Write(Core& core, std::uint32_t address, unsigned size, std::uint32_t value) override;
  bool Breakpoint(Core& core, std::uint32_t number) override;
  void HostCall(Core& core, std::uint32_t number) override;
  void SendEvent(Core& core) override;
  bool MasterRead(std::uint32_t address, unsigned size, std::uint32_t& value) override;
  bool MasterWrite(std::uint32_t address, unsigned size, std::uint32_t value) override;
  std::uint64_t TakeMasterWait() override;

 private:
  static constexpr std::uint64_t kTurn = 256;
  // While both may want the flash, which they then get in fairer turns.
  static constexpr std::uint64_t kShortTurn = 32;
  static constexpr std::uint64_t kLongTurn = 1'000'000;
  static constexpr unsigned kPeripherals = 28;

  // Charges misses of the flash's cache.
  class CacheWatcher final : public Watcher {
   public:
    explicit CacheWatcher(Rp2040& chip) : chip_(&chip) {}
    bool Before(Core& core) override;
    void FlashRead(Core& core, std::uint32_t address) override;

   private:
    Rp2040* chip_;
    std::array<std::uint32_t, 2> fetched_{~0u, ~0u};
  };

  explicit Rp2040(const Options& options);
  void Connect();
  void ResetDevices();
  bool StartSecondStage();
  void UpdateWatchers();
  [[nodiscard]] std::uint64_t FlashWait(std::uint32_t address, std::uint64_t cycle);
  void ChargeFlash(Core& core, std::uint32_t address);
  [[nodiscard]] Device* Find(std::uint32_t address);
  bool ReadWord(std::uint32_t address, std::uint32_t& value);
  bool WriteWord(std::uint32_t address, std::uint32_t value);
  bool ReadBus(unsigned core, std::uint32_t address, unsigned size, std::uint32_t& value);
  bool WriteBus(unsigned core, std::uint32_t address, unsigned size, std::uint32_t value);
  void BeforeAccess(const Core& core);
  void AfterAccess(Core& core);
  void Propagate();
  void AdvanceDue();
  [[nodiscard]] std::uint64_t NextEvent() const;
  void RunCores(std::uint64_t deadline);
  void FeedCore1();
  [[nodiscard]] StopReason CheckStopped();
  bool Semihosting(Core& core);
  void Stop(StopReason reason, Core& core);

  Options options_;
  Signals signals_;
  Memory memory_;
  std::array<Core, 2> cores_;
  Pins pins_;
  PinBank pin_bank_;
  Pads pads_;
  Sio sio_;
  Resets resets_device_;
  Xosc xosc_;
  Rosc rosc_;
  Pll pll_sys_;
  Pll pll_usb_;
  Clocks clocks_;
  Psm psm_;
  Watchdog watchdog_;
  SysInfo sysinfo_;
  PlainRegisters<64> syscfg_;
  PlainRegisters<64> busctrl_;
  PlainRegisters<64> vreg_;
  PlainRegisters<64> tbman_;
  PlainRegisters<64> qspi_pins_;
  PlainRegisters<64> qspi_pads_;
  UsbController usb_;
  UsbHost usb_host_;
  Timer timer_;
  std::array<Uart, 2> uarts_;
  std::array<Spi, 2> spis_;
  std::array<I2c, 2> i2cs_;
  Pwm pwm_;
  Adc adc_;
  Rtc rtc_;
  Dma dma_;
  std::array<Pio, 2> pios_;
  XipCache cache_;
  FlashInterface flash_;
  XipControl xip_control_;
  BootFunctions boot_functions_;
  CacheWatcher cache_watcher_;
  Watcher* watcher_ = nullptr;
  ByteSink* console_ = nullptr;

  std::array<Device*, kPeripherals> peripherals_{};
  // Those that have events of their own.
  std::array<Device*, 16> timed_{};

  std::uint64_t master_wait_ = 0;
  std::uint64_t time_ = 0;
  std::uint64_t deadline_ = 0;
  std::uint32_t propagated_ = 0;
  StopReason stop_ = StopReason::kNone;
  std::uint32_t exit_code_ = 0;
  std::uint32_t ram_entry_ = 0;
  unsigned resets_ = 0;
  // How far core 1 got in being told what to run.
  bool core1_waits_ = true;
  unsigned core1_step_ = 0;
  std::array<std::uint32_t, 6> core1_words_{};
};

}  // namespace pinhole::emulator
