// SPDX-License-Identifier: Apache-2.0
#include "speech/service/speech_request.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "speech/text/languages.h"
#include "system/failure.h"

namespace pinhole::speech::service {

namespace {

std::string Shown(std::string_view text) {
  return "'" + system::Printable(text.substr(0, 64)) + "'";
}

// What the fields of whisper.cpp's server would change and this one does not do: taken only with a
// value that leaves all as it is.
constexpr std::string_view kNotDone[] = {"offset_t", "duration",    "max_len", "diarize",
                                         "vad",      "tinydiarize", "offset_n"};

// Reads one form's fields; the first that can't be read is kept as the refusal.
class FieldReader {
 public:
  FieldReader(const SpeechForm& form, Refusal& refusal) : form_(form), refusal_(refusal) {}

  void Refuse(std::string_view field, std::string message, unsigned status = 400,
              std::string code = {}) {
    if (!std::exchange(refused_, true)) {
      refusal_ = {status, std::move(message), std::string(field), std::move(code)};
    }
  }
  [[nodiscard]] bool refused() const { return refused_; }

  bool Truth(std::string_view field, bool otherwise) {
    const auto value = form_.Value(field);
    if (!value || value->empty()) {
      return otherwise;
    }
    if (*value == "true" || *value == "True" || *value == "1") {
      return true;
    }
    if (*value != "false" && *value != "False" && *value != "0") {
      Refuse(field, std::string(field) + " is " + Shown(*value) + ": true or false is expected");
    }
    return false;
  }

  std::optional<float> Number(std::string_view field, float least, float most) {
    const auto value = form_.Value(field);
    if (!value || value->empty()) {
      return std::nullopt;
    }
    float number = 0;
    const char* const end = value->data() + value->size();
    const auto [after, error] = std::from_chars(value->data(), end, number);
    if (error != std::errc() || after != end || !(number >= least && number <= most)) {
      Refuse(field, std::string(field) + " is " + Shown(*value) + ": a number from " +
                        std::to_string(static_cast<int>(least)) + " to " +
                        std::to_string(static_cast<int>(most)) + " is expected");
      return std::nullopt;
    }
    return number;
  }

 private:
  const SpeechForm& form_;
  Refusal& refusal_;
  bool refused_ = false;
};

void ReadKind(const SpeechForm& form, FieldReader& reader, SpeechRequest& request) {
  struct Name {
    std::string_view name;
    ReplyKind kind;
  };
  constexpr Name kNames[] = {{"json", ReplyKind::kJson},
                             {"text", ReplyKind::kText},
                             {"srt", ReplyKind::kSrt},
                             {"vtt", ReplyKind::kVtt},
                             {"verbose_json", ReplyKind::kVerboseJson}};
  const std::string_view given = form.Value("response_format").value_or("json");
  const auto* const found = std::find_if(std::begin(kNames), std::end(kNames),
                                         [&](const Name& name) { return name.name == given; });
  if (found == std::end(kNames)) {
    reader.Refuse("response_format", "response_format is " + Shown(given) +
                                         ": json, text, srt, vtt or verbose_json is expected");
    return;
  }
  request.kind = found->kind;
}

void ReadGranularities(const SpeechForm& form, FieldReader& reader, SpeechRequest& request) {
  std::vector<std::string_view> values = form.Values("timestamp_granularities[]");
  for (const std::string_view value : form.Values("timestamp_granularities")) {
    values.push_back(value);
  }
  if (values.empty()) {
    return;
  }
  request.format.segments = false;
  for (const std::string_view value : values) {
    if (value == "word") {
      request.format.words = true;
    } else if (value == "segment") {
      request.format.segments = true;
    } else {
      reader.Refuse("timestamp_granularities", "timestamp_granularities has " + Shown(value) +
                                                   ": word or segment is expected");
    }
  }
  if (request.format.words &&
      (request.kind == ReplyKind::kJson || request.kind == ReplyKind::kText)) {
    reader.Refuse("timestamp_granularities",
                  "words with times need the response_format verbose_json, srt or vtt");
  }
  request.options.word_times = request.format.words;
}

// OpenAI: 0 leaves the choice to the model, anything else is what it says. whisper.cpp: the first
// of several, temperature_inc apart.
void ReadTemperature(FieldReader& reader, Api api, SpeechRequest& request) {
  const auto temperature = reader.Number("temperature", 0, 1);
  if (api != Api::kInference) {
    if (temperature && *temperature > 0) {
      request.options.temperatures = {*temperature};
    }
    return;
  }
  const auto step = reader.Number("temperature_inc", 0, 1);
  if (!temperature && !step) {
    return;
  }
  request.options.temperatures.clear();
  const float by = std::max(step.value_or(0.2F), 0.0F);
  constexpr int kMost = 16;
  for (int i = 0; i < kMost; ++i) {
    const float next = temperature.value_or(0) + by * static_cast<float>(i);
    if (i > 0 && (by <= 0 || next > 1.0F + 1e-5F)) {
      break;
    }
    request.options.temperatures.push_back(std::min(next, 1.0F));
  }
}

void ReadOpenAi(const SpeechForm& form, FieldReader& reader, SpeechRequest& request) {
  ReadGranularities(form, reader, request);
  request.stream = reader.Truth("stream", false);
  if (request.stream && request.kind != ReplyKind::kJson && request.kind != ReplyKind::kText) {
    reader.Refuse("stream", "a stream has text alone: leave response_format out, or take json");
  }
}

void ReadInference(const SpeechForm& form, FieldReader& reader, SpeechRequest& request) {
  request.lines = true;
  request.format.words_in_segments = true;
  if (reader.Truth("translate", false)) {
    request.options.task = Task::kTranslate;
  }
  if (reader.Truth("no_context", false)) {
    request.options.condition_on_previous = false;
  }
  request.format.words = reader.Truth("token_timestamps", false) &&
                         request.kind != ReplyKind::kJson && request.kind != ReplyKind::kText;
  request.options.word_times = request.format.words;
  for (const std::string_view field : kNotDone) {
    const std::string_view value = form.Value(field).value_or("");
    if (!value.empty() && value != "0" && value != "false") {
      reader.Refuse(field, std::string(field) + " is " + Shown(value) +
                               ", which this service does not do: leave it out");
    }
  }
}

}  // namespace

bool SpeechForm::Refuse(Refusal refusal) {
  refusal_ = std::move(refusal);
  return false;
}

bool SpeechForm::BeginPart(const MultipartReader::Part& part) {
  in_file_ = part.name == "file";
  if (in_file_) {
    if (std::exchange(has_file_, true)) {
      return Refuse({400, "the form has two files: send one", "file", {}});
    }
    file_ = Upload(budget_, system::Printable(part.file_name));
    return true;
  }
  field_bytes_ += part.name.size();
  fields_.emplace_back(part.name, std::string());
  return true;
}

bool SpeechForm::Data(std::string_view bytes) {
  if (!in_file_) {
    std::string& value = fields_.back().second;
    field_bytes_ += bytes.size();
    if (value.size() + bytes.size() > kMaxField || field_bytes_ > kMaxFields) {
      return Refuse({413,
                     "the field " + Shown(fields_.back().first) + " is too long: at most " +
                         std::to_string(kMaxField) + " bytes",
                     system::Printable(fields_.back().first),
                     {}});
    }
    value += bytes;
    return true;
  }
  if (file_.size() + bytes.size() > file_limit_) {
    return Refuse({413,
                   "the file has more than " + std::to_string(file_limit_) +
                       " bytes, which is as many as this service takes",
                   "file",
                   {}});
  }
  base::Diagnosis why;
  if (!file_.Append(bytes, why)) {
    return Refuse({503, std::string(why.text()), {}, "busy"});
  }
  return true;
}

bool SpeechForm::EndPart() {
  in_file_ = false;
  return true;
}

std::optional<std::string_view> SpeechForm::Value(std::string_view name) const {
  const std::vector<std::string_view> values = Values(name);
  return values.empty() ? std::nullopt : std::optional(values.back());
}

std::vector<std::string_view> SpeechForm::Values(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [field, value] : fields_) {
    if (field == name) {
      values.emplace_back(value);
    }
  }
  return values;
}

