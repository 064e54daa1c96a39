// SPDX-License-Identifier: Apache-2.0
// `pinhole emulate` as a user runs it, with three small programs in RAM, and what stands around the
// chip. What the chip does is tested in src/emulator.

#include <gmock/gmock.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>
#include <span>

#include "facts/person_sensor_packet.h"
#include "host/command_for_tests.h"
#include "host/emulate_board.h"
#include "inside/pictures/picture.h"

namespace pinhole::host {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Says "told" by semihosting and exits with 0.
const std::vector<std::uint32_t> kSay = {0xA102'2004, 0x2018'BEAB, 0xBEAB'4902,
                                         0x646C'6F74, 0x0000'000A, 0x0002'0026};
// Sends back over UART 0 what comes, for ever.
const std::vector<std::uint32_t> kEcho = {
    0x4909'4808, 0x4809'6001, 0x6241'2104, 0x62C1'2170, 0x6301'4907, 0x6981'2210, 0xD1FC'4211,
    0x6001'6801, 0x0000'E7F9, 0x4000'F000, 0xFFFF'FFFF, 0x4003'4000, 0x0000'0301};
// A target at 0x62 that answers with the bytes at 0x2000'0100, from the first one after each stop.
const std::vector<std::uint32_t> kSensor = {
    0x490D'480C, 0x480D'6001, 0x6001'2120, 0x6081'2162, 0x66C1'2101, 0x2400'4B0A,
    0x2220'6B41, 0xD104'4211, 0x4211'0112, 0x6E01'D0F8, 0x6D01'E7F5, 0x3401'5D19,
    0xE7F1'6101, 0x4000'F000, 0xFFFF'FFFF, 0x4004'4000, 0x2000'0100};
// A UF2 file with `code` at the start of RAM and `more` 256 bytes behind it.
std::string Uf2(const std::vector<std::uint32_t>& code, std::span<const std::byte> more = {}) {
  std::string file(more.empty() ? 512 : 1024, '\0');
  for (std::size_t block = 0; block * 512 < file.size(); ++block) {
    const std::uint32_t head[] = {0x0A32'4655,
                                  0x9E5D'5157,
                                  0x2000,
                                  static_cast<std::uint32_t>(0x2000'0000 + block * 256),
                                  256,
                                  static_cast<std::uint32_t>(block),
                                  static_cast<std::uint32_t>(file.size() / 512),
                                  0xE48B'FF56};
    const std::uint32_t end = 0x0AB1'6F30;
    char* const at = file.data() + block * 512;
    std::memcpy(at, head, sizeof head);
    std::memcpy(at + 508, &end, sizeof end);
  }
  std::memcpy(file.data() + 32, code.data(), code.size() * 4);
  if (!more.empty()) {
    std::memcpy(file.data() + 512 + 32, more.data(), more.size());
  }
  return file;
}

class Emulate : public testing::Test {
 protected:
  void SetUp() override {
    WriteText(folder_ / "say.uf2", Uf2(kSay));
    WriteText(folder_ / "echo.uf2", Uf2(kEcho));
  }
  Ran Run(const std::string& arguments) {
    return RunPinhole("emulate " + arguments, folder_.path());
  }
  TestFolder folder_;
};

TEST_F(Emulate, AProgramSpeaksAndItsStatusIsTheExitCode) {
  const Ran ran = Run("say.uf2");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "told\n");
  EXPECT_EQ(ran.err, "");
  WriteText(folder_ / "bad.uf2", [] {
    std::vector<std::uint32_t> code = kSay;
    code.back() = 1;
    return Uf2(code);
  }());
  EXPECT_EQ(Run("bad.uf2").code, 1);
}

// As start-ups end: the status in r0, then a breakpoint in a loop of its own.
TEST_F(Emulate, AProgramWhoseMainReturnedEnds) {
  for (const unsigned status : {0u, 3u}) {
    WriteText(folder_ / "end.uf2", Uf2({0xBE00'2000 | status, 0x0000'E7FD}));
    const Ran ran = Run("end.uf2 --json --must-end --cycles 1000");
    EXPECT_EQ(ran.code, status == 0 ? 0 : 1);
    EXPECT_EQ(ran.err, "");
    EXPECT_EQ(json::parse(ran.out)["ended"], "exit");
  }
  WriteText(folder_ / "fault.uf2", Uf2({0xBE00'2000, 0x0000'E7FE}));
  const Ran ran = Run("fault.uf2 --json");
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("a breakpoint and no debugger: number 0x00000000"));
  EXPECT_EQ(json::parse(ran.out)["ended"], "fault");
}

TEST_F(Emulate, CountsAsJsonAreAlone) {
  const Ran ran = Run("say.uf2 --json --flash-cache");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "told\n");
  const json counts = json::parse(ran.out);
  EXPECT_EQ(counts["ended"], "exit");
  EXPECT_EQ(counts["instructions"], 6);
  EXPECT_GT(counts["cycles"], 6);
  EXPECT_EQ(counts["flash"]["accesses"], 0);
  EXPECT_EQ(json::parse(Run("echo.uf2 --json --cycles 5000").out)["ended"], "cycles");
}

TEST_F(Emulate, AProfileSharesOutTheCycles) {
  const Ran ran = Run("echo.uf2 --profile --cycles 200000");
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("core 0  core 1  of 201 looks, one every 997 cycles\n"));
  EXPECT_THAT(ran.err, HasSubstr("100.0%    0.0%  (no name)\n"));
}

TEST_F(Emulate, ARunThatMustSaySomethingOrEndSaysWhereItIs) {
  EXPECT_EQ(Run("echo.uf2 --cycles 10000").code, 0);
  for (const std::string demand : {"--until told", "--must-end"}) {
    SCOPED_TRACE(demand);
    EXPECT_EQ(Run("say.uf2 --cycles 10000 " + demand).code, 0);
    const Ran ran = Run("echo.uf2 --cycles 10000 " + demand);
    EXPECT_EQ(ran.code, 1);
    EXPECT_THAT(ran.err, HasSubstr("within 10000 cycles"));
    EXPECT_THAT(ran.err, HasSubstr("core 0: no fault\n  pc 0x2000001"));
  }
}

TEST_F(Emulate, APipeGoesToTheUartAndBack) {
  const std::string text =
      "sixty-four bytes and more of them, so that the FIFO of thirty-two is "
      "filled several times over\n";
  WriteText(folder_ / "in", text);
  const Ran ran = Run("echo.uf2 --until over --cycles 1000000000 <in");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, text.substr(0, text.size() - 1));
}

