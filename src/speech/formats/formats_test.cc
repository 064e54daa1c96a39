// SPDX-License-Identifier: Apache-2.0
#include "speech/formats/formats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "speech/formats/json_text.h"
#include "speech/text/utf8.h"

namespace pinhole::speech {
namespace {

constexpr Format kAll[] = {Format::kText,      Format::kSrt, Format::kVtt, Format::kJson,
                           Format::kJsonLines, Format::kCsv, Format::kTsv};

Segment Said(std::int64_t start_ms, std::int64_t end_ms, std::string text) {
  Segment segment;
  segment.start_ms = start_ms;
  segment.end_ms = end_ms;
  segment.text = std::move(text);
  segment.tokens = {1, 22};
  segment.average_log_probability = -0.25F;
  segment.compression_ratio = 1.5F;
  segment.no_speech = 0.125F;
  return segment;
}

Transcript TwoSegments() {
  Transcript transcript;
  transcript.language = "en";
  transcript.duration_ms = 3723004;
  transcript.segments = {Said(0, 1500, " Good morning."), Said(3722999, 3723004, " Good-bye.")};
  transcript.segments[0].words = {{0, 700, " Good", 0.5F}, {700, 1500, " morning.", 0.75F}};
  transcript.segments[1].words = {{3722999, 3723001, " Good", 0.5F},
                                  {3723001, 3723004, "-bye.", 0.75F}};
  return transcript;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character next = FirstUtf8(text);
    if (next.length == 0) {
      return false;
    }
    text.remove_prefix(next.length);
  }
  return true;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

// A transcript of whatever bytes and times.
Transcript Hostile(std::mt19937& random) {
  const auto any = [&](unsigned below) { return random() % below; };
  const auto text = [&] {
    static constexpr std::string_view kMarks[] = {
        "-->", "&", "<", "\"", "\n", "\r\n\r\n", ",", "\t", "WEBVTT", "\xE2\x80\xA8", "\xFF", "a "};
    std::string made;
    for (unsigned i = any(6); i > 0; --i) {
      made += any(2) == 0 ? std::string(kMarks[any(std::size(kMarks))])
                          : std::string(1, static_cast<char>(any(256)));
    }
    return made;
  };
  const auto time = [&] { return static_cast<std::int64_t>(any(100000)) - 1000; };
  Transcript transcript;
  transcript.language = text();
  transcript.duration_ms = time();
  for (unsigned i = any(4); i > 0; --i) {
    Segment segment = Said(time(), time(), text());
    for (unsigned j = any(4); j > 0; --j) {
      segment.words.push_back({time(), time(), text(), 0.5F});
    }
    transcript.segments.push_back(segment);
  }
  return transcript;
}

TEST(Formats, NamesComeBack) {
  base::Diagnosis why;
  std::string names;
  for (const Format format : kAll) {
    EXPECT_EQ(ParseFormat(FileEnding(format), why).value(), format);
    EXPECT_FALSE(MediaType(format).empty());
  }
  std::istringstream listed{std::string(FormatNames())};
  for (std::string name; std::getline(listed >> std::ws, name, ',');) {
    EXPECT_TRUE(ParseFormat(name, why)) << name;
  }
  for (const char* name : {"", "SRT", "srt ", "verbose_json", "docx"}) {
    EXPECT_EQ(ParseFormat(name, why).error(), base::Error::kInvalidArgument) << name;
    EXPECT_NE(why.text().find("vtt"), std::string_view::npos);
  }
}

TEST(Formats, WholeIsWhatItsSegmentsGive) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const Transcript transcript = round == 0 ? TwoSegments() : Hostile(random);
    for (const Format format : kAll) {
      for (const bool words : {false, true}) {
        const FormatOptions options = {.words = words};
        FormatWriter writer(format, options);
        std::string text = writer.Begin();
        for (const Segment& segment : transcript.segments) {
          text += writer.Add(segment);
        }
        text += writer.End(transcript);
        ASSERT_EQ(text, Write(transcript, format, options));
      }
    }
  }
}

