// SPDX-License-Identifier: Apache-2.0
#include "speech/service/speech_request.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "speech/service/client_for_tests.h"

namespace pinhole::speech::service {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Read {
  std::optional<SpeechRequest> request;
  Refusal refusal;
  std::string file;
};

Read ReadForm(const std::string& body, Api api, bool multilingual = true,
              std::uint64_t file_limit = 100) {
  ModelInfo model = FakeModel();
  model.is_multilingual = multilingual;
  SpeechForm form(std::make_shared<MemoryBudget>(1000), file_limit);
  MultipartReader reader(kTestBoundary, form);
  Read read;
  if (reader.Feed(body) != MultipartReader::State::kDone) {
    read.refusal = form.refusal().value_or(Refusal{400, std::string(reader.failure()), {}, {}});
    return read;
  }
  read.request = ReadSpeechRequest(form, api, model, {}, read.refusal);
  return read;
}

Read ReadFields(const Fields& fields, Api api = Api::kTranscriptions, bool multilingual = true) {
  return ReadForm(FormBody(fields, "sound"), api, multilingual);
}

TEST(SpeechRequest, WithoutFieldsItIsTheDefaults) {
  const Read read = ReadFields({});
  ASSERT_TRUE(read.request) << read.refusal.message;
  EXPECT_EQ(read.request->kind, ReplyKind::kJson);
  EXPECT_EQ(read.request->options.language, "");
  EXPECT_EQ(read.request->options.temperatures, TranscribeOptions().temperatures);
  EXPECT_FALSE(read.request->stream);
  EXPECT_FALSE(read.request->options.word_times);
}

TEST(SpeechRequest, OpenAisFieldsAreTaken) {
  const Read read = ReadFields({{"model", "whisper-1"},
                                {"language", "DE"},
                                {"prompt", "Pinhole"},
                                {"response_format", "verbose_json"},
                                {"temperature", "0.4"},
                                {"timestamp_granularities[]", "word"},
                                {"something_new", "x"}});
  ASSERT_TRUE(read.request) << read.refusal.message;
  EXPECT_EQ(read.request->kind, ReplyKind::kVerboseJson);
  EXPECT_EQ(read.request->options.language, "de");
  EXPECT_EQ(read.request->options.initial_prompt, "Pinhole");
  EXPECT_EQ(read.request->options.temperatures, std::vector<float>{0.4F});
  EXPECT_TRUE(read.request->options.word_times);
  EXPECT_TRUE(read.request->format.words);
  EXPECT_FALSE(read.request->format.segments) << "words alone were asked for";
  const Read both = ReadFields({{"response_format", "verbose_json"},
                                {"timestamp_granularities[]", "word"},
                                {"timestamp_granularities[]", "segment"}});
  EXPECT_TRUE(both.request->format.segments && both.request->format.words);
  EXPECT_TRUE(ReadFields({{"stream", "true"}}).request->stream);
}

TEST(SpeechRequest, TranslationsTranslate) {
  EXPECT_EQ(ReadFields({}, Api::kTranslations).request->options.task, Task::kTranslate);
  EXPECT_TRUE(ReadFields({}, Api::kTranslations).request->format.translated);
  EXPECT_EQ(ReadFields({{"translate", "true"}}, Api::kInference).request->options.task,
            Task::kTranslate);
  EXPECT_EQ(ReadFields({}, Api::kTranslations, false).refusal.status, 400U);
}

TEST(SpeechRequest, WhisperCppsTemperaturesAreSteps) {
  const auto temperatures = [](const Fields& fields) {
    return ReadFields(fields, Api::kInference).request->options.temperatures;
  };
  EXPECT_EQ(temperatures({}), TranscribeOptions().temperatures);
  EXPECT_EQ(temperatures({{"temperature", "0.5"}, {"temperature_inc", "0"}}),
            std::vector<float>{0.5F});
  EXPECT_EQ(temperatures({{"temperature", "0.0"}, {"temperature_inc", "0.2"}}).size(), 6U);
  EXPECT_LE(temperatures({{"temperature_inc", "0.000001"}}).size(), 16U);
}

TEST(SpeechRequest, WhatCannotBeIsRefusedByName) {
  struct Case {
    Fields fields;
    Api api;
    unsigned status;
    const char* param;
  };
  constexpr Api kOpenAi = Api::kTranscriptions;
  for (const Case& test : {
           Case{{{"model", "gpt-4o"}}, kOpenAi, 404, "model"},
           Case{{{"language", "klingon"}}, kOpenAi, 400, "language"},
           Case{{{"response_format", "docx"}}, kOpenAi, 400, "response_format"},
           Case{{{"temperature", "hot"}}, kOpenAi, 400, "temperature"},
           Case{{{"temperature", "1.5"}}, kOpenAi, 400, "temperature"},
           Case{{{"temperature", "nan"}}, kOpenAi, 400, "temperature"},
           Case{{{"stream", "perhaps"}}, kOpenAi, 400, "stream"},
           Case{{{"stream", "true"}, {"response_format", "srt"}}, kOpenAi, 400, "stream"},
           Case{{{"timestamp_granularities[]", "letter"}, {"response_format", "verbose_json"}},
                kOpenAi,
                400,
                "timestamp_granularities"},
           Case{{{"timestamp_granularities[]", "word"}}, kOpenAi, 400, "timestamp_granularities"},
           Case{{{"diarize", "true"}}, Api::kInference, 400, "diarize"},
           Case{{{"prompt", std::string(SpeechForm::kMaxField + 1, 'p')}}, kOpenAi, 413, "prompt"},
       }) {
    const Read read = ReadFields(test.fields, test.api);
    EXPECT_FALSE(read.request);
    EXPECT_EQ(read.refusal.status, test.status) << read.refusal.message;
    EXPECT_EQ(read.refusal.param, test.param);
    EXPECT_FALSE(read.refusal.message.empty());
  }
  EXPECT_TRUE(ReadFields({{"diarize", "false"}, {"model", "x"}}, Api::kInference).request);
}

TEST(SpeechRequest, EnglishAloneIsSaid) {
  EXPECT_EQ(ReadFields({{"language", "de"}}, Api::kTranscriptions, false).refusal.param,
            "language");
  EXPECT_TRUE(ReadFields({{"language", "en-GB"}}, Api::kTranscriptions, false).request);
  EXPECT_TRUE(ReadFields({{"language", "auto"}}, Api::kTranscriptions, false).request);
}

TEST(SpeechForm, AFileIsNeededAndBounded) {
  const std::string no_file = "--" + std::string(kTestBoundary) + "--\r\n";
  EXPECT_EQ(ReadForm(no_file, Api::kTranscriptions).refusal.param, "file");
  EXPECT_TRUE(ReadForm(FormBody({}, std::string(100, 'x')), Api::kTranscriptions).request);
  EXPECT_EQ(ReadForm(FormBody({}, std::string(101, 'x')), Api::kTranscriptions).refusal.status,
            413U);
  const std::string end = "--" + std::string(kTestBoundary) + "--\r\n";
  std::string two = FormBody({}, "a");
  two.resize(two.size() - end.size());
  two += FormBody({}, "b");
  EXPECT_EQ(ReadForm(two, Api::kTranscriptions).refusal.status, 400U);
}

TEST(SpeechForm, FieldsAreBoundedTogether) {
  Fields fields;
  for (int i = 0; i < 10; ++i) {
    fields.emplace_back("f" + std::to_string(i), std::string(SpeechForm::kMaxField, 'x'));
  }
  EXPECT_EQ(ReadFields(fields).refusal.status, 413U);
}

TEST(SpeechForm, TheBudgetIsShared) {
  const auto budget = std::make_shared<MemoryBudget>(100);
  SpeechForm first(budget, 100);
  SpeechForm second(budget, 100);
  ASSERT_TRUE(first.BeginPart({"file", "a", true}));
  ASSERT_TRUE(first.Data(std::string(80, 'x')));
  ASSERT_TRUE(second.BeginPart({"file", "b", true}));
  EXPECT_FALSE(second.Data(std::string(30, 'x')));
  EXPECT_EQ(second.refusal()->status, 503U);
  first.TakeFile();
  EXPECT_EQ(budget->used(), 0U) << "what an upload took is given back";
}

}  // namespace
}  // namespace pinhole::speech::service
