// SPDX-License-Identifier: Apache-2.0
#include "host/emulate_debugger.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "emulator/gdb.h"
#include "system/failure.h"

namespace pinhole::host {

namespace {

using emulator::GdbSession;
using emulator::Rp2040;
using emulator::StopReason;
using system::Failure;

constexpr std::uint64_t kSlice = 1'000'000;

// One debugger on the loopback.
class GdbServer final : public emulator::ByteWriter {
 public:
  explicit GdbServer(int port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* const any = reinterpret_cast<const sockaddr*>(&address);
    if (listener < 0 || ::bind(listener, any, sizeof address) != 0 || ::listen(listener, 1) != 0) {
      const int number = errno;
      ::close(listener);
      throw Failure("--gdb: port " + std::to_string(port) + ": " + std::strerror(number) +
                    "; give another one");
    }
    std::fprintf(stderr, "waiting for GDB: target remote localhost:%d\n", port);
    socket_ = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    ::close(listener);
    if (socket_ < 0) {
      throw Failure("--gdb: no connection came about");
    }
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  ~GdbServer() override { ::close(socket_); }
  GdbServer(const GdbServer&) = delete;
  GdbServer& operator=(const GdbServer&) = delete;

  void Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        gone_ = true;
        return;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // What came, waiting for it or not; empty where nothing did.
  std::span<const std::uint8_t> Read(bool wait) {
    pollfd poll{socket_, POLLIN, 0};
    if (::poll(&poll, 1, wait ? -1 : 0) <= 0) {
      return {};
    }
    const ssize_t got = ::recv(socket_, bytes_.data(), bytes_.size(), 0);
    gone_ = got <= 0;
    return {bytes_.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  }
  [[nodiscard]] bool gone() const { return gone_; }

 private:
  int socket_ = -1;
  bool gone_ = false;
  std::array<std::uint8_t, 4096> bytes_{};
};

bool Debug(Rp2040& chip, GdbServer& server) {
  GdbSession session(chip.core(0), server);
  chip.set_watcher(&session);
  GdbSession::Wish wish = GdbSession::Wish::kStay;
  while (!server.gone()) {
    wish = session.Receive(server.Read(wish == GdbSession::Wish::kStay));
    if (wish == GdbSession::Wish::kDetach || wish == GdbSession::Wish::kKill) {
      break;
    }
    if (wish == GdbSession::Wish::kStep) {
      chip.core(0).Step();
      chip.RunUntil(chip.core(0).cycles());
      session.SayStopped(chip.core(0).state() == emulator::CoreState::kLockup);
      wish = GdbSession::Wish::kStay;
    } else if (wish == GdbSession::Wish::kRun) {
      session.PassOnce();
      StopReason reason = StopReason::kNone;
      while (reason == StopReason::kNone && !server.gone() && wish == GdbSession::Wish::kRun) {
        reason = chip.RunUntil(chip.cycles() + kSlice);
        wish = session.Receive(server.Read(false));
      }
      if (reason != StopReason::kNone) {
        session.SayStopped(reason != StopReason::kWatcher);
        wish = GdbSession::Wish::kStay;
      }
    }
  }
  chip.set_watcher(nullptr);
  return wish != GdbSession::Wish::kKill;
}

}  // namespace

bool DebugOnPort(Rp2040& chip, int port) {
  GdbServer server(port);
  return Debug(chip, server);
}

}  // namespace pinhole::host
