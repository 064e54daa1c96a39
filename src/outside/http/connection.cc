// SPDX-License-Identifier: Apache-2.0
#include "outside/http/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

namespace pinhole::outside::http {

namespace asio = boost::asio;

namespace {

// So that the kernel does not hold an hour of events for a client that stopped reading.
constexpr int kStreamSendBuffer = 16384;
// Bytes that a client may still send while it is being turned out.
constexpr std::size_t kMaxDiscarded = 65536;

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, Hub& hub)
    : socket_(std::move(socket)), deadline_(socket_.get_executor()), hub_(hub) {
  boost::system::error_code ignored;  // an option that can't be set costs time, not correctness
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  // A client that vanished is noticed by the bytes that it does not acknowledge.
  const auto unacknowledged_ms = static_cast<unsigned>(hub_.times.reply.count());
  setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms,
             sizeof unacknowledged_ms);
}

void Connection::Serve() {
  ++hub_.traffic.connections;
  Arm(hub_.times.request);
  Read();
}

void Connection::TurnAway() {
  turned_away_ = true;
  ++hub_.turned_away;
  Reply reply = ErrorReply(503, "64 clients are connected already: try again later");
  reply.headers.emplace_back("Retry-After", "10");
  reply.close = true;
  Write(reply, /*head_only=*/false);
}

void Connection::Send(const std::shared_ptr<const std::string>& event) {
  if (phase_ != Phase::kStreaming || leaving_) {
    return;
  }
  if (queue_.size() >= kMaxQueuedEvents) {
    ++hub_.traffic.clients_dropped;
    Close();
    return;
  }
  queue_.push_back(event);
  if (queue_.size() == 1) {
    Pump();
  }
}

void Connection::Leave() {
  leaving_ = true;
  if (phase_ != Phase::kStreaming || queue_.empty()) {
    Close();
  }
}

void Connection::Read() {
  socket_.async_read_some(asio::buffer(in_), [self = shared_from_this()](
                                                 const boost::system::error_code& error,
                                                 std::size_t size) { self->OnRead(error, size); });
}

void Connection::OnRead(const boost::system::error_code& error, std::size_t size) {
  switch (phase_) {
    case Phase::kClosed:
    case Phase::kWriting: return;             // a read that the deadline called off
    case Phase::kStreaming: Close(); return;  // it left, or sent what nobody asked for
    case Phase::kLingering:
      discarded_ += size;
      if (error || discarded_ > kMaxDiscarded) {
        Close();
      } else {
        Read();
      }
      return;
    case Phase::kReading:
      if (error) {
        Close();
      } else {
        TakeBytes(size);
      }
  }
}

void Connection::TakeBytes(std::size_t size) {
  const bool begun = reader_.begun();
  switch (reader_.Feed(std::string_view(in_.data(), size))) {
    case RequestReader::State::kMore:
      if (!begun) {
        Arm(hub_.times.request);
      }
      Read();
      return;
    case RequestReader::State::kRefused:
      ++hub_.traffic.requests;
      Write(reader_.refusal(), /*head_only=*/false);
      return;
    case RequestReader::State::kRequest: Answer(); return;
  }
}

void Connection::Answer() {
  ++hub_.traffic.requests;
  const Request& request = reader_.request();
  Reply reply = hub_.site.Answer(request, Clock::now(), hub_.traffic);
  reply.close = reply.close || !request.keep_alive;
  const bool head_only = request.method == "HEAD";
  if (reply.stream && !head_only) {
    BeginStream(reply);
  } else {
    Write(reply, head_only);
  }
}

void Connection::Write(const Reply& reply, bool head_only) {
  phase_ = Phase::kWriting;
  out_ = Bytes(reply, head_only);
  Arm(hub_.times.reply);
  asio::async_write(socket_, asio::buffer(out_),
                    [self = shared_from_this(), last = reply.close || reply.stream](
                        const boost::system::error_code& error, std::size_t) {
                      if (error) {
                        self->Close();
                      } else {
                        self->OnWritten(last);
                      }
                    });
}

void Connection::OnWritten(bool last) {
  if (phase_ != Phase::kWriting) {
    return;
  }
  if (last) {
    Linger();
    return;
  }
  reader_.Next();
  phase_ = Phase::kReading;
  Arm(hub_.times.idle);
  Read();
}

void Connection::BeginStream(const Reply& reply) {
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::send_buffer_size(kStreamSendBuffer), ignored);
  phase_ = Phase::kStreaming;
  streaming_ = true;
  ++hub_.traffic.streams;
  queue_.push_back(std::make_shared<const std::string>(Bytes(reply, /*head_only=*/false)));
  Pump();
  Read();  // to see it leave
}

void Connection::Pump() {
  Arm(hub_.times.reply);
  asio::async_write(socket_, asio::buffer(*queue_.front()),
                    [self = shared_from_this(), event = queue_.front()](
                        const boost::system::error_code& error, std::size_t) {
                      if (self->phase_ != Phase::kStreaming) {
                        return;
                      }
                      if (error) {
                        self->Close();
                        return;
                      }
                      if (event->front() != ':') {  // no heartbeat
                        ++self->hub_.traffic.events_sent;
                      }
                      self->queue_.pop_front();
                      if (!self->queue_.empty()) {
                        self->Pump();
                      } else if (self->leaving_) {
                        self->Close();
                      } else {
                        self->deadline_.cancel();
                      }
                    });
}

void Connection::Linger() {
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  phase_ = Phase::kLingering;
  Arm(hub_.times.linger);
  Read();
}

void Connection::Close() {
  if (phase_ == Phase::kClosed) {
    return;
  }
  phase_ = Phase::kClosed;
  const std::shared_ptr<Connection> self = shared_from_this();
  boost::system::error_code ignored;
  deadline_.cancel();
  socket_.close(ignored);
  if (turned_away_) {
    --hub_.turned_away;
  } else {
    --hub_.traffic.connections;
  }
  if (streaming_) {
    --hub_.traffic.streams;
  }
  hub_.connections.erase(self);
  if (hub_.connections.empty()) {
    hub_.all_gone();
  }
}

void Connection::Arm(std::chrono::milliseconds time) {
  deadline_.expires_after(time);
  deadline_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    // One that was set anew while this handler waited its turn has not passed.
    if (!error && self->deadline_.expiry() <= asio::steady_timer::clock_type::now()) {
      self->OnDeadline();
    }
  });
}

void Connection::OnDeadline() {
  if (phase_ == Phase::kReading && reader_.begun()) {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
    Reply reply = ErrorReply(408, "the request did not come to its end in time");
    reply.close = true;
    Write(reply, /*head_only=*/false);
    return;
  }
  if (phase_ == Phase::kWriting || phase_ == Phase::kStreaming) {
    ++hub_.traffic.clients_dropped;
  }
  Close();
}

}  // namespace pinhole::outside::http
