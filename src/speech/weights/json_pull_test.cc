// SPDX-License-Identifier: Apache-2.0
#include "speech/weights/json_pull.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhole::speech {
namespace {

bool IsJson(std::string_view text) {
  JsonPull json(text);
  json.Skip();
  return json.Finish();
}

std::string StringOf(std::string_view text) {
  JsonPull json(text);
  std::string value;
  return json.ReadString(value) && json.Finish() ? value : "refused";
}

TEST(JsonPull, ReadsWhatItIsAskedFor) {
  JsonPull json(R"( {"a" : [1, -20 ,9223372036854775807], "b":{}, "c":"x\u00e9\ud83d\ude00\n"} )");
  std::vector<std::int64_t> numbers;
  std::string key, keys, text;
  for (json.BeginObject(); json.NextMember(key);) {
    keys += key;
    if (key == "a") {
      for (json.BeginArray(); json.NextItem();) {
        std::int64_t number = 0;
        EXPECT_TRUE(json.ReadInteger(number));
        numbers.push_back(number);
      }
    } else if (key == "c") {
      EXPECT_TRUE(json.ReadString(text));
    } else {
      EXPECT_EQ(json.Peek(), '{');
      EXPECT_TRUE(json.Skip());
    }
  }
  EXPECT_TRUE(json.Finish()) << json.failure();
  EXPECT_EQ(keys, "abc");
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, -20, INT64_MAX}));
  EXPECT_EQ(text, "x\xC3\xA9\xF0\x9F\x98\x80\n");
}

TEST(JsonPull, AcceptsJson) {
  for (const char* text :
       {"0", "-0", "1.5e+3", "1E5", "\"\"", "true", "false", "null", "[]", "{}", "[[],{}]",
        "[1,[2,3],{\"a\":[]}]", " [ 1 , 2 ] ", "{\"a\":1,\"a\":2}", "[\"\\u0000\"]"}) {
    EXPECT_TRUE(IsJson(text)) << text;
  }
}

TEST(JsonPull, RefusesWhatIsNone) {
  for (const char* text : {"",
                           " ",
                           "[",
                           "]",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{1:2}",
                           "01",
                           "-",
                           "+1",
                           "1.",
                           ".5",
                           "1e",
                           "tru",
                           "nul",
                           "'a'",
                           "\"a",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u12G4\"",
                           "\"\\ud800\"",
                           "\"\\ud800\\u0041\"",
                           "\"\\udc00\"",
                           "\"a\nb\"",
                           "[1] 2",
                           "[}",
                           "{]",
                           "[1//c\n]",
                           "NaN",
                           "\xEF\xBB\xBF[]",
                           "{\"a\":1 \"b\":2}",
                           "\"\\u+123\""}) {
    EXPECT_FALSE(IsJson(text)) << text;
  }
}

TEST(JsonPull, RefusesBytesThatAreNotUtf8) {
  for (const char* bytes : {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80",
                            "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82"}) {
    EXPECT_EQ(StringOf("\"" + std::string(bytes) + "\""), "refused");
  }
  EXPECT_EQ(StringOf("\"\xF4\x8F\xBF\xBF\xE2\x82\xAC\""), "\xF4\x8F\xBF\xBF\xE2\x82\xAC");
}

TEST(JsonPull, IntegersAreWholeAndFit) {
  for (const char* text :
       {"1.0", "1e3", "9223372036854775808", "-9223372036854775809", "\"1\"", "x"}) {
    JsonPull json(text);
    std::int64_t number = 0;
    EXPECT_FALSE(json.ReadInteger(number)) << text;
    EXPECT_TRUE(json.failed());
  }
}

TEST(JsonPull, NestingIsBounded) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(IsJson(nested(JsonPull::kMaxDepth)));
  EXPECT_FALSE(IsJson(nested(JsonPull::kMaxDepth + 1)));
  EXPECT_FALSE(IsJson(std::string(1000000, '[')));
}

TEST(JsonPull, EveryPrefixIsRefused) {
  const std::string text = R"({"model":{"vocab":{"a":1,"\u0120the":2},"merges":[["a","b"],null]}})";
  ASSERT_TRUE(IsJson(text));
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(IsJson(std::string_view(text).substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace pinhole::speech
