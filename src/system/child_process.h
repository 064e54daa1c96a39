// SPDX-License-Identifier: Apache-2.0
#pragma once

// Descriptors with an owner, and programs started with exactly the descriptors they are to have.
//
//   auto [reading, writing] = MakePipe();
//   Child inside = Child::Start({HelperProgram("pinhole-inside"), "--facts-fd", "3"},
//                               {{writing.get(), 3}});
//   ... poll(inside.pidfd()) ...
//   std::optional<Ending> ended = inside.Ended();
//
// A child gets the descriptors listed and 0, 1, 2, nothing else; default signal handling; and a
// process group of its own, so that Ctrl-C reaches it through us only. It is killed with us.

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pinhole::system {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~UniqueFd() { Close(); }

  [[nodiscard]] int get() const { return fd_; }
  void Close();

 private:
  int fd_ = -1;
};

struct PipeEnds {
  UniqueFd reading, writing;
};
// Closed in children unless listed. Throw Failure.
PipeEnds MakePipe();
PipeEnds MakeSocketPair();  // either end reads and writes; AF_UNIX, SOCK_SEQPACKET

// SIGTERM, SIGINT and SIGHUP, as a descriptor to poll: readable once one came. They are blocked for
// the calling thread and all that it starts from then on, so call it before other threads are
// started.
UniqueFd EndingSignals();

struct Ending {
  int exit_code = 0;  // where signal is 0
  int signal = 0;     // that killed it

  // "exit code 1", "killed by SIGSYS".
  [[nodiscard]] std::string Text() const;
};

// {the descriptor here, its number in the child}.
using Handed = std::pair<int, int>;

class Child {
 public:
  // `words[0]` is the program's path. Throws Failure where it can't be started (also where the file
  // is no program).
  static Child Start(const std::vector<std::string>& words, const std::vector<Handed>& handed = {},
                     int signal_when_we_end = 9);

  Child() = default;
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();  // kills and waits

  [[nodiscard]] bool running() const { return pid_ > 0; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  // Readable once the child has ended.
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }

  void Signal(int signal) const;
  // Nothing while it runs; its ending, once, when it has ended.
  std::optional<Ending> Ended();
  // Waits.
  Ending Wait();

 private:
  pid_t pid_ = 0;
  UniqueFd pidfd_;
};

}  // namespace pinhole::system
