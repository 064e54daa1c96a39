// SPDX-License-Identifier: Apache-2.0
#include "emulator/usb_host.h"

#include <algorithm>

namespace pinhole::emulator {
namespace {

// Standard and CDC requests (USB 2.0, table 9-4; CDC PSTN 1.2, table 13).
constexpr std::uint8_t kGetDescriptor = 6;
constexpr std::uint8_t kSetAddress = 5;
constexpr std::uint8_t kSetConfiguration = 9;
constexpr std::uint8_t kSetLineCoding = 0x20;
constexpr std::uint8_t kSetControlLineState = 0x22;
constexpr std::uint8_t kToDevice = 0x00;
constexpr std::uint8_t kFromDevice = 0x80;
constexpr std::uint8_t kToInterface = 0x21;

constexpr std::uint16_t kDeviceDescriptor = 1 << 8;
constexpr std::uint16_t kConfigurationDescriptor = 2 << 8;
constexpr std::uint8_t kInterfaceDescriptor = 4;
constexpr std::uint8_t kEndpointDescriptor = 5;
constexpr std::uint8_t kCommunication = 0x02;
constexpr std::uint8_t kData = 0x0A;
constexpr std::uint8_t kBulk = 2;

// 115,200 baud, one stop bit, no parity, eight bits.
constexpr std::uint8_t kLineCoding[] = {0x00, 0xC2, 0x01, 0x00, 0, 0, 8};

constexpr std::uint64_t kSettleMicros = 5'000;
constexpr std::uint64_t kRecoveryMicros = 2'000;
constexpr unsigned kOwnAddress = 1;

constexpr unsigned Word(std::uint8_t low, std::uint8_t high) {
  return static_cast<unsigned>(low | high << 8);
}

}  // namespace

void UsbHost::PlugIn() {
  plugged_ = true;
  device_->set_host(true);
}

void UsbHost::Reset() {
  stage_ = Stage::kDetached;
  next_at_ = kNever;
  tries_ = 0;
  packet_bytes_ = 0;
  problem_ = {};
}

std::uint64_t UsbHost::NextEvent() const {
  if (!plugged_) {
    return kNever;
  }
  // What changed is to be looked at now.
  if (device_->attached() == (stage_ == Stage::kDetached)) {
    return 0;
  }
  return next_at_;
}

void UsbHost::Advance() {
  if (!device_->attached()) {
    Reset();
    return;
  }
  const std::uint64_t now = signals_->Micros();
  if (stage_ == Stage::kDetached) {
    stage_ = Stage::kReset;
    next_at_ = signals_->CycleAt(now + kSettleMicros);
    return;
  }
  if (signals_->now < next_at_) {
    return;
  }
  next_at_ = std::max(signals_->CycleAt(now + kStepMicros), signals_->now + 1);
  if (stage_ == Stage::kReset) {
    device_->ResetBus();
    address_ = 0;
    frame_us_ = now;
    next_at_ = signals_->CycleAt(now + kRecoveryMicros);
    Enter(Stage::kDevice);
    return;
  }
  if (now >= frame_us_) {
    device_->StartFrame(++frame_);
    frame_us_ += 1000;
  }
  if (stage_ == Stage::kOpen) {
    MoveBytes();
  } else if (stage_ != Stage::kIdle) {
    StepTransfer();
  }
}

// --- control transfers --------------------------------------------------------------------------

void UsbHost::Request(std::uint8_t type, std::uint8_t request, std::uint16_t value,
                      std::uint16_t index, std::uint16_t length) {
  const auto low = [](std::uint16_t word) { return static_cast<std::uint8_t>(word); };
  const auto high = [](std::uint16_t word) { return static_cast<std::uint8_t>(word >> 8); };
  request_ = {type,       request,     low(value),  high(value),
              low(index), high(index), low(length), high(length)};
  phase_ = Phase::kSetup;
  moved_ = naks_ = 0;
}

void UsbHost::Enter(Stage stage) {
  stage_ = stage;
  switch (stage) {
    case Stage::kDevice: Request(kFromDevice, kGetDescriptor, kDeviceDescriptor, 0, 18); break;
    case Stage::kAddress: Request(kToDevice, kSetAddress, kOwnAddress, 0, 0); break;
    case Stage::kConfiguration:
      Request(kFromDevice, kGetDescriptor, kConfigurationDescriptor, 0, 9);
      break;
    case Stage::kWholeConfiguration: {
      const unsigned total = Word(data_[2], data_[3]);
      const auto length = static_cast<std::uint16_t>(std::min(total, kMostDescriptorBytes));
      Request(kFromDevice, kGetDescriptor, kConfigurationDescriptor, 0, length);
      break;
    }
    case Stage::kChoose: Request(kToDevice, kSetConfiguration, configuration_, 0, 0); break;
    case Stage::kLineCoding:
      std::copy(std::begin(kLineCoding), std::end(kLineCoding), data_.begin());
      Request(kToInterface, kSetLineCoding, 0, interface_, sizeof kLineCoding);
      break;
    case Stage::kLineState: Request(kToInterface, kSetControlLineState, 3, interface_, 0); break;
    default: break;
  }
}

// One packet of the control transfer in request_.
UsbReply UsbHost::Transfer(bool& done) {
  const bool reads = (request_[0] & kFromDevice) != 0;
  const unsigned length = Word(request_[6], request_[7]);
  UsbController::Packet packet{};
  unsigned bytes = 0;
  if (phase_ == Phase::kSetup) {
    phase_ = length != 0 ? Phase::kData : Phase::kStatus;
    return device_->Setup(address_, request_);
  }
  if (phase_ == Phase::kStatus) {
    // An empty packet against the data's direction.
    const UsbReply reply =
        reads ? device_->Out(address_, 0, {}) : device_->In(address_, 0, packet, bytes);
    done = reply == UsbReply::kAck;
    return reply;
  }
  UsbReply reply = UsbReply::kNone;
  if (reads) {
    reply = device_->In(address_, 0, packet, bytes);
    if (reply == UsbReply::kAck) {
      bytes = std::min(bytes, length - moved_);
      std::copy_n(packet.begin(), bytes, data_.begin() + moved_);
    }
  } else {
    bytes = std::min(zero_bytes_, length - moved_);
    reply = device_->Out(address_, 0, std::span(data_).subspan(moved_, bytes));
  }
  if (reply == UsbReply::kAck) {
    moved_ += bytes;
    if (moved_ >= length || (reads && bytes < zero_bytes_)) {
      phase_ = Phase::kStatus;
    }
  }
  return reply;
}

void UsbHost::StepTransfer() {
  bool done = false;
  switch (Transfer(done)) {
    case UsbReply::kAck:
      naks_ = 0;
      if (done) {
        Succeed();
      }
      break;
    case UsbReply::kNak:
      if (++naks_ > kMostNaks) {
        Fail("it did not answer a request of the host within five seconds");
      }
      break;
    case UsbReply::kStall: Fail("it refused a request of the host"); break;
    case UsbReply::kNone: Fail("it does not listen to its address"); break;
  }
}

void UsbHost::Succeed() {
  switch (stage_) {
    case Stage::kDevice:
      if (moved_ < 8 || data_[7] < 8 || data_[7] > UsbController::kPacketBytes) {
        Fail("its device descriptor makes no sense");
        return;
      }
      zero_bytes_ = data_[7];
      Enter(Stage::kAddress);
      break;
    case Stage::kAddress:
      address_ = kOwnAddress;
      next_at_ = signals_->CycleAt(signals_->Micros() + kRecoveryMicros);
      Enter(Stage::kConfiguration);
      break;
    case Stage::kConfiguration:
      if (moved_ < 9) {
        Fail("its configuration descriptor is too short");
        return;
      }
      Enter(Stage::kWholeConfiguration);
      break;
    case Stage::kWholeConfiguration:
      configuration_ = data_[5];
      in_ = out_ = 0;
      static_cast<void>(FindPort());
      Enter(Stage::kChoose);
      break;
    case Stage::kChoose: Enter(in_ != 0 && out_ != 0 ? Stage::kLineCoding : Stage::kIdle); break;
    case Stage::kLineCoding: Enter(Stage::kLineState); break;
    case Stage::kLineState:
      problem_ = {};
      Enter(Stage::kOpen);
      break;
    default: break;
  }
}

void UsbHost::Fail(std::string_view what) {
  problem_ = what;
  stage_ = ++tries_ < kMostTries ? Stage::kReset : Stage::kIdle;
}

// The first CDC data interface with a bulk endpoint each way, and the communication interface
// before it.
bool UsbHost::FindPort() {
  std::uint8_t communication = 0;
  bool in_data = false;
  for (unsigned at = 0; at + 2 <= moved_ && data_[at] >= 2 && at + data_[at] <= moved_;
       at += data_[at]) {
    const std::uint8_t* const descriptor = data_.data() + at;
    if (descriptor[1] == kInterfaceDescriptor && descriptor[0] >= 9) {
      if (in_ != 0 && out_ != 0) {
        break;
      }
      in_data = descriptor[5] == kData;
      communication = descriptor[5] == kCommunication ? descriptor[2] : communication;
    } else if (descriptor[1] == kEndpointDescriptor && descriptor[0] >= 7 && in_data &&
               (descriptor[3] & 3) == kBulk) {
      ((descriptor[2] & 0x80) != 0 ? in_ : out_) = descriptor[2] & 15;
      interface_ = communication;
    }
  }
  return in_ != 0 && out_ != 0;
}

// --- the port -----------------------------------------------------------------------------------

void UsbHost::MoveBytes() {
  UsbController::Packet packet{};
  unsigned bytes = 0;
  if (device_->In(address_, in_, packet, bytes) == UsbReply::kAck && sink_ != nullptr) {
    for (unsigned i = 0; i < bytes; ++i) {
      sink_->OnByte(kSinkDevice, packet[i]);
    }
  }
  while (packet_bytes_ < packet_.size() && !input_.empty()) {
    packet_[packet_bytes_++] = input_.Pop();
  }
  if (packet_bytes_ != 0 &&
      device_->Out(address_, out_, std::span(packet_).first(packet_bytes_)) == UsbReply::kAck) {
    packet_bytes_ = 0;
  }
}

}  // namespace pinhole::emulator
