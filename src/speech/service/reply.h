// SPDX-License-Identifier: Apache-2.0
#pragma once

// What HTTP clients are answered, without sockets: errors as OpenAI's objects, transcripts in the
// kinds that a request may ask for, the events of a stream, and a reply's bytes.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "speech/service/job_queue.h"
#include "speech/service/speech_request.h"

namespace pinhole::speech::service {

struct Reply {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers;
  bool close = false;  // the connection ends with it
};

// Seconds that a client is told to wait where the service is busy.
constexpr int kRetryAfterSeconds = 5;

// {"error":{"message":...,"type":...,"param":...,"code":...}}; 429 and 503 have Retry-After.
std::string ErrorObject(const Refusal& refusal);
Reply ErrorReply(const Refusal& refusal);

// What a job that was not heard is refused with: 400 where the file is at fault, 413, 503 while the
// service stops, 500 where we are.
Refusal RefusalFor(const JobResult& result);
Reply ReplyFor(const JobResult& result, const SpeechRequest& request);

// The events of OpenAI's streams. The deltas joined are the text of the last event.
class TextStream {
 public:
  // "" where the segment has no text.
  std::string Delta(const Segment& segment);
  [[nodiscard]] std::string Done(const Transcript& transcript) const;
  // In place of Done, once something was sent.
  static std::string Failed(const Refusal& refusal);

 private:
  std::string text_;
};

// The bytes of a reply with its length, or to HEAD of its head alone.
std::string Bytes(const Reply& reply, bool keep_alive, bool head_only);
// The head of a stream, whose body follows in chunks or up to the connection's end.
std::string StreamHead(bool chunked);
// A chunk; "" is none. The last one is kLastChunk.
std::string Chunk(std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace pinhole::speech::service