// Every line of a cue file is a header, a number, a line of times, a text or empty, in this order.
void ExpectCues(const std::string& text, bool is_vtt) {
  std::vector<std::string> lines = Lines(text);
  std::size_t at = 0;
  if (is_vtt) {
    ASSERT_GE(lines.size(), 2U);
    ASSERT_EQ(lines[0], "WEBVTT");
    ASSERT_EQ(lines[1], "");
    at = 2;
  }
  for (int number = 1; at < lines.size(); ++number) {
    if (!is_vtt) {
      ASSERT_EQ(lines[at++], std::to_string(number));
    }
    ASSERT_LE(at + 3, lines.size()) << text;
    const std::string& times = lines[at];
    ASSERT_EQ(times.size(), 29U) << times;
    ASSERT_EQ(times.substr(12, 5), " --> ");
    ASSERT_LT(times.substr(0, 12), times.substr(17)) << "a cue has to last";
    ASSERT_EQ(times[8], is_vtt ? '.' : ',');
    ASSERT_NE(lines[at + 1], "");
    ASSERT_EQ(lines[at + 1].find("-->"), std::string::npos);
    ASSERT_EQ(lines[at + 2], "");
    at += 3;
  }
}

TEST(Formats, HostileTextsKeepTheRules) {
  std::mt19937 random(2);
  for (int round = 0; round < 2000; ++round) {
    const Transcript transcript = Hostile(random);
    for (const bool words : {false, true}) {
      const FormatOptions options = {.words = words};
      for (const Format format : kAll) {
        ASSERT_TRUE(IsUtf8(Write(transcript, format, options)));
      }
      ExpectCues(Write(transcript, Format::kSrt, options), false);
      ExpectCues(Write(transcript, Format::kVtt, options), true);
      const auto json = nlohmann::json::parse(Write(transcript, Format::kJson, options));
      ASSERT_EQ(json["segments"].size(), transcript.segments.size());
      for (const std::string& line : Lines(Write(transcript, Format::kJsonLines, options))) {
        ASSERT_TRUE(nlohmann::json::accept(line));
      }
      for (const std::string& line : Lines(Write(transcript, Format::kTsv, options))) {
        ASSERT_EQ(std::count(line.begin(), line.end(), '\t'), 2);
      }
      for (const std::string& line : Lines(Write(transcript, Format::kCsv, options))) {
        ASSERT_EQ(std::count(line.begin(), line.end(), '"') % 2, 0) << line;
      }
    }
  }
}

TEST(Formats, TextIsALineASegment) {
  EXPECT_EQ(Write(TwoSegments(), Format::kText, {}), "Good morning.\nGood-bye.\n");
  EXPECT_EQ(Write(TwoSegments(), Format::kText, {.words = true}), "Good morning.\nGood-bye.\n");
  EXPECT_EQ(PlainText(TwoSegments()), "Good morning. Good-bye.");
  EXPECT_EQ(Write({}, Format::kText, {}), "");
}

TEST(Formats, Srt) {
  EXPECT_EQ(Write(TwoSegments(), Format::kSrt, {}),
            "1\n00:00:00,000 --> 00:00:01,500\nGood morning.\n\n"
            "2\n01:02:02,999 --> 01:02:03,004\nGood-bye.\n\n");
  EXPECT_EQ(Write(TwoSegments(), Format::kSrt, {.words = true}),
            "1\n00:00:00,000 --> 00:00:00,700\nGood\n\n"
            "2\n00:00:00,700 --> 00:00:01,500\nmorning.\n\n"
            "3\n01:02:02,999 --> 01:02:03,001\nGood\n\n"
            "4\n01:02:03,001 --> 01:02:03,004\n-bye.\n\n");
  Transcript odd;
  odd.segments = {Said(360000000, 360000000, " a ---> b\nc"), Said(1, 2, "  ")};
  EXPECT_EQ(Write(odd, Format::kSrt, {}), "1\n100:00:00,000 --> 100:00:00,001\na -> b c\n\n");
}

TEST(Formats, Vtt) {
  EXPECT_EQ(Write(TwoSegments(), Format::kVtt, {}),
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nGood morning.\n\n"
            "01:02:02.999 --> 01:02:03.004\nGood-bye.\n\n");
  EXPECT_EQ(Write(TwoSegments(), Format::kVtt, {.words = true}),
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nGood <00:00:00.700>morning.\n\n"
            "01:02:02.999 --> 01:02:03.004\nGood<01:02:03.001>-bye.\n\n");
  Transcript odd;
  odd.segments = {Said(0, 1, " <b>R&D</b> --> x")};
  EXPECT_EQ(Write(odd, Format::kVtt, {}),
            "WEBVTT\n\n00:00:00.000 --> 00:00:00.001\n&lt;b&gt;R&amp;D&lt;/b&gt; --&gt; x\n\n");
}

