// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small USB host for one device, far enough for a serial port: it resets the bus, asks for
// descriptors, gives an address, chooses the first configuration, and where that has a CDC data
// interface opens the port (115,200 baud, DTR and RTS set).
//
// In: a UsbController's answers; bytes to send. Out: the bytes that the device sends over the port,
// as ByteSink's device 3. A step takes kStepMicros, so that a frame of a millisecond has twenty
// packets each way; the port is open some milliseconds after the device shows itself. A device that
// does not answer is reset and asked again, three times; Problem says what it did not do.

#include <array>
#include <cstdint>
#include <string_view>

#include "emulator/uart.h"
#include "emulator/usb.h"

namespace pinhole::emulator {

class UsbHost : public Device {
 public:
  static constexpr std::uint64_t kStepMicros = 50;
  static constexpr unsigned kSinkDevice = 3;

  UsbHost(Signals& signals, UsbController& device) : signals_(&signals), device_(&device) {}
  // A cable; without one nothing happens.
  void PlugIn();
  void set_sink(ByteSink* sink) { sink_ = sink; }
  // A byte for the port. False where kInputBytes wait already.
  bool Send(std::uint8_t byte) { return input_.Push(byte); }
  [[nodiscard]] bool port_open() const { return stage_ == Stage::kOpen; }
  // What the device did not do; empty where nothing went wrong.
  [[nodiscard]] std::string_view problem() const { return problem_; }

  std::uint32_t Read(std::uint32_t) override { return 0; }
  void Write(std::uint32_t, std::uint32_t) override {}
  void Reset() override;
  [[nodiscard]] std::uint64_t NextEvent() const override;
  void Advance() override;

 private:
  static constexpr unsigned kInputBytes = 256;
  static constexpr unsigned kMostDescriptorBytes = 512;
  static constexpr unsigned kMostTries = 3;
  static constexpr unsigned kMostNaks = 100'000;  // five seconds

  enum class Stage : std::uint8_t {
    kDetached,
    kReset,
    kDevice,  // its descriptor
    kAddress,
    kConfiguration,  // its descriptor's head, then all of it
    kWholeConfiguration,
    kChoose,
    kLineCoding,
    kLineState,
    kOpen,
    kIdle,  // there is no port, or the device was given up
  };
  // Of a control transfer.
  enum class Phase : std::uint8_t { kSetup, kData, kStatus };

  void Enter(Stage stage);
  void Request(std::uint8_t type, std::uint8_t request, std::uint16_t value, std::uint16_t index,
               std::uint16_t length);
  [[nodiscard]] UsbReply Transfer(bool& done);
  void StepTransfer();
  void Succeed();
  void Fail(std::string_view what);
  [[nodiscard]] bool FindPort();
  void MoveBytes();

  Signals* signals_;
  UsbController* device_;
  ByteSink* sink_ = nullptr;
  bool plugged_ = false;
  Stage stage_ = Stage::kDetached;
  Phase phase_ = Phase::kSetup;
  std::uint64_t next_at_ = kNever;
  std::uint64_t frame_us_ = 0;
  std::uint32_t frame_ = 0;
  unsigned tries_ = 0;
  unsigned naks_ = 0;
  unsigned address_ = 0;
  std::array<std::uint8_t, 8> request_{};
  std::array<std::uint8_t, kMostDescriptorBytes> data_{};
  unsigned moved_ = 0;
  unsigned zero_bytes_ = 8;  // the longest packet of endpoint 0
  std::uint8_t configuration_ = 0;
  std::uint8_t interface_ = 0;
  unsigned in_ = 0;
  unsigned out_ = 0;
  Fifo<std::uint8_t, kInputBytes> input_;
  UsbController::Packet packet_{};
  unsigned packet_bytes_ = 0;  // taken from the input and not yet accepted
  std::string_view problem_;
};

}  // namespace pinhole::emulator
