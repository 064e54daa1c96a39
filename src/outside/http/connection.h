// SPDX-License-Identifier: Apache-2.0
#pragma once

// One client: its bytes to the request reader, the site's replies back, and events where it asked
// for them. Only http_server.cc and connection.cc see this file, since it brings Asio with it.
//
// A connection is in one phase at a time, and every phase but one has an end in time: reading a
// request, writing a reply, lingering so that a last reply arrives before the connection is cut. A
// client that listens to events may stay; it goes when it sends anything, when an event can't be
// written in time, or when kMaxQueuedEvents wait for it. All of it runs in the outlet's thread.

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>  // Boost 1.74 forgets it

#include "outside/http/http_limits.h"
#include "outside/http/message.h"
#include "outside/http/request_reader.h"
#include "outside/http/site.h"

namespace pinhole::outside::http {

class Connection;

// What the connections share. Outlives them.
struct Hub {
  Site site;
  HttpTimes times;
  Traffic traffic;
  std::set<std::shared_ptr<Connection>> connections;
  std::size_t turned_away = 0;     // of these, waiting to be gone
  std::function<void()> all_gone;  // called when the last one leaves
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `hub` outlives the connection's last handler.
  Connection(boost::asio::ip::tcp::socket socket, Hub& hub);

  // One of the two, once.
  void Serve();
  void TurnAway();

  // To one that listens to events; others ignore it.
  void Send(const std::shared_ptr<const std::string>& event);

  // Closes: at once, or for one that listens as soon as it has what waits for it.
  void Leave();

 private:
  enum class Phase { kReading, kWriting, kStreaming, kLingering, kClosed };

  void Read();
  void OnRead(const boost::system::error_code& error, std::size_t size);
  void TakeBytes(std::size_t size);
  void Answer();
  void Write(const Reply& reply, bool head_only);
  void OnWritten(bool last);
  void BeginStream(const Reply& reply);
  void Pump();
  void Linger();
  void Close();
  void Arm(std::chrono::milliseconds time);
  void OnDeadline();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  Hub& hub_;
  Phase phase_ = Phase::kReading;
  bool turned_away_ = false;
  bool leaving_ = false;
  std::array<char, 4096> in_;
  RequestReader reader_;
  std::string out_;                                       // the reply being written
  std::deque<std::shared_ptr<const std::string>> queue_;  // events; the first is being written
  bool streaming_ = false;
  std::size_t discarded_ = 0;  // while lingering
};

}  // namespace pinhole::outside::http