bool IsModelName(std::string_view name, const ModelInfo& model) {
  return name == model.name || name == "whisper-1";
}

std::optional<std::string> ReadLanguage(std::string_view given, const ModelInfo& model,
                                        std::string& sentence) {
  if (given.empty() || given == "auto") {
    return std::string();
  }
  // "de-DE", as Home Assistant may say.
  const int place = FindLanguage(given.substr(0, given.find_first_of("-_")));
  if (place < 0) {
    sentence = "the language is " + Shown(given) +
               ", which is none that is known: a code such as en is expected";
    return std::nullopt;
  }
  const std::string code(kLanguageTable[static_cast<std::size_t>(place)].code);
  if (!model.is_multilingual && code != "en") {
    sentence =
        "the model " + model.name + " knows English alone, and the language is " + Shown(given);
    return std::nullopt;
  }
  return code;
}

std::optional<SpeechRequest> ReadSpeechRequest(const SpeechForm& form, Api api,
                                               const ModelInfo& model,
                                               const TranscribeOptions& defaults,
                                               Refusal& refusal) {
  SpeechRequest request;
  request.options = defaults;
  FieldReader reader(form, refusal);
  if (!form.has_file()) {
    reader.Refuse("file", "the form has no file: send the sound in the field file");
  }
  if (const auto name = form.Value("model");
      api != Api::kInference && name && !name->empty() && !IsModelName(*name, model)) {
    reader.Refuse("model", "the model " + Shown(*name) + " is not here; there is " + model.name,
                  404, "model_not_found");
  }
  std::string sentence;
  const auto language = ReadLanguage(form.Value("language").value_or(""), model, sentence);
  if (!language) {
    reader.Refuse("language", sentence);
  } else if (!language->empty()) {
    request.options.language = *language;
  }
  request.options.initial_prompt = form.Value("prompt").value_or("");
  ReadKind(form, reader, request);
  ReadTemperature(reader, api, request);
  if (api == Api::kInference) {
    ReadInference(form, reader, request);
  } else {
    ReadOpenAi(form, reader, request);
  }
  if (api == Api::kTranslations) {
    request.options.task = Task::kTranslate;
  }
  request.format.translated = request.options.task == Task::kTranslate;
  if (request.format.translated && !model.is_multilingual) {
    reader.Refuse("model",
                  "the model " + model.name +
                      " knows English alone and does not translate: start the service with a "
                      "multilingual one");
  }
  return reader.refused() ? std::nullopt : std::optional(std::move(request));
}

}  // namespace pinhole::speech::service
