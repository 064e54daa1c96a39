// SPDX-License-Identifier: Apache-2.0
#include "system/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "system/failure.h"

namespace pinhole::system {

namespace {

constexpr long kPidfdOpen = 434, kCloseRange = 436;

std::string Reason(int error) { return std::strerror(error); }

// Between fork and exec, where nothing may be allocated. Says on `report` why it failed.
[[noreturn]] void BecomeProgram(char* const* words, std::vector<Handed>& handed, int report,
                                int signal_when_we_end, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, signal_when_we_end, 0, 0, 0);
  if (::getppid() != parent) {
    ::_exit(127);  // the parent ended before it could be watched
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  // First above all numbers that are wanted, then down to these: no number is overwritten early.
  constexpr int kAbove = 64;
  report = ::fcntl(report, F_DUPFD_CLOEXEC, kAbove);
  int last = 2;
  for (Handed& pair : handed) {
    pair.first = ::fcntl(pair.first, F_DUPFD_CLOEXEC, kAbove);
  }
  for (const Handed& pair : handed) {
    ::dup2(pair.first, pair.second);
    last = std::max(last, pair.second);
  }
  for (int fd = 3; fd <= last; ++fd) {
    if (std::none_of(handed.begin(), handed.end(),
                     [fd](const Handed& pair) { return pair.second == fd; })) {
      ::close(fd);
    }
  }
  ::syscall(kCloseRange, static_cast<unsigned>(last) + 1, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
  ::execv(words[0], words);
  const int error = errno;
  static_cast<void>(!::write(report, &error, sizeof error));
  ::_exit(127);
}

}  // namespace

void UniqueFd::Close() {
  if (fd_ >= 0) {
    ::close(std::exchange(fd_, -1));
  }
}

PipeEnds MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Failure("no pipe can be made: " + Reason(errno));
  }
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

PipeEnds MakeSocketPair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw Failure("no pair of sockets can be made: " + Reason(errno));
  }
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

UniqueFd EndingSignals() {
  sigset_t ending;
  sigemptyset(&ending);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&ending, signal);
  }
  ::sigprocmask(SIG_BLOCK, &ending, nullptr);
  return UniqueFd(::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::string Ending::Text() const {
  if (signal == 0) {
    return "exit code " + std::to_string(exit_code);
  }
  const char* const name = ::sigabbrev_np(signal);
  return "killed by SIG" + (name != nullptr ? std::string(name) : std::to_string(signal));
}

Child Child::Start(const std::vector<std::string>& words, const std::vector<Handed>& handed,
                   int signal_when_we_end) {
  std::vector<std::string> copies = words;
  std::vector<char*> arguments;
  for (std::string& word : copies) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  std::vector<Handed> descriptors = handed;
  PipeEnds report = MakePipe();
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    throw Failure(Printable(words[0]) + ": can't be started: " + Reason(errno));
  }
  if (pid == 0) {
    BecomeProgram(arguments.data(), descriptors, report.writing.get(), signal_when_we_end, parent);
  }
  Child child;
  child.pid_ = pid;
  child.pidfd_ = UniqueFd(static_cast<int>(::syscall(kPidfdOpen, pid, 0)));
  report.writing.Close();
  int error = 0;
  if (::read(report.reading.get(), &error, sizeof error) == sizeof error) {
    child.Wait();
    throw Failure(Printable(words[0]) + ": can't be started: " + Reason(error) +
                  "; install Pinhole again");
  }
  return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), pidfd_(std::move(other.pidfd_)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    if (running()) {
      Signal(SIGKILL);
      Wait();
    }
    pid_ = std::exchange(other.pid_, 0);
    pidfd_ = std::move(other.pidfd_);
  }
  return *this;
}

Child::~Child() {
  if (running()) {
    Signal(SIGKILL);
    Wait();
  }
}

void Child::Signal(int signal) const {
  if (pid_ > 0) {
    ::kill(pid_, signal);
  }
}

std::optional<Ending> Child::Ended() {
  int status = 0;
  if (pid_ <= 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) {
    return std::nullopt;
  }
  pid_ = 0;
  pidfd_.Close();
  return WIFSIGNALED(status) ? Ending{0, WTERMSIG(status)} : Ending{WEXITSTATUS(status), 0};
}

Ending Child::Wait() {
  int status = 0;
  while (pid_ > 0 && ::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  pidfd_.Close();
  return WIFSIGNALED(status) ? Ending{0, WTERMSIG(status)} : Ending{WEXITSTATUS(status), 0};
}

}  // namespace pinhole::system
