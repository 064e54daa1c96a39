// SPDX-License-Identifier: Apache-2.0
#include "audit/channels.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>

#include "system/child_process.h"
#include "system/failure.h"
#include "system/installed.h"
#include "wall/rehearsal.h"

namespace pinhole::audit {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using system::Child;
using system::UniqueFd;
using Progress = std::function<void(double)>;

constexpr int kFactsFd = 3, kBeatFd = 4;

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// The word of shared memory that the sender waits for.
class Beat {
 public:
  Beat() : fd_(static_cast<int>(::syscall(SYS_memfd_create, "pinhole-beat", MFD_CLOEXEC))) {
    constexpr std::size_t kBytes = 4096;
    void* const memory =
        fd_.get() < 0 || ::ftruncate(fd_.get(), kBytes) != 0
            ? MAP_FAILED
            : ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
    if (memory == MAP_FAILED) {
      throw system::Failure(std::string("no memory to share a beat in: ") + std::strerror(errno));
    }
    word_ = static_cast<std::atomic<std::uint32_t>*>(memory);
  }
  ~Beat() { ::munmap(word_, 4096); }
  Beat(const Beat&) = delete;
  Beat& operator=(const Beat&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  void Set(std::uint32_t value) {
    word_->store(value, std::memory_order_release);
    ::syscall(SYS_futex, word_, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }

 private:
  UniqueFd fd_;
  std::atomic<std::uint32_t>* word_ = nullptr;
};

// A locked inside that sends on `channel`.
class Sender {
 public:
  Sender(std::string_view channel, bool planted_in_wall, int facts)
      : seed_(std::random_device{}()) {
    std::vector<std::string> words = {system::HelperProgram("pinhole-inside"),
                                      "--facts-fd",
                                      std::to_string(kFactsFd),
                                      "--send",
                                      std::string(channel),
                                      "--seed",
                                      std::to_string(seed_),
                                      "--beat-fd",
                                      std::to_string(kBeatFd)};
    if (planted_in_wall) {
      words.insert(words.end(), {"--plant", std::string(channel)});
    }
    child_ = Child::Start(words, {{facts, kFactsFd}, {beat_.fd(), kBeatFd}});
    std::this_thread::sleep_for(milliseconds(400));  // it locks itself and waits for the beat
  }
  ~Sender() { beat_.Set(wall::kLastBeat); }

  void Go(std::uint32_t beat) { beat_.Set(beat); }
  [[nodiscard]] bool Bit(std::uint32_t beat) const { return wall::MessageBit(seed_, beat); }
  [[nodiscard]] pid_t pid() const { return child_.pid(); }
  // Nothing while it sends.
  std::optional<system::Ending> Ended() { return child_.Ended(); }

 private:
  std::uint32_t seed_;
  Beat beat_;
  Child child_;
};

std::string Said(const Judgement& judgement) {
  char chance[32];
  std::snprintf(chance, sizeof chance, "%.2g", judgement.chance);
  return std::to_string(judgement.wrong) + " of " + std::to_string(judgement.guesses) +
         " guesses wrong, chance " + chance;
}

void Conclude(ChannelOutcome& outcome, const Judgement& judgement, double beat_seconds) {
  outcome.open = outcome.open || judgement.open();
  outcome.bits_per_second = std::max(outcome.bits_per_second, judgement.bits_a_beat / beat_seconds);
  outcome.detail += (outcome.detail.empty() ? "" : "; ") + Said(judgement);
}

std::string ReadText(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> text{};
  const ssize_t n = fd.get() < 0 ? -1 : ::read(fd.get(), text.data(), text.size() - 1);
  return n <= 0 ? "" : std::string(text.data(), static_cast<std::size_t>(n));
}

// Field `index`, from 0, of blank-separated text; behind the last ')' where there is one.
double Field(const std::string& text, int index) {
  const std::size_t paren = text.rfind(')');
  const char* at = text.c_str() + (paren == std::string::npos ? 0 : paren + 2);
  for (int i = 0; i < index && at != nullptr; ++i) {
    at = std::strchr(at, ' ');
    at += at != nullptr ? 1 : 0;
  }
  return at == nullptr ? 0.0 : std::strtod(at, nullptr);
}

void CheckAlive(Sender& sender) {
  if (const auto ending = sender.Ended()) {
    throw system::Failure("the sender ended (" + ending->Text() +
                          "): the audit can't listen to it; is the wall complete on this kernel?");
  }
}

struct Heard {
  std::vector<bool> sent;
  std::vector<double> level, step;  // of each beat, and its change against the beat before
};

// One number a beat, measured near the beat's end.
Heard Measure(Sender& sender, std::uint32_t beats, milliseconds beat,
              const std::function<double()>& measure, const Progress& progress) {
  Heard heard;
  double before = measure();
  Clock::time_point due = Clock::now();
  for (std::uint32_t i = 1; i <= beats; ++i) {
    sender.Go(i);
    due += beat;
    std::this_thread::sleep_until(due - milliseconds(2));
    const double now = measure();
    heard.sent.push_back(sender.Bit(i));
    heard.level.push_back(now);
    heard.step.push_back(now - before);
    before = now;
    CheckAlive(sender);
    progress(static_cast<double>(i) / beats);
  }
  return heard;
}

ChannelOutcome ListenToMemory(bool planted, const Progress& progress) {
  constexpr std::uint32_t kBeats = 120;
  constexpr milliseconds kBeat{50};
  ChannelOutcome outcome;
  outcome.name = "rss";
  outcome.what = "resident memory, read by any program of this machine";
  const system::PipeEnds facts = system::MakePipe();
  Sender sender("rss", planted, facts.writing.get());
  const std::string path = "/proc/" + std::to_string(sender.pid()) + "/statm";
  const Heard heard =
      Measure(sender, kBeats, kBeat, [&] { return Field(ReadText(path), 1); }, progress);
  Conclude(outcome, Judge(heard.sent, heard.level), Seconds(kBeat));
  Conclude(outcome, Judge(heard.sent, heard.step), Seconds(kBeat));
  return outcome;
}

// What the outside says when it is asked, after it has confined itself, to read `path`.
std::string TryReadAsOutside(const std::string& path) {
  system::PipeEnds says = system::MakePipe();
  const system::PipeEnds facts = system::MakePipe();
  Child outside =
      Child::Start({system::HelperProgram("pinhole-outside"), "--facts-fd", "3", "--set",
                    "log.enabled=false", "--set", "http.port=0", "--try-read", path},
                   {{facts.reading.get(), kFactsFd}, {says.writing.get(), 1}});
  says.writing.Close();
  std::array<char, 256> text{};
  const ssize_t n = ::read(says.reading.get(), text.data(), text.size() - 1);
  outside.Wait();
  std::string answer(text.data(), n <= 0 ? 0 : static_cast<std::size_t>(n));
  return answer.substr(0, answer.find('\n'));
}

ChannelOutcome ListenToBusyness(const Progress& progress) {
  constexpr std::uint32_t kBeats = 60;
  constexpr milliseconds kBeat{100};
  ChannelOutcome outcome;
  outcome.name = "cpu";
  outcome.what = "processor time, read by the sensor's own outside";
  const system::PipeEnds facts = system::MakePipe();
  Sender sender("cpu", false, facts.writing.get());
  const std::string path = "/proc/" + std::to_string(sender.pid()) + "/stat";
  const std::string answer = TryReadAsOutside(path);
  outcome.open = !answer.starts_with("refused ");
  outcome.detail = path.substr(0, 6) + "PID/stat: " + (answer.empty() ? "no answer" : answer);
  // What is not the outside's to say: whether a neighbour could listen.
  const auto busy = [&] {
    const std::string text = ReadText(path);
    return Field(text, 11) + Field(text, 12);
  };
  const Heard heard = Measure(sender, kBeats, kBeat, busy, progress);
  if (const Judgement judgement = Judge(heard.sent, heard.step); judgement.open()) {
    char bits[32];
    std::snprintf(bits, sizeof bits, "%.0f", judgement.bits_a_beat / Seconds(kBeat));
    outcome.note = std::string("other programs of this machine can read processor times (") + bits +
                   " bit/s heard); where they are not trusted, mount /proc with hidepid=invisible";
  }
  return outcome;
}

// The real outside behind the sender: lines of its log, with the moment at which each came.
class Lines {
 public:
  Lines(std::string_view profile, std::string_view plant) : facts_(system::MakePipe()) {
    system::PipeEnds out = system::MakePipe();
    std::vector<std::string> words = {system::HelperProgram("pinhole-outside"), "--facts-fd",
                                      std::to_string(kFactsFd)};
    for (const std::string& key :
         {std::string("http.enabled=false"), std::string("log.format=\"json\""),
          std::string("log.all=true"), "sensor.profile=\"" + std::string(profile) + "\""}) {
      words.insert(words.end(), {"--set", key});
    }
    if (!plant.empty()) {
      words.insert(words.end(), {"--plant", std::string(plant)});
    }
    outside_ = Child::Start(words, {{facts_.reading.get(), kFactsFd}, {out.writing.get(), 1}});
    facts_.reading.Close();
    lines_ = std::move(out.reading);
  }

  [[nodiscard]] int facts() const { return facts_.writing.get(); }

  // Until `end`: calls line(text, moment).
  void ReadUntil(Clock::time_point end,
                 const std::function<void(const std::string&, Clock::time_point)>& line) {
    for (;;) {
      const auto left = std::chrono::ceil<milliseconds>(end - Clock::now()).count();
      pollfd wait{lines_.get(), POLLIN, 0};
      if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) <= 0) {
        return;
      }
      std::array<char, 4096> text{};
      const ssize_t n = ::read(lines_.get(), text.data(), text.size());
      const Clock::time_point now = Clock::now();
      if (n <= 0) {
        throw system::Failure("the outside ended during the audit");
      }
      partial_.append(text.data(), static_cast<std::size_t>(n));
      for (std::size_t feed = partial_.find('\n'); feed != std::string::npos;
           feed = partial_.find('\n')) {
        line(partial_.substr(0, feed), now);
        partial_.erase(0, feed + 1);
      }
    }
  }

