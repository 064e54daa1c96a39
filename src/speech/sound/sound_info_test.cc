// SPDX-License-Identifier: Apache-2.0
#include "speech/sound/sound_info.h"

#include <gtest/gtest.h>

#include <string>

namespace pinhole::speech {
namespace {

const SoundInfo kInfo = {10980, 44100, 2, "mov,mp4,m4a,3gp,3g2,mj2", "aac"};

std::string Without(std::string line) {
  line.pop_back();  // the line feed
  return line;
}

TEST(SoundInfo, ComesBackFromItsLine) {
  base::Diagnosis why;
  const std::string line = HeaderLine(kInfo);
  EXPECT_LE(line.size(), kMaxHeaderBytes);
  EXPECT_EQ(*ParseHeader(Without(line), why), kInfo);
}

TEST(SoundInfo, TheLongestLineFits) {
  SoundInfo info = kInfo;
  info.duration_ms = 9223372036854;
  info.container = info.codec = std::string(500, 'x');
  EXPECT_LE(HeaderLine(info).size(), kMaxHeaderBytes);
  base::Diagnosis why;
  EXPECT_TRUE(ParseHeader(Without(HeaderLine(info)), why));
}

TEST(SoundInfo, NamesAreMadeHarmless) {
  SoundInfo info = kInfo;
  info.codec = "a\033[31m b\n";
  info.container = "";
  base::Diagnosis why;
  const base::Result<SoundInfo> read = ParseHeader(Without(HeaderLine(info)), why);
  ASSERT_TRUE(read) << why.text();
  EXPECT_EQ(read->codec, "a--31m-b-");
  EXPECT_EQ(read->container, "-");
}

TEST(SoundInfo, NothingElseIsAHeader) {
  const std::string good = Without(HeaderLine(kInfo));
  base::Diagnosis why;
  ASSERT_TRUE(ParseHeader(good, why));
  for (std::size_t size = 0; size < good.size() - 2; ++size) {
    EXPECT_FALSE(ParseHeader(good.substr(0, size), why)) << size;
  }
  for (const char* bad : {
           "pinhole-sound 2 duration_ms=1 rate=1 channels=1 container=a codec=a",
           "pinhole-sound 1 duration_ms=-2 rate=1 channels=1 container=a codec=a",
           "pinhole-sound 1 duration_ms=1 rate=0 channels=1 container=a codec=a",
           "pinhole-sound 1 duration_ms=1 rate=1 channels=0 container=a codec=a",
           "pinhole-sound 1 duration_ms=1 rate=1 channels=1025 container=a codec=a",
           "pinhole-sound 1 duration_ms=99999999999999999999 rate=1 channels=1 container=a codec=a",
           "pinhole-sound 1 duration_ms=1x rate=1 channels=1 container=a codec=a",
           "pinhole-sound 1 duration_ms=1 rate=1 channels=1 container=A codec=a",
           "pinhole-sound 1 duration_ms=1 rate=1 channels=1 container= codec=a",
           "pinhole-sound 1 duration_ms=1 rate=1 channels=1 container=a codec=a more",
       }) {
    why.Clear();
    EXPECT_FALSE(ParseHeader(bad, why)) << bad;
    EXPECT_NE(why.text().find("which is not how sound begins"), std::string::npos);
  }
}

}  // namespace
}  // namespace pinhole::speech
