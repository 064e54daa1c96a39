// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is to be heard, and what was heard, as messages of a queue.
//
// Both are one line of JSON and, behind its line feed, bytes as they are: a job's are the sound,
// where it is not a file that every worker sees; a result's the transcript, in the format that was
// asked for.
//
//   {"id":"a1b2","path":"/corpus/0001.flac","language":"en","task":"transcribe","format":"json",
//    "word_times":true}
//   {"id":"a1b2","fine":true,"worker":"host-4711","tries":1}
//
// A message is a stranger's. It is read strictly, with a limit on each member and on the whole, and
// refused with one sentence.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::speech::queue {

// The whole message; a NATS server takes 1 MiB unless it is told otherwise.
inline constexpr std::size_t kMaxMessage = 1000000;
inline constexpr std::size_t kMaxHead = 16384;  // the line of JSON
inline constexpr std::size_t kMaxPath = 4096;
inline constexpr std::size_t kMaxId = 64;

struct Job {
  std::string id = {};     // letters, digits, '-' and '_': it becomes a part of subjects and keys
  std::string path = {};   // a file that the workers see, or empty
  std::string sound = {};  // a sound file's bytes, where path is empty
  std::string language = {};        // a code; empty: heard
  std::string task = "transcribe";  // or "translate"
  std::string format = "json";
  bool word_times = false;
};

struct JobResult {
  std::string id = {};
  bool fine = false;
  std::string text = {};    // the transcript; where it is not fine, a sentence that says why
  std::string worker = {};  // who finished it
  std::int64_t tries = 0;   // how often it was begun, this time included
};

bool IsId(std::string_view text);

// 32 hexadecimal digits, of a SHA-256: two jobs share them where they are the same in all but
// their ids.
std::string IdOf(const Job& job);

// Errors: kInvalidArgument where the job could not be read back.
base::Result<std::string> WriteJob(const Job& job, base::Diagnosis& why);
// Errors: kMalformed, kTooLarge, kUnsupported (a member that is not known here).
base::Result<Job> ReadJob(std::string_view message, base::Diagnosis& why);

// Text that does not fit is replaced by a failure that says so.
std::string WriteResult(const JobResult& result);
base::Result<JobResult> ReadResult(std::string_view message, base::Diagnosis& why);

}  // namespace pinhole::speech::queue
