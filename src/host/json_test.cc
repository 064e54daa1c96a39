// SPDX-License-Identifier: Apache-2.0
#include "host/json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace pinhole::host {
namespace {

TEST(Json, WritesWhatItIsGiven) {
  Json json = Json::Object({{"file", "a.jpg"}, {"size", std::uint64_t{1} << 63}, {"ok", true}});
  json.Add("none", nullptr);
  json.Add("list", Json::Array(std::vector<float>{0.1F, -2, 1e10F}));
  json.Add("empty", Json::Array());
  json.Add("inner", Json::Object({}));
  EXPECT_EQ(json.Line(),
            "{\"file\":\"a.jpg\",\"size\":9223372036854775808,\"ok\":true,\"none\":null,"
            "\"list\":[0.1,-2,1e+10],\"empty\":[],\"inner\":{}}\n");
}

TEST(Json, NumbersThatJsonLacksAreNull) {
  EXPECT_EQ(Json(std::numeric_limits<double>::infinity()).text(), "null");
  EXPECT_EQ(Json(std::numeric_limits<float>::quiet_NaN()).text(), "null");
  EXPECT_EQ(Json(std::numeric_limits<double>::max()).text(), "1.7976931348623157e+308");
}

TEST(Json, TextCannotBreakOut) {
  EXPECT_EQ(Json("a\"b\\c\nd\x7F").text(), "\"a\\\"b\\\\c\\u000ad\\u007f\"");
  EXPECT_EQ(Json(std::string_view("\0", 1)).text(), "\"\\u0000\"");
}

TEST(Json, OnlyUtf8Passes) {
  const std::string good = "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80";
  EXPECT_EQ(Json(good).text(), "\"" + good + "\"");
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(Json("\xFFx").text(), "\"" + bad + "x\"");
  EXPECT_EQ(Json("\xC3").text(), "\"" + bad + "\"");                      // ends early
  EXPECT_EQ(Json("\xC0\xAF").text(), "\"" + bad + bad + "\"");            // overlong
  EXPECT_EQ(Json("\xED\xA0\x80").text(), "\"" + bad + bad + bad + "\"");  // a surrogate
  EXPECT_EQ(Json("\xF4\x90\x80\x80").text(), "\"" + bad + bad + bad + bad + "\"");
}

}  // namespace
}  // namespace pinhole::host
