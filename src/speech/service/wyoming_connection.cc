// SPDX-License-Identifier: Apache-2.0
#include "speech/service/wyoming_connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace pinhole::speech::service {

namespace asio = boost::asio;

namespace {

// Answers to a client that asks and does not read.
constexpr std::size_t kMaxQueued = std::size_t{1} << 18U;

}  // namespace

WyomingConnection::WyomingConnection(asio::ip::tcp::socket socket, Hub& hub)
    : socket_(std::move(socket)),
      reading_(socket_.get_executor()),
      writing_(socket_.get_executor()),
      hub_(hub),
      session_(hub.site.model(), hub.defaults, hub.budget, hub.upload_limit) {
  ErrorCode ignored;  // an option that can't be set costs time, not correctness
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
}

void WyomingConnection::Serve() {
  hub_.clients.insert(Self());
  ArmReading(hub_.times.idle);
  Read();
}

void WyomingConnection::Leave() {
  if (!job_) {
    Close();
  }
}

void WyomingConnection::Read() {
  socket_.async_read_some(asio::buffer(piece_),
                          [self = Self()](const ErrorCode& error, std::size_t size) {
                            if (!self->closed_) {
                              self->OnRead(error, size);
                            }
                          });
}

void WyomingConnection::OnRead(const ErrorCode& error, std::size_t size) {
  if (error) {
    Close();
    return;
  }
  since_armed_ += size;
  std::string_view bytes(piece_.data(), size);
  bool has_events = false;
  // Of what follows the end nothing is looked at, but it is read: else closing would take back the
  // answer that says why.
  while (!bytes.empty() && !is_last_ && !closed_) {
    switch (reader_.Feed(bytes)) {
      case WyomingReader::State::kMore: break;
      case WyomingReader::State::kEvent:
        has_events = true;
        ++hub_.traffic.wyoming_events;
        Do(session_.Take(reader_.event()));
        break;
      case WyomingReader::State::kRefused:
        Do(WyomingSession::Fail("malformed", reader_.failure()));
        break;
    }
  }
  if (closed_) {
    return;
  }
  if (!is_last_ && (has_events || since_armed_ >= kBodyPiece)) {
    ArmReading(hub_.times.idle);
  }
  Read();
}

void WyomingConnection::Do(WyomingSession::Step step) {
  next_out_ += step.out;
  is_last_ = is_last_ || step.close;
  if (next_out_.size() > kMaxQueued) {
    ++hub_.traffic.clients_dropped;
    Close();
    return;
  }
  if (step.sound) {
    Submit(*std::move(step.sound));
  }
  Flush();
}

void WyomingConnection::Submit(Upload sound) {
  auto job = std::make_shared<Job>();
  job->upload = std::move(sound);
  job->options = session_.options();
  job->done = [&io = hub_.io, weak = weak_from_this()](const JobResult& result) {
    asio::post(io, [weak, result] {
      const auto self = weak.lock();
      if (self && !self->closed_) {
        self->job_.reset();
        self->ArmReading(self->hub_.times.idle);
        self->Do(self->session_.Heard(result));
      }
    });
  };
  if (!hub_.queue.Submit(job)) {
    Do(session_.TurnedAway());
    return;
  }
  job_ = std::move(job);
  reading_.cancel();
}

void WyomingConnection::Flush() {
  if (is_writing_ || closed_) {
    return;
  }
  if (next_out_.empty()) {
    if (is_last_) {
      ErrorCode ignored;
      socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
      ArmReading(hub_.times.linger);
    } else if (hub_.stopping && !job_) {
      Close();
    }
    return;
  }
  is_writing_ = true;
  out_ = std::exchange(next_out_, {});
  writing_.expires_after(hub_.times.reply);
  writing_.async_wait([self = Self()](const ErrorCode& error) {
    if (!error && self->is_writing_ && !self->closed_ &&
        self->writing_.expiry() <= asio::steady_timer::clock_type::now()) {
      ++self->hub_.traffic.clients_dropped;
      self->Close();
    }
  });
  asio::async_write(socket_, asio::buffer(out_),
                    [self = Self()](const ErrorCode& error, std::size_t) {
                      self->is_writing_ = false;
                      self->writing_.cancel();
                      if (error) {
                        self->Close();
                      } else {
                        self->Flush();
                      }
                    });
}

void WyomingConnection::ArmReading(std::chrono::milliseconds time) {
  since_armed_ = 0;
  if (job_) {
    return;  // it waits for us
  }
  reading_.expires_after(time);
  reading_.async_wait([self = Self()](const ErrorCode& error) {
    if (!error && !self->job_ && !self->closed_ &&
        self->reading_.expiry() <= asio::steady_timer::clock_type::now()) {
      if (!self->is_last_) {
        ++self->hub_.traffic.clients_dropped;
      }
      self->Close();
    }
  });
}

void WyomingConnection::Close() {
  if (std::exchange(closed_, true)) {
    return;
  }
  const auto self = Self();
  if (job_) {
    job_->cancelled = true;
  }
  ErrorCode ignored;
  reading_.cancel();
  writing_.cancel();
  socket_.close(ignored);
  hub_.Gone(self);
}

}  // namespace pinhole::speech::service
