// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: an HTTP server on loopback that answers as the test says, badly above all. One
// request a connection.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace pinhole::models {

class HttpServerForTests {
 public:
  struct Request {
    std::string head;  // all lines, in small letters

    // The value of a header; "" where there is none.
    [[nodiscard]] std::string Value(const std::string& name) const {
      const auto at = head.find("\r\n" + name + ": ");
      if (at == std::string::npos) {
        return "";
      }
      const auto begin = at + name.size() + 4;
      return head.substr(begin, head.find("\r\n", begin) - begin);
    }
    // N of "Range: bytes=N-"; 0 without.
    [[nodiscard]] std::size_t From() const {
      const std::string range = Value("range");
      return range.starts_with("bytes=") ? std::stoul(range.substr(6)) : 0;
    }
  };

  class Connection {
   public:
    explicit Connection(int fd) : fd_(fd) {}
    // False once the client is gone.
    bool Send(std::string_view bytes) const {
      while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
          return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      }
      return true;
    }
    void WaitUntilClosed() const {
      char byte = 0;
      while (::recv(fd_, &byte, 1, 0) > 0) {
      }
    }

   private:
    int fd_;
  };

  using Handler = std::function<void(const Connection&, const Request&)>;

  explicit HttpServerForTests(Handler handler) : handler_(std::move(handler)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 16);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    accepting_ = std::thread([this] { Accept(); });
  }

  ~HttpServerForTests() {
    ::shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) {
        ::shutdown(fd, SHUT_RDWR);
      }
    }
    for (std::thread& serving : serving_) {
      serving.join();
    }
    ::close(listener_);
  }

  HttpServerForTests(const HttpServerForTests&) = delete;
  HttpServerForTests& operator=(const HttpServerForTests&) = delete;

  [[nodiscard]] std::string address() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/models";
  }
  // The heads of all requests so far.
  [[nodiscard]] std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void Accept() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) {
        return;
      }
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
      serving_.emplace_back([this, fd] { Serve(fd); });
    }
  }

  void Serve(int fd) {
    Request request;
    char byte = 0;
    while (!request.head.ends_with("\r\n\r\n") && ::recv(fd, &byte, 1, 0) == 1) {
      request.head += static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
    }
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    handler_(Connection(fd), request);
    const std::lock_guard lock(mutex_);
    std::erase(open_, fd);
    ::shutdown(fd, SHUT_RDWR);
    ::close(fd);
  }

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<int> open_;
  std::vector<Request> requests_;
  std::vector<std::thread> serving_;
  std::thread accepting_;
};

}  // namespace pinhole::models
