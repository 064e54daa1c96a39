// SPDX-License-Identifier: Apache-2.0
#pragma once

// One HTTP client: a request's head, its form as it comes, the wait for a worker, the reply. Beast
// reads HTTP; site.h, multipart.h, speech_request.h and reply.h say what it means.
//
// Every phase has an end: a head and each 64 KiB of a form have to come in time, a reply has to be
// taken in time. A client that leaves takes its work with it.

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "speech/service/hub.h"
#include "speech/service/multipart.h"
#include "speech/service/reply.h"
#include "speech/service/speech_request.h"

namespace pinhole::speech::service {

class HttpConnection final : public Client, public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(boost::asio::ip::tcp::socket socket, Hub& hub);

  void Serve();
  void Leave() override;

 private:
  using ErrorCode = boost::system::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;
  enum class Phase : std::uint8_t {
    kHead,
    kBody,
    kWaiting,    // for a worker, and for its answer
    kStreaming,  // events, while the work goes on
    kWriting,
    kLingering,  // turned out: reads until it has gone
    kClosed
  };

  void ReadHead(std::chrono::milliseconds time);
  void OnHead(const ErrorCode& error);
  void BeginForm(Api api);
  void ReadBody();
  void OnBody(ErrorCode error);
  void OnFormEnd();
  void Submit();
  void Watch();
  void OnSegment(const Segment& segment);
  void OnResult(const JobResult& result);
  void BeginStream();
  void Send(std::string bytes);
  void Pump();
  // Answers, and then reads the next request or turns the client out.
  void Write(Reply reply);
  void Refuse(Refusal refusal) { Write(ErrorReply(refusal)); }
  // A failure to read: answered where it is the client's, else the connection is over.
  void OnBroken(const ErrorCode& error);
  void Linger();
  void Discard();
  void Close();
  void Arm(std::chrono::milliseconds time);
  void OnDeadline();
  [[nodiscard]] std::shared_ptr<HttpConnection> Self() { return shared_from_this(); }

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  Hub& hub_;
  Phase phase_ = Phase::kHead;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::array<char, 16384> piece_;
  std::size_t since_armed_ = 0;  // bytes of a form since the deadline was set
  std::size_t discarded_ = 0;
  bool keep_alive_ = false;
  bool chunked_ = false;

  Api api_ = Api::kTranscriptions;
  std::optional<SpeechForm> form_;
  std::optional<MultipartReader> reader_;
  SpeechRequest request_;
  std::shared_ptr<Job> job_;
  TextStream text_;

  std::string out_;
  std::deque<std::string> queue_;  // of a stream
  std::size_t queued_ = 0;         // bytes in it
  bool ending_ = false;            // the stream's last piece is in the queue
};

}  // namespace pinhole::speech::service
