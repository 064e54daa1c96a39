// SPDX-License-Identifier: Apache-2.0
#include "speech/text/special_tokens.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "speech/text/languages.h"
#include "speech/text/vocabulary_for_tests.h"

namespace pinhole::speech {
namespace {

SpecialTokens Of(std::int32_t vocabulary) {
  base::Diagnosis why;
  return SpecialTokens::Of(vocabulary, 0, 0, why).value();
}

TEST(SpecialTokens, HaveOpenAIsNumbers) {
  const SpecialTokens english = Of(51864), multilingual = Of(51865), large = Of(51866);
  EXPECT_FALSE(english.is_multilingual);
  EXPECT_EQ(english.end_of_text, 50256);
  EXPECT_EQ(english.start_of_transcript, 50257);
  EXPECT_EQ(english.no_timestamps, 50362);
  EXPECT_EQ(english.first_timestamp, 50363);
  EXPECT_TRUE(multilingual.is_multilingual);
  EXPECT_EQ(multilingual.end_of_text, 50257);
  EXPECT_EQ(multilingual.start_of_transcript, 50258);
  EXPECT_EQ(multilingual.first_language, 50259);
  EXPECT_EQ(multilingual.languages, 99);
  EXPECT_EQ(multilingual.translate, 50358);
  EXPECT_EQ(multilingual.transcribe, 50359);
  EXPECT_EQ(multilingual.start_of_lm, 50360);
  EXPECT_EQ(multilingual.start_of_previous, 50361);
  EXPECT_EQ(multilingual.no_speech, 50362);
  EXPECT_EQ(multilingual.no_timestamps, 50363);
  EXPECT_EQ(multilingual.first_timestamp, 50364);
  EXPECT_EQ(large.languages, 100);
  EXPECT_EQ(large.end_of_text, 50257);
  EXPECT_EQ(large.translate, 50359);
  EXPECT_EQ(large.first_timestamp, 50365);
}

TEST(SpecialTokens, OfASmallModelAreAtTheDistancesOfTheEnglishOne) {
  base::Diagnosis why;
  const auto small = SpecialTokens::Of(1000 + 107 + 501, 1000, 500, why);
  ASSERT_TRUE(small) << why.text();
  const SpecialTokens english = Of(51864);
  EXPECT_EQ(small->end_of_text, 1000);
  EXPECT_EQ(small->no_speech - small->end_of_text, english.no_speech - english.end_of_text);
  EXPECT_EQ(small->first_timestamp, 1107);
  EXPECT_EQ(small->timestamps, 501);
  EXPECT_FALSE(small->is_multilingual);
  EXPECT_FALSE(SpecialTokens::Of(1000 + 107 + 501, 1001, 500, why));
}

TEST(SpecialTokens, FillTheVocabularyToItsEnd) {
  for (const std::int32_t vocabulary : {51864, 51865, 51866}) {
    const SpecialTokens special = Of(vocabulary);
    EXPECT_EQ(special.first_timestamp + special.timestamps, vocabulary);
    std::set<std::string> names;
    for (std::int32_t token = special.end_of_text; token < vocabulary; ++token) {
      const std::string name = special.Name(token);
      EXPECT_TRUE(name.starts_with("<|") && name.ends_with("|>")) << token;
      EXPECT_TRUE(names.insert(name).second) << name;
    }
    EXPECT_EQ(special.Name(special.end_of_text - 1), "");
    EXPECT_EQ(special.Name(vocabulary), "");
    EXPECT_EQ(special.Name(special.first_language + 2), "<|de|>");
    EXPECT_EQ(special.Name(special.first_timestamp), "<|0.00|>");
    EXPECT_EQ(special.Name(special.first_timestamp + 54), "<|1.08|>");
    EXPECT_EQ(special.Name(vocabulary - 1), "<|30.00|>");
  }
  base::Diagnosis why;
  for (const std::int32_t vocabulary : {0, 51863, 51867}) {
    EXPECT_FALSE(SpecialTokens::Of(vocabulary, 0, 0, why));
  }
}

TEST(Languages, AreFoundByCodeAndName) {
  EXPECT_EQ(FindLanguage("en"), 0);
  EXPECT_EQ(FindLanguage("German"), 2);
  EXPECT_EQ(FindLanguage("DE"), 2);
  EXPECT_EQ(FindLanguage("Mandarin"), FindLanguage("zh"));
  EXPECT_EQ(FindLanguage("haitian creole"), FindLanguage("ht"));
  EXPECT_EQ(FindLanguage("yue"), 99);
  EXPECT_EQ(FindLanguage("jw"), 97);
  EXPECT_EQ(FindLanguage(""), -1);
  EXPECT_EQ(FindLanguage("klingon"), -1);
  std::set<std::string_view> codes, names;
  for (int i = 0; i < kLanguages; ++i) {
    const Language& language = kLanguageTable[static_cast<std::size_t>(i)];
    EXPECT_EQ(FindLanguage(language.code), i);
    EXPECT_EQ(FindLanguage(language.name), i);
  }
}

// Expected: openai/whisper's rule over tiktoken.
TEST(NonSpeechTokens, EqualOpenAIsList) {
  const std::vector<std::int32_t> gpt2 = {
      1,     2,     7,     8,     9,     10,    14,    25,    26,    27,    28,    29,
      31,    58,    59,    60,    61,    62,    63,    90,    91,    92,    93,    357,
      366,   438,   532,   685,   705,   796,   930,   1058,  1220,  1267,  1279,  1303,
      1343,  1377,  1391,  1635,  1782,  1875,  2162,  2361,  2488,  3467,  4008,  4211,
      4600,  4808,  5299,  5855,  6329,  7203,  9609,  9959,  10563, 10786, 11420, 11709,
      11907, 13163, 13697, 13700, 14808, 15306, 16410, 16791, 17992, 19203, 19510, 20724,
      22305, 22935, 27007, 30109, 30420, 33409, 34949, 40283, 40493, 40549, 47282, 49146};
  const std::vector<std::int32_t> multilingual = {
      1,     2,     7,     8,     9,     10,    14,    25,    26,    27,    28,    29,
      31,    58,    59,    60,    61,    62,    63,    90,    91,    92,    93,    359,
      503,   522,   542,   873,   893,   902,   918,   922,   931,   1350,  1853,  1982,
      2460,  2627,  3246,  3253,  3268,  3536,  3846,  3961,  4183,  4667,  6585,  6647,
      7273,  9061,  9383,  10428, 10929, 11938, 12033, 12331, 12562, 13793, 14157, 14635,
      15265, 15618, 16553, 16604, 18362, 18956, 20075, 21675, 22520, 26130, 26161, 26435,
      28279, 29464, 31650, 32302, 32470, 36865, 42863, 47425, 49870, 50254};
  for (const char* name : {"gpt2", "multilingual"}) {
    auto vocabulary = ReadVocabularyForTests(name);
    if (vocabulary.empty()) {
      GTEST_SKIP() << name << ".tiktoken is missing (set PINHOLE_DATA)";
    }
    base::Diagnosis why;
    const auto tokenizer = Tokenizer::Make(std::move(vocabulary), why);
    ASSERT_TRUE(tokenizer) << why.text();
    EXPECT_EQ(NonSpeechTokens(*tokenizer), name == std::string("gpt2") ? gpt2 : multilingual);
  }
}

TEST(NonSpeechTokens, AreThereInAnyVocabulary) {
  base::Diagnosis why;
  const auto tokenizer = Tokenizer::Make(SmallVocabulary(), why);
  const auto tokens = NonSpeechTokens(*tokenizer);
  // Of notes only the first byte is a token. Of " -", too, but no text can do without the blank.
  EXPECT_TRUE(std::ranges::binary_search(tokens, std::int32_t{'('}));
  EXPECT_FALSE(std::ranges::binary_search(tokens, std::int32_t{' '}));
  EXPECT_TRUE(std::ranges::binary_search(tokens, std::int32_t{0xE2}));
  EXPECT_FALSE(std::ranges::binary_search(tokens, std::int32_t{'-'}));
}

}  // namespace
}  // namespace pinhole::speech
