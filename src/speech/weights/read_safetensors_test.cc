// SPDX-License-Identifier: Apache-2.0
// What only .safetensors files can get wrong.
#include "speech/weights/read_safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "speech/weights/model_for_tests.h"

namespace pinhole::speech {
namespace {

using testing::HasSubstr;

std::string WhyRefused(const std::string& entry) {
  const std::string header = "{\"model.encoder.conv1.bias\":" + entry + "}";
  ByteWriter file;
  file.Put(std::uint64_t{header.size()}).Put(header).Put(std::vector<std::byte>(64));
  base::Diagnosis why;
  return ReadSafetensors(std::move(file).bytes(), {}, why) ? "it was read"
                                                           : std::string(why.text());
}

TEST(ReadSafetensors, SaysWhatIsWrongWithATensor) {
  const auto entry = [](const char* type, const char* shape, const char* offsets) {
    return std::string("{\"dtype\":\"") + type + "\",\"shape\":" + shape +
           ",\"data_offsets\":" + offsets + "}";
  };
  EXPECT_THAT(WhyRefused(entry("F32", "[16]", "[0,64]")),
              HasSubstr("tensor 'encoder.conv1.weight' is missing"));
  EXPECT_THAT(WhyRefused(entry("I8", "[64]", "[0,64]")), HasSubstr("is of type 'I8'"));
  EXPECT_THAT(WhyRefused(entry("F32", "[16]", "[0,60]")), HasSubstr("has 60 bytes"));
  EXPECT_THAT(WhyRefused(entry("F32", "[16]", "[4,68]")), HasSubstr("ends before or in tensor"));
  EXPECT_THAT(WhyRefused(entry("F32", "[16]", "[64,0]")), HasSubstr("no sound shape and place"));
  EXPECT_THAT(WhyRefused(entry("F32", "[16]", "[-64,0]")), HasSubstr("no sound shape and place"));
  EXPECT_THAT(WhyRefused(entry("F32", "[16]", "[0]")), HasSubstr("no sound shape and place"));
  EXPECT_THAT(WhyRefused(entry("F32", "[16]", "[0,64,64]")), HasSubstr("more than two offsets"));
  EXPECT_THAT(WhyRefused(entry("F32", "[0]", "[0,0]")), HasSubstr("no sound shape"));
  EXPECT_THAT(WhyRefused(entry("F32", "[-4,-4]", "[0,64]")), HasSubstr("no sound shape"));
  EXPECT_THAT(WhyRefused(entry("F32", "[4294967296,4294967296]", "[0,0]")),
              HasSubstr("no sound shape"));
  EXPECT_THAT(WhyRefused(entry("F32", "[1,1,1,4,4]", "[0,64]")), HasSubstr("4 dimensions"));
  EXPECT_THAT(WhyRefused("{}"), HasSubstr("is of type ''"));
  EXPECT_THAT(WhyRefused("5"), HasSubstr("an object is expected"));
}

TEST(ReadSafetensors, LeavesOutTheProjectionThatIsTheEmbeddingAgain) {
  TestModel model = MakeTestModel();
  TestTensor projection = model.Tensor("decoder.token_embedding.weight");
  projection.name = projection.hugging_face_name = "proj_out.weight";
  model.tensors.push_back(projection);
  const auto file = WriteSafetensors(model, WeightType::kBf16);
  base::Diagnosis why;
  const auto read = ReadSafetensors(file, {}, why);
  ASSERT_TRUE(read) << why.text();
  EXPECT_EQ(read->weights.size() + 1, model.tensors.size());
}

TEST(ReadSafetensors, HeadersThatAreNoneAreNotTaken) {
  const auto looks = [](std::uint64_t length, std::string_view text) {
    ByteWriter file;
    file.Put(length).Put(text);
    return LooksLikeSafetensors(std::move(file).bytes());
  };
  EXPECT_TRUE(looks(100, "{"));
  EXPECT_FALSE(looks(100, "["));
  EXPECT_FALSE(looks(1, "{"));
  EXPECT_FALSE(looks(UINT64_MAX, "{"));
  EXPECT_FALSE(looks(100, ""));
}

}  // namespace
}  // namespace pinhole::speech
