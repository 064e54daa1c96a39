// SPDX-License-Identifier: Apache-2.0
#include "speech/service/http_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <cerrno>
#include <utility>
#include <variant>

namespace pinhole::speech::service {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::uint32_t kMaxHead = 8192;
// What a form has around its file.
constexpr std::uint64_t kFormOverhead = 131072;
// So that the kernel does not hold megabytes for a client that stopped reading, or many events.
constexpr int kSendBuffer = 65536;
constexpr int kStreamSendBuffer = 16384;
constexpr std::size_t kMaxQueued = std::size_t{1} << 20U;
// Of what a client still sends while it is turned out: it reads no reply before it has sent all.
constexpr std::size_t kMaxDiscarded = std::size_t{64} << 20U;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string Field(const http::fields& fields, std::string_view name) {
  const auto found = fields.find(boost::beast::string_view(name.data(), name.size()));
  return found == fields.end() ? std::string()
                               : std::string(found->value().data(), found->value().size());
}

RequestHead HeadOf(const http::request<http::buffer_body>& request) {
  const auto text = [](boost::beast::string_view view) {
    return std::string(view.data(), view.size());
  };
  return {text(request.method_string()), text(request.target()), Field(request, "Host"),
          Field(request, "Authorization"), Field(request, "Sec-Fetch-Site")};
}

}  // namespace

HttpConnection::HttpConnection(asio::ip::tcp::socket socket, Hub& hub)
    : socket_(std::move(socket)),
      deadline_(socket_.get_executor()),
      hub_(hub),
      buffer_(kMaxHead + kBodyPiece) {
  ErrorCode ignored;  // an option that can't be set costs time, not correctness
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  socket_.set_option(asio::socket_base::send_buffer_size(kSendBuffer), ignored);
  // A client that vanished is noticed by the bytes that it does not acknowledge.
  const auto unacknowledged_ms = static_cast<unsigned>(hub_.times.reply.count());
  setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms,
             sizeof unacknowledged_ms);
}

void HttpConnection::Serve() {
  hub_.clients.insert(Self());
  ReadHead(hub_.times.head);
}

void HttpConnection::Leave() {
  if (phase_ == Phase::kHead) {
    Close();
  } else if (phase_ == Phase::kBody) {
    ErrorCode ignored;
    socket_.cancel(ignored);
    Refuse({503, "the service is being stopped", {}, "stopping"});
  }
}

void HttpConnection::ReadHead(std::chrono::milliseconds time) {
  phase_ = Phase::kHead;
  parser_.emplace();
  parser_->header_limit(kMaxHead);
  parser_->body_limit(hub_.upload_limit + kFormOverhead);
  Arm(time);
  http::async_read_header(socket_, buffer_, *parser_,
                          [self = Self()](const ErrorCode& error, std::size_t) {
                            if (self->phase_ == Phase::kHead) {
                              self->OnHead(error);
                            }
                          });
}

void HttpConnection::OnBroken(const ErrorCode& error) {
  if (error == http::error::body_limit) {
    Refuse({413,
            "the form has more than " + std::to_string(hub_.upload_limit) +
                " bytes of file, which is as many as this service takes",
            "file",
            {}});
  } else if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    Refuse({431, "the request's head has more than 8192 bytes", {}, {}});
  } else if (error == http::error::end_of_stream || error == http::error::partial_message ||
             error.category() != http::make_error_code(http::error::bad_method).category()) {
    Close();
  } else {
    Refuse({400, "this is no HTTP request that can be read: " + error.message(), {}, {}});
  }
}

void HttpConnection::OnHead(const ErrorCode& error) {
  keep_alive_ = false;
  if (error) {
    OnBroken(error);
    return;
  }
  ++hub_.traffic.requests;
  const auto& request = parser_->get();
  keep_alive_ = parser_->keep_alive();
  chunked_ = request.version() >= 11;
  const std::string expected = Field(request, "Expect");
  if (!expected.empty() && !boost::beast::iequals(expected, "100-continue")) {
    Refuse({417, "Expect is known with 100-continue alone", {}, {}});
    return;
  }
  std::variant<Reply, Api> answer = hub_.site.Answer(HeadOf(request), hub_.Now());
  if (Reply* const reply = std::get_if<Reply>(&answer)) {
    Write(std::move(*reply));
  } else {
    BeginForm(std::get<Api>(answer));
  }
}

