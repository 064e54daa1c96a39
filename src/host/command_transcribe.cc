// SPDX-License-Identifier: Apache-2.0
// pinhole transcribe: sound files or a microphone in, text out.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "host/commands.h"
#include "host/live_text.h"
#include "host/names.h"
#include "host/speech_parts.h"
#include "host/speech_queue.h"
#include "host/stop_by_signal.h"
#include "speech/formats/formats.h"
#include "speech/microphone/microphone.h"
#include "speech/sound/decoded_sound.h"

namespace pinhole::host {

namespace {

namespace fs = std::filesystem;
using speech::DecodedSound;
using speech::Format;
using speech::FormatOptions;
using speech::FormatWriter;
using speech::Segment;
using speech::TranscribeOptions;
using speech::Transcript;
using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// 83000 as "1:23", 3683000 as "1:01:23".
std::string ClockText(std::int64_t ms) {
  const std::int64_t seconds = ms / 1000;
  char text[32];
  if (seconds >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", static_cast<long long>(seconds / 3600),
                  static_cast<long long>(seconds / 60 % 60), static_cast<long long>(seconds % 60));
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", static_cast<long long>(seconds / 60),
                  static_cast<long long>(seconds % 60));
  }
  return text;
}

std::string OneDecimal(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", number);
  return text;
}

TranscribeOptions OptionsFor(const TranscribeCommandOptions& options, const SpeechParts& parts) {
  TranscribeOptions out = parts.Defaults();
  out.language = options.language;
  out.task = options.task == "translate" ? speech::Task::kTranslate : speech::Task::kTranscribe;
  out.word_times = options.word_times;
  out.initial_prompt = options.prompt;
  out.beam = options.beam;
  if (options.temperature >= 0) {
    out.temperatures = {options.temperature};
  }
  if (options.no_context) {
    out.condition_on_previous = false;
  }
  out.voice_only = !options.no_voice_detection;
  if (options.hearing != "auto") {
    out.hearing = options.hearing == "fit" ? speech::Hearing::kFit : speech::Hearing::kWhole;
  }
  return out;
}

// Where the text of one file goes: to standard output as it is found, or into a file at the end.
class TextOut {
 public:
  TextOut(Format format, const FormatOptions& options, std::string path, StatusLine& status)
      : writer_(format, options), path_(std::move(path)), status_(status) {}

  void Begin() { Put(writer_.Begin()); }
  void Add(const Segment& segment) { Put(writer_.Add(segment)); }
  void End(const Transcript& transcript) {
    Put(writer_.End(transcript));
    if (!path_.empty()) {
      OutputFiles files;
      files.Add(path_, text_);
      files.Commit();
    }
  }

 private:
  void Put(const std::string& text) {
    if (!path_.empty()) {
      text_ += text;
    } else if (!text.empty()) {
      status_.Clear();
      Print(text);
      FlushOutput();
    }
  }

  FormatWriter writer_;
  std::string path_, text_;
  StatusLine& status_;
};

// How far the work on one file is, a few times a second.
class HearingStatus {
 public:
  HearingStatus(StatusLine& line, std::string name) : line_(line), name_(std::move(name)) {}

  void Show(std::int64_t done_ms, std::int64_t all_ms) {
    const double seconds = SecondsSince(begin_);
    if (seconds - shown_ < 0.1) {
      return;
    }
    shown_ = seconds;
    std::string text = Bar(static_cast<std::uint64_t>(done_ms),
                           static_cast<std::uint64_t>(std::max<std::int64_t>(all_ms, 1))) +
                       " " + ClockText(done_ms) + " of " + ClockText(all_ms) + ", " +
                       OneDecimal(static_cast<double>(done_ms) / 1000 / seconds) +
                       " times real time";
    if (done_ms > 0 && done_ms < all_ms) {
      const double left =
          seconds * static_cast<double>(all_ms - done_ms) / static_cast<double>(done_ms);
      text += ", " + ClockText(static_cast<std::int64_t>(left * 1000)) + " left";
    }
    line_.Show(text + "  " + name_);
  }
  [[nodiscard]] double seconds() const { return SecondsSince(begin_); }

