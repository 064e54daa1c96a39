// SPDX-License-Identifier: Apache-2.0
#pragma once

// A form's fields -> what is to be done, for the two vocabularies that are spoken: OpenAI's
// (/v1/audio/transcriptions, /v1/audio/translations) and that of whisper.cpp's server (/inference).
// No sockets.
//
// SpeechForm takes the parts of a form as MultipartReader gives them; ReadSpeechRequest reads its
// fields. What is refused is refused with the status, the sentence and the field that OpenAI's
// error objects have.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "speech/formats/formats.h"
#include "speech/service/multipart.h"
#include "speech/service/recognizer.h"
#include "speech/service/upload.h"
#include "speech/transcribe/transcriber.h"

namespace pinhole::speech::service {

enum class Api : std::uint8_t { kTranscriptions, kTranslations, kInference };

struct Refusal {
  unsigned status = 400;
  std::string message;
  std::string param;  // the field's name; empty: none
  std::string code;   // "model_not_found"; empty: none
};

// Bounded: the file by its limit and the budget, all other fields together by kMaxFields.
class SpeechForm : public MultipartReader::Sink {
 public:
  static constexpr std::size_t kMaxField = 8192;
  static constexpr std::size_t kMaxFields = 65536;

  SpeechForm(std::shared_ptr<MemoryBudget> budget, std::uint64_t file_limit)
      : budget_(std::move(budget)), file_limit_(file_limit) {}

  bool BeginPart(const MultipartReader::Part& part) override;
  bool Data(std::string_view bytes) override;
  bool EndPart() override;

  [[nodiscard]] bool has_file() const { return has_file_; }
  Upload TakeFile() { return std::move(file_); }
  // The last value of the field, or nothing.
  [[nodiscard]] std::optional<std::string_view> Value(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> Values(std::string_view name) const;
  // Why a part was not taken; nothing where all were.
  [[nodiscard]] const std::optional<Refusal>& refusal() const { return refusal_; }

 private:
  bool Refuse(Refusal refusal);

  std::shared_ptr<MemoryBudget> budget_;
  std::uint64_t file_limit_;
  Upload file_;
  bool has_file_ = false;
  bool in_file_ = false;
  std::size_t field_bytes_ = 0;
  std::vector<std::pair<std::string, std::string>> fields_;
  std::optional<Refusal> refusal_;
};

// How the transcript is written.
enum class ReplyKind : std::uint8_t { kText, kJson, kVerboseJson, kSrt, kVtt };

struct SpeechRequest {
  TranscribeOptions options;
  ReplyKind kind = ReplyKind::kJson;
  FormatOptions format;
  bool stream = false;  // events
  bool lines = false;   // kText and kJson: a line a segment, as whisper.cpp has it
};

// `defaults`: what a request begins with. Nothing, and `refusal`, where the fields ask for what is
// not to be had.
std::optional<SpeechRequest> ReadSpeechRequest(const SpeechForm& form, Api api,
                                               const ModelInfo& model,
                                               const TranscribeOptions& defaults, Refusal& refusal);

// Whether a client means this model: its name, or "whisper-1", which OpenAI's clients say.
bool IsModelName(std::string_view name, const ModelInfo& model);

// The code of a language that a client names; empty where it leaves it open ("", "auto"). Nothing,
// and `sentence`, where there is no such language or the model does not know it.
std::optional<std::string> ReadLanguage(std::string_view given, const ModelInfo& model,
                                        std::string& sentence);

}  // namespace pinhole::speech::service
