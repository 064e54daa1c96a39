// SPDX-License-Identifier: Apache-2.0
#include "host/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "host/names.h"
#include "wall/endings.h"

namespace pinhole::host {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using system::Child;
using system::Ending;
using system::UniqueFd;

constexpr std::chrono::seconds kSound{60};  // a part that ran that long did not fail at once
constexpr int kOutsideFactsFd = 3;

class Sensor {
 public:
  explicit Sensor(const SupervisorOptions& options)
      : options_(options), wait_(options.first_wait), started_(Clock::now()) {}

  int Run();

 private:
  // Whatever is to run here and does not.
  void Start() {
    if (options_.run_inside && !parts_.inside.running()) {
      StartInsideParts();
    } else if (!options_.run_inside) {
      StartOutside();
    }
  }
  void StartInsideParts();
  void StartOutside();
  void HearInside();
  void InsideEnded(const Ending& ending);
  void OutsideEnded(const Ending& ending);
  void RestartLater(std::string_view what);
  void Settle();
  [[nodiscard]] int PollMilliseconds() const;
  void EndInOrder();
  void Finish(int code) {
    code_ = code;
    done_ = true;
  }

  const SupervisorOptions& options_;
  InsideParts parts_;
  Child outside_;
  system::PipeEnds facts_;  // the writing end for every inside to come, the reading end until there
                            // is an outside
  std::string standing_;
  std::chrono::milliseconds wait_;
  std::optional<Clock::time_point> restart_at_;
  Clock::time_point started_, inside_started_, outside_started_;
  bool was_locked_ = false;  // the inside came as far as its lock, ever
  bool film_over_ = false;
  bool done_ = false;
  int code_ = 0;
};

// With a pipe of their own where the outside is to be started too: it is, once the inside is
// locked.
void Sensor::StartInsideParts() {
  if (options_.run_outside && !outside_.running()) {
    facts_ = system::MakePipe();
  }
  inside_started_ = Clock::now();
  parts_ = host::StartInside(options_.inside, facts_.writing.get(), options_.facts_path);
}

// Takes the pipe's reading end along: once the outside closes it, nobody reads any more.
void Sensor::StartOutside() {
  std::vector<std::string> words = {system::HelperProgram("pinhole-outside"), "--config",
                                    options_.config};
  std::vector<system::Handed> handed;
  if (options_.run_inside) {
    words.insert(words.end(), {"--facts-fd", std::to_string(kOutsideFactsFd)});
    words.insert(words.end(), {"--standing", standing_});
    handed.emplace_back(facts_.reading.get(), kOutsideFactsFd);
  } else {
    words.insert(words.end(), {"--facts", options_.facts_path});
  }
  for (const std::string& override : options_.overrides) {
    words.insert(words.end(), {"--set", override});
  }
  outside_started_ = Clock::now();
  outside_ = Child::Start(words, handed, SIGTERM);
  facts_.reading.Close();
}

// The one line that the inside says, before it is locked.
void Sensor::HearInside() {
  std::array<char, 1024> text{};
  const ssize_t n = ::read(parts_.says.get(), text.data(), text.size());
  parts_.says.Close();
  if (n <= 0) {
    return;
  }
  const std::string standing =
      StandingText(std::string_view(text.data(), static_cast<std::size_t>(n)));
  if (standing.empty()) {
    return;
  }
  was_locked_ = true;
  if (standing != standing_) {
    standing_ = standing;
    PrintError("the wall stands, " + standing);
  }
  if (options_.run_outside && !outside_.running()) {
    StartOutside();
  }
}

void Sensor::RestartLater(std::string_view what) {
  if (Clock::now() - inside_started_ > kSound) {
    wait_ = options_.first_wait;
  }
  PrintError(std::string(what) + "; starting again in " + std::to_string(wait_.count() / 1000) +
             " s, no reading until then");
  restart_at_ = Clock::now() + wait_;
  wait_ = std::min<milliseconds>(wait_ * 2, options_.longest_wait);
}

void Sensor::InsideEnded(const Ending& ending) {
  const bool ended_well = ending.signal == 0 && ending.exit_code == 0;
  parts_.source = Child();
  if (ended_well) {
    film_over_ = true;
    return;
  }
  // Where the outside runs elsewhere it may only have been started anew: then the next inside finds
  // the FIFO open again. One that it was cut off from stays shut, and the next inside waits before
  // it.
  if (ending.signal == SIGPIPE && options_.run_outside) {
    code_ = 1;
    PrintError("the inside was cut off by the outside and is not started again");
    return;
  }
  if (!was_locked_ && ending.signal == 0) {  // it has said why
    Finish(1);
    return;
  }
  if (ending.signal == SIGSYS) {
    RestartLater("the inside tried what it may not and was killed by the wall (SIGSYS)");
  } else if (ending.exit_code == wall::kCameraGone) {
    RestartLater("the camera gives no more frames (is it still plugged in?)");
  } else {
    RestartLater("the inside ended (" + ending.Text() + ")");
  }
}

void Sensor::OutsideEnded(const Ending& ending) {
  // Whoever is killed may come back; whoever ends by itself so soon would do so again.
  if (ending.signal == 0 && Clock::now() - outside_started_ < std::chrono::seconds(2)) {
    Finish(1);  // its configuration or an outlet: it has said why
    return;
  }
  parts_ = InsideParts();
  RestartLater("the outside ended (" + ending.Text() + ")");
}

// What died, and what is to be started.
void Sensor::Settle() {
  if (const auto ending = parts_.inside.Ended()) {
    InsideEnded(*ending);
  }
  if (const auto ending = parts_.source.Ended(); ending && parts_.inside.running()) {
    // After its last frame a source ends well, and the inside after it.
    if (ending->signal != 0 || ending->exit_code != 0) {
      parts_ = InsideParts();
      const bool may_come_back = was_locked_ && !options_.input_is_file;
      if (ending->signal != 0 || may_come_back) {
        RestartLater("the source of frames ended (" + ending->Text() + ")");
      } else {
        Finish(1);
      }
    }
  }
  if (const auto ending = outside_.Ended()) {
    OutsideEnded(*ending);
  }
  if (restart_at_ && Clock::now() >= *restart_at_) {
    restart_at_.reset();
    Start();
  }
  if (film_over_ && !done_) {
    Finish(code_);
  }
}

int Sensor::PollMilliseconds() const {
  std::optional<Clock::time_point> until = restart_at_;
  if (options_.lasts) {
    const Clock::time_point end = started_ + *options_.lasts;
    until = until ? std::min(*until, end) : end;
  }
  if (!until) {
    return -1;
  }
  const auto left = std::chrono::ceil<milliseconds>(*until - Clock::now()).count();
  return static_cast<int>(std::clamp<long>(left, 0, 60'000));
}

void Sensor::EndInOrder() {
  constexpr milliseconds kPatience{3000};
  // The last facts are told at the next tick.
  if (film_over_ && outside_.running()) {
    ::usleep(2'200'000);
  }
  parts_ = InsideParts();
  if (!outside_.running()) {
    return;
  }
  outside_.Signal(SIGTERM);
  pollfd ended{outside_.pidfd(), POLLIN, 0};
  ::poll(&ended, 1, static_cast<int>(kPatience.count()));
  outside_ = Child();
}

int Sensor::Run() {
  const UniqueFd ending = system::EndingSignals();
  Start();
  while (!done_) {
    std::array<pollfd, 5> waits{{{ending.get(), POLLIN, 0},
                                 {parts_.inside.pidfd(), POLLIN, 0},
                                 {parts_.source.pidfd(), POLLIN, 0},
                                 {outside_.pidfd(), POLLIN, 0},
                                 {parts_.says.get(), POLLIN, 0}}};
    if (::poll(waits.data(), waits.size(), PollMilliseconds()) < 0 && errno != EINTR) {
      throw Failure(std::string("waiting for the sensor's processes failed: ") +
                    std::strerror(errno));
    }
    const bool time_is_up = options_.lasts && Clock::now() - started_ >= *options_.lasts;
    if (waits[0].revents != 0 || time_is_up) {
      break;
    }
    if (waits[4].revents != 0) {
      HearInside();
    }
    Settle();
  }
  EndInOrder();
  return code_;
}

}  // namespace

int Supervise(const SupervisorOptions& options) { return Sensor(options).Run(); }

}  // namespace pinhole::host
