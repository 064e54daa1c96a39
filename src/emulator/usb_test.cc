// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "emulator/chip_for_tests.h"
#include "emulator/usb_host.h"

namespace pinhole::emulator {
namespace {

constexpr std::uint32_t kMemory = 0x5010'0000;
constexpr std::uint32_t kUsb = 0x5011'0000;
constexpr std::uint32_t kAvailable = 1u << 10;
constexpr std::uint32_t kStall = 1u << 11;
constexpr std::uint32_t kFull = 1u << 15;
constexpr std::uint32_t kInBuffer = 0x400;   // of endpoint 2, two packets
constexpr std::uint32_t kOutBuffer = 0x600;  // of endpoint 3

using Bytes8 = std::vector<std::uint8_t>;

const Bytes8 kDevice = {18, 1, 0, 2, 0xEF, 2, 1, 64, 0x34, 0x12, 1, 0, 0, 1, 0, 0, 0, 1};
const Bytes8 kConfiguration = {
    9, 2, 48,   0, 2,  1,  0,  0x80, 50,  // two interfaces, value 1
    9, 4, 0,    0, 1,  2,  2,  0,    0,   // communication
    7, 5, 0x81, 3, 8,  0,  16,            // interrupt in
    9, 4, 1,    0, 2,  10, 0,  0,    0,   // data
    7, 5, 0x03, 2, 64, 0,  0,             // bulk out
    7, 5, 0x82, 2, 64, 0,  0,             // bulk in
};

// A device's program, step by step: a port that answers as a USB stack does.
class Program {
 public:
  Program(Bench& bench, Bytes8 device, Bytes8 configuration)
      : bench_(&bench), device_(std::move(device)), configuration_(std::move(configuration)) {
    bench.Write(kUsb + 0x40, 1);
    bench.Write(kUsb + 0x4C, 1u << 16 | 1u << 29);
    Arm(0x8 + 1 * 8, 1u << 31 | 1u << 30 | 1u << 28 | 2u << 26 | kInBuffer);  // 2 in, double
    Arm(0x8 + 2 * 8 + 4, 1u << 31 | 1u << 29 | 2u << 26 | kOutBuffer);        // 3 out
    Arm(0x80 + 3 * 8 + 4, kAvailable | 64);
  }

  void Run(std::uint64_t micros) {
    const std::uint64_t end = bench_->chip->micros() + micros;
    while (bench_->chip->micros() < end) {
      ASSERT_EQ(bench_->chip->RunUntilMicros(bench_->chip->micros() + 20), StopReason::kNone);
      Step();
    }
  }

  // Up to two packets, in the two buffers of endpoint 2.
  void Say(const std::string& text) {
    const std::size_t first = std::min<std::size_t>(text.size(), 64);
    Copy(kInBuffer, text.substr(0, first));
    Copy(kInBuffer + 64, text.substr(first));
    const auto rest = static_cast<std::uint32_t>(text.size() - first);
    Arm(0x80 + 2 * 8, (first | kAvailable | kFull | 1u << 12) |
                          (rest != 0 ? (rest | kAvailable | kFull) << 16 : 0));
  }

  bool refuses = false;
  bool answers = true;
  std::string heard;
  std::uint32_t line_state = 0;
  unsigned requests = 0;

 private:
  void Arm(std::uint32_t at, std::uint32_t value) { bench_->Write(kMemory + at, value); }
  void Copy(std::uint32_t to, const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      bench_->Write(kMemory + to + static_cast<std::uint32_t>(i),
                    static_cast<std::uint8_t>(text[i]), 1);
    }
  }

