// SPDX-License-Identifier: Apache-2.0
// Lines into a descriptor that somebody else opened: a pipe, a terminal, a socket, a file.
//
// Setting it to non-blocking would do so for every process that shares it, the user's shell for
// one. So a pipe or a terminal is opened once more by way of /proc, which gives a description of
// our own; a socket is asked not to wait at each call.

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>
#include <system_error>

#include "outside/log/line_sink.h"

namespace pinhole::outside::log {

namespace {

std::string Reason(int error) { return std::generic_category().message(error); }

enum class Kind { kFile, kSocket, kNonBlocking, kAskFirst };

class StreamSink final : public LineSink {
 public:
  StreamSink(int fd, Kind kind) : fd_(fd), kind_(kind) {}
  ~StreamSink() override { ::close(fd_); }

  [[nodiscard]] std::string name() const override { return "standard output"; }

  base::Result<std::size_t> Write(std::string_view bytes, base::Diagnosis& why) override {
    if (kind_ == Kind::kAskFirst) {
      // Ready means room for this much at least. Another writer may take it in between; then this
      // waits, which is why it is the last resort.
      bytes = bytes.substr(0, PIPE_BUF);
      if (!IsReady(std::chrono::milliseconds(0))) {
        return std::size_t{0};
      }
    }
    const ssize_t n = kind_ == Kind::kSocket
                          ? ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                          : ::write(fd_, bytes.data(), bytes.size());
    if (n >= 0) {
      return static_cast<std::size_t>(n);
    }
    if (errno == EAGAIN || errno == EINTR) {
      return std::size_t{0};
    }
    if (errno == EPIPE) {
      return why.Fail(base::Error::kIo, "nobody reads it any more; start the reader again");
    }
    return why.Fail(base::Error::kIo, "can't be written: ", Reason(errno),
                    "; check the disk or what reads it");
  }

  void Wait(std::chrono::milliseconds most) override { static_cast<void>(IsReady(most)); }

 private:
  [[nodiscard]] bool IsReady(std::chrono::milliseconds most) const {
    pollfd asked{fd_, POLLOUT, 0};
    return ::poll(&asked, 1, static_cast<int>(most.count())) > 0;
  }

  int fd_;
  Kind kind_;
};

}  // namespace

base::Result<std::unique_ptr<LineSink>> OpenStreamSink(int fd, base::Diagnosis& why) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) {
    return why.Fail(base::Error::kIo, "standard output is closed; give a file");
  }
  Kind kind = S_ISSOCK(info.st_mode) ? Kind::kSocket : Kind::kFile;
  int own = -1;
  if (S_ISFIFO(info.st_mode) || ::isatty(fd) == 1) {
    own = ::open(("/proc/self/fd/" + std::to_string(fd)).c_str(),
                 O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    kind = own >= 0 ? Kind::kNonBlocking : Kind::kAskFirst;
  }
  if (own < 0) {
    own = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  }
  if (own < 0) {
    return why.Fail(base::Error::kIo, "standard output can't be used: ", Reason(errno));
  }
  return std::unique_ptr<LineSink>(std::make_unique<StreamSink>(own, kind));
}

}  // namespace pinhole::outside::log
