// SPDX-License-Identifier: Apache-2.0
#include "speech/service/listener.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <chrono>
#include <utility>

namespace pinhole::speech::service {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

namespace {

constexpr std::chrono::seconds kPause{1};

}  // namespace

base::Status Listener::Open(const std::string& address, std::uint16_t port, base::Diagnosis& why) {
  ErrorCode error;
  const asio::ip::address parsed = asio::ip::make_address(address, error);
  const tcp::endpoint wanted(parsed, port);
  if (!error) {
    acceptor_.open(wanted.protocol(), error);
  }
  if (!error) {
    acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  }
  if (!error) {
    acceptor_.bind(wanted, error);
  }
  if (!error) {
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
  }
  if (!error) {
    const std::string host = parsed.is_v6() ? "[" + parsed.to_string() + "]" : parsed.to_string();
    address_ = host + ":" + std::to_string(acceptor_.local_endpoint(error).port());
    return {};
  }
  if (error == asio::error::address_in_use) {
    return why.Fail(base::Error::kIo, name_, ": port ", port, " at ", address,
                    " is taken by another program: end that one, or choose another port");
  }
  if (error == asio::error::access_denied) {
    return why.Fail(base::Error::kIo, name_, ": this user may not listen at port ", port,
                    ": choose one from 1024 on");
  }
  if (error.value() == EADDRNOTAVAIL) {
    return why.Fail(base::Error::kIo, name_, ": no network interface of this machine has the ",
                    "address ", address, ": choose one that `ip address` shows, or 127.0.0.1");
  }
  return why.Fail(base::Error::kIo, name_, ": can't listen at ", address, " port ", port, ": ",
                  error.message());
}

void Listener::Accept(std::function<void(tcp::socket)> welcome) {
  welcome_ = std::move(welcome);
  Next();
}

void Listener::Next() {
  acceptor_.async_accept([this](const ErrorCode& error, tcp::socket socket) {
    if (closed_ || error == asio::error::operation_aborted) {
      return;
    }
    if (!error) {
      if (std::exchange(failed_, false)) {
        notices_(std::string(name_) + ": clients can connect again");
      }
      welcome_(std::move(socket));
    }
    if (!error || error == asio::error::connection_aborted) {  // it left while it waited
      Next();
      return;
    }
    if (!std::exchange(failed_, true)) {
      notices_(std::string(name_) + ": no client can connect: " + error.message() +
               "; trying again every second");
    }
    pause_.expires_after(kPause);
    pause_.async_wait([this](const ErrorCode& called_off) {
      if (!called_off && !closed_) {
        Next();
      }
    });
  });
}

void Listener::Close() {
  closed_ = true;
  ErrorCode ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

}  // namespace pinhole::speech::service