 private:
  StatusLine& line_;
  std::string name_;
  Clock::time_point begin_ = Clock::now();
  double shown_ = -1;
};

class Transcription {
 public:
  Transcription(const TranscribeCommandOptions& options, SpeechParts& parts, Format format)
      : options_(options), parts_(parts), format_(format), hear_(OptionsFor(options, parts)) {}

  void Run(const std::string& path) {
    base::Diagnosis why;
    const auto sound = ValueOr(DecodedSound::Open(path, {}, why), why);
    TextOut out(format_, FormatOf(), OutputPath(path), line_);
    HearingStatus status(line_, ShownPath(path));
    if (options_.files.size() > 1 && options_.out.empty() && format_ == Format::kText) {
      Print(Inked("== " + ShownPath(path), Ink::kBold) + "\n");
    }
    out.Begin();
    const speech::Progress progress = {.segment = [&](const Segment& segment) { out.Add(segment); },
                                       .heard =
                                           [&](std::int64_t done_ms, std::int64_t all_ms) {
                                             status.Show(done_ms, all_ms);
                                             return true;
                                           }};
    line_.Show("listening to " + ShownPath(path));
    const Transcript transcript =
        ValueOr(parts_.transcriber().Run(*sound, hear_, progress, why), why);
    line_.Clear();
    out.End(transcript);
    Report(path, *sound, transcript, status.seconds());
  }

  // As if it were being spoken: what has settled is written, and never taken back.
  void RunLive(const std::string& path) {
    base::Diagnosis why;
    const auto sound = ValueOr(DecodedSound::Open(path, {}, why), why);
    std::vector<float> piece(kLivePiece);
    Follow([&]() -> std::span<const float> {
      return std::span<const float>(piece).first(ValueOr(sound->Read(piece, why), why));
    });
  }

  // Until it is told to stop, or the microphone ends.
  void RunMicrophone(const std::atomic<bool>& stop) {
    base::Diagnosis why;
    const auto microphone =
        ValueOr(speech::Microphone::Open({.device = options_.device}, why), why);
    std::vector<float> piece(kLivePiece);
    Follow([&]() -> std::span<const float> {
      while (!microphone->ended() && !stop) {
        const std::size_t count = ValueOr(microphone->Read(piece, 200, why), why);
        if (count > 0) {
          return std::span<const float>(piece).first(count);
        }
      }
      return {};
    });
    if (microphone->lost() > 0) {
      PrintError(OneDecimal(static_cast<double>(microphone->lost()) / signal::SoundSource::kRate) +
                 " s were not heard, because hearing took longer than speaking; a smaller model or "
                 "more --threads keep up");
    }
  }

 private:
  static constexpr std::size_t kLivePiece = signal::SoundSource::kRate / 10;

  // `next` gives samples, none at the end.
  template <typename Next>
  void Follow(const Next& next) {
    speech::StreamingText text(speech::HearBy(parts_.transcriber(), hear_),
                               {.most_ms = parts_.window_ms() * 4 / 5});
    LiveText live(format_, FormatOf(), LanguageOf(), [](const std::string& piece) {
      Print(piece);
      FlushOutput();
    });
    base::Diagnosis why;
    live.Begin();
    for (std::span<const float> piece = next(); !piece.empty(); piece = next()) {
      if (!text.Push(piece, why)) {
        throw Failure(std::string(why.text()));
      }
      live.Show(text);
    }
    if (!text.Finish(why)) {
      throw Failure(std::string(why.text()));
    }
    live.End(text);
  }

  // A code: the one that was asked for, else English.
  [[nodiscard]] std::string LanguageOf() const {
    return options_.language == "auto" ? "en" : options_.language;
  }

  [[nodiscard]] FormatOptions FormatOf() const {
    return {.words = options_.word_times,
            .segments = true,
            .translated = hear_.task == speech::Task::kTranslate};
  }

  [[nodiscard]] std::string OutputPath(const std::string& path) const {
    if (options_.out.empty()) {
      return "";
    }
    const std::string stem = path == "-" ? "standard-input" : fs::path(path).stem().string();
    return (fs::path(options_.out) / (stem + "." + std::string(speech::FileEnding(format_))))
        .string();
  }

