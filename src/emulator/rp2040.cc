// SPDX-License-Identifier: Apache-2.0
#include "emulator/rp2040.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace pinhole::emulator {
namespace {

constexpr std::uint32_t kPeripheralBase = 0x4000'0000;
constexpr std::uint32_t kDmaBase = 0x5000'0000;
constexpr std::uint32_t kUsbMemoryBase = 0x5010'0000;
constexpr std::uint32_t kUsbBase = 0x5011'0000;
constexpr std::uint32_t kPio0Base = 0x5020'0000;
constexpr std::uint32_t kPio1Base = 0x5030'0000;
constexpr std::uint32_t kXipControlBase = 0x1400'0000;
constexpr std::uint32_t kXipStreamBase = 0x5040'0000;
constexpr std::uint32_t kFlashInterfaceBase = 0x1800'0000;
constexpr std::uint32_t kSioBase = 0xD000'0000;
constexpr std::uint32_t kBanksBase = 0x2100'0000;
constexpr std::uint32_t kBankBytes = 0x1'0000;

constexpr std::uint32_t kSecondStageAt = 0x2004'1F00;
constexpr std::uint32_t kSecondStageBytes = 256;
constexpr unsigned kFifoIrq = 15;
constexpr unsigned kPinsIrq = 13;

// The checksum over the second stage: CRC-32 with the polynomial 0x04C11DB7, bits from the top, no
// final inversion.
std::uint32_t SecondStageChecksum(const std::uint8_t* bytes) {
  std::uint32_t crc = 0xFFFF'FFFF;
  for (std::uint32_t i = 0; i < kSecondStageBytes - 4; ++i) {
    crc ^= std::uint32_t{bytes[i]} << 24;
    for (unsigned bit = 0; bit < 8; ++bit) {
      crc = crc << 1 ^ ((crc >> 31) != 0 ? 0x04C1'1DB7 : 0);
    }
  }
  return crc;
}

std::uint32_t Word(const std::uint8_t* bytes) {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes, 4);
  return word;
}

// An address in a bank of RAM -> the striped one: words go to the four banks in turn.
constexpr std::uint32_t Striped(std::uint32_t address) {
  const std::uint32_t offset = address - kBanksBase;
  const std::uint32_t bank = offset / kBankBytes;
  const std::uint32_t word = offset % kBankBytes / 4;
  return kRamBase + word * 16 + bank * 4 + offset % 4;
}

}  // namespace

std::unique_ptr<Rp2040> Rp2040::Create(const Options& options) {
  std::unique_ptr<Rp2040> chip(new (std::nothrow) Rp2040(options));
  Memory::Sizes sizes;
  sizes.flash = options.flash_bytes;
  if (chip == nullptr || !chip->memory_.Allocate(sizes)) {
    return nullptr;
  }
  WriteBootRom(chip->memory_);
  chip->Connect();
  return chip;
}

Rp2040::Rp2040(const Options& options)
    : options_(options),
      cores_{Core(memory_, *this, 0), Core(memory_, *this, 1)},
      pins_(signals_),
      pin_bank_(pins_),
      pads_(pins_),
      sio_(signals_, pins_),
      clocks_(signals_, pll_sys_, pll_usb_),
      watchdog_(signals_),
      usb_(signals_),
      usb_host_(signals_, usb_),
      timer_(signals_),
      uarts_{Uart(signals_, 0), Uart(signals_, 1)},
      spis_{Spi(signals_, 0), Spi(signals_, 1)},
      i2cs_{I2c(signals_, 0), I2c(signals_, 1)},
      pwm_(signals_, pins_),
      adc_(signals_),
      rtc_(signals_),
      dma_(signals_, *this),
      pios_{Pio(signals_, pins_, 0), Pio(signals_, pins_, 1)},
      flash_(signals_, memory_),
      xip_control_(signals_, memory_, cache_, flash_),
      boot_functions_(flash_, cache_),
      cache_watcher_(*this) {}