  void Step() {
    if ((bench_->Read(kUsb + 0x50) >> 19 & 1) != 0) {
      bench_->Write(kUsb + 0x50, 1u << 19);
      bench_->Write(kUsb + 0x00, 0);
    }
    const std::uint32_t moved = bench_->Read(kUsb + 0x58);
    bench_->Write(kUsb + 0x58, moved);
    if ((bench_->Read(kUsb + 0x50) >> 17 & 1) != 0 && answers) {
      bench_->Write(kUsb + 0x50, 1u << 17);
      OnRequest();
      return;
    }
    if ((moved & 1) != 0) {
      OnZeroIn();
    }
    if ((moved & 2) != 0 && waits_for_data_) {
      waits_for_data_ = false;
      SendZero({});
    }
    if ((moved >> 7 & 1) != 0) {
      const std::uint32_t state = bench_->Read(kMemory + 0x80 + 3 * 8 + 4);
      EXPECT_NE(state & kFull, 0u);
      for (std::uint32_t i = 0; i < (state & 0x3FF); ++i) {
        heard.push_back(static_cast<char>(bench_->Read(kMemory + kOutBuffer + i, 1)));
      }
      Arm(0x80 + 3 * 8 + 4, kAvailable | 64);
    }
  }

  void SendZero(Bytes8 data) {
    left_ = std::move(data);
    SendNext();
  }
  void SendNext() {
    const auto bytes = static_cast<std::uint32_t>(std::min<std::size_t>(left_.size(), 64));
    Copy(0x100, std::string(left_.begin(), left_.begin() + bytes));
    left_.erase(left_.begin(), left_.begin() + bytes);
    Arm(0x80, bytes | kAvailable | kFull);
  }
  void OnZeroIn() {
    if (new_address_ != 0) {
      bench_->Write(kUsb + 0x00, new_address_);
      new_address_ = 0;
    }
    if (!left_.empty()) {
      SendNext();
    } else if (sent_data_) {
      sent_data_ = false;
      Arm(0x84, kAvailable);
    }
  }
  void OnRequest() {
    ++requests;
    std::array<std::uint8_t, 8> setup{};
    for (std::uint32_t i = 0; i < 8; ++i) {
      setup[i] = static_cast<std::uint8_t>(bench_->Read(kMemory + i, 1));
    }
    left_.clear();
    sent_data_ = waits_for_data_ = false;
    if (refuses) {
      bench_->Write(kUsb + 0x68, 3);
      Arm(0x80, kStall);
      return;
    }
    const std::size_t length = setup[6] | setup[7] << 8;
    if (setup[0] == 0x80) {
      Bytes8 answer = setup[3] == 1 ? device_ : configuration_;
      answer.resize(std::min(answer.size(), length));
      sent_data_ = true;
      SendZero(std::move(answer));
      return;
    }
    if (setup[1] == 5) {
      new_address_ = setup[2];
    } else if (setup[1] == 0x22) {
      line_state = setup[2];
    }
    if (length != 0) {
      waits_for_data_ = true;
      Arm(0x84, kAvailable | 64);
    } else {
      SendZero({});
    }
  }

