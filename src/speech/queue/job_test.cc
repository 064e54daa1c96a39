// SPDX-License-Identifier: Apache-2.0
#include "speech/queue/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhole::speech::queue {
namespace {

using testing::HasSubstr;

std::string WhyNot(std::string_view message) {
  base::Diagnosis why;
  EXPECT_FALSE(ReadJob(message, why)) << message.substr(0, 200);
  return std::string(why.text());
}

TEST(Job, ReadsBackAsItWasWritten) {
  std::string sound(70000, '\0');
  for (std::size_t i = 0; i < sound.size(); ++i) {
    sound[i] = static_cast<char>(i * 7);
  }
  const Job jobs[] = {
      {.id = "a-B_9", .path = "/a \"b\"\\c/\x01\n\xc3\xa4.wav"},
      {.id = std::string(kMaxId, 'x'), .sound = sound, .language = "de", .task = "translate"},
      {.id = "1", .path = "x", .format = "srt", .word_times = true}};
  for (const Job& job : jobs) {
    base::Diagnosis why;
    const auto message = WriteJob(job, why);
    ASSERT_TRUE(message) << why.text();
    const auto read = ReadJob(*message, why);
    ASSERT_TRUE(read) << why.text();
    EXPECT_EQ(read->id, job.id);
    EXPECT_EQ(read->path, job.path);
    EXPECT_EQ(read->sound, job.sound);
    EXPECT_EQ(read->language, job.language);
    EXPECT_EQ(read->task, job.task);
    EXPECT_EQ(read->format, job.format);
    EXPECT_EQ(read->word_times, job.word_times);
  }
}

TEST(Job, FillsInWhatIsNotSaid) {
  base::Diagnosis why;
  const auto job = ReadJob(R"({"id":"1","path":"/x"})", why);
  ASSERT_TRUE(job);
  EXPECT_EQ(job->language, "");
  EXPECT_EQ(job->task, "transcribe");
  EXPECT_EQ(job->format, "json");
  EXPECT_FALSE(job->word_times);
}

TEST(Job, RefusesWhatIsNoneWithASentence) {
  EXPECT_THAT(WhyNot(""), HasSubstr("an object is expected"));
  EXPECT_THAT(WhyNot("[]"), HasSubstr("an object is expected"));
  EXPECT_THAT(WhyNot(R"({"id":"1","path":"/x"} x)"), HasSubstr("at byte 23"));
  EXPECT_THAT(WhyNot(R"({"id":"1")"), HasSubstr("at byte"));
  EXPECT_THAT(WhyNot(R"({"id":"1","id":"2","path":"/x"})"), HasSubstr("'id' is there twice"));
  EXPECT_THAT(WhyNot(R"({"id":1,"path":"/x"})"), HasSubstr("'id': a string is expected"));
  EXPECT_THAT(WhyNot(R"({"id":"1","path":"/x","word_times":"yes"})"),
              HasSubstr("'word_times': true or false"));
  EXPECT_THAT(WhyNot(R"({"id":"1","path":"/x","word_times":null})"), HasSubstr("true or false"));
  EXPECT_THAT(WhyNot(R"({"id":"1","path":"/x","shell":"rm"})"),
              HasSubstr("'shell' is not known here"));
  EXPECT_THAT(WhyNot(R"({"id":"a.b","path":"/x"})"), HasSubstr("letters, digits"));
  EXPECT_THAT(WhyNot(R"({"id":"a>","path":"/x"})"), HasSubstr("letters, digits"));
  EXPECT_THAT(WhyNot(R"({"id":"","path":"/x"})"), HasSubstr("letters, digits"));
  EXPECT_THAT(WhyNot(R"({"id":"1"})"), HasSubstr("either a path or the sound"));
  EXPECT_THAT(WhyNot("{\"id\":\"1\",\"path\":\"/x\"}\nsound"), HasSubstr("either a path or"));
  EXPECT_THAT(WhyNot(R"({"id":"1","path":"/x\u0000y"})"), HasSubstr("none of them zero"));
  EXPECT_THAT(WhyNot(R"({"id":"1","path":"/x","task":"dance"})"), HasSubstr("the task is"));
  EXPECT_THAT(WhyNot(R"({"id":"1","path":"/x","format":"../x"})"), HasSubstr("are words of"));
  EXPECT_THAT(WhyNot("{\"id\":\"1\",\"path\":\"\xff\"}"), HasSubstr("UTF-8"));
}

TEST(Job, RefusesWhatIsTooLarge) {
  EXPECT_THAT(WhyNot(std::string(kMaxMessage + 1, ' ')), HasSubstr("at most 1000000 are read"));
  EXPECT_THAT(WhyNot("{\"id\":\"" + std::string(kMaxHead, 'x')), HasSubstr("ends within 16384"));
  EXPECT_THAT(WhyNot(R"({"id":"1","path":")" + std::string(kMaxPath + 1, 'x') + "\"}"),
              HasSubstr("at most 4096 bytes"));
  base::Diagnosis why;
  EXPECT_FALSE(WriteJob({.id = "1", .sound = std::string(kMaxMessage, 'x')}, why));
  EXPECT_THAT(std::string(why.text()), HasSubstr("at most 1000000"));
}

TEST(Job, HasAnIdOfItsContent) {
  const Job job{.path = "/x"};
  EXPECT_TRUE(IsId(IdOf(job)));
  EXPECT_EQ(IdOf(job).size(), 32U);
  EXPECT_EQ(IdOf(job), IdOf({.id = "other", .path = "/x"}));
  EXPECT_NE(IdOf(job), IdOf({.path = "/y"}));
  EXPECT_NE(IdOf(job), IdOf({.sound = "/x"}));
  EXPECT_NE(IdOf(job), IdOf({.path = "/x", .language = "en"}));
  EXPECT_NE(IdOf(job), IdOf({.path = "/x", .word_times = true}));
}

TEST(JobResult, ReadsBackAsItWasWritten) {
  const JobResult result{
      .id = "7", .fine = true, .text = "one\ntwo\n", .worker = "host-1", .tries = 3};
  base::Diagnosis why;
  const auto read = ReadResult(WriteResult(result), why);
  ASSERT_TRUE(read) << why.text();
  EXPECT_EQ(read->id, "7");
  EXPECT_TRUE(read->fine);
  EXPECT_EQ(read->text, "one\ntwo\n");
  EXPECT_EQ(read->worker, "host-1");
  EXPECT_EQ(read->tries, 3);
}

TEST(JobResult, SaysThatATranscriptIsTooLong) {
  const std::string message = WriteResult({.id = "7",
                                           .fine = true,
                                           .text = std::string(kMaxMessage, 'x'),
                                           .worker = std::string(kMaxMessage, 'w')});
  base::Diagnosis why;
  const auto read = ReadResult(message, why);
  ASSERT_TRUE(read) << why.text();
  EXPECT_FALSE(read->fine);
  EXPECT_THAT(read->text, HasSubstr("1000000 bytes, more than a message takes"));
}

}  // namespace
}  // namespace pinhole::speech::queue