void HttpConnection::BeginForm(Api api) {
  const auto& request = parser_->get();
  const auto boundary = MultipartBoundary(Field(request, "Content-Type"));
  if (!boundary) {
    Refuse({415, "the request has to be a form: Content-Type multipart/form-data", {}, {}});
    return;
  }
  if (boundary->empty()) {
    Refuse({400, "the Content-Type names no boundary, or one that may not be", {}, {}});
    return;
  }
  // Before the upload, which would be for nothing.
  if (hub_.queue.full()) {
    Refuse({429, "as many files wait as may: try again later", {}, "queue_full"});
    return;
  }
  api_ = api;
  form_.emplace(hub_.budget, hub_.upload_limit);
  reader_.emplace(*boundary, *form_);
  phase_ = Phase::kBody;
  since_armed_ = 0;
  Arm(hub_.times.body);
  if (Field(request, "Expect").empty()) {
    ReadBody();
    return;
  }
  asio::async_write(socket_, asio::buffer(kContinue.data(), kContinue.size()),
                    [self = Self()](const ErrorCode& error, std::size_t) {
                      if (self->phase_ != Phase::kBody) {
                        return;
                      }
                      if (error) {
                        self->Close();
                      } else {
                        self->ReadBody();
                      }
                    });
}

void HttpConnection::ReadBody() {
  if (parser_->is_done()) {
    OnFormEnd();
    return;
  }
  auto& body = parser_->get().body();
  body.data = piece_.data();
  body.size = piece_.size();
  body.more = true;
  http::async_read_some(socket_, buffer_, *parser_,
                        [self = Self()](const ErrorCode& error, std::size_t) {
                          if (self->phase_ == Phase::kBody) {
                            self->OnBody(error);
                          }
                        });
}

void HttpConnection::OnBody(ErrorCode error) {
  if (error == http::error::need_buffer) {
    error = {};
  }
  if (error) {
    OnBroken(error);
    return;
  }
  const std::size_t size = piece_.size() - parser_->get().body().size;
  since_armed_ += size;
  if (since_armed_ >= kBodyPiece) {
    since_armed_ = 0;
    Arm(hub_.times.body);
  }
  if (reader_->Feed({piece_.data(), size}) == MultipartReader::State::kRefused) {
    Refuse(form_->refusal().value_or(
        Refusal{400, "the form can't be read: " + std::string(reader_->failure()), {}, {}}));
    return;
  }
  ReadBody();
}

void HttpConnection::OnFormEnd() {
  if (reader_->state() != MultipartReader::State::kDone) {
    Refuse({400, "the form can't be read: it ends before its last boundary", {}, {}});
    return;
  }
  Refusal refusal;
  auto request = ReadSpeechRequest(*form_, api_, hub_.site.model(), hub_.defaults, refusal);
  if (!request) {
    Refuse(std::move(refusal));
    return;
  }
  request_ = *std::move(request);
  Submit();
}

void HttpConnection::Submit() {
  auto job = std::make_shared<Job>();
  job->upload = form_->TakeFile();
  job->options = request_.options;
  const auto on_sockets = [&io = hub_.io, weak = weak_from_this()](auto call) {
    asio::post(io, [weak, call = std::move(call)] {
      if (const auto self = weak.lock()) {
        call(*self);
      }
    });
  };
  if (request_.stream) {
    job->segment = [on_sockets](const Segment& segment) {
      on_sockets([segment](HttpConnection& self) { self.OnSegment(segment); });
    };
  }
  job->done = [on_sockets](const JobResult& result) {
    on_sockets([result](HttpConnection& self) { self.OnResult(result); });
  };
  form_.reset();
  reader_.reset();
  if (!hub_.queue.Submit(job)) {
    Refuse(hub_.stopping
               ? Refusal{503, "the service is being stopped", {}, "stopping"}
               : Refusal{429, "as many files wait as may: try again later", {}, "queue_full"});
    return;
  }
  job_ = std::move(job);
  text_ = {};
  phase_ = Phase::kWaiting;
  deadline_.cancel();
  Watch();
}

// To see the client leave while it waits.
void HttpConnection::Watch() {
  socket_.async_wait(asio::socket_base::wait_read, [self = Self()](const ErrorCode& error) {
    if (self->phase_ != Phase::kWaiting && self->phase_ != Phase::kStreaming) {
      return;
    }
    char byte = 0;
    const ssize_t count =
        error ? -1 : recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    const bool is_there = count > 0 || (count < 0 && !error && errno == EAGAIN);
    if (!is_there) {
      self->Close();
    } else if (count < 0) {
      self->Watch();
    }
    // Else it sent its next request already, which waits.
  });
}

void HttpConnection::OnSegment(const Segment& segment) {
  if (phase_ != Phase::kWaiting && phase_ != Phase::kStreaming) {
    return;
  }
  const std::string delta = text_.Delta(segment);
  if (delta.empty()) {
    return;
  }
  if (phase_ == Phase::kWaiting) {
    BeginStream();
  }
  Send(delta);
}

void HttpConnection::OnResult(const JobResult& result) {
  job_.reset();
  if (phase_ == Phase::kWaiting && !(request_.stream && result.end == JobEnd::kHeard)) {
    Write(ReplyFor(result, request_));
    return;
  }
  if (phase_ == Phase::kWaiting) {
    BeginStream();
  }
  if (phase_ != Phase::kStreaming) {
    return;
  }
  ending_ = true;
  Send(result.end == JobEnd::kHeard
           ? text_.Done(result.transcript)
           : TextStream::Failed(result.end == JobEnd::kFailed
                                    ? RefusalFor(result)
                                    : Refusal{503, "the service is being stopped", {}, {}}));
}

