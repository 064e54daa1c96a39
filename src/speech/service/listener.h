// SPDX-License-Identifier: Apache-2.0
#pragma once

// A port that is listened on: sockets of those who connect, one after the other. Where there are no
// descriptors left it says so once, tries again every second, and says when it works again.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::speech::service {

class Listener {
 public:
  using Notices = std::function<void(std::string_view)>;

  // `name` begins what is said: "http". `notices` must outlive it.
  Listener(boost::asio::io_context& io, std::string_view name, const Notices& notices)
      : name_(name), notices_(notices), acceptor_(io), pause_(io) {}

  // At an IP address; port 0 is any free one. Errors: kIo.
  base::Status Open(const std::string& address, std::uint16_t port, base::Diagnosis& why);
  void Accept(std::function<void(boost::asio::ip::tcp::socket)> welcome);
  void Close();
  // "127.0.0.1:8463", "[::1]:8463".
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  void Next();

  std::string_view name_;
  const Notices& notices_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::function<void(boost::asio::ip::tcp::socket)> welcome_;
  std::string address_;
  bool failed_ = false;
  bool closed_ = false;
};

}  // namespace pinhole::speech::service
