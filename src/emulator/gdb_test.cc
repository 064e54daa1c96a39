// SPDX-License-Identifier: Apache-2.0
#include "emulator/gdb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/thumb_for_tests.h"

namespace pinhole::emulator {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

struct Text final : ByteWriter {
  void Write(std::string_view bytes) override { text += bytes; }
  std::string text;
};

class GdbTest : public testing::Test {
 protected:
  // The answer to a packet, without its acknowledgement and frame.
  std::string Ask(const std::string& packet) {
    out_.text.clear();
    const std::string framed = "$" + packet + "#00";
    wish_ = session_.Receive({reinterpret_cast<const std::uint8_t*>(framed.data()), framed.size()});
    if (!out_.text.starts_with("+$")) {
      return out_.text;
    }
    return out_.text.substr(2, out_.text.size() - 5);
  }
  TestMachine machine_;
  Text out_;
  GdbSession session_{machine_.core, out_};
  GdbSession::Wish wish_ = GdbSession::Wish::kStay;
};

TEST_F(GdbTest, RegistersAndMemoryAreReadAndWritten) {
  machine_.Load({0x2001, 0x2102, 0xE7FE});
  EXPECT_EQ(Ask("p0f"), "00000020");
  EXPECT_EQ(Ask("P3=78563412"), "OK");
  EXPECT_EQ(machine_.core.reg(3), 0x1234'5678u);
  EXPECT_EQ(Ask("m20000000,4"), "01200221");
  EXPECT_EQ(Ask("M20000002,2:0522"), "OK");
  EXPECT_EQ(Ask("m20000001,3"), "200522");
  EXPECT_EQ(Ask("g").size(), 17u * 8);
  EXPECT_EQ(Ask("m60000000,4"), "E02");
  EXPECT_EQ(Ask("?"), "S05");
  EXPECT_THAT(Ask("qXfer:features:read:target.xml:0,100"), StartsWith("m<?xml"));
  EXPECT_THAT(Ask("qXfer:features:read:target.xml:100,fff"), EndsWith("</target>"));
  EXPECT_THAT(Ask("qSupported:swbreak+"), HasSubstr("PacketSize"));
}

TEST_F(GdbTest, ABreakpointStopsAndIsPassed) {
  machine_.Load({0x2001, 0x2102, 0x2203, 0xE7FE});
  machine_.core.set_watcher(&session_);
  EXPECT_EQ(Ask("Z0,20000004,2"), "OK");
  Ask("c");
  EXPECT_EQ(wish_, GdbSession::Wish::kRun);
  machine_.core.Run(100);
  EXPECT_TRUE(machine_.core.stopped_by_watcher());
  EXPECT_EQ(machine_.core.pc(), kRamBase + 4);
  EXPECT_EQ(machine_.core.reg(1), 2u);
  EXPECT_EQ(machine_.core.reg(2), 0u);
  session_.PassOnce();
  machine_.core.Run(100);
  EXPECT_EQ(machine_.core.reg(2), 3u);
  EXPECT_EQ(Ask("z0,20000004,2"), "OK");
}

TEST_F(GdbTest, AnyBytesAreAnsweredOrIgnored) {
  machine_.Load({0xE7FE});
  std::mt19937 random(3);
  const std::string_view letters = "$#+gGmMpPzZcsDkHTq?0123456789abcdef,:;=\x03";
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = random() % 2 == 0 ? "$" : "";
    for (unsigned i = 0; i < 1 + random() % 60; ++i) {
      bytes += letters[random() % letters.size()];
    }
    session_.Receive({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    out_.text.clear();
  }
  const std::string close = "##00";
  session_.Receive({reinterpret_cast<const std::uint8_t*>(close.data()), close.size()});
  EXPECT_EQ(Ask("?"), "S05");
  EXPECT_EQ(Ask("m20000000," + std::string(5000, '1')), "E04");
}

}  // namespace
}  // namespace pinhole::emulator
