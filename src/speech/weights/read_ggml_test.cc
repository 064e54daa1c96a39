// SPDX-License-Identifier: Apache-2.0
// What only ggml's files can get wrong.
#include "speech/weights/read_ggml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/little_endian.h"
#include "speech/weights/model_for_tests.h"

namespace pinhole::speech {
namespace {

using testing::HasSubstr;

// Offsets in WriteGgml's file of MakeTestModel().
constexpr std::size_t kFilters = 4 * 12;
constexpr std::size_t kTokens = kFilters + 8 + 5 * 201 * 4;
constexpr std::size_t kTensors = kTokens + 4 + 256 * 5 + (4 + 4) + (4 + 3);

std::string WhyRefused(std::size_t at, std::int32_t number) {
  std::vector<std::byte> file = WriteGgml(MakeTestModel(), WeightType::kQ8_0);
  base::StoreLe(number, file.data() + at);
  base::Diagnosis why;
  return ReadGgml(file, {}, why) ? "it was read" : std::string(why.text());
}

TEST(ReadGgml, SaysWhichNumberIsAtFault) {
  EXPECT_THAT(WhyRefused(0, 1), HasSubstr("doesn't begin as"));
  EXPECT_THAT(WhyRefused(kFilters, 80), HasSubstr("mel filters are 80 of 201 bins where 5 of 201"));
  EXPECT_THAT(WhyRefused(kFilters + 4, 200), HasSubstr("5 of 200"));
  EXPECT_THAT(WhyRefused(kTokens, -1), HasSubstr("states -1 tokens"));
  EXPECT_THAT(WhyRefused(kTokens, 65537), HasSubstr("states 65537 tokens"));
  EXPECT_THAT(WhyRefused(kTokens + 4, -1), HasSubstr("ends in its vocabulary"));
  EXPECT_THAT(WhyRefused(kTensors, 0), HasSubstr("0 dimensions"));
  EXPECT_THAT(WhyRefused(kTensors, 5), HasSubstr("5 dimensions"));
  EXPECT_THAT(WhyRefused(kTensors + 4, 257), HasSubstr("a name of 257"));
  EXPECT_THAT(WhyRefused(kTensors + 8, 2),
              HasSubstr("'encoder.positional_embedding' is of ggml's type 2"));
  EXPECT_THAT(WhyRefused(kTensors + 12, 0), HasSubstr("a dimension that is none"));
  EXPECT_THAT(WhyRefused(kTensors + 12, -64), HasSubstr("a dimension that is none"));
  EXPECT_THAT(WhyRefused(kTensors + 12, INT32_MAX), HasSubstr("ends in tensor"));
  EXPECT_THAT(WhyRefused(kTensors + 16, INT32_MAX), HasSubstr("ends in tensor"));
}

TEST(ReadGgml, RefusesBlocksThatRowsDoNotFill) {
  std::vector<std::byte> file = WriteGgml(MakeTestModel(), WeightType::kQ8_0);
  base::StoreLe(std::int32_t{8}, file.data() + kTensors + 8);    // q8_0
  base::StoreLe(std::int32_t{65}, file.data() + kTensors + 12);  // values a row
  base::Diagnosis why;
  EXPECT_FALSE(ReadGgml(file, {}, why));
  EXPECT_THAT(std::string(why.text()),
              HasSubstr("quantised in blocks of 32, but its rows have 65"));
}

TEST(ReadGgml, RefusesMoreTensorsThanThereMayBe) {
  ByteWriter file;
  file.Put(WriteGgml(MakeTestModel(), WeightType::kQ8_0));
  for (int i = 0; i < 4097; ++i) {
    file.Put(std::int32_t{1}).Put(std::int32_t{1}).Put(std::int32_t{0}).Put(std::int32_t{1});
    file.Put(std::string_view("x")).Put(std::int32_t{0});
  }
  base::Diagnosis why;
  EXPECT_FALSE(ReadGgml(std::move(file).bytes(), {}, why));
  EXPECT_THAT(std::string(why.text()), HasSubstr("more than 4096 tensors"));
}

}  // namespace
}  // namespace pinhole::speech