void Rp2040::Connect() {
  peripherals_ = {&sysinfo_,   &syscfg_,   &clocks_,    &resets_device_, &psm_,      &pin_bank_,
                  &qspi_pins_, &pads_,     &qspi_pads_, &xosc_,          &pll_sys_,  &pll_usb_,
                  &busctrl_,   &uarts_[0], &uarts_[1],  &spis_[0],       &spis_[1],  &i2cs_[0],
                  &i2cs_[1],   &adc_,      &pwm_,       &timer_,         &watchdog_, &rtc_,
                  &rosc_,      &vreg_,     nullptr,     &tbman_};
  timed_ = {&timer_,   &uarts_[0], &uarts_[1], &spis_[0], &spis_[1],     &i2cs_[0],
            &i2cs_[1], &pios_[0],  &pios_[1],  &flash_,   &xip_control_, &dma_,
            &adc_,     &pwm_,      &rtc_,      &usb_host_};
  Device* const by_reset_bit[] = {&adc_,      &busctrl_,   &dma_,      &i2cs_[0],  &i2cs_[1],
                                  &pin_bank_, &qspi_pins_, nullptr,    &pads_,     &qspi_pads_,
                                  &pios_[0],  &pios_[1],   &pll_sys_,  &pll_usb_,  &pwm_,
                                  &rtc_,      &spis_[0],   &spis_[1],  &syscfg_,   nullptr,
                                  &tbman_,    &timer_,     &uarts_[0], &uarts_[1], &usb_};
  for (unsigned bit = 0; bit < std::size(by_reset_bit); ++bit) {
    resets_device_.Connect(bit, by_reset_bit[bit]);
  }
}

// --- starting -----------------------------------------------------------------------------------

void Rp2040::ResetDevices() {
  for (Device* const device : peripherals_) {
    if (device != nullptr) {
      device->Reset();
    }
  }
  dma_.Reset();
  pios_[0].Reset();
  pios_[1].Reset();
  usb_.Reset();
  usb_host_.Reset();
  xip_control_.Reset();
  flash_.Reset();
  sio_.Reset();
  cache_.Flush();
}

void Rp2040::Boot(std::uint32_t ram_entry) {
  ram_entry_ = ram_entry;
  stop_ = StopReason::kNone;
  core1_waits_ = true;
  core1_step_ = 0;
  ResetDevices();
  cores_[1].TurnOff();
  if (ram_entry != 0) {
    cores_[0].Start(0, kRamBase + memory_.ram.size, ram_entry);
  } else if (!StartSecondStage()) {
    stop_ = StopReason::kNoBootCode;
  }
  UpdateWatchers();
  Propagate();
}

// As the chip's ROM does: the first 256 bytes of flash are checked, copied and run; they set the
// flash up and jump behind themselves.
bool Rp2040::StartSecondStage() {
  const std::uint8_t* const stage = memory_.flash.bytes.get();
  if (memory_.flash.size < kSecondStageBytes ||
      SecondStageChecksum(stage) != Word(stage + kSecondStageBytes - 4)) {
    return false;
  }
  std::memcpy(memory_.ram.bytes.get() + (kSecondStageAt - kRamBase), stage, kSecondStageBytes);
  memory_.Forget(kSecondStageAt, kSecondStageBytes);
  // Its stack grows down from it.
  cores_[0].Start(0, kSecondStageAt, kSecondStageAt);
  cores_[0].set_reg(14, 0);
  return true;
}

void Rp2040::set_watcher(Watcher* watcher) {
  watcher_ = watcher;
  UpdateWatchers();
}

void Rp2040::set_stack_limit(std::uint32_t address) {
  for (Core& core : cores_) {
    core.set_stack_limit(address);
  }
}

void Rp2040::UpdateWatchers() {
  Watcher* const inner = options_.model_flash_cache ? &cache_watcher_ : watcher_;
  cores_[0].set_watcher(inner);
  cores_[1].set_watcher(inner);
}

bool Rp2040::CacheWatcher::Before(Core& core) {
  const std::uint32_t pc = core.pc();
  if (pc - kFlashBase < chip_->memory_.flash.size) {
    // Fetches are words: the second instruction in one needs none.
    if (pc / 4 != fetched_[core.number()]) {
      fetched_[core.number()] = pc / 4;
      FlashRead(core, pc);
    }
  } else {
    fetched_[core.number()] = ~0u;
  }
  return chip_->watcher_ == nullptr || chip_->watcher_->Before(core);
}

void Rp2040::CacheWatcher::FlashRead(Core& core, std::uint32_t address) {
  chip_->ChargeFlash(core, address);
}

