// SPDX-License-Identifier: Apache-2.0
#include "speech/queue/job.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>
#include <utility>
#include <vector>

#include "speech/weights/json_pull.h"

namespace pinhole::speech::queue {

namespace {

using base::Diagnosis;
using base::Error;
using base::Result;
using base::Status;
using base::Unexpected;

constexpr std::size_t kMaxWord = 32;
constexpr std::size_t kMaxWorker = 256;

void AppendQuoted(std::string_view text, std::string& to) {
  to += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      to += '\\';
    }
    if (static_cast<unsigned char>(c) < ' ') {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      to += escape;
    } else {
      to += c;
    }
  }
  to += '"';
}

void AppendMember(std::string_view name, std::string_view text, std::string& to) {
  to += to.empty() ? '{' : ',';
  AppendQuoted(name, to);
  to += ':';
  AppendQuoted(text, to);
}

// A message's line and what lies behind it.
struct Parts {
  std::string_view head, body;
};

Result<Parts> Split(std::string_view message, Diagnosis& why) {
  if (message.size() > kMaxMessage) {
    return why.Fail(Error::kTooLarge, "a message of ", message.size(), " bytes, at most ",
                    kMaxMessage, " are read");
  }
  const std::size_t end = message.substr(0, kMaxHead).find('\n');
  if (end != std::string_view::npos) {
    return Parts{.head = message.substr(0, end), .body = message.substr(end + 1)};
  }
  if (message.size() > kMaxHead) {
    return why.Fail(Error::kTooLarge, "a message's line of JSON ends within ", kMaxHead, " bytes");
  }
  return Parts{.head = message, .body = ""};
}

bool IsWord(std::string_view text) {
  return text.size() <= kMaxWord && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

// One member: where it goes to.
struct Member {
  const char* name;
  std::string* text = nullptr;
  bool* truth = nullptr;
  std::int64_t* number = nullptr;
  bool seen = false;
};

bool ReadTruth(JsonPull& json, bool& to) {
  const char first = json.Peek();
  to = first == 't';
  return (first == 't' || first == 'f') && json.Skip();
}

Status ReadMember(JsonPull& json, Member& member, Diagnosis& why) {
  if (std::exchange(member.seen, true)) {
    return why.Fail(Error::kMalformed, "the member '", member.name, "' is there twice");
  }
  const bool read = member.text != nullptr    ? json.ReadString(*member.text)
                    : member.truth != nullptr ? ReadTruth(json, *member.truth)
                                              : json.ReadInteger(*member.number);
  if (!read) {
    return why.Fail(Error::kMalformed, "the member '", member.name, "': ",
                    json.failed()             ? json.failure()
                    : member.truth != nullptr ? "true or false is expected"
                                              : "another value is expected");
  }
  return {};
}

Status ReadHead(std::string_view head, std::span<Member> members, Diagnosis& why) {
  JsonPull json(head);
  std::string key;
  for (json.BeginObject(); json.NextMember(key);) {
    const auto member = std::ranges::find(members, key, &Member::name);
    if (member == members.end()) {
      return why.Fail(Error::kUnsupported, "the member '", key.substr(0, kMaxWord),
                      "' is not known here");
    }
    PINHOLE_TRY(ReadMember(json, *member, why));
  }
  if (!json.Finish()) {
    return why.Fail(Error::kMalformed, "at byte ", json.offset(), ": ", json.failure());
  }
  return {};
}

Status CheckJob(const Job& job, Diagnosis& why) {
  if (!IsId(job.id)) {
    return why.Fail(Error::kMalformed, "a job's id has 1 to ", kMaxId,
                    " letters, digits, '-' and '_'");
  }
  if (job.path.empty() == job.sound.empty()) {
    return why.Fail(Error::kMalformed, "a job has either a path or the sound itself");
  }
  if (job.path.size() > kMaxPath || job.path.find('\0') != std::string::npos) {
    return why.Fail(Error::kTooLarge, "a path has at most ", kMaxPath, " bytes, none of them zero");
  }
  if (job.task != "transcribe" && job.task != "translate") {
    return why.Fail(Error::kMalformed, "the task is transcribe or translate");
  }
  if (!IsWord(job.language) || !IsWord(job.format) || job.format.empty()) {
    return why.Fail(Error::kMalformed, "a language and a format are words of at most ", kMaxWord,
                    " small letters, digits, '-' and '_'");
  }
  return {};
}

std::string Head(const Job& job) {
  std::string head;
  AppendMember("id", job.id, head);
  if (!job.path.empty()) {
    AppendMember("path", job.path, head);
  }
  AppendMember("language", job.language, head);
  AppendMember("task", job.task, head);
  AppendMember("format", job.format, head);
  head += job.word_times ? R"(,"word_times":true})" : R"(,"word_times":false})";
  return head;
}

}  // namespace

bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= kMaxId && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::string IdOf(const Job& job) {
  Job nameless = job;
  nameless.id.clear();
  const std::string bytes = Head(nameless) + "\n" + job.sound;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest = {};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  constexpr std::size_t kDigestBytes = 16;
  std::string id;
  for (std::size_t i = 0; i < kDigestBytes; ++i) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(digest[i]));
    id += digits;
  }
  return id;
}

Result<std::string> WriteJob(const Job& job, Diagnosis& why) {
  std::string message = Head(job) + "\n" + job.sound;
  // What can't be read back is refused here and not at the worker: a path that is no UTF-8, a sound
  // that is too long.
  if (const auto read = ReadJob(message, why); !read) {
    return Unexpected(read.error());
  }
  return message;
}

Result<Job> ReadJob(std::string_view message, Diagnosis& why) {
  PINHOLE_ASSIGN(const Parts parts, Split(message, why));
  Job job;
  std::array<Member, 6> members = {{{.name = "id", .text = &job.id},
                                    {.name = "path", .text = &job.path},
                                    {.name = "language", .text = &job.language},
                                    {.name = "task", .text = &job.task},
                                    {.name = "format", .text = &job.format},
                                    {.name = "word_times", .truth = &job.word_times}}};
  PINHOLE_TRY(ReadHead(parts.head, members, why));
  job.sound = parts.body;
  PINHOLE_TRY(CheckJob(job, why));
  return job;
}

std::string WriteResult(const JobResult& result) {
  std::string message;
  AppendMember("id", result.id, message);
  message += result.fine ? R"(,"fine":true)" : R"(,"fine":false)";
  AppendMember("worker", result.worker.substr(0, kMaxWorker), message);
  message += ",\"tries\":" + std::to_string(result.tries) + "}\n";
  if (message.size() + result.text.size() > kMaxMessage) {
    return WriteResult({.id = result.id,
                        .fine = false,
                        .text = "the transcript has " + std::to_string(result.text.size()) +
                                " bytes, more than a message takes; split the recording, or ask "
                                "for text without word times",
                        .worker = result.worker,
                        .tries = result.tries});
  }
  return message + result.text;
}

Result<JobResult> ReadResult(std::string_view message, Diagnosis& why) {
  PINHOLE_ASSIGN(const Parts parts, Split(message, why));
  JobResult result;
  std::array<Member, 4> members = {{{.name = "id", .text = &result.id},
                                    {.name = "fine", .truth = &result.fine},
                                    {.name = "worker", .text = &result.worker},
                                    {.name = "tries", .number = &result.tries}}};
  PINHOLE_TRY(ReadHead(parts.head, members, why));
  if (!IsId(result.id) || result.worker.size() > kMaxWorker) {
    return why.Fail(Error::kMalformed, "a result has the id of its job, and a worker of at most ",
                    kMaxWorker, " bytes");
  }
  result.text = parts.body;
  return result;
}

}  // namespace pinhole::speech::queue