  Bench* bench_;
  Bytes8 device_;
  Bytes8 configuration_;
  Bytes8 left_;
  std::uint32_t new_address_ = 0;
  bool sent_data_ = false;
  bool waits_for_data_ = false;
};

TEST(Usb, AHostOpensThePortAndBytesGoBothWays) {
  Bench bench;
  Bytes sink;
  bench.chip->usb_host().PlugIn();
  bench.chip->usb_host().set_sink(&sink);
  Program program(bench, kDevice, kConfiguration);
  program.Run(20'000);
  ASSERT_TRUE(bench.chip->usb_host().port_open()) << bench.chip->usb_host().problem();
  EXPECT_EQ(program.line_state, 3u);
  const std::string text = "a text of more than one packet, sixty-four bytes of it and then some";
  program.Say(text);
  program.Run(1000);
  EXPECT_EQ(sink.text, text);
  program.Say("short");
  program.Run(1000);
  EXPECT_EQ(sink.text, text + "short");
  const std::string sent(150, 'x');
  for (const char one : sent + "!") {
    EXPECT_TRUE(bench.chip->usb_host().Send(static_cast<std::uint8_t>(one)));
  }
  program.Run(2000);
  EXPECT_EQ(program.heard, sent + "!");
}

TEST(Usb, WithoutACableNothingHappens) {
  Bench bench;
  Program program(bench, kDevice, kConfiguration);
  EXPECT_EQ(bench.chip->usb_host().NextEvent(), kNever);
  program.Run(20'000);
  EXPECT_EQ(program.requests, 0u);
  EXPECT_EQ(bench.Read(kUsb + 0x50) & 1, 0u);
}

TEST(Usb, ADeviceThatRefusesIsAskedThreeTimesAndNamed) {
  Bench bench;
  bench.chip->usb_host().PlugIn();
  Program program(bench, kDevice, kConfiguration);
  program.refuses = true;
  program.Run(50'000);
  EXPECT_EQ(program.requests, 3u);
  EXPECT_EQ(bench.chip->usb_host().problem(), "it refused a request of the host");
  EXPECT_FALSE(bench.chip->usb_host().port_open());
}

TEST(Usb, ADeviceThatIsSwitchedOffAndOnIsOpenedAgain) {
  Bench bench;
  bench.chip->usb_host().PlugIn();
  Program program(bench, kDevice, kConfiguration);
  program.Run(20'000);
  ASSERT_TRUE(bench.chip->usb_host().port_open());
  bench.Write(kUsb + 0x4C, 1u << 29);
  program.Run(100);
  EXPECT_FALSE(bench.chip->usb_host().port_open());
  bench.Write(kUsb + 0x4C, 1u << 16 | 1u << 29);
  program.Run(20'000);
  EXPECT_TRUE(bench.chip->usb_host().port_open());
}

TEST(Usb, FramesAndRequestsInterrupt) {
  Bench bench;
  bench.chip->usb_host().PlugIn();
  bench.Write(kUsb + 0x90, 1u << 16 | 1u << 17);
  Program program(bench, kDevice, kConfiguration);
  program.answers = false;
  program.Run(10'000);
  EXPECT_EQ(bench.Read(kUsb + 0x98), 1u << 16 | 1u << 17);
  EXPECT_EQ(bench.Pending() >> 5 & 1, 1u);
  const std::uint32_t frame = bench.Read(kUsb + 0x48);
  EXPECT_EQ(bench.Read(kUsb + 0x98), 1u << 16);
  program.Run(3000);
  EXPECT_NEAR(bench.Read(kUsb + 0x48), frame + 3, 1);
}

// Descriptors are a program's, so anything: the host asks on or gives up, and stays inside them.
TEST(Usb, AnyDescriptorsAreSurvived) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    Bytes8 device = kDevice;
    Bytes8 configuration = kConfiguration;
    for (unsigned change = random() % 6; change > 0; --change) {
      Bytes8& one = random() % 3 == 0 ? device : configuration;
      one[random() % one.size()] = static_cast<std::uint8_t>(random());
    }
    if (random() % 4 == 0) {
      configuration.resize(random() % configuration.size());
    }
    Bench bench;
    bench.chip->usb_host().PlugIn();
    Program program(bench, device, configuration);
    program.Run(12'000);
    EXPECT_LE(program.requests, 30u);
  }
}

// Any bytes in the controller's memory: what moves stays inside it.
TEST(Usb, AnyMemoryIsSurvived) {
  std::mt19937 random(12);
  Signals signals;
  UsbController usb(signals);
  for (int round = 0; round < 2000; ++round) {
    for (std::uint8_t& byte : usb.memory()) {
      byte = static_cast<std::uint8_t>(random());
    }
    usb.Write(0x40, 1);
    usb.Write(0x4C, static_cast<std::uint32_t>(random()) | 1u << 16);
    UsbController::Packet packet{};
    unsigned bytes = 0;
    for (unsigned endpoint = 0; endpoint < 16; ++endpoint) {
      if (usb.In(0, endpoint, packet, bytes) == UsbReply::kAck) {
        EXPECT_LE(bytes, packet.size());
      }
      usb.Out(0, endpoint, packet);
    }
    EXPECT_EQ(usb.In(5, 1, packet, bytes), UsbReply::kNone);
  }
}

}  // namespace
}  // namespace pinhole::emulator