// How long an access to flash at `cycle` waits.
std::uint64_t Rp2040::FlashWait(std::uint32_t address, std::uint64_t cycle) {
  if (cache_.Access(address)) {
    return 0;
  }
  const std::uint64_t takes =
      options_.cycles_per_miss != 0 ? options_.cycles_per_miss : flash_.WordCycles();
  return flash_.ReadWord(cycle, takes) - cycle;
}

void Rp2040::ChargeFlash(Core& core, std::uint32_t address) {
  const std::uint64_t wait = FlashWait(address, core.cycles());
  cache_.CountWait(wait);
  core.Wait(static_cast<std::int32_t>(wait));
}

// --- the buses ----------------------------------------------------------------------------------

Device* Rp2040::Find(std::uint32_t address) {
  if (address >= kPeripheralBase && address < kPeripheralBase + kPeripherals * 0x4000) {
    return peripherals_[(address - kPeripheralBase) / 0x4000];
  }
  switch (address & ~0x3FFFu) {
    case kDmaBase: return &dma_;
    case kUsbBase: return &usb_;
    case kPio0Base: return &pios_[0];
    case kPio1Base: return &pios_[1];
    case kXipControlBase: return &xip_control_;
    case kFlashInterfaceBase: return &flash_;
    default: return nullptr;
  }
}

bool Rp2040::ReadBus(unsigned core, std::uint32_t address, unsigned size, std::uint32_t& value) {
  if (address >> 28 == 2) {
    if (address < kBanksBase || address >= kBanksBase + 4 * kBankBytes) {
      return false;
    }
    value = 0;
    std::memcpy(&value, memory_.ram.bytes.get() + (Striped(address) - kRamBase), size);
    return true;
  }
  const std::uint32_t mask = size == 4 ? ~0u : (1u << size * 8) - 1;
  const unsigned shift = (address & 3) * 8;
  if (address - kSioBase < 0x180) {
    value = sio_.Read(core, address & 0x1FC) >> shift & mask;
    return true;
  }
  if (address - kUsbMemoryBase < UsbController::kMemoryBytes) {
    value = 0;
    std::memcpy(&value, usb_.memory().data() + (address - kUsbMemoryBase), size);
    return true;
  }
  if (address >> 24 >= 0x11 && address >> 24 <= 0x13) {
    // The flash around its cache.
    const std::uint32_t offset = address & 0x00FF'FFFF;
    if (offset >= memory_.flash.size) {
      return false;
    }
    value = 0;
    std::memcpy(&value, memory_.flash.bytes.get() + offset, size);
    return true;
  }
  if (address == kXipStreamBase) {
    value = xip_control_.ReadStream();
    return true;
  }
  Device* const device = Find(address);
  if (device == nullptr) {
    return false;
  }
  value = device->Read(address & 0xFFC) >> shift & mask;
  return true;
}

bool Rp2040::WriteBus(unsigned core, std::uint32_t address, unsigned size, std::uint32_t value) {
  if (address >> 28 == 2) {
    if (address < kBanksBase || address >= kBanksBase + 4 * kBankBytes) {
      return false;
    }
    std::memcpy(memory_.ram.bytes.get() + (Striped(address) - kRamBase), &value, size);
    memory_.Forget(Striped(address), size);
    return true;
  }
  if (address - kUsbMemoryBase < UsbController::kMemoryBytes) {
    std::memcpy(usb_.memory().data() + (address - kUsbMemoryBase), &value, size);
    return true;
  }
  // Narrow writes reach every byte lane of a register.
  const std::uint32_t lanes = size == 1   ? (value & 0xFF) * 0x0101'0101
                              : size == 2 ? (value & 0xFFFF) * 0x0001'0001
                                          : value;
  if (address - kSioBase < 0x180) {
    const std::uint32_t offset = address & 0x1FC;
    if (offset >= 0x10 && offset < 0x30) {
      // A state machine that looks at a pin sees every level that a core gave it.
      pios_[0].Advance();
      pios_[1].Advance();
    }
    sio_.Write(core, offset, lanes);
    return true;
  }
  if (memory_.rom.Contains(address)) {
    return true;  // no fault and no effect: the public USB stack writes to address 0
  }
  if (address >> 24 >= 0x10 && address >> 24 <= 0x13) {
    if (address >> 24 == 0x10) {
      cache_.Invalidate(address);
    }
    return true;
  }
  Device* const device = Find(address);
  if (device == nullptr) {
    return false;
  }
  const std::uint32_t offset = address & 0xFFC;
  const bool plain = device == &flash_ || device == &xip_control_;
  const std::uint32_t alias = plain ? 0 : address >> 12 & 3;
  switch (alias >= 2 && device->ClearedByOnes(offset) ? 0 : alias) {
    case 0: device->Write(offset, lanes); break;
    case 1: device->Write(offset, device->Peek(offset) ^ lanes); break;
    case 2: device->Write(offset, device->Peek(offset) | lanes); break;
    default: device->Write(offset, device->Peek(offset) & ~lanes); break;
  }
  if (device == &pll_sys_ || device == &pll_usb_) {
    clocks_.Update();
  }
  if (device == &pin_bank_ && offset < kPins * 8) {
    pwm_.PinsChanged();
  }
  if (device == &qspi_pins_ && offset == 0x0C) {
    // The override of the flash's chip select: 2 is low, anything else ends the command.
    flash_.Select((qspi_pins_.Read(0x0C) >> 8 & 3) == 2);
  }
  return true;
}

