// SPDX-License-Identifier: Apache-2.0
// The firmware's printf against this machine's own.
#include "firmware/hal/print.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <random>
#include <string>

namespace pinhole::firmware::hal {
namespace {

__attribute__((format(printf, 2, 3))) int Ours(std::string& to, const char* format, ...) {
  to.clear();
  std::va_list arguments;
  va_start(arguments, format);
  const int count = Print([](void* into, char c) { *static_cast<std::string*>(into) += c; }, &to,
                          format, arguments);
  va_end(arguments);
  return count;
}

template <typename... Arguments>
void ExpectSame(const std::string& format, Arguments... arguments) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
  char theirs[512];
  const int count = std::snprintf(theirs, sizeof theirs, format.c_str(), arguments...);
  std::string ours;
  EXPECT_EQ(Ours(ours, format.c_str(), arguments...), count) << format;
  EXPECT_EQ(ours, theirs) << format;
#pragma GCC diagnostic pop
}

TEST(Print, IntegersOfEveryFormAsTheLibrarysOwn) {
  std::mt19937_64 random(1);
  const char* const flags[] = {"", "-", "0", "+", " ", "-0", "+0", "+-", "0 "};
  const char* const widths[] = {"", "1", "5", "12"};
  const char* const precisions[] = {"", ".", ".0", ".3", ".15"};
  for (const char* const flag : flags) {
    for (const char* const width : widths) {
      for (const char* const precision : precisions) {
        const std::string how = std::string("<%") + flag + width + precision;
        for (const int value : {0, 1, -1, 42, -100000, std::numeric_limits<int>::min(),
                                std::numeric_limits<int>::max(), static_cast<int>(random())}) {
          ExpectSame(how + "d>", value);
          ExpectSame(how + "hhd>", value);
          ExpectSame(how + "hi>", value);
        }
        const auto wide = static_cast<long long>(random());
        ExpectSame(how + "lld>", wide);
        ExpectSame(how + "ld>", static_cast<long>(wide));
      }
    }
  }
}

TEST(Print, UnsignedNumbersInThreeBases) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t value = random() >> random() % 64;
    for (const char* const kind : {"u>", "x>", "X>", "o>"}) {
      for (const char* const how : {"<%", "<%08", "<%-9", "<%.5", "<%12.7"}) {
        ExpectSame(std::string(how) + kind, static_cast<unsigned>(value));
        ExpectSame(std::string(how) + "ll" + kind, static_cast<unsigned long long>(value));
        ExpectSame(std::string(how) + "z" + kind, static_cast<std::size_t>(value));
      }
    }
    ExpectSame("<%#x>", static_cast<unsigned>(value));
    ExpectSame("<%#10X>", static_cast<unsigned>(value));
  }
}

TEST(Print, TextCharactersAndTheSign) {
  for (const char* const how : {"<%s>", "<%10s>", "<%-10s>", "<%.2s>", "<%5.1s>", "<%.0s>"}) {
    ExpectSame(how, "face");
    ExpectSame(how, "");
  }
  ExpectSame("<%c%4c%-4c>", 'a', 'b', 'c');
  ExpectSame("100 %%");
  ExpectSame("<%*d|%-*d|%.*d>", 6, 42, 6, 42, 4, 42);
  ExpectSame("<%*d>", -6, 42);
  ExpectSame("<%p>", static_cast<const void*>("x"));
}

TEST(Print, FloatsAsTheLibrarysOwn) {
  std::mt19937_64 random(3);
  for (const double value : {0.0, -0.0, 1.0, 0.5, 1.5, 2.5, 0.05, 9.9999999, 999999.9999995, 1e-7,
                             1e-20, 123456789.125, 9.2e18, 0.1, -3.25}) {
    for (const char* const how : {"<%f>", "<%.0f>", "<%.1f>", "<%.2f>", "<%10.3f>", "<%-10.3f>",
                                  "<%010.2f>", "<%+.1f>", "<% .1f>", "<%.15f>"}) {
      ExpectSame(how, value);
    }
  }
  for (int i = 0; i < 20'000; ++i) {
    const double value =
        static_cast<double>(static_cast<std::int64_t>(random())) / std::exp2(random() % 80);
    ExpectSame("<%.6f>", value);
    ExpectSame("<%.3f>", value);
  }
}

TEST(Print, WhatIsNoConversionIsPrintedAsItStands) {
  std::string text;
  Ours(text, "%%d 50%%");
  EXPECT_EQ(text, "%d 50%");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat"
  Ours(text, "%y and %");
#pragma GCC diagnostic pop
  EXPECT_EQ(text, "%y and %");
  Ours(text, "%f %f", std::numeric_limits<double>::infinity(), 1e300);
  EXPECT_EQ(text, "inf big");
}

}  // namespace
}  // namespace pinhole::firmware::hal
