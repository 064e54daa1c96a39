// SPDX-License-Identifier: Apache-2.0
#include "emulator/usb.h"

#include <algorithm>
#include <cstring>

namespace pinhole::emulator {
namespace {

// Registers.
constexpr std::uint32_t kAddress = 0x00;
constexpr std::uint32_t kMainControl = 0x40;
constexpr std::uint32_t kFrameRead = 0x48;
constexpr std::uint32_t kSieControl = 0x4C;
constexpr std::uint32_t kSieStatus = 0x50;
constexpr std::uint32_t kBufferStatus = 0x58;
constexpr std::uint32_t kShouldHandle = 0x5C;
constexpr std::uint32_t kAbort = 0x60;
constexpr std::uint32_t kAbortDone = 0x64;
constexpr std::uint32_t kStallArm = 0x68;
constexpr std::uint32_t kStallNak = 0x70;
constexpr std::uint32_t kPower = 0x78;
constexpr std::uint32_t kRawInterrupts = 0x8C;
constexpr std::uint32_t kInterruptEnable = 0x90;
constexpr std::uint32_t kInterruptForce = 0x94;
constexpr std::uint32_t kInterrupts = 0x98;

// SIE_CTRL.
constexpr std::uint32_t kPullUp = 1u << 16;
constexpr std::uint32_t kZeroPerBuffer = 1u << 29;
constexpr std::uint32_t kZeroPerTwo = 1u << 28;

// SIE_STATUS. The line idles at J, full speed.
constexpr std::uint32_t kVbus = 1u << 0;
constexpr std::uint32_t kLineJ = 1u << 2;
constexpr std::uint32_t kConnected = 1u << 16;
constexpr std::uint32_t kSetupReceived = 1u << 17;
constexpr std::uint32_t kTransactionDone = 1u << 18;
constexpr std::uint32_t kBusReset = 1u << 19;
constexpr std::uint32_t kCleared =
    0xFF00'0000 | kSetupReceived | kTransactionDone | kBusReset | kConnected | 1u << 11 | 1u << 4;

// Endpoint control.
constexpr std::uint32_t kEndpointOn = 1u << 31;
constexpr std::uint32_t kDouble = 1u << 30;
constexpr std::uint32_t kPerBuffer = 1u << 29;
constexpr std::uint32_t kPerTwo = 1u << 28;

// Buffer control, of the first buffer; the second's lie 16 bits higher.
constexpr std::uint32_t kFull = 1u << 15;
constexpr std::uint32_t kFirstAgain = 1u << 12;
constexpr std::uint32_t kStall = 1u << 11;
constexpr std::uint32_t kAvailable = 1u << 10;
constexpr std::uint32_t kLength = 0x3FF;

constexpr std::uint32_t kZeroData = 0x100;
constexpr unsigned kIrq = 5;

constexpr std::uint32_t Bit(unsigned endpoint, bool in) {
  return 1u << (endpoint * 2 + (in ? 0 : 1));
}

}  // namespace

void UsbController::Reset() {
  memory_.fill(0);
  registers_.fill(0);
  status_ = buffer_status_ = second_buffers_ = should_handle_ = aborted_ = stalled_ = frame_ = 0;
  frame_seen_ = true;
  connection_changed_ = false;
  Raise();
}

std::uint32_t UsbController::Load(std::uint32_t at) const {
  std::uint32_t value = 0;
  std::memcpy(&value, memory_.data() + at, 4);
  return value;
}

void UsbController::Store(std::uint32_t at, std::uint32_t value) {
  std::memcpy(memory_.data() + at, &value, 4);
}

// --- the host's side ----------------------------------------------------------------------------

bool UsbController::attached() const {
  return (registers_[kMainControl / 4] & 3) == 1 && (registers_[kSieControl / 4] & kPullUp) != 0;
}

void UsbController::set_host(bool there) { host_ = there; }

void UsbController::ResetBus() {
  registers_[kAddress / 4] = 0;
  connection_changed_ |= (status_ & kConnected) == 0;
  status_ |= kBusReset | kConnected;
  second_buffers_ = 0;
  Raise();
}

void UsbController::StartFrame(std::uint32_t number) {
  frame_ = number & 0x7FF;
  frame_seen_ = false;
  Raise();
}

bool UsbController::Listens(unsigned address) const {
  return attached() && (registers_[kAddress / 4] & 0x7F) == address;
}

UsbReply UsbController::Setup(unsigned address, std::span<const std::uint8_t, 8> request) {
  if (!Listens(address)) {
    return UsbReply::kNone;
  }
  std::memcpy(memory_.data(), request.data(), request.size());
  status_ |= kSetupReceived;
  // A stall of endpoint 0 ends with the next request.
  registers_[kStallArm / 4] = 0;
  for (const std::uint32_t at : {0x80u, 0x84u}) {
    Store(at, Load(at) & ~(kStall | kAvailable));
  }
  second_buffers_ &= ~3u;
  Raise();
  return UsbReply::kAck;
}

std::uint32_t UsbController::EndpointControl(unsigned endpoint, bool in) const {
  if (endpoint != 0) {
    return Load(8 + (endpoint - 1) * 8 + (in ? 0 : 4));
  }
  const std::uint32_t control = registers_[kSieControl / 4];
  return kEndpointOn | kZeroData | ((control & kZeroPerBuffer) != 0 ? kPerBuffer : 0) |
         ((control & kZeroPerTwo) != 0 ? kPerTwo : 0);
}

// Whether the next buffer of an endpoint may move.
UsbReply UsbController::Ready(unsigned endpoint, bool in, Buffer& buffer) {
  const std::uint32_t control = EndpointControl(endpoint, in);
  if ((control & kEndpointOn) == 0) {
    return UsbReply::kNone;
  }
  buffer.control_at = 0x80 + endpoint * 8 + (in ? 0 : 4);
  std::uint32_t state = Load(buffer.control_at);
  const std::uint32_t bit = Bit(endpoint, in);
  if ((state & kFirstAgain) != 0) {
    second_buffers_ &= ~bit;
    state &= ~kFirstAgain;
    Store(buffer.control_at, state);
  }
  const bool armed = endpoint != 0 || (registers_[kStallArm / 4] & (in ? 1u : 2u)) != 0;
  if ((state & kStall) != 0 && armed) {
    stalled_ |= (control >> 17 & 1) != 0 ? bit : 0;
    Raise();
    return UsbReply::kStall;
  }
  buffer.half = (control & kDouble) != 0 && (second_buffers_ & bit) != 0 ? 1 : 0;
  buffer.at = ((control & 0xFFC0) + buffer.half * kPacketBytes) % kMemoryBytes;
  const std::uint32_t mine = state >> buffer.half * 16;
  const bool full = (mine & kFull) != 0;
  if ((mine & kAvailable) == 0 || full != in || (registers_[kAbort / 4] & bit) != 0) {
    stalled_ |= (control >> 16 & 1) != 0 ? bit : 0;
    Raise();
    return UsbReply::kNak;
  }
  return UsbReply::kAck;
}

// The buffer has moved: it is the program's again.
void UsbController::Finish(unsigned endpoint, bool in, const Buffer& buffer, std::uint32_t bytes) {
  const std::uint32_t control = EndpointControl(endpoint, in);
  const unsigned shift = buffer.half * 16;
  std::uint32_t state = Load(buffer.control_at);
  state &= ~((kAvailable | kFull | (in ? 0 : kLength)) << shift);
  state |= (in ? 0 : kFull | bytes) << shift;
  Store(buffer.control_at, state);
  const std::uint32_t bit = Bit(endpoint, in);
  should_handle_ = buffer.half != 0 ? should_handle_ | bit : should_handle_ & ~bit;
  const bool doubled = (control & kDouble) != 0;
  if (doubled) {
    second_buffers_ ^= bit;
  }
  if ((control & kPerBuffer) != 0 || ((control & kPerTwo) != 0 && (buffer.half == 1 || !doubled))) {
    buffer_status_ |= bit;
  }
  status_ |= kTransactionDone;
  Raise();
}

UsbReply UsbController::In(unsigned address, unsigned endpoint, Packet& packet, unsigned& bytes) {
  if (!Listens(address) || endpoint > 15) {
    return UsbReply::kNone;
  }
  Buffer buffer;
  const UsbReply reply = Ready(endpoint, true, buffer);
  if (reply != UsbReply::kAck) {
    return reply;
  }
  const std::uint32_t length = Load(buffer.control_at) >> buffer.half * 16 & kLength;
  bytes = std::min({length, kPacketBytes, kMemoryBytes - buffer.at});
  std::memcpy(packet.data(), memory_.data() + buffer.at, bytes);
  Finish(endpoint, true, buffer, bytes);
  return UsbReply::kAck;
}

UsbReply UsbController::Out(unsigned address, unsigned endpoint,
                            std::span<const std::uint8_t> packet) {
  if (!Listens(address) || endpoint > 15) {
    return UsbReply::kNone;
  }
  Buffer buffer;
  const UsbReply reply = Ready(endpoint, false, buffer);
  if (reply != UsbReply::kAck) {
    return reply;
  }
  const auto bytes = static_cast<std::uint32_t>(
      std::min<std::size_t>({packet.size(), kPacketBytes, kMemoryBytes - buffer.at}));
  if (bytes != 0) {
    std::memcpy(memory_.data() + buffer.at, packet.data(), bytes);
  }
  Finish(endpoint, false, buffer, bytes);
  return UsbReply::kAck;
}

// --- the program's side -------------------------------------------------------------------------

std::uint32_t UsbController::Raw() const {
  return (buffer_status_ != 0 ? 1u << 4 : 0) | ((status_ & kTransactionDone) != 0 ? 1u << 3 : 0) |
         ((status_ & kBusReset) != 0 ? 1u << 12 : 0) | (connection_changed_ ? 1u << 13 : 0) |
         ((status_ & kSetupReceived) != 0 ? 1u << 16 : 0) | (frame_seen_ ? 0 : 1u << 17) |
         (aborted_ != 0 ? 1u << 18 : 0) | (stalled_ != 0 ? 1u << 19 : 0);
}

void UsbController::Raise() {
  const std::uint32_t raised =
      (Raw() & registers_[kInterruptEnable / 4]) | registers_[kInterruptForce / 4];
  signals_->SetIrq(kIrq, raised != 0);
}

std::uint32_t UsbController::Read(std::uint32_t offset) {
  if (offset == kFrameRead) {
    frame_seen_ = true;
    Raise();
  }
  return Peek(offset);
}

std::uint32_t UsbController::Peek(std::uint32_t offset) {
  switch (offset) {
    case kFrameRead: return frame_;
    case kSieStatus: {
      const bool forced = (registers_[kPower / 4] & 8) != 0;
      const bool power = forced ? (registers_[kPower / 4] & 4) != 0 : host_;
      return status_ | (power ? kVbus : 0) | (attached() ? kLineJ : 0);
    }
    case kBufferStatus: return buffer_status_;
    case kShouldHandle: return should_handle_;
    case kAbortDone: return aborted_;
    case kStallNak: return stalled_;
    case kRawInterrupts: return Raw();
    case kInterrupts:
      return (Raw() & registers_[kInterruptEnable / 4]) | registers_[kInterruptForce / 4];
    default: return offset / 4 < registers_.size() ? registers_[offset / 4] : 0;
  }
}

void UsbController::Write(std::uint32_t offset, std::uint32_t value) {
  switch (offset) {
    case kSieStatus:
      connection_changed_ = connection_changed_ && (value & kConnected) == 0;
      status_ &= ~(value & kCleared & ~kConnected);
      break;
    case kBufferStatus: buffer_status_ &= ~value; break;
    case kAbortDone: aborted_ &= ~value; break;
    case kStallNak: stalled_ &= ~value; break;
    case kAbort:
      aborted_ |= value & ~registers_[kAbort / 4];
      registers_[kAbort / 4] = value;
      break;
    default:
      if (offset / 4 < registers_.size()) {
        registers_[offset / 4] = value;
      }
      break;
  }
  Raise();
}

}  // namespace pinhole::emulator