void Rp2040::BeforeAccess(const Core& core) {
  signals_.now = std::max(signals_.now, core.cycles());
}

// What a core did to a device may concern interrupts, the other core, or what comes due earlier.
void Rp2040::AfterAccess(Core& core) {
  if (signals_.irqs_changed || sio_.TakeFifoChanged() || pins_.TakeInterruptsChanged()) {
    Propagate();
  }
  if (signals_.dreqs_changed || watchdog_.fired() || NextEvent() < deadline_) {
    core.Yield();
  }
}

bool Rp2040::Read(Core& core, std::uint32_t address, unsigned size, std::uint32_t& value) {
  BeforeAccess(core);
  if (!ReadBus(core.number(), address, size, value)) {
    return false;
  }
  if (address >= kSioBase) {
    core.Wait(-1);
    if (address - kSioBase != 0x58) {
      return true;
    }
  } else if (options_.model_flash_cache && address >> 24 >= 0x11 && address >> 24 <= 0x13) {
    ChargeFlash(core, address);
  }
  // Reading a FIFO may end an interrupt or a request; it never makes anything come due earlier.
  if (signals_.irqs_changed || sio_.TakeFifoChanged()) {
    Propagate();
  }
  if (signals_.dreqs_changed) {
    core.Yield();
  }
  return true;
}

bool Rp2040::Write(Core& core, std::uint32_t address, unsigned size, std::uint32_t value) {
  BeforeAccess(core);
  if (!WriteBus(core.number(), address, size, value)) {
    return false;
  }
  if (address >= kSioBase) {
    core.Wait(-1);
    if (address - kSioBase == 0x54) {
      // A word for the other core: it is its turn.
      FeedCore1();
      SendEvent(core);
      core.Yield();
    }
  }
  AfterAccess(core);
  if (psm_.core1_held() && core.number() == 0) {
    cores_[1].TurnOff();
    core1_waits_ = true;
    core1_step_ = 0;
    core1_words_.fill(0);
  }
  return true;
}

bool Rp2040::MasterRead(std::uint32_t address, unsigned size, std::uint32_t& value) {
  if (const Region* const region = memory_.Find(address); region != nullptr) {
    value = 0;
    std::memcpy(&value, region->bytes.get() + (address - region->base), size);
    if (region == &memory_.flash && options_.model_flash_cache) {
      master_wait_ += FlashWait(address, signals_.now);
    }
    return true;
  }
  if (options_.model_flash_cache && address >> 24 >= 0x11 && address >> 24 <= 0x13) {
    master_wait_ += FlashWait(address, signals_.now);
  }
  return address < kSioBase && ReadBus(0, address, size, value);
}

bool Rp2040::MasterWrite(std::uint32_t address, unsigned size, std::uint32_t value) {
  if (memory_.ram.Contains(address)) {
    std::memcpy(memory_.ram.bytes.get() + (address - kRamBase), &value, size);
    memory_.Forget(address, size);
    return true;
  }
  return address < kSioBase && WriteBus(0, address, size, value);
}

std::uint64_t Rp2040::TakeMasterWait() {
  const std::uint64_t wait = master_wait_;
  master_wait_ = 0;
  return wait;
}

void Rp2040::SendEvent(Core& core) {
  cores_[0].SetEvent();
  cores_[1].SetEvent();
  if (cores_[1 - core.number()].state() == CoreState::kWaitingForEvent) {
    core.Yield();
  }
}

// --- core 1 -------------------------------------------------------------------------------------

