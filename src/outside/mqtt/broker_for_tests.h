// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of the MQTT outlet stand on: a real mosquitto with a configuration of its own on a
// free port of the loopback, a client that listens, a server that plays a bad broker, and folders
// that go away. Everything ends with its object.

#include <arpa/inet.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace pinhole::outside::mqtt {

// How long anything may take on a slow machine; what works takes a fraction.
inline constexpr std::chrono::seconds kDeadline{30};

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "pinhole-mqtt-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) {
      throw std::runtime_error("no temporary folder");
    }
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  // The file's path.
  std::string Write(const std::string& name, std::string_view text) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    return path;
  }

 private:
  std::string path_;
};

inline std::string WhereIs(const std::string& program) {
  for (const char* folder : {"/usr/sbin/", "/usr/bin/", "/usr/local/sbin/", "/usr/local/bin/"}) {
    if (access((folder + program).c_str(), X_OK) == 0) {
      return folder + program;
    }
  }
  return "";
}

// Runs a program without output; false where it fails.
inline bool RunProgram(const std::vector<std::string>& arguments, pid_t* leave_running = nullptr) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int failed = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    return false;
  }
  if (leave_running != nullptr) {
    *leave_running = pid;
    return true;
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

inline sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

inline std::uint16_t PortOf(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

inline int Listening(int backlog) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(0);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(fd, backlog) != 0) {
    throw std::runtime_error("can't listen on the loopback");
  }
  return fd;
}

inline std::uint16_t FreePort() {
  const int fd = Listening(1);
  const std::uint16_t port = PortOf(fd);
  close(fd);
  return port;
}

inline bool Connects(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  const bool connected =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return connected;
}

