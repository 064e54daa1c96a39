// SPDX-License-Identifier: Apache-2.0
#include "firmware/inside/camera.h"

#include <pinhole_board.h>

#include <array>
#include <span>

#include "base/secure_wipe.h"
#include "firmware/hal/dma.h"
#include "firmware/hal/gpio.h"
#include "firmware/hal/i2c.h"
#include "firmware/hal/pio.h"
#include "firmware/hal/pio_program.h"
#include "firmware/hal/pwm.h"
#include "firmware/hal/system.h"
#include "firmware/hal/timer.h"
#include "firmware/inside/hm01b0.h"

namespace pinhole::firmware::inside {
namespace {

using pinhole::inside::capture::Frame;

// Nothing outside this file can name it.
__attribute__((section(".bss.frame_buffer"))) alignas(4) std::uint8_t
    frame_buffer[Camera::kFrameBytes];

constexpr pio::Pin kPixelClock{PINHOLE_BOARD_CAMERA_PIXEL_CLOCK_PIN};
constexpr pio::Pin kRow{PINHOLE_BOARD_CAMERA_ROW_PIN};
constexpr pio::Pin kFrame{PINHOLE_BOARD_CAMERA_FRAME_PIN};
constexpr unsigned kFirstOfPixel = 2;

// A frame that has begun already is let pass. Pixels are valid at the rising edge of their clock,
// inside rows; four of them make a word, the first one lowest, as memory wants them.
constexpr auto kProgram = pio::Assemble(std::array{
    pio::Wait(false, kFrame),
    pio::Wait(true, kFrame),
    pio::Wait(false, kPixelClock),
    pio::Wait(true, kRow),
    pio::Wait(true, kPixelClock),
    pio::In(pio::Source::kPins, 8),
});
constexpr pio_program_t kPioProgram = {kProgram.data(), kProgram.size(), -1};

i2c_inst_t* Bus() { return &pinhole_i2cs[PINHOLE_BOARD_CAMERA_I2C]; }

constexpr unsigned kBusTimeoutUs = 10'000;

bool WriteRegister(std::uint16_t address, std::uint8_t value) {
  const std::uint8_t bytes[] = {static_cast<std::uint8_t>(address >> 8),
                                static_cast<std::uint8_t>(address), value};
  return i2c_write_timeout_us(Bus(), hm01b0::kAddress, bytes, sizeof bytes, false, kBusTimeoutUs) ==
         sizeof bytes;
}

bool ReadRegister(std::uint16_t address, std::uint8_t& value) {
  const std::uint8_t bytes[] = {static_cast<std::uint8_t>(address >> 8),
                                static_cast<std::uint8_t>(address)};
  return i2c_write_timeout_us(Bus(), hm01b0::kAddress, bytes, sizeof bytes, true, kBusTimeoutUs) ==
             sizeof bytes &&
         i2c_read_timeout_us(Bus(), hm01b0::kAddress, &value, 1, false, kBusTimeoutUs) == 1;
}

void OpenPins() {
  pwm_square_wave(PINHOLE_BOARD_CAMERA_CLOCK_OUT_PIN,
                  clock_get_hz(clk_sys) / hm01b0::kMasterClockHz);
  for (const unsigned pin : {PINHOLE_BOARD_CAMERA_SDA_PIN, PINHOLE_BOARD_CAMERA_SCL_PIN}) {
    gpio_set_function(pin, GPIO_FUNC_I2C);
    gpio_pull_up(pin);
  }
  i2c_init(Bus(), 100'000);
  for (unsigned i = 0; i < 8; ++i) {
    pio_gpio_init(pio0, PINHOLE_BOARD_CAMERA_DATA_PIN + i);
  }
  for (const pio::Pin pin : {kPixelClock, kRow, kFrame}) {
    pio_gpio_init(pio0, pin.number);
  }
}

void Wipe() { base::SecureWipe(std::as_writable_bytes(std::span(frame_buffer))); }

}  // namespace

base::Status Camera::Open(base::Diagnosis& why) {
  if (open_) {
    return {};
  }
  SetUpMachine();
  OpenPins();
  PINHOLE_TRY(SetUp(why));
  open_ = true;
  return {};
}

base::Status Camera::SetUp(base::Diagnosis& why) {
  static_cast<void>(WriteRegister(hm01b0::kSoftReset, 1));
  sleep_ms(hm01b0::kResetMs);
  std::uint8_t high = 0;
  std::uint8_t low = 0;
  if (!ReadRegister(hm01b0::kModelHigh, high) || !ReadRegister(hm01b0::kModelLow, low)) {
    return why.Fail(base::Error::kIo, "no camera answers at I2C address ", int{hm01b0::kAddress},
                    "; look at its power and at pins ", PINHOLE_BOARD_CAMERA_SDA_PIN, " and ",
                    PINHOLE_BOARD_CAMERA_SCL_PIN);
  }
  const int model = high << 8 | low;
  if (model != hm01b0::kModel) {
    return why.Fail(base::Error::kWrongKind, "the camera's model number is ", model, ", ",
                    hm01b0::kModel, " (an HM01B0) was expected");
  }
  for (const hm01b0::Setting& setting : hm01b0::kSettings) {
    if (!WriteRegister(setting.address, setting.value)) {
      return why.Fail(base::Error::kIo, "the camera stopped answering at register ",
                      int{setting.address}, "; look at its wires and power");
    }
  }
  return {};
}

void Camera::SetUpMachine() {
  const int program = pio_add_program(pio0, &kPioProgram);
  if (program < 0) {
    panic("no room in PIO 0 for the camera's program");
  }
  program_ = static_cast<unsigned>(program);
  machine_ = static_cast<unsigned>(pio_claim_unused_sm(pio0, true));
  channel_ = static_cast<unsigned>(dma_claim_unused_channel(true));
  stop_channel_ = static_cast<unsigned>(dma_claim_unused_channel(true));
  stop_word_ = 1u << machine_;
}

void Camera::Begin() {
  if (!open_ || under_way_) {
    return;
  }
  pio_sm_config config = pio_get_default_sm_config();
  sm_config_set_wrap(&config, program_ + kFirstOfPixel,
                     program_ + static_cast<unsigned>(kProgram.size()) - 1);
  sm_config_set_in_pins(&config, PINHOLE_BOARD_CAMERA_DATA_PIN);
  sm_config_set_in_shift(&config, true, true, 32);
  sm_config_join_receive(&config);
  pio_sm_init(pio0, machine_, program_, &config);
  // The channel behind the frame's stops the machine, so that it takes nothing of the next one.
  dma_channel_config stop = dma_channel_get_default_config(stop_channel_);
  dma_channel_configure(stop_channel_, &stop, pio_stop_word(pio0), &stop_word_, 1, false);
  dma_channel_config transfer = dma_channel_get_default_config(channel_);
  channel_config_set_read_increment(&transfer, false);
  channel_config_set_write_increment(&transfer, true);
  channel_config_set_chain_to(&transfer, stop_channel_);
  channel_config_set_dreq(&transfer, pio_get_dreq(pio0, machine_, false));
  dma_channel_configure(channel_, &transfer, frame_buffer, pio_rx_fifo(pio0, machine_),
                        kFrameBytes / 4, true);
  pio_sm_set_enabled(pio0, machine_, true);
  under_way_ = true;
}

void Camera::Stop() {
  if (under_way_) {
    pio_sm_set_enabled(pio0, machine_, false);
    dma_channel_abort(channel_);
    under_way_ = false;
  }
  Wipe();
}

base::Result<Frame> Camera::Fail(base::Diagnosis& why, const char* what) {
  Stop();
  return why.Fail(base::Error::kIo, what, "; look at the camera's wires and at its clock");
}

base::Result<Frame> Camera::Capture(base::Diagnosis& why) {
  constexpr std::uint32_t kLookEveryUs = 200;
  if (!open_) {
    return why.Fail(base::Error::kNotReady, "the camera was not opened");
  }
  Begin();
  const std::uint64_t until = time_us_64() + kPatienceUs;
  while (dma_channel_is_busy(channel_) || dma_channel_is_busy(stop_channel_)) {
    if (time_us_64() >= until) {
      return Fail(why, "no frame came from the camera in 250 ms");
    }
    sleep_us(kLookEveryUs);
  }
  under_way_ = false;
  if (pio_sm_take_rx_stall(pio0, machine_)) {
    return Fail(why, "pixels were lost, since they came faster than memory took them");
  }
  return Frame::Make(frame_buffer, {.width = kWidth, .height = kHeight}, why);
}

}  // namespace pinhole::firmware::inside