 private:
  system::PipeEnds facts_;
  Child outside_;
  UniqueFd lines_;
  std::string partial_;
};

// When lines come, how many, against beats that are written early or late, once or many times.
ChannelOutcome ListenToLines(std::string_view channel, bool planted, const Progress& progress) {
  constexpr std::uint32_t kBeats = 80;
  constexpr milliseconds kBeat{150};
  const bool timing = channel == "timing";
  ChannelOutcome outcome;
  outcome.name = channel;
  outcome.what =
      timing ? "the moment at which a record is written" : "how many records are written";
  Lines lines("compatible", planted ? channel : "");
  Sender sender(channel, false, lines.facts());
  std::vector<bool> sent;
  std::vector<double> first;
  std::vector<double> number;
  Clock::time_point due = Clock::now();
  lines.ReadUntil(due, [](const std::string&, Clock::time_point) {});
  for (std::uint32_t i = 1; i <= kBeats; ++i) {
    const Clock::time_point began = Clock::now();
    sender.Go(i);
    due += kBeat;
    double moment = Seconds(kBeat);
    double count = 0;
    lines.ReadUntil(due, [&](const std::string&, Clock::time_point now) {
      moment = std::min(moment, Seconds(now - began));
      count += 1;
    });
    sent.push_back(sender.Bit(i));
    first.push_back(moment);
    number.push_back(count);
    CheckAlive(sender);
    progress(static_cast<double>(i) / kBeats);
  }
  Conclude(outcome, Judge(sent, first), Seconds(kBeat));
  Conclude(outcome, Judge(sent, number), Seconds(kBeat));
  return outcome;
}

// The grid coordinates of all boxes in a line of JSON: three decimals give the byte back.
std::vector<int> Coordinates(const std::string& line) {
  std::vector<int> coordinates;
  for (std::size_t at = line.find("\"box\":["); at != std::string::npos;
       at = line.find("\"box\":[", at)) {
    at += 7;
    const char* text = line.c_str() + at;
    for (int i = 0; i < 4; ++i) {
      char* end = nullptr;
      coordinates.push_back(static_cast<int>(std::lround(std::strtod(text, &end) * 255.0)));
      text = end + 1;
    }
  }
  return coordinates;
}

ChannelOutcome ListenToLowBits(bool planted, const Progress& progress) {
  constexpr std::uint32_t kBeats = 24;
  constexpr milliseconds kBeat{200};
  constexpr std::size_t kHidden = 32;
  ChannelOutcome outcome;
  outcome.name = "lsb";
  outcome.what = "the low bits of what a record says";
  Lines lines("people", planted ? "lsb" : "");
  Sender sender("lsb", false, lines.facts());
  std::vector<bool> sent;
  for (std::uint32_t i = 0; i < kHidden; ++i) {
    sent.push_back(sender.Bit(i));
  }
  Judgement best;
  std::size_t records = 0;
  Clock::time_point due = Clock::now();
  for (std::uint32_t i = 1; i <= kBeats; ++i) {
    sender.Go(i);
    due += kBeat;
    lines.ReadUntil(due, [&](const std::string& line, Clock::time_point) {
      const std::vector<int> coordinates = Coordinates(line);
      std::vector<bool> heard;
      for (const int coordinate : coordinates) {
        heard.push_back((coordinate & 1) != 0);
        heard.push_back((coordinate & 2) != 0);
      }
      records += static_cast<std::size_t>(heard.size() == kHidden);
      if (const Judgement judgement = JudgeBits(sent, heard); judgement.chance < best.chance) {
        best = judgement;
      }
    });
    CheckAlive(sender);
    progress(static_cast<double>(i) / kBeats);
  }
  if (records == 0) {
    throw system::Failure("the outside published nothing of what the sender wrote");
  }
  // One record of the profile a second, each with 32 hidden bits.
  Conclude(outcome, best, 1.0);
  outcome.bits_per_second *= kHidden;
  return outcome;
}

}  // namespace

std::vector<std::string_view> ChannelNames() { return {"rss", "cpu", "timing", "flood", "lsb"}; }

ChannelOutcome Listen(std::string_view channel, bool planted, const Progress& progress) {
  if (channel == "rss") {
    return ListenToMemory(planted, progress);
  }
  if (channel == "cpu") {
    return ListenToBusyness(progress);
  }
  if (channel == "lsb") {
    return ListenToLowBits(planted, progress);
  }
  return ListenToLines(channel, planted, progress);
}

}  // namespace pinhole::audit