inline bool Until(const std::function<bool()>& holds, std::chrono::milliseconds most = kDeadline) {
  const auto end = std::chrono::steady_clock::now() + most;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

// A mosquitto that remembers (persistence) what it has acknowledged.
class Broker {
 public:
  static bool Installed() { return !WhereIs("mosquitto").empty(); }

  // `listener` is more of the configuration: TLS, users.
  explicit Broker(const std::string& listener = "allow_anonymous true\n") : port_(FreePort()) {
    config_ =
        folder_.Write("mosquitto.conf",
                      "user root\npersistence true\npersistence_location " + folder_.path() +
                          "/\nmax_queued_messages 0\nlog_dest file " + folder_.path() +
                          "/log\nlistener " + std::to_string(port_) + " 127.0.0.1\n" + listener);
  }
  ~Broker() { Stop(); }
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const TempFolder& folder() const { return folder_; }

  void Start() {
    if (!RunProgram({WhereIs("mosquitto"), "-c", config_}, &pid_) ||
        !Until([this] { return Connects(port_); })) {
      throw std::runtime_error("mosquitto does not start");
    }
  }
  void Stop() {
    if (pid_ > 0) {
      kill(pid_, SIGTERM);
      waitpid(pid_, nullptr, 0);
      pid_ = -1;
    }
  }
  void Freeze() const { kill(pid_, SIGSTOP); }
  void Thaw() const { kill(pid_, SIGCONT); }

 private:
  TempFolder folder_;
  std::uint16_t port_;
  std::string config_;
  pid_t pid_ = -1;
};

struct Credentials {
  std::string user, password;
  std::string ca_file, cert_file, key_file;  // with the first: TLS
};

struct Message {
  std::string topic, payload;
  bool retained = false;
};

// Sees everything under "#" from its construction on, what is retained first; with a session that
// the broker keeps, so that nothing is missed in between. Publishes too.
class Witness {
 public:
  explicit Witness(std::uint16_t port, const Credentials& credentials = {},
                   const std::string& name = "witness") {
    client_ = mosquitto_new(name.c_str(), false, this);
    mosquitto_max_inflight_messages_set(client_, 0);
    mosquitto_connect_callback_set(client_, [](mosquitto* client, void*, int code) {
      if (code == 0) {
        mosquitto_subscribe(client, nullptr, "#", 1);
      }
    });
    mosquitto_subscribe_callback_set(client_, [](mosquitto*, void* self, int, int, const int*) {
      static_cast<Witness*>(self)->Subscribed();
    });
    mosquitto_message_callback_set(client_,
                                   [](mosquitto*, void* self, const mosquitto_message* message) {
                                     static_cast<Witness*>(self)->Take(*message);
                                   });
    Show(credentials);
    mosquitto_reconnect_delay_set(client_, 1, 1, false);
    if (mosquitto_connect(client_, "localhost", port, 30) != MOSQ_ERR_SUCCESS ||
        mosquitto_loop_start(client_) != MOSQ_ERR_SUCCESS ||
        !Until([this] { return subscribed(); })) {
      throw std::runtime_error("the witness can't connect");
    }
  }
  ~Witness() {
    mosquitto_disconnect(client_);
    mosquitto_loop_stop(client_, false);
    mosquitto_destroy(client_);
  }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  std::vector<Message> seen() {
    const std::scoped_lock lock(mutex_);
    return seen_;
  }
  // Payloads of one topic, in the order of arrival.
  std::vector<std::string> Of(const std::string& topic) {
    std::vector<std::string> payloads;
    for (const Message& message : seen()) {
      if (message.topic == topic) {
        payloads.push_back(message.payload);
      }
    }
    return payloads;
  }
  bool Sees(const std::string& topic, const std::string& payload) {
    return Until([&] {
      const std::vector<std::string> payloads = Of(topic);
      return !payloads.empty() && payloads.back() == payload;
    });
  }
  void Publish(const std::string& topic, const std::string& payload, bool retain = false) {
    mosquitto_publish(client_, nullptr, topic.c_str(), static_cast<int>(payload.size()),
                      payload.data(), 1, retain);
  }

 private:
  void Show(const Credentials& credentials) {
    const auto given = [](const std::string& text) {
      return text.empty() ? nullptr : text.c_str();
    };
    if (!credentials.user.empty()) {
      mosquitto_username_pw_set(client_, credentials.user.c_str(), credentials.password.c_str());
    }
    if (!credentials.ca_file.empty()) {
      mosquitto_tls_set(client_, credentials.ca_file.c_str(), nullptr, given(credentials.cert_file),
                        given(credentials.key_file), nullptr);
    }
  }
  bool subscribed() {
    const std::scoped_lock lock(mutex_);
    return subscribed_;
  }
  void Subscribed() {
    const std::scoped_lock lock(mutex_);
    subscribed_ = true;
  }
  void Take(const mosquitto_message& message) {
    const std::scoped_lock lock(mutex_);
    seen_.push_back({message.topic,
                     std::string(static_cast<const char*>(message.payload),
                                 static_cast<std::size_t>(message.payloadlen)),
                     message.retain});
  }

  mosquitto* client_ = nullptr;
  std::mutex mutex_;
  bool subscribed_ = false;
  std::vector<Message> seen_;
};

// A server on the loopback that treats each connection as `serve` says, one after the other.
// `serve` returns when its connection fails, at the latest when the server ends.
class BadBroker {
 public:
  explicit BadBroker(std::function<void(int fd)> serve)
      : serve_(std::move(serve)), listener_(Listening(8)), port_(PortOf(listener_)) {
    thread_ = std::thread([this] { Run(); });
  }
  ~BadBroker() {
    {
      const std::scoped_lock lock(mutex_);
      ending_ = true;
      shutdown(listener_, SHUT_RDWR);
      if (connection_ >= 0) {
        shutdown(connection_, SHUT_RDWR);
      }
    }
    thread_.join();
    close(listener_);
  }
  BadBroker(const BadBroker&) = delete;
  BadBroker& operator=(const BadBroker&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int connections() {
    const std::scoped_lock lock(mutex_);
    return connections_;
  }

 private:
  void Run() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      {
        const std::scoped_lock lock(mutex_);
        if (ending_ || fd < 0) {
          if (fd >= 0) {
            close(fd);
          }
          return;
        }
        connection_ = fd;
        ++connections_;
      }
      serve_(fd);
      const std::scoped_lock lock(mutex_);
      connection_ = -1;
      close(fd);
    }
  }

  std::function<void(int)> serve_;
  int listener_;
  std::uint16_t port_;
  std::thread thread_;
  std::mutex mutex_;
  bool ending_ = false;
  int connection_ = -1;
  int connections_ = 0;
};

// One MQTT packet: its first byte, then its body; nothing where the connection ended.
inline std::optional<std::vector<std::uint8_t>> ReadPacket(int fd) {
  const auto byte = [fd](std::uint8_t& out) { return recv(fd, &out, 1, 0) == 1; };
  std::vector<std::uint8_t> packet(1);
  if (!byte(packet[0])) {
    return std::nullopt;
  }
  std::size_t length = 0;
  std::uint8_t digit = 0x80;
  for (int shift = 0; (digit & 0x80) != 0; shift += 7) {
    if (shift > 21 || !byte(digit)) {
      return std::nullopt;
    }
    length |= static_cast<std::size_t>(digit & 0x7f) << shift;
  }
  packet.resize(1 + length);
  for (std::size_t at = 1; at < packet.size();) {
    const ssize_t n = recv(fd, packet.data() + at, packet.size() - at, 0);
    if (n <= 0) {
      return std::nullopt;
    }
    at += static_cast<std::size_t>(n);
  }
  return packet;
}

inline bool SendBytes(int fd, const std::vector<std::uint8_t>& bytes) {
  return send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

// Reads and says nothing until the connection ends.
inline void SwallowAll(int fd) {
  std::array<char, 4096> bytes{};
  while (recv(fd, bytes.data(), bytes.size(), 0) > 0) {
  }
}

}  // namespace pinhole::outside::mqtt