TEST_F(Emulate, TheSensorsPacketIsReadAndShown) {
  facts::PersonFacts facts;
  std::array<std::byte, facts::kPersonSensorPacketBytes> packet{};
  facts::EncodePersonSensorPacket(facts, packet);
  WriteText(folder_ / "sensor.uf2", Uf2(kSensor, packet));
  const Ran ran = Run("sensor.uf2 --read-sensor --cycles 4000000");
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("0x62: no face\n"));
  EXPECT_THAT(ran.out, testing::Not(HasSubstr("checksum")));
  packet[4] = std::byte{1};
  packet[5] = std::byte{97};
  packet[8] = std::byte{200};
  WriteText(folder_ / "sensor.uf2", Uf2(kSensor, packet));
  EXPECT_THAT(Run("sensor.uf2 --read-sensor --cycles 4000000").out,
              HasSubstr("0x62: 1 face: 97 % at 0,0 to 200,0 (wrong checksum)\n"));
}

TEST_F(Emulate, ASecondChipRunsBesideTheFirst) {
  const Ran ran = Run("echo.uf2 --i2c 0x62=say.uf2 --i2c 0x50=memory --cycles 100000");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "2| told\n");
}

TEST_F(Emulate, WrongOptionsAreOneSentence) {
  WriteText(folder_ / "picture.pgm", "P5 2 2 255\n\x10\x20\x30\x40");
  for (const std::string arguments :
       {"say.uf2 --i2c 0x62", "say.uf2 --i2c 0x03=memory", "say.uf2 --i2c 0x62=",
        "say.uf2 --i2c 0x62=say.uf2 --i2c 0x63=say.uf2", "say.uf2 --must-end",
        "say.uf2 --json --read-sensor", "say.uf2 --camera picture.pgm --camera-pins 6,14,15",
        "say.uf2 --camera picture.pgm --camera-pins 25,14,15,16",
        "say.uf2 --camera picture.pgm --camera-pins 6,13,15,16"}) {
    SCOPED_TRACE(arguments);
    const Ran ran = Run(arguments);
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(ran.says_one_line()) << ran.err;
  }
  for (const std::string arguments : {"missing.uf2", "say.uf2 --i2c 0x62=missing.uf2",
                                      "say.uf2 --camera missing", "picture.pgm"}) {
    SCOPED_TRACE(arguments);
    const Ran ran = Run(arguments);
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(ran.says_one_line()) << ran.err;
  }
}

TEST_F(Emulate, TheScreenShowsPicturesOneAfterTheOther) {
  constexpr unsigned kWidth = PictureScreen::kWidth;
  constexpr unsigned kHeight = PictureScreen::kHeight;
  std::vector<std::uint8_t> ramp(std::size_t{kWidth} * kHeight);
  std::iota(ramp.begin(), ramp.end(), std::uint8_t{0});
  WriteText(folder_ / "1.png", Text(inside::pictures::EncodePng({kWidth, kHeight, 1, ramp})));
  // Twice as wide as the view and as high: half as large, with black above and below.
  std::vector<std::uint8_t> stripes(std::size_t{2} * kWidth * kHeight);
  for (std::size_t i = 0; i < stripes.size(); ++i) {
    stripes[i] = static_cast<std::uint8_t>(i % 2 * 100);
  }
  WriteText(folder_ / "2.png",
            Text(inside::pictures::EncodePng({2 * kWidth, kHeight, 1, stripes})));
  std::filesystem::remove(folder_ / "say.uf2");
  std::filesystem::remove(folder_ / "echo.uf2");
  PictureScreen screen(folder_.path().string(), 3);
  for (unsigned y = 0; y < kHeight; y += 7) {
    for (unsigned x = 0; x < kWidth; x += 5) {
      ASSERT_EQ(screen.Pixel(2, x, y), ramp[std::size_t{y} * kWidth + x]);
      const int grey = y >= kHeight / 4 && y < kHeight * 3 / 4 ? 50 : 0;
      ASSERT_EQ(screen.Pixel(3, x, y), grey) << x << " " << y;
      ASSERT_EQ(screen.Pixel(1000, x, y), grey);
    }
  }
}

TEST(PacketText, SaysWhatIsWrong) {
  EXPECT_EQ(PacketText({0, 0}), "the target stopped answering after 2 bytes");
  std::vector<std::uint8_t> packet(39);
  EXPECT_THAT(PacketText(packet), HasSubstr("length 0"));
  packet[2] = 33;
  packet[4] = 5;
  EXPECT_THAT(PacketText(packet), HasSubstr("5 faces found"));
}

}  // namespace
}  // namespace pinhole::host
