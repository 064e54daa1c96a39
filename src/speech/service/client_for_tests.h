// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: a socket that says exactly what a test wants it to say, a service with the fake
// recognizer, and forms.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "speech/service/fake_recognizer.h"
#include "speech/service/service.h"

namespace pinhole::speech::service {

inline constexpr std::chrono::milliseconds kSoon{20000};  // a deadline for what takes no time

class TestClient {
 public:
  explicit TestClient(const std::string& url, int receive_buffer = 0)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer != 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port =
        htons(static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1))));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  TestClient(TestClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        connected_(other.connected_),
        got_(std::move(other.got_)) {}
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;
  TestClient& operator=(TestClient&&) = delete;
  ~TestClient() { Leave(); }

  [[nodiscard]] bool connected() const { return connected_; }
  // False where the other side has closed.
  bool Say(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) {
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  void Leave() {
    if (fd_ >= 0) {
      close(std::exchange(fd_, -1));
    }
  }
  // Reads until `text` was read, the other side closes, or it takes too long.
  bool Until(std::string_view text) {
    const auto deadline = std::chrono::steady_clock::now() + kSoon;
    while (got_.find(text) == std::string::npos) {
      if (!ReadSome(deadline)) {
        return false;
      }
    }
    return true;
  }
  // Reads until the other side closes; false where it does not.
  bool UntilClosed() {
    const auto deadline = std::chrono::steady_clock::now() + kSoon;
    while (ReadSome(deadline)) {
    }
    return closed_;
  }
  [[nodiscard]] const std::string& got() const { return got_; }
  void Forget() { got_.clear(); }
  // A whole reply with a Content-Length.
  std::string Reply() {
    if (!Until("\r\n\r\n")) {
      return std::exchange(got_, {});
    }
    const std::size_t body = got_.find("\r\n\r\n") + 4;
    const std::size_t at = got_.find("Content-Length: ");
    const std::size_t length = at < body ? std::stoul(got_.substr(at + 16)) : 0;
    const auto deadline = std::chrono::steady_clock::now() + kSoon;
    while (got_.size() < body + length && ReadSome(deadline)) {
    }
    std::string reply = got_.substr(0, body + length);
    got_.erase(0, body + length);
    return reply;
  }

 private:
  bool ReadSome(std::chrono::steady_clock::time_point deadline) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{fd_, POLLIN, 0};
    if (left.count() <= 0 || poll(&ready, 1, static_cast<int>(left.count())) <= 0) {
      return false;
    }
    char bytes[4096];
    const ssize_t size = recv(fd_, bytes, sizeof bytes, 0);
    closed_ = size <= 0;
    if (size > 0) {
      got_.append(bytes, static_cast<std::size_t>(size));
    }
    return size > 0;
  }

  int fd_;
  bool connected_ = false;
  bool closed_ = false;
  std::string got_;
};

inline constexpr std::string_view kTestBoundary = "------------------------pinhole";

// Fields {name, value}, and the file last.
inline std::string FormBody(const std::vector<std::pair<std::string, std::string>>& fields,
                            std::string_view file, std::string_view file_name = "said.txt") {
  std::string body;
  const std::string line = "--" + std::string(kTestBoundary) + "\r\n";
  for (const auto& [name, value] : fields) {
    body += line + "Content-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
  }
  body += line + "Content-Disposition: form-data; name=\"file\"; filename=\"" +
          std::string(file_name) + "\"\r\nContent-Type: application/octet-stream\r\n\r\n" +
          std::string(file) + "\r\n";
  return body + "--" + std::string(kTestBoundary) + "--\r\n";
}

inline std::string FormHead(std::string_view path, std::size_t length,
                            std::string_view more_headers = "") {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=" +
         std::string(kTestBoundary) + "\r\nContent-Length: " + std::to_string(length) + "\r\n" +
         std::string(more_headers) + "\r\n";
}

inline std::string FormRequest(std::string_view path,
                               const std::vector<std::pair<std::string, std::string>>& fields,
                               std::string_view file, std::string_view more_headers = "") {
  const std::string body = FormBody(fields, file);
  return FormHead(path, body.size(), more_headers) + body;
}

inline std::string Get(std::string_view path, std::string_view more_headers = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" +
         std::string(more_headers) + "\r\n";
}

// On free ports, with so many workers.
inline std::unique_ptr<Service> OpenTestService(ServiceOptions options = {}, int workers = 1) {
  options.port = options.wyoming_port = 0;
  options.model = FakeModel();
  std::vector<std::unique_ptr<Recognizer>> recognizers;
  for (int i = 0; i < workers; ++i) {
    recognizers.push_back(std::make_unique<FakeRecognizer>());
  }
  base::Diagnosis why;
  auto service =
      OpenService(std::move(options), std::move(recognizers), [](std::string_view) {}, why);
  if (!service) {
    throw std::runtime_error(std::string(why.text()));
  }
  return *std::move(service);
}

// Until `holds` does, or it takes too long.
template <typename Condition>
bool Eventually(Condition holds) {
  const auto deadline = std::chrono::steady_clock::now() + kSoon;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace pinhole::speech::service