TEST(Formats, JsonHasTheNamesOfVerboseJson) {
  const auto json = nlohmann::json::parse(Write(TwoSegments(), Format::kJson, {.words = true}));
  EXPECT_EQ(json["task"], "transcribe");
  EXPECT_EQ(json["language"], "english");
  EXPECT_EQ(json["duration"], 3723.004);
  EXPECT_EQ(json["text"], "Good morning. Good-bye.");
  ASSERT_EQ(json["segments"].size(), 2U);
  const auto& segment = json["segments"][1];
  EXPECT_EQ(segment["id"], 1);
  EXPECT_EQ(segment["seek"], 372299);
  EXPECT_EQ(segment["start"], 3722.999);
  EXPECT_EQ(segment["end"], 3723.004);
  EXPECT_EQ(segment["text"], " Good-bye.");
  EXPECT_EQ(segment["tokens"], (std::vector<int>{1, 22}));
  EXPECT_EQ(segment["avg_logprob"], -0.25);
  EXPECT_EQ(segment["compression_ratio"], 1.5);
  EXPECT_EQ(segment["no_speech_prob"], 0.125);
  EXPECT_EQ(segment["temperature"], 0);
  ASSERT_EQ(json["words"].size(), 4U);
  EXPECT_EQ(json["words"][3]["word"], "-bye.");
  EXPECT_EQ(json["words"][1]["start"], 0.7);
  EXPECT_EQ(json["words"][1]["end"], 1.5);
  EXPECT_EQ(json["words"][1]["probability"], 0.75);
}

TEST(Formats, JsonLeavesOutWhatIsNotAskedFor) {
  const auto plain = nlohmann::json::parse(Write(TwoSegments(), Format::kJson, {}));
  EXPECT_FALSE(plain.contains("words"));
  const auto words = nlohmann::json::parse(
      Write(TwoSegments(), Format::kJson, {.words = true, .segments = false, .translated = true}));
  EXPECT_FALSE(words.contains("segments"));
  EXPECT_EQ(words["task"], "translate");
  const auto inside = nlohmann::json::parse(
      Write(TwoSegments(), Format::kJson, {.words = true, .words_in_segments = true}));
  EXPECT_FALSE(inside.contains("words"));
  EXPECT_EQ(inside["segments"][0]["words"][1]["word"], "morning.");
}

TEST(Formats, JsonLinesAreSegments) {
  const auto lines = Lines(Write(TwoSegments(), Format::kJsonLines, {.words = true}));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(nlohmann::json::parse(lines[0])["words"].size(), 2U);
  EXPECT_EQ(nlohmann::json::parse(lines[1])["id"], 1);
}

TEST(Formats, CsvAndTsvHaveMilliseconds) {
  Transcript odd;
  odd.segments = {Said(-5, 1500, " He said \"no\",\tthen left.")};
  EXPECT_EQ(Write(odd, Format::kCsv, {}),
            "start,end,text\n0,1500,\"He said \"\"no\"\", then left.\"\n");
  EXPECT_EQ(Write(odd, Format::kTsv, {}),
            "start\tend\ttext\n0\t1500\tHe said \"no\", then left.\n");
  EXPECT_EQ(Lines(Write(TwoSegments(), Format::kCsv, {.words = true})).size(), 5U);
}

TEST(JsonText, WhatIsWrittenReadsBack) {
  std::string every;
  for (std::uint32_t code = 0; code < 0x3000; ++code) {
    if (code < 0xD800 || code > 0xDFFF) {
      AppendUtf8(code, every);
    }
  }
  std::string json;
  AppendJson(every, json);
  EXPECT_EQ(nlohmann::json::parse(json).get<std::string>(), every);
  EXPECT_EQ(json.find('\n'), std::string::npos);
  json.clear();
  AppendJson("\xFFz", json);
  EXPECT_EQ(json, "\"\xEF\xBF\xBDz\"");
}

TEST(JsonText, NumbersAreTheirShortest) {
  const auto text = [](auto number) {
    std::string json;
    AppendJson(number, json);
    return json;
  };
  EXPECT_EQ(text(0.1F), "0.1");
  EXPECT_EQ(text(-2.5), "-2.5");
  EXPECT_EQ(text(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(text(std::numeric_limits<float>::quiet_NaN()), "null");
}

TEST(JsonText, SecondsAreExact) {
  for (std::int64_t ms : {0, 1, 10, 100, 999, 1000, 1010, 123456789}) {
    std::string json;
    AppendJsonSeconds(ms, json);
    EXPECT_NE(json.find('.'), std::string::npos);
    EXPECT_EQ(std::llround(std::stod(json) * 1000), ms) << json;
  }
  std::string json;
  AppendJsonSeconds(-1, json);
  EXPECT_EQ(json, "0.0");
}

}  // namespace
}  // namespace pinhole::speech
