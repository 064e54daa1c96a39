// SPDX-License-Identifier: Apache-2.0
#pragma once

// The USB controller as a device (RP2040 datasheet, chapter 4.1): its registers, its 4 KB of
// memory, and the packets that a host exchanges with it.
//
// In: what a program writes to registers and memory; a host's tokens (Setup, In, Out, frames). Out:
// the device's answers, interrupt 5. A packet is whole and never damaged; a transaction takes no
// time of its own, the host says when it comes. Single and double buffers, stalls, aborts, naks.
// Not modelled: being a host, isochronous endpoints' offsets, errors on the wire, suspending.

#include <array>
#include <cstdint>
#include <span>

#include "emulator/device.h"

namespace pinhole::emulator {

enum class UsbReply : std::uint8_t { kAck, kNak, kStall, kNone };

class UsbController : public Device {
 public:
  static constexpr unsigned kMemoryBytes = 4096;
  static constexpr unsigned kPacketBytes = 64;
  using Packet = std::array<std::uint8_t, kPacketBytes>;

  explicit UsbController(Signals& signals) : signals_(&signals) { UsbController::Reset(); }
  std::uint32_t Read(std::uint32_t offset) override;
  std::uint32_t Peek(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  [[nodiscard]] bool ClearedByOnes(std::uint32_t offset) const override {
    return offset == 0x50 || offset == 0x58 || offset == 0x64 || offset == 0x70;
  }
  void Reset() override;
  [[nodiscard]] std::array<std::uint8_t, kMemoryBytes>& memory() { return memory_; }

  // The host's side. Whether the device shows itself with its pull-up.
  [[nodiscard]] bool attached() const;
  // There is a host, with power on the cable.
  void set_host(bool there);
  void ResetBus();
  void StartFrame(std::uint32_t number);
  // kNone where no device with this address listens.
  UsbReply Setup(unsigned address, std::span<const std::uint8_t, 8> request);
  UsbReply In(unsigned address, unsigned endpoint, Packet& packet, unsigned& bytes);
  UsbReply Out(unsigned address, unsigned endpoint, std::span<const std::uint8_t> packet);

 private:
  // An endpoint's buffer that is next in turn.
  struct Buffer {
    std::uint32_t control_at = 0;  // in the memory
    unsigned half = 0;             // which 16 bits of it
    std::uint32_t at = 0;          // its bytes
  };

  [[nodiscard]] bool Listens(unsigned address) const;
  [[nodiscard]] std::uint32_t EndpointControl(unsigned endpoint, bool in) const;
  UsbReply Ready(unsigned endpoint, bool in, Buffer& buffer);
  void Finish(unsigned endpoint, bool in, const Buffer& buffer, std::uint32_t bytes);
  [[nodiscard]] std::uint32_t Load(std::uint32_t at) const;
  void Store(std::uint32_t at, std::uint32_t value);
  [[nodiscard]] std::uint32_t Raw() const;
  void Raise();

  Signals* signals_;
  std::array<std::uint8_t, kMemoryBytes> memory_{};
  std::array<std::uint32_t, 64> registers_{};
  std::uint32_t status_ = 0;  // SIE_STATUS, what stays until it is cleared
  std::uint32_t buffer_status_ = 0;
  std::uint32_t second_buffers_ = 0;  // whose turn it is, a bit an endpoint and direction
  std::uint32_t should_handle_ = 0;
  std::uint32_t aborted_ = 0;
  std::uint32_t stalled_ = 0;
  std::uint32_t frame_ = 0;
  bool frame_seen_ = true;
  bool connection_changed_ = false;
  bool host_ = false;
};

}  // namespace pinhole::emulator
