// SPDX-License-Identifier: Apache-2.0
// pinhole serve-speech: sound from other programs in, text back to them, until it is told to end.

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/commands.h"
#include "host/names.h"
#include "host/speech_parts.h"
#include "host/speech_queue.h"
#include "host/stop_by_signal.h"
#include "outside/http/token.h"
#include "speech/service/service.h"
#include "speech/sound/decoded_sound.h"
#include "speech/text/languages.h"

namespace pinhole::host {

namespace {

using speech::service::ModelInfo;
using speech::service::Recognizer;
using speech::service::ServiceOptions;
using speech::service::Upload;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

// The model, which all workers read, with threads and a transcriber of its own.
class ModelRecognizer final : public Recognizer {
 public:
  ModelRecognizer(const speech::SpeechModel& model, int threads, std::int64_t most_seconds)
      : pool_(threads),
        transcriber_(model.network(), model.tokenizer(), model.special(), model.filters(),
                     {pool_.workers(), threads}),
        most_seconds_(most_seconds) {}

  base::Result<speech::Transcript> Transcribe(const Upload& upload,
                                              const speech::TranscribeOptions& options,
                                              const speech::Progress& progress,
                                              base::Diagnosis& why) override {
    const std::string name = upload.name().empty() ? "the file" : upload.name();
    auto fd = upload.Descriptor(why);
    if (!fd) {
      return base::Unexpected(fd.error());
    }
    PINHOLE_ASSIGN(const auto sound,
                   speech::DecodedSound::FromDescriptor(*std::move(fd), name,
                                                        {.max_seconds = most_seconds_}, why));
    return transcriber_.Run(*sound, options, progress, why);
  }

 private:
  engine::owned::WorkerPool pool_;
  speech::Transcriber transcriber_;
  std::int64_t most_seconds_;
};

ModelInfo InfoOf(const SpeechParts& parts) {
  const speech::SpecialTokens& special = parts.model().special();
  ModelInfo info{.name = parts.name(),
                 .description = parts.is_bundled() ? "The bundled model: short English commands"
                                                   : "A Whisper model",
                 .attribution_name = parts.is_bundled() ? "Pinhole" : "OpenAI",
                 .attribution_url = parts.is_bundled() ? "" : "https://github.com/openai/whisper",
                 .is_multilingual = special.is_multilingual};
  const int languages = special.is_multilingual ? special.languages : 1;
  for (int i = 0; i < std::min(languages, speech::kLanguages); ++i) {
    info.languages.emplace_back(speech::kLanguageTable[static_cast<std::size_t>(i)].code);
  }
  return info;
}

ServiceOptions OptionsFor(const ServeSpeechOptions& options, const SpeechParts& parts) {
  ServiceOptions out;
  out.address = options.address;
  out.port = options.port;
  base::Diagnosis why;
  if (!options.token_file.empty()) {
    out.token = ValueOr(outside::http::ReadToken(options.token_file, why), why);
  }
  out.wyoming = !options.no_wyoming;
  out.wyoming_address = options.wyoming_address;
  out.wyoming_port = options.wyoming_port;
  out.wyoming_clients = options.wyoming_clients;
  out.model = InfoOf(parts);
  out.defaults = parts.Defaults();
  out.defaults.beam = options.beam;
  if (options.language != "auto") {
    out.defaults.language = options.language;
  }
  out.queue = {.most_waiting = options.waiting,
               .longest_ms = static_cast<std::int64_t>(options.max_minutes) * 60 * 1000};
  out.upload_limit = options.max_upload_mib * kMiB;
  out.memory_limit = std::max(options.max_memory_mib * kMiB, out.upload_limit);
  return out;
}

// Until a signal asks for the end.
void AwaitEnd(const system::UniqueFd& ending) {
  pollfd ready{ending.get(), POLLIN, 0};
  while (poll(&ready, 1, -1) < 0 && errno == EINTR) {
  }
}

int WorkForQueue(const ServeSpeechOptions& options) {
  const StopBySignal stop;  // before any thread is started
  SpeechParts parts({.model = options.model,
                     .precision = options.precision,
                     .threads = options.threads > 0 ? options.threads : UsualThreads()});
  QueueWork work;
  work.queue = QueueOf(options.queue);
  work.until_empty = options.until_empty;
  return WorkFromQueue(work, parts, stop);
}

}  // namespace

int ServeSpeech(const ServeSpeechOptions& options) {
  if (!options.queue.servers.empty()) {
    return WorkForQueue(options);
  }
  // Before any thread is started.
  const system::UniqueFd ending = system::EndingSignals();
  const int threads =
      options.threads > 0 ? options.threads : std::max(1, UsualThreads() / options.workers);
  const SpeechParts parts({.model = options.model, .precision = options.precision, .threads = 1});
  std::vector<std::unique_ptr<Recognizer>> recognizers;
  for (int i = 0; i < options.workers; ++i) {
    recognizers.push_back(
        std::make_unique<ModelRecognizer>(parts.model(), threads, options.max_minutes * 60));
  }
  base::Diagnosis why;
  const auto service = ValueOr(speech::service::OpenService(
                                   OptionsFor(options, parts), std::move(recognizers),
                                   [](std::string_view sentence) { PrintError(sentence); }, why),
                               why);
  Print(service->http_address() + "  /v1/audio/transcriptions, /inference, /metrics\n");
  if (!options.no_wyoming) {
    Print(service->wyoming_address() + "  Wyoming\n");
  }
  Print("hears with " + std::string(parts.is_bundled() ? "the bundled model" : parts.name()) +
        ", " + std::to_string(options.workers) + (options.workers == 1 ? " file" : " files") +
        " at a time; Ctrl-C ends it\n");
  FlushOutput();
  AwaitEnd(ending);
  service->Stop();
  return 0;
}

}  // namespace pinhole::host
