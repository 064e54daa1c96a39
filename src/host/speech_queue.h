// SPDX-License-Identifier: Apache-2.0
#pragma once

// Speech work that is shared by way of a queue (speech/queue): who hears, and who asks.

#include <string>
#include <vector>

#include "host/commands.h"
#include "host/speech_parts.h"
#include "speech/formats/formats.h"
#include "speech/queue/queue.h"

namespace pinhole::host {

speech::queue::QueueOptions QueueOf(const SpeechQueueOptions& options);

// What every worker answers to `job`, whatever goes wrong with it.
speech::queue::Heard HearJob(SpeechParts& parts, const speech::queue::Job& job,
                             const std::atomic<bool>& stop);

struct QueueWork {
  speech::queue::QueueOptions queue = {};
  bool until_empty = false;
  bool quiet = false;
};
// A worker, until a signal ends it, or there is nothing left to do. What it does is said on
// standard error. Answers the exit code. To be called before `parts` has threads: see StopBySignal.
class StopBySignal;
int WorkFromQueue(const QueueWork& work, SpeechParts& parts, const StopBySignal& stop);

struct QueueRequest {
  speech::queue::QueueOptions queue = {};
  std::vector<std::string> files = {};
  bool sends_sound = false;  // the files themselves, not their paths
  std::string language = {}, task = "transcribe";
  speech::Format format = speech::Format::kText;
  bool word_times = false;
  std::string out = {};  // a folder; empty: standard output
  bool quiet = false;
};
// Puts the files into the queue and waits for their texts. Answers the exit code: 1 where one could
// not be heard.
int AskQueue(const QueueRequest& request, const StopBySignal& stop);

}  // namespace pinhole::host
