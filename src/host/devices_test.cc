// SPDX-License-Identifier: Apache-2.0
// What the machine has, and what is said about it.
#include "host/devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/command_for_tests.h"

namespace pinhole::host {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Devices, MicrophonesAreWhatCaptures) {
  const auto found = MicrophonesIn(
      "00-00: ALC257 Analog : ALC257 Analog : playback 1 : capture 1\n"
      "00-03: HDMI 0 : HDMI 0 : playback 1\n"
      "01-00: USB\x1b Audio : USB Audio : capture 2\n"
      "\n"
      "nonsense : capture 1\n"
      "02\n"
      "02-\n"
      "02-01:");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].device, "hw:0,0");
  EXPECT_EQ(found[0].name, "ALC257 Analog");
  EXPECT_EQ(found[1].device, "hw:1,0");
  EXPECT_EQ(found[1].name, "USB? Audio");
}

TEST(Devices, AreFoundByTheirNames) {
  const TestFolder root;
  for (const char* const folder : {"dev", "sys/class/i2c-dev/i2c-1"}) {
    std::filesystem::create_directories(root.path() / folder);
  }
  for (const char* const file :
       {"dev/video10", "dev/video2", "dev/videos", "dev/gpiochip0", "dev/i2c-1", "dev/i2c-10"}) {
    WriteText(root.path() / file, "");
  }
  WriteText(root.path() / "sys/class/i2c-dev/i2c-1/name", "bcm2835\nmore");
  const Devices found = FindDevices(root.path().string());
  ASSERT_EQ(found.cameras.size(), 2U);
  EXPECT_EQ(found.cameras[0].path, (root.path() / "dev/video2").string());
  EXPECT_THAT(found.cameras[0].problem, HasSubstr("is no device"));
  ASSERT_EQ(found.gpio_chips.size(), 1U);
  EXPECT_FALSE(found.gpio_chips[0].problem.empty());
  ASSERT_EQ(found.i2c_buses.size(), 2U);
  EXPECT_EQ(found.i2c_buses[0].name, "bcm2835");
  EXPECT_EQ(found.i2c_buses[1].name, "");
  EXPECT_THAT(found.microphones, IsEmpty());
  EXPECT_FALSE(found.wall.fuse);
}

TEST(Devices, TextAndJsonSayTheSame) {
  const Ran text = RunPinhole("devices");
  const Ran as_json = RunPinhole("devices --json");
  EXPECT_EQ(text.code, 0);
  EXPECT_EQ(as_json.code, 0);
  EXPECT_EQ(text.err + as_json.err, "");
  const json said = json::parse(as_json.out);
  for (const auto& [key, title] : {std::pair{"cameras", "cameras"},
                                   {"microphones", "microphones"},
                                   {"gpio_chips", "GPIO chips"},
                                   {"i2c_buses", "I2C buses"}}) {
    ASSERT_TRUE(said.at(key).is_array());
    const std::string section = std::string(title) + "\n  none; ";
    EXPECT_EQ(text.out.find(section) != std::string::npos, said.at(key).empty()) << key;
  }
  const int landlock = said.at("wall").at("landlock");
  EXPECT_THAT(text.out,
              HasSubstr("Landlock         " + (landlock > 0 ? "version " + std::to_string(landlock)
                                                            : std::string("no; "))));
  for (const char* const key : {"seccomp", "user_namespaces", "fuse", "cuse"}) {
    EXPECT_TRUE(said.at("wall").at(key).is_boolean()) << key;
  }
}

}  // namespace
}  // namespace pinhole::host
