// SPDX-License-Identifier: Apache-2.0
#pragma once

// One Wyoming client's socket: bytes to events, events to the session, its answers back. Times are
// those of HTTP: for an utterance's bytes, for taking an answer, for saying nothing.

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "speech/service/hub.h"
#include "speech/service/wyoming_event.h"
#include "speech/service/wyoming_session.h"

namespace pinhole::speech::service {

class WyomingConnection final : public Client,
                                public std::enable_shared_from_this<WyomingConnection> {
 public:
  WyomingConnection(boost::asio::ip::tcp::socket socket, Hub& hub);

  void Serve();
  void Leave() override;

 private:
  using ErrorCode = boost::system::error_code;

  void Read();
  void OnRead(const ErrorCode& error, std::size_t size);
  void Do(WyomingSession::Step step);
  void Submit(Upload sound);
  void Flush();
  void ArmReading(std::chrono::milliseconds time);
  void Close();
  [[nodiscard]] std::shared_ptr<WyomingConnection> Self() { return shared_from_this(); }

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer reading_, writing_;  // deadlines
  Hub& hub_;
  WyomingReader reader_;
  WyomingSession session_;
  std::shared_ptr<Job> job_;
  std::array<char, 16384> piece_;
  std::size_t since_armed_ = 0;
  std::string out_, next_out_;  // being written, and to be written then
  bool is_writing_ = false;
  bool is_last_ = false;  // what is written is the end; what is read is passed over
  bool closed_ = false;
};

}  // namespace pinhole::speech::service
