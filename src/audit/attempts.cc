// SPDX-License-Identifier: Apache-2.0
#include "audit/attempts.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>

#include "facts/person_facts.h"
#include "system/child_process.h"
#include "system/installed.h"
#include "wall/rehearsal.h"

namespace pinhole::audit {

namespace {

using Record = std::array<std::byte, facts::kPersonFactsBytes>;

constexpr int kFactsFd = 3;
constexpr int kPatienceMs = 10'000;  // an attempt that hangs is killed, and unknown

std::string ErrorWord(int error) {
  const char* const name = ::strerrorname_np(error);
  return name != nullptr ? name : std::to_string(error);
}

// What was closed before the filter came; the kernel answers a touch with a signal.
std::string LayerBehind(int signal, std::string_view group) {
  if (signal == SIGSYS) {
    return "seccomp";
  }
  if (group == "clocks") {
    return "clock taken away";
  }
  return group == "memory" ? "memory fixed before the lock" : "memory protection";
}

Outcome Killed(int signal, const wall::Attempt& attempt) {
  if (signal == SIGSYS || signal == SIGSEGV || signal == SIGBUS) {
    const char* const name = ::sigabbrev_np(signal);
    return {Fate::kKilled, std::string("SIG") + name, LayerBehind(signal, attempt.group)};
  }
  return {Fate::kUnknown, "signal " + std::to_string(signal), ""};
}

std::optional<wall::AttemptAnswer> Answer(int fd) {
  Record record{};
  pollfd wait{fd, POLLIN, 0};
  if (::poll(&wait, 1, kPatienceMs) <= 0 ||
      ::read(fd, record.data(), record.size()) != static_cast<ssize_t>(record.size())) {
    return std::nullopt;
  }
  return wall::DecodeAnswer(record);
}

}  // namespace

Outcome Try(const wall::Attempt& attempt, const std::vector<std::string>& without) {
  std::vector<std::string> words = {system::HelperProgram("pinhole-inside"), "--facts-fd",
                                    std::to_string(kFactsFd), "--attempt",
                                    std::string(attempt.name)};
  for (const std::string& layer : without) {
    words.insert(words.end(), {"--without", layer});
  }
  system::PipeEnds facts = system::MakePipe();
  system::Child inside = system::Child::Start(words, {{facts.writing.get(), kFactsFd}});
  facts.writing.Close();
  const std::optional<wall::AttemptAnswer> answer = Answer(facts.reading.get());
  pollfd ended{inside.pidfd(), POLLIN, 0};
  if (::poll(&ended, 1, kPatienceMs) <= 0) {
    inside.Signal(SIGKILL);
  }
  const system::Ending ending = inside.Wait();
  if (!answer) {
    return ending.signal != 0 ? Killed(ending.signal, attempt)
                              : Outcome{Fate::kUnknown, ending.Text(), ""};
  }
  if (answer->result < 0) {
    return {Fate::kRefused, ErrorWord(static_cast<int>(answer->error)), "the kernel's own rules"};
  }
  return {Fate::kOpen, std::to_string(answer->result), ""};
}

std::string_view FateName(Fate fate) {
  switch (fate) {
    case Fate::kKilled: return "killed";
    case Fate::kRefused: return "refused";
    case Fate::kOpen: return "OPEN";
    case Fate::kUnknown: return "unknown";
  }
  return "";
}

}  // namespace pinhole::audit
