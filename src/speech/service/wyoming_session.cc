// SPDX-License-Identifier: Apache-2.0
#include "speech/service/wyoming_session.h"

#include <utility>

#include "speech/formats/formats.h"
#include "speech/formats/json_text.h"
#include "speech/service/speech_request.h"

namespace pinhole::speech::service {

namespace {

constexpr std::int64_t kLeastRate = 4000;
constexpr std::int64_t kMostRate = 384000;
constexpr std::int64_t kMostWidth = 4;
constexpr std::int64_t kMostChannels = 8;

void AppendLittleEndian(std::uint32_t number, int bytes, std::string& to) {
  for (int i = 0; i < bytes; ++i) {
    to += static_cast<char>(number >> static_cast<unsigned>(8 * i) & 0xFFU);
  }
}

void AppendAttribution(std::string_view name, std::string_view url, std::string& json) {
  json += R"("attribution":{"name":)";
  AppendJson(name, json);
  json += ",\"url\":";
  AppendJson(url, json);
  json += "},\"installed\":true,\"description\":";
}

}  // namespace

std::string WyomingInfo(const ModelInfo& model) {
  std::string json = R"({"asr":[{"name":"pinhole",)";
  AppendAttribution("Pinhole", "", json);
  json += R"("Speech to text on this machine","version":)";
  AppendJson(std::string_view(PINHOLE_VERSION), json);
  json += R"(,"supports_transcript_streaming":false,"models":[{"name":)";
  AppendJson(model.name, json);
  json += ',';
  AppendAttribution(model.attribution_name, model.attribution_url, json);
  AppendJson(model.description, json);
  json += R"(,"version":null,"languages":[)";
  for (std::size_t i = 0; i < model.languages.size(); ++i) {
    json += i == 0 ? "" : ",";
    AppendJson(model.languages[i], json);
  }
  return json + "]}]}]}";
}

std::string WavHeader(std::uint32_t rate, std::uint16_t width, std::uint16_t channels,
                      std::uint32_t bytes) {
  constexpr std::uint32_t kBehindLength = 36;
  const std::uint32_t frame = std::uint32_t{width} * channels;
  std::string header = "RIFF";
  AppendLittleEndian(bytes + kBehindLength, 4, header);
  header += "WAVEfmt ";
  AppendLittleEndian(16, 4, header);
  AppendLittleEndian(1, 2, header);  // PCM
  AppendLittleEndian(channels, 2, header);
  AppendLittleEndian(rate, 4, header);
  AppendLittleEndian(rate * frame, 4, header);
  AppendLittleEndian(frame, 2, header);
  AppendLittleEndian(std::uint32_t{width} * 8, 2, header);
  header += "data";
  AppendLittleEndian(bytes, 4, header);
  return header;
}

WyomingSession::WyomingSession(const ModelInfo& model, const TranscribeOptions& defaults,
                               std::shared_ptr<MemoryBudget> budget, std::uint64_t most_bytes)
    : model_(model),
      defaults_(defaults),
      budget_(std::move(budget)),
      most_bytes_(most_bytes),
      options_(defaults) {}

WyomingSession::Step WyomingSession::Fail(std::string_view code, std::string_view sentence) {
  std::string json = "{\"text\":";
  AppendJson(sentence, json);
  json += ",\"code\":";
  AppendJson(code, json);
  return {.out = WyomingBytes("error", json + "}"), .close = true};
}

WyomingSession::Step WyomingSession::Take(const WyomingEvent& event) {
  if (event.type == "describe") {
    return {.out = WyomingBytes("info", WyomingInfo(model_))};
  }
  if (event.type == "ping") {
    std::string json = "{\"text\":";
    if (event.text) {
      AppendJson(*event.text, json);
    } else {
      json += "null";
    }
    return {.out = WyomingBytes("pong", json + "}")};
  }
  if (event.type == "transcribe") {
    return Transcribe(event);
  }
  if (event.type == "audio-start") {
    return Begin(event);
  }
  if (event.type == "audio-chunk") {
    return Chunk(event);
  }
  if (event.type == "audio-stop") {
    return Stop();
  }
  return {};
}

WyomingSession::Step WyomingSession::Transcribe(const WyomingEvent& event) {
  if (phase_ == Phase::kWaiting) {
    return Fail("busy", "one utterance at a time: the last one has not been answered");
  }
  if (event.name && !event.name->empty() && !IsModelName(*event.name, model_)) {
    return Fail("model-not-found",
                "the model that is asked for is not here; there is " + model_.name);
  }
  std::string sentence;
  const auto language = ReadLanguage(event.language.value_or(""), model_, sentence);
  if (!language) {
    return Fail("language-not-supported", sentence);
  }
  options_ = defaults_;
  if (!language->empty()) {
    options_.language = *language;
  }
  return {};
}

WyomingSession::Step WyomingSession::Begin(const WyomingEvent& event) {
  if (phase_ == Phase::kWaiting) {
    return Fail("busy", "one utterance at a time: the last one has not been answered");
  }
  const PcmFormat format{event.rate.value_or(0), event.width.value_or(0),
                         event.channels.value_or(0)};
  if (format.rate < kLeastRate || format.rate > kMostRate || format.width < 1 ||
      format.width > kMostWidth || format.channels < 1 || format.channels > kMostChannels) {
    return Fail("audio-format",
                "sound of " + std::to_string(format.rate) + " Hz, " + std::to_string(format.width) +
                    " bytes a sample and " + std::to_string(format.channels) +
                    " channels is not taken: 4000 to 384000 Hz, 1 to 4 bytes and 1 to 8 channels "
                    "are, best 16000, 2 and 1");
  }
  format_ = format;
  sound_ = Upload(budget_, "Wyoming's sound");
  phase_ = Phase::kSound;
  base::Diagnosis why;
  if (!sound_.Append(WavHeader(0, 0, 0, 0), why)) {
    return Fail("busy", why.text());
  }
  return {};
}

WyomingSession::Step WyomingSession::Chunk(const WyomingEvent& event) {
  if (phase_ != Phase::kSound) {
    // Some clients leave audio-start out, since each chunk says the same.
    Step begun = Begin(event);
    if (begun.close) {
      return begun;
    }
  }
  if (PcmFormat{event.rate.value_or(format_.rate), event.width.value_or(format_.width),
                event.channels.value_or(format_.channels)} != format_) {
    return Fail("audio-format", "the sound's format changed in the middle of it");
  }
  if (sound_.size() + event.payload.size() > most_bytes_) {
    return Fail("too-long", "an utterance has more than " + std::to_string(most_bytes_) +
                                " bytes of sound, which is as many as this service takes");
  }
  base::Diagnosis why;
  if (!sound_.Append(event.payload, why)) {
    return Fail("busy", why.text());
  }
  return {};
}

WyomingSession::Step WyomingSession::Stop() {
  if (phase_ == Phase::kWaiting) {
    return Fail("busy", "one utterance at a time: the last one has not been answered");
  }
  if (phase_ == Phase::kQuiet) {
    return Fail("no-audio", "the sound ended before it began");
  }
  const std::uint64_t header = WavHeader(0, 0, 0, 0).size();
  base::Diagnosis why;
  if (!sound_.Overwrite(WavHeader(static_cast<std::uint32_t>(format_.rate),
                                  static_cast<std::uint16_t>(format_.width),
                                  static_cast<std::uint16_t>(format_.channels),
                                  static_cast<std::uint32_t>(sound_.size() - header)),
                        why)) {
    return Fail("internal", why.text());
  }
  if (sound_.size() == header) {
    // Nothing was recorded, so nothing was said.
    sound_.Drop();
    JobResult nothing{.end = JobEnd::kHeard, .transcript = {}, .sentence = {}};
    nothing.transcript.language = options_.language;
    return Heard(nothing);
  }
  phase_ = Phase::kWaiting;
  return {.sound = std::move(sound_)};
}

WyomingSession::Step WyomingSession::Heard(const JobResult& result) {
  phase_ = Phase::kQuiet;
  if (result.end != JobEnd::kHeard) {
    return Fail(result.end == JobEnd::kCancelled ? "stopping" : "failed",
                result.end == JobEnd::kCancelled ? "the service is being stopped"
                                                 : std::string_view(result.sentence));
  }
  options_ = defaults_;
  std::string json = "{\"text\":";
  AppendJson(PlainText(result.transcript), json);
  if (!result.transcript.language.empty()) {
    json += ",\"language\":";
    AppendJson(result.transcript.language, json);
  }
  return {.out = WyomingBytes("transcript", json + "}")};
}

WyomingSession::Step WyomingSession::TurnedAway() {
  phase_ = Phase::kQuiet;
  return Fail("queue-full", "as many files wait as may: try again later");
}

}  // namespace pinhole::speech::service