// In the chip core 1 sleeps in the ROM until core 0 has sent it 0, 0, 1, a vector table, a stack
// and an entry; each word is answered with itself, and a wrong one starts again.
void Rp2040::FeedCore1() {
  if (!core1_waits_ || psm_.core1_held()) {
    return;
  }
  while (!sio_.FifoEmpty(1)) {
    const std::uint32_t word = sio_.PopFifo(1);
    static constexpr std::uint32_t kExpected[] = {0, 0, 1};
    if (core1_step_ < 3 && word != kExpected[core1_step_]) {
      core1_step_ = word == 0 ? 1 : 0;
    } else {
      core1_words_[core1_step_++] = word;
    }
    sio_.PushFifo(0, word);
    if (core1_step_ == core1_words_.size()) {
      core1_waits_ = false;
      core1_step_ = 0;
      cores_[1].Start(core1_words_[3], core1_words_[4], core1_words_[5]);
      // A return from its program parks it.
      cores_[1].set_reg(14, kRomParking | 1);
      cores_[1].SkipTo(signals_.now);
      propagated_ = 0;
      Propagate();
      return;
    }
  }
}

// --- time ---------------------------------------------------------------------------------------

void Rp2040::Propagate() {
  signals_.irqs_changed = false;
  const std::uint32_t changed = signals_.irqs ^ propagated_;
  propagated_ = signals_.irqs;
  for (unsigned irq = 0; irq < 26; ++irq) {
    if ((changed >> irq & 1) != 0) {
      for (Core& core : cores_) {
        core.SetLine(irq, (signals_.irqs >> irq & 1) != 0);
      }
    }
  }
  for (unsigned i = 0; i < 2; ++i) {
    cores_[i].SetLine(kFifoIrq + i, sio_.Interrupts(i));
    cores_[i].SetLine(kPinsIrq, pins_.Interrupts(i));
  }
}

std::uint64_t Rp2040::NextEvent() const {
  std::uint64_t next = watchdog_.NextEvent();
  for (const Device* const device : timed_) {
    next = std::min(next, device->NextEvent());
  }
  return next;
}

void Rp2040::AdvanceDue() {
  watchdog_.Advance();
  for (Device* const device : timed_) {
    if (device->NextEvent() <= signals_.now) {
      device->Advance();
    }
  }
  if (signals_.dreqs_changed) {
    signals_.dreqs_changed = false;
    dma_.Advance();
  }
  if (signals_.irqs_changed || pins_.TakeInterruptsChanged() || sio_.TakeFifoChanged()) {
    Propagate();
  }
}

void Rp2040::RunCores(std::uint64_t deadline) {
  deadline_ = deadline;
  Core& first = cores_[0];
  Core& second = cores_[1];
  bool ran = false;
  if (!first.Asleep()) {
    first.Run(deadline);
    ran = true;
  }
  const std::uint64_t until = first.Asleep() ? deadline : std::max(first.cycles(), time_ + 1);
  if (!second.Asleep()) {
    second.Run(until);
    ran = true;
  }
  const bool first_sleeps = first.Asleep();
  const bool second_sleeps = second.Asleep();
  if (first_sleeps && second_sleeps) {
    time_ = std::max({time_, first.cycles(), second.cycles()});
    // To whatever comes next; never to a standstill. The deadline is the next event already, where
    // no core has changed it since.
    const std::uint64_t next = std::min(
        {deadline, ran ? NextEvent() : deadline, first.NextSysTick(), second.NextSysTick()});
    time_ = std::max(time_ < deadline ? time_ + 1 : time_, next);
  } else {
    time_ = std::max(time_, first_sleeps    ? second.cycles()
                            : second_sleeps ? first.cycles()
                                            : std::min(first.cycles(), second.cycles()));
  }
  for (Core* const core : {&first, &second}) {
    if (core->Asleep()) {
      core->SkipTo(time_);
      core->UpdateSysTick();
    }
  }
  signals_.now = std::max(signals_.now, time_);
}

void Rp2040::Stop(StopReason reason, Core& core) {
  stop_ = reason;
  core.Yield();
}