  void Report(const std::string& path, const DecodedSound& sound, const Transcript& transcript,
              double seconds) const {
    if (!sound.warning().empty()) {
      PrintError(sound.warning());
    }
    if (options_.quiet) {
      return;
    }
    const double heard = static_cast<double>(transcript.duration_ms) / 1000;
    std::string line = ShownPath(path) + ": " + OneDecimal(heard) + " s of sound in " +
                       OneDecimal(seconds) + " s, " + OneDecimal(heard / std::max(seconds, 1e-3)) +
                       " times real time";
    if (parts_.model().special().is_multilingual && options_.language == "auto" &&
        transcript.duration_ms > 0) {
      line += ", language " + transcript.language + " (" +
              OneDecimal(100 * static_cast<double>(transcript.language_probability)) + " %)";
    }
    if (transcript.segments.empty()) {
      line += ", nothing said in it";
    }
    line += "\n";
    std::fputs(Inked(line, Ink::kDim, Stream::kError).c_str(), stderr);
  }

  const TranscribeCommandOptions& options_;
  SpeechParts& parts_;
  Format format_;
  TranscribeOptions hear_;
  StatusLine line_;
};

void SayWhichModel(const SpeechParts& parts, bool quiet) {
  if (!quiet && parts.is_bundled()) {
    std::fputs(Inked("using the bundled model, which understands a few hundred English words; "
                     "'pinhole models pull tiny.en' and\n--model tiny.en understand free speech\n",
                     Ink::kDim, Stream::kError)
                   .c_str(),
               stderr);
  }
}

QueueRequest RequestOf(const TranscribeCommandOptions& options, Format format) {
  QueueRequest request;
  request.queue = QueueOf(options.queue);
  request.files = options.files;
  request.sends_sound = options.queue_send;
  request.language = options.language;
  request.task = options.task;
  request.format = format;
  request.word_times = options.word_times;
  request.out = options.out;
  request.quiet = options.quiet;
  return request;
}

void Check(const TranscribeCommandOptions& options, Format format) {
  if (options.mic && (!options.files.empty() || !options.out.empty())) {
    throw WrongUsage("--mic takes no files, and writes to standard output");
  }
  if (options.files.empty() && !options.mic) {
    throw WrongUsage("no sound given; name files, - for standard input, or --mic");
  }
  const bool joins = format == Format::kText || format == Format::kJsonLines;
  if (options.live && (options.files.size() != 1 || !options.out.empty())) {
    throw WrongUsage("--live takes one file, and writes to standard output");
  }
  if (options.files.size() > 1 && options.out.empty() && !joins) {
    throw WrongUsage("several files in one " + std::string(speech::FileEnding(format)) +
                     " would be none; give --out FOLDER");
  }
}

}  // namespace

int Transcribe(const TranscribeCommandOptions& options) {
  base::Diagnosis why;
  const auto format = speech::ParseFormat(options.format, why);
  if (!format) {
    throw WrongUsage(std::string(why.text()));
  }
  Check(options, *format);
  std::optional<StopBySignal> stop;  // before any thread is started
  if (options.mic || !options.queue.servers.empty()) {
    stop.emplace();
  }
  if (!options.queue.servers.empty()) {
    return AskQueue(RequestOf(options, *format), *stop);
  }
  SpeechParts parts({.model = options.model,
                     .precision = options.precision,
                     .threads = options.threads > 0 ? options.threads : UsualThreads()});
  SayWhichModel(parts, options.quiet);
  if (!options.out.empty()) {
    OutputFiles folder;
    folder.EnsureFolder(options.out);
    folder.Commit();
  }
  Transcription transcription(options, parts, *format);
  if (options.mic) {
    transcription.RunMicrophone(stop->flag());
    return 0;
  }
  if (options.live) {
    transcription.RunLive(options.files.front());
    return 0;
  }
  int code = 0;
  for (const std::string& path : options.files) {
    try {
      transcription.Run(path);
    } catch (const Failure& failure) {
      if (options.files.size() == 1) {
        throw;
      }
      PrintError(failure.what());
      code = 1;
    }
  }
  return code;
}

}  // namespace pinhole::host
