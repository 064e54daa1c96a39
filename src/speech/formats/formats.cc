// SPDX-License-Identifier: Apache-2.0
#include "speech/formats/formats.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "speech/formats/json_text.h"
#include "speech/text/languages.h"
#include "speech/text/utf8.h"

namespace pinhole::speech {

namespace {

struct Row {
  std::string_view name, ending, media_type;
};

constexpr std::array<Row, 7> kRows = {{
    {"text", "txt", "text/plain; charset=utf-8"},
    {"srt", "srt", "application/x-subrip; charset=utf-8"},
    {"vtt", "vtt", "text/vtt; charset=utf-8"},
    {"json", "json", "application/json"},
    {"jsonl", "jsonl", "application/jsonl"},
    {"csv", "csv", "text/csv; charset=utf-8"},
    {"tsv", "tsv", "text/tab-separated-values; charset=utf-8"},
}};

const Row& RowOf(Format format) { return kRows[static_cast<std::size_t>(format)]; }

// Valid UTF-8 in one line: control characters and line separators are blanks, and there are none
// around it.
std::string OneLine(std::string_view text) {
  std::string valid;
  Utf8Stream stream;
  stream.Push(text, valid);
  stream.Finish(valid);
  std::string line;
  for (std::string_view rest = valid; !rest.empty();) {
    const Utf8Character next = FirstUtf8(rest);
    const bool is_control = next.code < 0x20 || (next.code >= 0x7F && next.code < 0xA0) ||
                            next.code == 0x2028 || next.code == 0x2029;
    line += is_control ? std::string_view(" ") : rest.substr(0, next.length);
    rest.remove_prefix(next.length);
  }
  const std::size_t begin = line.find_first_not_of(' ');
  if (begin == std::string::npos) {
    return {};
  }
  return line.substr(begin, line.find_last_not_of(' ') - begin + 1);
}

void ReplaceAll(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

// Again and again: "--->" becomes "-->" first.
std::string SrtText(std::string text) {
  for (std::size_t at = text.find("-->"); at != std::string::npos; at = text.find("-->")) {
    text.erase(at, 1);
  }
  return text;
}

std::string VttText(std::string text) {
  ReplaceAll(text, "&", "&amp;");
  ReplaceAll(text, "<", "&lt;");
  ReplaceAll(text, ">", "&gt;");
  return text;
}

std::string CsvText(std::string text) {
  ReplaceAll(text, "\"", "\"\"");
  return "\"" + text + "\"";
}

std::string Digits(std::int64_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

// 00:00:01,500
std::string ClockTime(std::int64_t ms, char point) {
  ms = std::max<std::int64_t>(ms, 0);
  return Digits(ms / 3600000, 2) + ":" + Digits(ms / 60000 % 60, 2) + ":" +
         Digits(ms / 1000 % 60, 2) + point + Digits(ms % 1000, 3);
}

std::string CueTimes(std::int64_t start_ms, std::int64_t end_ms, char point) {
  start_ms = std::max<std::int64_t>(start_ms, 0);
  return ClockTime(start_ms, point) + " --> " + ClockTime(std::max(end_ms, start_ms + 1), point) +
         "\n";
}

// The words with their times between them; a time has to lie inside the cue and behind the last.
std::string VttWords(const Segment& segment) {
  std::string text;
  std::int64_t last_ms = std::max<std::int64_t>(segment.start_ms, 0);
  const std::int64_t end_ms = std::max(segment.end_ms, last_ms + 1);
  for (const Word& word : segment.words) {
    const std::string said = OneLine(word.text);
    if (said.empty()) {
      continue;
    }
    const bool is_apart = word.text.starts_with(' ');
    if (!text.empty() && is_apart) {
      text += ' ';
    }
    if (word.start_ms > last_ms && word.start_ms < end_ms) {
      text += "<" + ClockTime(word.start_ms, '.') + ">";
      last_ms = word.start_ms;
    }
    text += VttText(said);
  }
  return text;
}

void AppendJsonWord(const Word& word, std::string& to) {
  to += "{\"word\":";
  AppendJson(word.text.starts_with(' ') ? std::string_view(word.text).substr(1) : word.text, to);
  to += ",\"start\":";
  AppendJsonSeconds(word.start_ms, to);
  to += ",\"end\":";
  AppendJsonSeconds(word.end_ms, to);
  to += ",\"probability\":";
  AppendJson(word.probability, to);
  to += '}';
}

void AppendJsonWords(const std::vector<Word>& words, bool& is_first, std::string& to) {
  for (const Word& word : words) {
    if (!is_first) {
      to += ',';
    }
    is_first = false;
    AppendJsonWord(word, to);
  }
}

void AppendJsonSegment(const Segment& segment, std::int64_t id, bool words, std::string& to) {
  to += "{\"id\":" + std::to_string(id);
  to += ",\"seek\":" + std::to_string(std::max<std::int64_t>(segment.start_ms, 0) / 10);
  to += ",\"start\":";
  AppendJsonSeconds(segment.start_ms, to);
  to += ",\"end\":";
  AppendJsonSeconds(segment.end_ms, to);
  to += ",\"text\":";
  AppendJson(segment.text, to);
  to += ",\"tokens\":[";
  for (std::size_t i = 0; i < segment.tokens.size(); ++i) {
    to += (i == 0 ? "" : ",") + std::to_string(segment.tokens[i]);
  }
  to += "],\"temperature\":";
  AppendJson(segment.temperature, to);
  to += ",\"avg_logprob\":";
  AppendJson(segment.average_log_probability, to);
  to += ",\"compression_ratio\":";
  AppendJson(segment.compression_ratio, to);
  to += ",\"no_speech_prob\":";
  AppendJson(segment.no_speech, to);
  if (words) {
    bool is_first = true;
    to += ",\"words\":[";
    AppendJsonWords(segment.words, is_first, to);
    to += ']';
  }
  to += '}';
}

std::string_view LanguageName(std::string_view code) {
  const int place = FindLanguage(code);
  return place < 0 ? code : kLanguageTable[static_cast<std::size_t>(place)].name;
}

std::string JsonOf(const Transcript& transcript, const FormatOptions& options) {
  std::string json = "{\"task\":";
  json += options.translated ? "\"translate\"" : "\"transcribe\"";
  json += ",\"language\":";
  AppendJson(LanguageName(transcript.language), json);
  json += ",\"duration\":";
  AppendJsonSeconds(transcript.duration_ms, json);
  json += ",\"text\":";
  AppendJson(PlainText(transcript), json);
  if (options.words && !options.words_in_segments) {
    bool is_first = true;
    json += ",\"words\":[";
    for (const Segment& segment : transcript.segments) {
      AppendJsonWords(segment.words, is_first, json);
    }
    json += ']';
  }
  if (options.segments) {
    json += ",\"segments\":[";
    for (std::size_t i = 0; i < transcript.segments.size(); ++i) {
      json += i == 0 ? "" : ",";
      AppendJsonSegment(transcript.segments[i], static_cast<std::int64_t>(i),
                        options.words && options.words_in_segments, json);
    }
    json += ']';
  }
  json += "}\n";
  return json;
}

}  // namespace

std::string_view FormatNames() { return "text, srt, vtt, json, jsonl, csv, tsv"; }

base::Result<Format> ParseFormat(std::string_view name, base::Diagnosis& why) {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (name == kRows[i].name || name == kRows[i].ending) {
      return static_cast<Format>(i);
    }
  }
  return why.Fail(base::Error::kInvalidArgument, "'", name.substr(0, 40),
                  "' is no format of a transcript: choose one of ", FormatNames());
}

std::string_view FileEnding(Format format) { return RowOf(format).ending; }
std::string_view MediaType(Format format) { return RowOf(format).media_type; }

std::string PlainText(const Transcript& transcript) { return OneLine(transcript.Text()); }

std::string Write(const Transcript& transcript, Format format, const FormatOptions& options) {
  FormatWriter writer(format, options);
  std::string text = writer.Begin();
  for (const Segment& segment : transcript.segments) {
    text += writer.Add(segment);
  }
  return text + writer.End(transcript);
}

std::string FormatWriter::Begin() const {
  switch (format_) {
    case Format::kVtt: return "WEBVTT\n\n";
    case Format::kCsv: return "start,end,text\n";
    case Format::kTsv: return "start\tend\ttext\n";
    default: return {};
  }
}

std::string FormatWriter::Add(const Segment& segment) {
  std::string text;
  if (format_ == Format::kJson) {
    return text;
  }
  if (format_ == Format::kJsonLines) {
    AppendJsonSegment(segment, segments_++, options_.words, text);
    return text + "\n";
  }
  const bool by_words = options_.words && !segment.words.empty() && format_ != Format::kText;
  if (by_words && format_ == Format::kVtt) {
    if (const std::string words = VttWords(segment); !words.empty()) {
      text = CueTimes(segment.start_ms, segment.end_ms, '.') + words + "\n\n";
    }
  } else if (by_words) {
    for (const Word& word : segment.words) {
      AddCue({word.start_ms, word.end_ms, OneLine(word.text)}, text);
    }
  } else {
    AddCue({segment.start_ms, segment.end_ms, OneLine(segment.text)}, text);
  }
  return text;
}

void FormatWriter::AddCue(const Cue& cue, std::string& to) {
  if (cue.text.empty()) {
    return;
  }
  const auto times = [&](std::string_view between) {
    return std::to_string(std::max<std::int64_t>(cue.start_ms, 0)) + std::string(between) +
           std::to_string(std::max<std::int64_t>(cue.end_ms, 0)) + std::string(between);
  };
  switch (format_) {
    case Format::kText: to += cue.text + "\n"; return;
    case Format::kSrt:
      to += std::to_string(++cues_) + "\n" + CueTimes(cue.start_ms, cue.end_ms, ',') +
            SrtText(cue.text) + "\n\n";
      return;
    case Format::kVtt:
      to += CueTimes(cue.start_ms, cue.end_ms, '.') + VttText(cue.text) + "\n\n";
      return;
    case Format::kCsv: to += times(",") + CsvText(cue.text) + "\n"; return;
    case Format::kTsv: to += times("\t") + cue.text + "\n"; return;
    case Format::kJson:
    case Format::kJsonLines: return;  // written elsewhere
  }
}

std::string FormatWriter::End(const Transcript& transcript) const {
  return format_ == Format::kJson ? JsonOf(transcript, options_) : std::string();
}

}  // namespace pinhole::speech
