// SPDX-License-Identifier: Apache-2.0
#include "outside/config/keys.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "outside/config/config_text.h"
#include "outside/config/nearest.h"
#include "outside/config/text_rules.h"

namespace pinhole::outside::config {
namespace {

TEST(Keys, HaveNamesOfTheirOwnInKnownSectionsInOrder) {
  std::set<std::string> names;
  std::size_t section = 0;
  for (const Key& key : Keys()) {
    EXPECT_TRUE(names.insert(FullName(key)).second) << FullName(key);
    while (section < Sections().size() && Sections()[section].name != key.section) {
      ++section;
    }
    ASSERT_LT(section, Sections().size()) << FullName(key) << " stands behind a later section";
    EXPECT_TRUE(key.help.ends_with('.')) << FullName(key);
    EXPECT_NE(FindKey(key.section, key.name), nullptr);
    if (key.kind == Kind::kText) {
      EXPECT_NE(key.rule == nullptr, key.choices.empty()) << FullName(key);
    }
  }
}

TEST(Keys, DefaultsAreAllowed) {
  for (const Key& key : Keys()) {
    EXPECT_EQ(WhatIsWrong(key, key.get(Config())), "") << FullName(key);
  }
}

// Each row reads and writes a field of its own.
TEST(Keys, RowsDoNotShareFields) {
  const Config defaults;
  for (const Key& key : Keys()) {
    Config config;
    const Value old = key.get(config);
    Value other = old;
    if (const auto* truth = std::get_if<bool>(&old)) {
      other = Value(!*truth);
    } else if (const auto* number = std::get_if<std::int64_t>(&old)) {
      other = Value(*number == key.most ? key.least : key.most);
    } else {
      other = Value(std::get<std::string>(old) + "7");
    }
    key.set(config, other);
    for (const Key& each : Keys()) {
      EXPECT_EQ(each.get(config) == each.get(defaults), &each != &key)
          << FullName(key) << " and " << FullName(each);
    }
  }
}

TEST(Keys, EndsOfRangesAreAllowedAndNothingBeyond) {
  for (const Key& key : Keys()) {
    if (key.kind == Kind::kNumber || key.kind == Kind::kRights) {
      EXPECT_EQ(WhatIsWrong(key, key.least), "") << FullName(key);
      EXPECT_EQ(WhatIsWrong(key, key.most), "") << FullName(key);
      EXPECT_NE(WhatIsWrong(key, key.least - 1), "") << FullName(key);
      EXPECT_NE(WhatIsWrong(key, key.most + 1), "") << FullName(key);
      Config config;
      key.set(config, key.most);
      EXPECT_EQ(key.get(config), Value(key.most)) << FullName(key) << " does not fit its field";
    }
  }
}

TEST(TextRules, TakeWhatTheySay) {
  EXPECT_TRUE(kInput.allows("") && kInput.allows("film/") && kInput.allows("rtsp://c/") &&
              kInput.allows("v4l2:/dev/video0") && kInput.allows("gst:videotestsrc"));
  EXPECT_FALSE(kInput.allows("rtsp://") || kInput.allows("gst:") || kInput.allows("ftp://c/f"));
  EXPECT_TRUE(kI2cPath.allows("/dev/i2c-1") && kI2cPath.allows("/run/p/i2c-12"));
  EXPECT_FALSE(kI2cPath.allows("i2c-1") || kI2cPath.allows("/dev/i2c-") ||
               kI2cPath.allows("/dev/i2c-1/x") || kI2cPath.allows("/dev/mem"));
  EXPECT_TRUE(kIpAddress.allows("::1") && kIpAddress.allows("0.0.0.0"));
  EXPECT_FALSE(kIpAddress.allows("localhost") || kIpAddress.allows("1.2.3") ||
               kIpAddress.allows(""));
  EXPECT_TRUE(kTopicPrefix.allows("a/b"));
  EXPECT_FALSE(kTopicPrefix.allows("/a") || kTopicPrefix.allows("a/") ||
               kTopicPrefix.allows("a/#") || kTopicPrefix.allows("+") ||
               kTopicPrefix.allows("$SYS") || kTopicPrefix.allows(""));
  EXPECT_TRUE(kDeviceId.allows("hall-2_x") && kDeviceId.allows(""));
  EXPECT_FALSE(kDeviceId.allows("Hall") || kDeviceId.allows("a/b"));
  EXPECT_TRUE(IsLoopback("127.9.9.9") && IsLoopback("::1"));
  EXPECT_FALSE(IsLoopback("128.0.0.1") || IsLoopback("::") || IsLoopback("x"));
}

TEST(Nearest, FindsTypingMistakesOnly) {
  const std::string_view known[] = {"fps", "loop", "threads", "password_file"};
  EXPECT_EQ(Nearest("fsp", known), "fps");
  EXPECT_EQ(Nearest("thread", known), "threads");
  EXPECT_EQ(Nearest("passwordfile", known), "password_file");
  EXPECT_EQ(Nearest("password", known), "password_file");
  EXPECT_EQ(Nearest("zoom", known), "");
  EXPECT_EQ(Nearest("", known), "");
  EXPECT_EQ(Nearest(std::string(100'000, 'a'), known), "");
  EXPECT_EQ(Distance("", "abc"), 3U);
  EXPECT_EQ(Distance("abcd", "acbd"), 1U) << "neighbours swapped";
  EXPECT_EQ(Distance("kitten", "sitting"), 3U);
}

// With PINHOLE_WRITE_PAGE set, writes the page's part anew instead.
TEST(ReferencePage, HoldsTheKeysAsTheTableHasThem) {
  const std::string path = PINHOLE_CONFIGURATION_PAGE;
  std::ifstream file(path);
  std::string page{std::istreambuf_iterator<char>(file), {}};
  const std::string begin = "<!-- keys: begin -->\n", end = "<!-- keys: end -->\n";
  const std::size_t from = page.find(begin);
  const std::size_t to = page.find(end);
  ASSERT_TRUE(from != std::string::npos && to != std::string::npos && from < to) << path;
  const std::size_t first = from + begin.size();
  if (std::getenv("PINHOLE_WRITE_PAGE") != nullptr) {
    page.replace(first, to - first, KeysAsMarkdown());
    std::ofstream(path) << page;
    return;
  }
  EXPECT_EQ(page.substr(first, to - first), KeysAsMarkdown())
      << "write it anew: PINHOLE_WRITE_PAGE=1 and this test";
}

}  // namespace
}  // namespace pinhole::outside::config