StopReason Rp2040::CheckStopped() {
  if (watchdog_.fired() || cores_[0].reset_requested() || cores_[1].reset_requested()) {
    ++resets_;
    Boot(ram_entry_);
  }
  for (const Core& core : cores_) {
    if (core.state() == CoreState::kLockup && !options_.go_on_after_lockup) {
      stop_ = StopReason::kLockup;
    } else if (core.stack_overflowed()) {
      stop_ = StopReason::kStack;
    } else if (core.stopped_by_watcher()) {
      return StopReason::kWatcher;
    }
  }
  return stop_;
}

StopReason Rp2040::RunUntil(std::uint64_t cycle) {
  for (Core& core : cores_) {
    core.ClearStopped();
  }
  while (time_ < cycle) {
    AdvanceDue();
    if (const StopReason reason = CheckStopped(); reason != StopReason::kNone) {
      return reason;
    }
    const bool both = !cores_[0].Asleep() && !cores_[1].Asleep();
    const std::uint64_t next = std::min(NextEvent(), cycle);
    RunCores(std::clamp(next, time_ + 1,
                        time_ + (!both                        ? kLongTurn
                                 : options_.model_flash_cache ? kShortTurn
                                                              : kTurn)));
  }
  AdvanceDue();
  return CheckStopped();
}

StopReason Rp2040::RunUntilMicros(std::uint64_t micros) {
  while (signals_.Micros() < micros) {
    // In steps, since the clock may be changed on the way.
    const std::uint64_t step = std::min(micros, signals_.Micros() + 1000);
    const StopReason reason = RunUntil(std::max(signals_.CycleAt(step), time_ + 1));
    if (reason != StopReason::kNone) {
      return reason;
    }
  }
  return StopReason::kNone;
}

// --- calls to the host --------------------------------------------------------------------------

namespace {

// Whether the core stands at `bkpt #0` in a loop of its own, where start-ups wait for a debugger
// once main has returned. Code that was not optimised has NOPs in that loop.
bool WaitsForDebugger(Core& core) {
  constexpr unsigned kMostNops = 4;
  constexpr std::uint32_t kInHandler = 0x3F;
  if ((core.xpsr() & kInHandler) != 0) {
    return false;
  }
  for (unsigned i = 1; i <= kMostNops + 1; ++i) {
    std::uint32_t code = 0;
    if (!core.ReadMemory(core.pc() + 2 * i, 2, code)) {
      return false;
    }
    const bool nop = code == 0xBF00 || code == 0x46C0;
    if (!nop) {
      // B to the breakpoint: it counts halfwords from two behind itself.
      return code == (0xE000 | (0x800 - (i + 2)));
    }
  }
  return false;
}

}  // namespace

bool Rp2040::Breakpoint(Core& core, std::uint32_t number) {
  if (!options_.semihosting) {
    return false;
  }
  if (number == 0 && !options_.go_on_after_lockup && WaitsForDebugger(core)) {
    exit_code_ = core.reg(0);
    Stop(StopReason::kExit, core);
    return true;
  }
  return number == 0xAB && Semihosting(core);
}

bool Rp2040::Semihosting(Core& core) {
  constexpr std::uint32_t kApplicationExit = 0x20026;
  std::uint32_t at = core.reg(1);
  std::uint32_t byte = 0;
  constexpr unsigned kMostBytes = 65536;
  switch (core.reg(0)) {
    case 3:
      if (core.ReadMemory(at, 1, byte) && console_ != nullptr) {
        console_->OnByte(2, static_cast<std::uint8_t>(byte));
      }
      return true;
    case 4:
      for (unsigned i = 0; i < kMostBytes && core.ReadMemory(at++, 1, byte) && byte != 0; ++i) {
        if (console_ != nullptr) {
          console_->OnByte(2, static_cast<std::uint8_t>(byte));
        }
      }
      return true;
    case 0x18:
      exit_code_ = at == kApplicationExit ? 0 : 1;
      Stop(StopReason::kExit, core);
      return true;
    case 0x20: {
      std::uint32_t why = 0;
      exit_code_ = 1;
      if (core.ReadMemory(at, 4, why) && why == kApplicationExit) {
        core.ReadMemory(at + 4, 4, exit_code_);
      }
      Stop(StopReason::kExit, core);
      return true;
    }
    default: return false;
  }
}

void Rp2040::HostCall(Core& core, std::uint32_t number) {
  switch (boot_functions_.Call(core, number)) {
    case BootCall::kDone: break;
    case BootCall::kUsbBoot: Stop(StopReason::kUsbBoot, core); break;
    case BootCall::kUnknown: break;
  }
}

}  // namespace pinhole::emulator
