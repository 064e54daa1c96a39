// SPDX-License-Identifier: Apache-2.0
#include "host/speech_queue.h"

#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "host/names.h"
#include "host/stop_by_signal.h"
#include "speech/sound/decoded_sound.h"

namespace pinhole::host {

namespace {

namespace fs = std::filesystem;
using speech::DecodedSound;
using speech::queue::Heard;
using speech::queue::HeardAs;
using speech::queue::Job;
using speech::queue::JobResult;
using speech::queue::Queue;
using speech::queue::Submitted;

// Whether another worker may fare better: it may see the file, or have more memory.
bool IsOurs(base::Error error) {
  return error == base::Error::kNotFound || error == base::Error::kIo ||
         error == base::Error::kOutOfMemory || error == base::Error::kInternal;
}

Heard Failed(base::Error error, const base::Diagnosis& why) {
  return {IsOurs(error) ? HeardAs::kTryAgain : HeardAs::kFailed, std::string(why.text())};
}

base::Result<std::unique_ptr<DecodedSound>> SoundOf(const Job& job, base::Diagnosis& why) {
  if (!job.path.empty()) {
    return DecodedSound::Open(job.path, {}, why);
  }
  return DecodedSound::FromBytes(std::as_bytes(std::span<const char>(job.sound)), "what was sent",
                                 {}, why);
}

void Say(const std::string& line) {
  std::fputs(Inked(Printable(line) + "\n", Ink::kDim, Stream::kError).c_str(), stderr);
}

std::string NameOf(const Job& job) { return job.path.empty() ? "job " + job.id : job.path; }

// The text of one file, where it belongs.
class Results {
 public:
  explicit Results(const QueueRequest& request) : request_(request) {}

  void Expect(const std::string& id, const std::string& file) { files_.emplace(id, file); }
  [[nodiscard]] std::set<std::string> ids() const {
    std::set<std::string> ids;
    for (const auto& [id, file] : files_) {
      ids.insert(id);
    }
    return ids;
  }
  [[nodiscard]] bool all_fine() const { return all_fine_; }

  void Take(const JobResult& result) {
    line_.Clear();
    // The same sound may have been given under several names.
    const auto [first, last] = files_.equal_range(result.id);
    for (auto file = first; file != last; ++file) {
      Put(file->second, result);
      ++done_;
    }
    line_.Show(Bar(done_, files_.size()) + " " + std::to_string(done_) + " of " +
               std::to_string(files_.size()) + " heard");
  }

 private:
  void Put(const std::string& file, const JobResult& result) {
    if (!result.fine) {
      all_fine_ = false;
      PrintError(ShownPath(file) + ": " + Printable(result.text));
      return;
    }
    if (!request_.out.empty()) {
      OutputFiles files;
      files.Add((fs::path(request_.out) / (fs::path(file).stem().string() + "." +
                                           std::string(speech::FileEnding(request_.format))))
                    .string(),
                result.text);
      files.Commit();
      return;
    }
    if (request_.files.size() > 1 && request_.format == speech::Format::kText) {
      Print(Inked("== " + ShownPath(file), Ink::kBold) + "\n");
    }
    Print(result.text);
    FlushOutput();
  }

  const QueueRequest& request_;
  std::multimap<std::string, std::string> files_;
  std::size_t done_ = 0;
  bool all_fine_ = true;
  StatusLine line_;
};

Job JobFor(const std::string& file, const QueueRequest& request) {
  Job job;
  job.language = request.language == "auto" ? "" : request.language;
  job.task = request.task;
  job.format = speech::FileEnding(request.format);
  job.word_times = request.word_times;
  if (!request.sends_sound) {
    std::error_code error;
    job.path = fs::absolute(file, error).lexically_normal().string();
    return job;
  }
  const AlignedBytes bytes = ReadFile(file, speech::queue::kMaxMessage);
  job.sound.assign(reinterpret_cast<const char*>(bytes.span().data()), bytes.size());
  return job;
}

}  // namespace

speech::queue::QueueOptions QueueOf(const SpeechQueueOptions& options) {
  speech::queue::QueueOptions queue;
  queue.servers = options.servers;
  queue.credentials = options.credentials;
  queue.replicas = options.replicas;
  return queue;
}

Heard HearJob(SpeechParts& parts, const Job& job, const std::atomic<bool>& stop) {
  base::Diagnosis why;
  const auto format = speech::ParseFormat(job.format, why);
  if (!format) {
    return {HeardAs::kFailed, std::string(why.text())};
  }
  const auto sound = SoundOf(job, why);
  if (!sound) {
    return Failed(sound.error(), why);
  }
  speech::TranscribeOptions options = parts.Defaults();
  options.language = job.language;
  options.word_times = job.word_times;
  if (job.task == "translate") {
    options.task = speech::Task::kTranslate;
  }
  const speech::Progress progress = {.segment = {},
                                     .heard = [&](std::int64_t, std::int64_t) { return !stop; }};
  const auto transcript = parts.transcriber().Run(**sound, options, progress, why);
  if (stop) {
    return {HeardAs::kTryAgain, "the worker was told to end"};
  }
  if (!transcript) {
    return Failed(transcript.error(), why);
  }
  return {HeardAs::kText,
          speech::Write(*transcript, *format,
                        {.words = job.word_times, .translated = job.task == "translate"})};
}

int WorkFromQueue(const QueueWork& work, SpeechParts& parts, const StopBySignal& stop) {
  Queue queue(work.queue);
  speech::queue::WorkerEvents events;
  events.trouble = [](std::string_view sentence) { PrintError(sentence); };
  if (!work.quiet) {
    Say("taking work from " + work.queue.servers + " with " + parts.name());
    events.began = [](const Job& job, std::int64_t tries) {
      Say(NameOf(job) + (tries > 1 ? ", try " + std::to_string(tries) : ""));
    };
    events.ended = [](const JobResult& result, bool ours) {
      Say("job " + result.id + (result.fine ? ": done" : ": " + result.text) +
          (ours ? "" : " (another worker was first)"));
    };
  }
  queue.RunWorker([&](const Job& job,
                      const std::atomic<bool>& stopped) { return HearJob(parts, job, stopped); },
                  stop.flag(), events, work.until_empty);
  return 0;
}

int AskQueue(const QueueRequest& request, const StopBySignal& stop) {
  Queue queue(request.queue);
  Results results(request);
  if (!request.out.empty()) {
    OutputFiles folder;
    folder.EnsureFolder(request.out);
    folder.Commit();
  }
  for (const std::string& file : request.files) {
    Job job = JobFor(file, request);
    job.id = speech::queue::IdOf(job);
    const Submitted submitted = queue.Submit(job);
    if (!request.quiet && submitted == Submitted::kDone) {
      Say(ShownPath(file) + ": was heard before");
    }
    results.Expect(job.id, file);
  }
  const std::size_t missing = queue.Collect(
      results.ids(), [&](const JobResult& result) { results.Take(result); }, stop.flag());
  if (missing > 0) {
    PrintError(std::to_string(missing) +
               " files are still in the queue; the same command asks for them again");
  }
  return missing == 0 && results.all_fine() ? 0 : 1;
}

}  // namespace pinhole::host
