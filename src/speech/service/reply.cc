// SPDX-License-Identifier: Apache-2.0
#include "speech/service/reply.h"

#include <algorithm>
#include <cstdio>

#include "speech/formats/formats.h"
#include "speech/formats/json_text.h"

namespace pinhole::speech::service {

namespace {

using base::Error;

std::string_view Phrase(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Payload Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
  }
}

std::string_view TypeOf(unsigned status) {
  switch (status) {
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 429: return "rate_limit_error";
    default: return status >= 500 ? "server_error" : "invalid_request_error";
  }
}

void AppendTextOrNull(const std::string& text, std::string& json) {
  if (text.empty()) {
    json += "null";
  } else {
    AppendJson(text, json);
  }
}

// What OpenAI bills by, which some clients want to see.
std::string Usage(const Transcript& transcript) {
  return R"("usage":{"type":"duration","seconds":)" +
         std::to_string((std::max<std::int64_t>(transcript.duration_ms, 0) + 999) / 1000) + "}";
}

std::string Event(std::string_view json) { return "data: " + std::string(json) + "\n\n"; }

constexpr std::string_view kAlways =
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";

}  // namespace

std::string ErrorObject(const Refusal& refusal) {
  std::string json = R"({"error":{"message":)";
  AppendJson(refusal.message, json);
  json += ",\"type\":";
  AppendJson(TypeOf(refusal.status), json);
  json += ",\"param\":";
  AppendTextOrNull(refusal.param, json);
  json += ",\"code\":";
  AppendTextOrNull(refusal.code, json);
  return json + "}}";
}

Reply ErrorReply(const Refusal& refusal) {
  Reply reply;
  reply.status = refusal.status;
  reply.body = ErrorObject(refusal) + "\n";
  if (refusal.status == 401) {
    reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  }
  if (refusal.status == 429 || refusal.status == 503) {
    reply.headers.emplace_back("Retry-After", std::to_string(kRetryAfterSeconds));
  }
  return reply;
}

Refusal RefusalFor(const JobResult& result) {
  switch (result.error) {
    case Error::kTruncated:
    case Error::kMalformed:
    case Error::kUnsupported:
    case Error::kWrongKind: return {400, result.sentence, "file", "invalid_file"};
    case Error::kInvalidArgument: return {400, result.sentence, {}, {}};
    case Error::kTooLarge: return {413, result.sentence, "file", {}};
    case Error::kNotReady: return {503, result.sentence, {}, "stopping"};
    default: return {500, result.sentence, {}, {}};
  }
}

Reply ReplyFor(const JobResult& result, const SpeechRequest& request) {
  if (result.end != JobEnd::kHeard) {
    return ErrorReply(result.end == JobEnd::kCancelled
                          ? Refusal{503, "the service is being stopped", {}, "stopping"}
                          : RefusalFor(result));
  }
  const Transcript& transcript = result.transcript;
  const auto write = [&](Format format) {
    return Reply{.content_type = std::string(MediaType(format)),
                 .body = Write(transcript, format, request.format),
                 .headers = {}};
  };
  Reply reply;
  switch (request.kind) {
    case ReplyKind::kSrt: return write(Format::kSrt);
    case ReplyKind::kVtt: return write(Format::kVtt);
    case ReplyKind::kVerboseJson: return write(Format::kJson);
    case ReplyKind::kText:
      if (request.lines) {
        return write(Format::kText);
      }
      reply.content_type = MediaType(Format::kText);
      reply.body = PlainText(transcript) + "\n";
      return reply;
    case ReplyKind::kJson: break;
  }
  reply.body = "{\"text\":";
  AppendJson(request.lines ? Write(transcript, Format::kText, {}) : PlainText(transcript),
             reply.body);
  reply.body += "," + Usage(transcript) + "}\n";
  return reply;
}

std::string TextStream::Delta(const Segment& segment) {
  Transcript alone;
  alone.segments = {segment};
  std::string delta = PlainText(alone);
  if (delta.empty()) {
    return {};
  }
  if (!text_.empty() && segment.text.starts_with(' ')) {
    delta.insert(delta.begin(), ' ');
  }
  text_ += delta;
  std::string json = R"({"type":"transcript.text.delta","delta":)";
  AppendJson(delta, json);
  return Event(json + "}");
}

std::string TextStream::Done(const Transcript& transcript) const {
  std::string json = R"({"type":"transcript.text.done","text":)";
  AppendJson(text_, json);
  return Event(json + "," + Usage(transcript) + "}");
}

std::string TextStream::Failed(const Refusal& refusal) { return Event(ErrorObject(refusal)); }

std::string Bytes(const Reply& reply, bool keep_alive, bool head_only) {
  std::string bytes = "HTTP/1.1 " + std::to_string(reply.status) + " ";
  bytes += Phrase(reply.status);
  bytes += "\r\nContent-Type: " + reply.content_type + "\r\n";
  bytes += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  bytes += kAlways;
  for (const auto& [name, value] : reply.headers) {
    bytes += std::string(name) + ": " + value + "\r\n";
  }
  bytes +=
      keep_alive && !reply.close ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head_only ? bytes : bytes + reply.body;
}

std::string StreamHead(bool chunked) {
  std::string bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
  bytes += kAlways;
  bytes += chunked ? "Transfer-Encoding: chunked\r\n" : "";
  return bytes + "Connection: close\r\n\r\n";
}

std::string Chunk(std::string_view bytes) {
  if (bytes.empty()) {
    return {};
  }
  char size[24];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}

}  // namespace pinhole::speech::service