void HttpConnection::BeginStream() {
  ErrorCode ignored;
  socket_.set_option(asio::socket_base::send_buffer_size(kStreamSendBuffer), ignored);
  phase_ = Phase::kStreaming;
  ending_ = false;
  queue_.push_back(StreamHead(chunked_));
  queued_ = queue_.back().size();
  Pump();
}

void HttpConnection::Send(std::string bytes) {
  if (chunked_) {
    bytes = Chunk(bytes) + (ending_ ? std::string(kLastChunk) : std::string());
  }
  queued_ += bytes.size();
  if (queued_ > kMaxQueued) {
    ++hub_.traffic.clients_dropped;
    Close();
    return;
  }
  queue_.push_back(std::move(bytes));
  if (queue_.size() == 1) {
    Pump();
  }
}

void HttpConnection::Pump() {
  Arm(hub_.times.reply);
  asio::async_write(socket_, asio::buffer(queue_.front()),
                    [self = Self()](const ErrorCode& error, std::size_t) {
                      if (self->phase_ != Phase::kStreaming) {
                        return;
                      }
                      if (error) {
                        self->Close();
                        return;
                      }
                      self->queued_ -= self->queue_.front().size();
                      self->queue_.pop_front();
                      if (!self->queue_.empty()) {
                        self->Pump();
                      } else if (self->ending_) {
                        self->Linger();
                      } else {
                        self->deadline_.cancel();
                      }
                    });
}

void HttpConnection::Write(Reply reply) {
  const bool is_read = parser_ && parser_->is_done();
  keep_alive_ = keep_alive_ && is_read && !reply.close && !hub_.stopping;
  if (reply.status >= 400 && reply.status < 500) {
    ++hub_.traffic.refused;
  }
  const bool head_only =
      parser_ && parser_->is_header_done() && parser_->get().method() == http::verb::head;
  form_.reset();
  reader_.reset();
  phase_ = Phase::kWriting;
  out_ = Bytes(reply, keep_alive_, head_only);
  Arm(hub_.times.reply);
  asio::async_write(socket_, asio::buffer(out_),
                    [self = Self()](const ErrorCode& error, std::size_t) {
                      if (self->phase_ != Phase::kWriting) {
                        return;
                      }
                      if (error) {
                        self->Close();
                      } else if (self->keep_alive_ && !self->hub_.stopping) {
                        self->ReadHead(self->hub_.times.idle);
                      } else {
                        self->Linger();
                      }
                    });
}

void HttpConnection::Linger() {
  ErrorCode ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  phase_ = Phase::kLingering;
  Arm(hub_.times.linger);
  Discard();
}

void HttpConnection::Discard() {
  socket_.async_read_some(asio::buffer(piece_),
                          [self = Self()](const ErrorCode& error, std::size_t size) {
                            if (self->phase_ != Phase::kLingering) {
                              return;
                            }
                            self->discarded_ += size;
                            if (error || self->discarded_ > kMaxDiscarded) {
                              self->Close();
                            } else {
                              self->Discard();
                            }
                          });
}

void HttpConnection::Close() {
  if (phase_ == Phase::kClosed) {
    return;
  }
  phase_ = Phase::kClosed;
  const auto self = Self();
  if (job_) {
    job_->cancelled = true;
  }
  ErrorCode ignored;
  deadline_.cancel();
  socket_.close(ignored);
  form_.reset();
  hub_.Gone(self);
}

void HttpConnection::Arm(std::chrono::milliseconds time) {
  deadline_.expires_after(time);
  deadline_.async_wait([self = Self()](const ErrorCode& error) {
    // One that was set anew while this handler waited its turn has not passed.
    if (!error && self->deadline_.expiry() <= asio::steady_timer::clock_type::now()) {
      self->OnDeadline();
    }
  });
}

void HttpConnection::OnDeadline() {
  const bool is_begun = phase_ == Phase::kBody || (phase_ == Phase::kHead && buffer_.size() > 0);
  if (is_begun) {
    ErrorCode ignored;
    socket_.cancel(ignored);
    keep_alive_ = false;
    ++hub_.traffic.clients_dropped;
    Refuse({408, "the request did not come to its end in time", {}, {}});
    return;
  }
  if (phase_ == Phase::kWaiting || (phase_ == Phase::kStreaming && queue_.empty())) {
    return;  // called off a moment too late
  }
  if (phase_ == Phase::kWriting || phase_ == Phase::kStreaming) {
    ++hub_.traffic.clients_dropped;
  }
  Close();
}

}  // namespace pinhole::speech::service
