// SPDX-License-Identifier: Apache-2.0
#include "speech/weights/read_vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/test_data.h"
#include "speech/weights/assemble.h"
#include "speech/weights/model_for_tests.h"

namespace pinhole::speech {
namespace {

using testing::HasSubstr;

std::string WhyRefused(base::Status (*read)(std::string_view, std::vector<std::string>&,
                                            base::Diagnosis&),
                       std::string_view text) {
  std::vector<std::string> vocabulary;
  base::Diagnosis why;
  return read(text, vocabulary, why) ? "it was read" : std::string(why.text());
}

TEST(ReadTokenizerJson, UndoesTheSpellingOfEveryByte) {
  std::vector<std::string> written = MakeTestModel().vocabulary, read;
  base::Diagnosis why;
  ASSERT_TRUE(ReadTokenizerJson(WriteTokenizerJson(written), read, why)) << why.text();
  EXPECT_EQ(read, written);
  ASSERT_TRUE(ReadTokenizerJson("{\"model\":{\"vocab\":{\"\xC4\xA0Hi\xC4\x8A\":0}}}", read, why));
  EXPECT_EQ(read, std::vector<std::string>{" Hi\n"});
}

TEST(ReadTokenizerJson, RefusesRanksThatAreNone) {
  const auto why = [](const std::string& vocab) {
    return WhyRefused(ReadTokenizerJson, "{\"model\":{\"vocab\":" + vocab + "}}");
  };
  EXPECT_THAT(why("{\"a\":0,\"b\":0}"), HasSubstr("two tokens of rank 0"));
  EXPECT_THAT(why("{\"a\":0,\"b\":2}"), HasSubstr("no token of rank 1"));
  EXPECT_THAT(why("{\"a\":-1}"), HasSubstr("rank -1"));
  EXPECT_THAT(why("{\"a\":65536}"), HasSubstr("rank 65536"));
  EXPECT_THAT(why("{\"a\":9223372036854775807}"), HasSubstr("at most"));
  EXPECT_THAT(why("{\"a\":\"b\"}"), HasSubstr("a number is expected"));
  EXPECT_THAT(why("[]"), HasSubstr("an object is expected"));
  EXPECT_THAT(why("{}"), HasSubstr("empty"));
  EXPECT_THAT(why("{\"a b\":0}"), HasSubstr("GPT-2's characters"));
  EXPECT_THAT(why("{\"\xE2\x96\x81the\":0}"), HasSubstr("GPT-2's characters"));
  EXPECT_THAT(WhyRefused(ReadTokenizerJson, "{}"), HasSubstr("empty"));
}

TEST(ReadTiktoken, ReadsLinesInAnyOrder) {
  std::vector<std::string> read;
  base::Diagnosis why;
  ASSERT_TRUE(ReadTiktoken("IQ== 0\nw6k= 2\r\n= 3\n\nSGVsbG8gd29ybGQ 1", read, why)) << why.text();
  EXPECT_EQ(read, (std::vector<std::string>{"!", "Hello world", "\xC3\xA9", ""}));
}

TEST(ReadTiktoken, RefusesLinesThatAreNone) {
  for (const char* text :
       {"IQ==", "I*== 0", "IQ== x", "IQ== 0 1", "IQ== 99999999999999999999", "IQ==  0"}) {
    EXPECT_THAT(WhyRefused(ReadTiktoken, text), HasSubstr("line 1 of the .tiktoken")) << text;
  }
  EXPECT_THAT(WhyRefused(ReadTiktoken, "IQ== 0\nIg== 0\n"), HasSubstr("two tokens of rank 0"));
  EXPECT_THAT(WhyRefused(ReadTiktoken, ""), HasSubstr("empty"));
}

TEST(FitVocabulary, DropsWhatIsSpecialAndTellsEnglishFromOthers) {
  const auto fit = [](std::int32_t network, std::size_t tokens, const std::string& last) {
    ModelFile model;
    model.dims.vocabulary = network;
    model.vocabulary.resize(tokens);
    model.vocabulary.back() = last;
    base::Diagnosis why;
    return FitVocabulary(model, why) ? static_cast<int>(model.vocabulary.size()) : -1;
  };
  EXPECT_EQ(fit(51864, 50256, " gazed"), 50256);
  EXPECT_EQ(fit(51864, 50257, "<|endoftext|>"), 50256);
  EXPECT_EQ(fit(51864, 50257, ""), -1);  // the multilingual one
  EXPECT_EQ(fit(51864, 50255, ""), -1);
  EXPECT_EQ(fit(51865, 50257, ""), 50257);
  EXPECT_EQ(fit(51865, 50258, "<|endoftext|>"), 50257);
  EXPECT_EQ(fit(51865, 50256, " gazed"), -1);  // the English one
  EXPECT_EQ(fit(51866, 50257, ""), 50257);
  EXPECT_EQ(fit(300, 300, "z"), 300);
  EXPECT_EQ(fit(300, 301, "z"), -1);
}

TEST(ReadTiktoken, ReadsWhispersOwn) {
  const std::pair<const char*, std::size_t> files[] = {{"vocab/gpt2.tiktoken", 50256},
                                                       {"vocab/multilingual.tiktoken", 50257}};
  for (const auto& [name, tokens] : files) {
    const auto path = base::TestData(name);
    if (!exists(path)) {
      GTEST_SKIP() << path << " is missing (set PINHOLE_DATA)";
    }
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::string> vocabulary;
    base::Diagnosis why;
    ASSERT_TRUE(ReadTiktoken(text, vocabulary, why)) << why.text();
    EXPECT_EQ(vocabulary.size(), tokens);
    EXPECT_EQ(vocabulary[0], "!");
    EXPECT_EQ(vocabulary[255], "\xAD");
  }
}

}  // namespace
}  // namespace pinhole::speech
