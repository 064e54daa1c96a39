// SPDX-License-Identifier: Apache-2.0
#include "outside/process/outside_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/diagnosis.h"
#include "facts/person_profile.h"
#include "outside/config/config.h"
#include "outside/config/reach.h"
#include "outside/process/relay.h"
#include "system/child_process.h"
#include "system/failure.h"
#include "wall/confine.h"

namespace pinhole::outside::process {

namespace {

using config::Config;
using system::UniqueFd;

// The outlets' threads speak too.
void Say(std::string_view sentence) {
  const std::string line = "pinhole: " + system::Printable(sentence) + "\n";
  static_cast<void>(!::write(STDERR_FILENO, line.data(), line.size()));
}

std::string Reason(int error) { return std::strerror(error); }

UniqueFd OpenFacts(const OutsideOptions& options) {
  if (options.facts_path.empty()) {
    ::fcntl(options.facts_fd, F_SETFL, O_NONBLOCK);
    return UniqueFd(options.facts_fd);
  }
  const std::string shown = system::Printable(options.facts_path);
  if (::mkfifo(options.facts_path.c_str(), 0620) != 0 && errno != EEXIST) {
    throw system::Failure(shown + ": no FIFO can be made here: " + Reason(errno) +
                          "; check the folder and the rights");
  }
  UniqueFd fd(::open(options.facts_path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat info{};
  if (fd.get() < 0 || ::fstat(fd.get(), &info) != 0 || !S_ISFIFO(info.st_mode)) {
    throw system::Failure(shown + ": " + (fd.get() < 0 ? Reason(errno) : "no FIFO") +
                          "; give the path of a FIFO, or one where there is nothing");
  }
  return fd;
}

std::string Label(const OutsideOptions& options, const facts::ProfileDeclaration& profile) {
  std::string label = "Profile: " + std::string(profile.name) +
                      "\nAt most: " + std::to_string(profile.bits_per_second()) +
                      " bits a second, in one record every " +
                      std::to_string(profile.tick_us() / 1000) + " ms\nWall: " +
                      (options.standing.empty() ? "how the inside is locked stands in its own log"
                                                : options.standing);
  if (!options.plant.empty()) {
    label += "\nAudit: a leak is planted in this sensor (" + options.plant + ")";
  }
  return label;
}

template <typename Opened>
void Add(Outlets& outlets, Opened opened, std::string_view name, const base::Diagnosis& why) {
  if (!opened) {
    throw system::Failure(std::string(name) + ": " + std::string(why.text()));
  }
  outlets.push_back(*std::move(opened));
}

// What needs rights that are given up: a GPIO chip, a mount and the memory of the bus's clients.
void OpenPrivileged(const Config& config, Outlets& outlets) {
  base::Diagnosis why;
  if (config.pin.enabled) {
    Add(outlets, pin::OpenPin(config.pin, Say, why), "pin", why);
  }
  if (config.i2c.enabled) {
    Add(outlets, i2cdev::OpenI2cdev(config.i2c, Say, why), "i2c", why);
  }
}

void OpenOthers(const Config& config, const OutsideOptions& options,
                const facts::ProfileDeclaration& profile, Outlets& outlets) {
  base::Diagnosis why;
  if (config.log.enabled) {
    Add(outlets, log::OpenLog(config.log, Say, why), "log", why);
  }
  if (config.mqtt.enabled) {
    Add(outlets, mqtt::OpenMqtt(config.mqtt, Say, why), "mqtt", why);
  }
  if (config.http.enabled) {
    http::HttpOptions http = config.http;
    http.label = Label(options, profile);
    auto opened = http::OpenHttp(http, Say, why);
    const std::string address = opened ? (*opened)->address() : "";
    Add(outlets, std::move(opened), "http", why);
    Say("dashboard at " + address);
  }
}

void ConfineOurselves(const Config& config) {
  const config::Reach reach = config::ReachOf(config);
  wall::Confinement wanted;
  // Name look-up, certificates, time zones and the libraries that do these.
  wanted.read = {"/etc", "/usr/share", "/run/systemd/resolve", "/dev/urandom", "/dev/null"};
  wanted.read.insert(wanted.read.end(), reach.read.begin(), reach.read.end());
  wanted.execute = {"/usr/lib", "/lib", "/lib64", "/usr/lib64"};
  wanted.write = reach.write;
  wanted.network = reach.network;
  wanted.connect_tcp = reach.connect_tcp;
  wanted.bind_tcp = reach.bind_tcp;
  if (const wall::Confined got = wall::Confine(wanted); !got.missing.empty()) {
    Say("the outside is less confined than it could be: " + got.missing);
  }
}

int SayWhetherReadable(const std::string& path) {
  std::array<char, 4096> bytes{};
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t n = fd.get() < 0 ? -1 : ::read(fd.get(), bytes.data(), bytes.size());
  const std::string answer = n < 0 ? std::string("refused ") + ::strerrorname_np(errno)
                                   : "read " + std::to_string(n) + " bytes";
  std::printf("%s\n", answer.c_str());
  return 0;
}

UniqueFd Clock(std::uint32_t tick_us) {
  UniqueFd fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  itimerspec every{};
  every.it_interval.tv_sec = tick_us / 1'000'000;
  every.it_interval.tv_nsec = static_cast<long>(tick_us % 1'000'000) * 1000;
  every.it_value = every.it_interval;
  if (fd.get() < 0 || ::timerfd_settime(fd.get(), 0, &every, nullptr) != 0) {
    throw system::Failure("no clock to tick by: " + Reason(errno));
  }
  return fd;
}

void TickUntilToldToEnd(Relay& relay, const UniqueFd& clock, const UniqueFd& ending,
                        bool immediately) {
  for (;;) {
    // The pipe is not waited for: see relay.h. But for the planted leak.
    std::array<pollfd, 3> waits{{{ending.get(), POLLIN, 0},
                                 {clock.get(), POLLIN, 0},
                                 {immediately ? relay.fd() : -1, POLLIN, 0}}};
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) {
      throw system::Failure("waiting failed: " + Reason(errno));
    }
    if (waits[0].revents != 0) {
      return;
    }
    std::uint64_t ticks = 0;
    const bool ticked = ::read(clock.get(), &ticks, sizeof ticks) == sizeof ticks;
    if (immediately ? (waits[2].revents & POLLIN) != 0 : ticked) {
      relay.Tick();
    }
  }
}

}  // namespace

int RunOutside(const OutsideOptions& options) {
  const UniqueFd ending = system::EndingSignals();
  ::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> warnings;
  const Config config = config::ReadConfig(options.config, options.overrides, warnings);
  for (const std::string& warning : warnings) {
    Say(warning);
  }
  const facts::PersonProfile profile =
      facts::ProfileNamed(config.sensor.profile).value_or(facts::kDefaultProfile);
  UniqueFd facts = OpenFacts(options);
  Outlets outlets;
  OpenPrivileged(config, outlets);
  ConfineOurselves(config);
  if (!options.try_read.empty()) {
    return SayWhetherReadable(options.try_read);
  }
  OpenOthers(config, options, facts::Declaration(profile), outlets);
  const UniqueFd clock = Clock(facts::Declaration(profile).tick_us());
  Relay relay(std::move(facts),
              options.plant == "lsb" ? facts::PersonProfile::kCompatible : profile, outlets, Say);
  TickUntilToldToEnd(relay, clock, ending, options.plant == "timing");
  return 0;
}

OutsideOptions ParseOutside(int argc, const char* const* argv) {
  OutsideOptions options;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 == argc) {
      throw system::WrongUsage("'" + system::Printable(name) + "' needs a value");
    }
    const std::string_view value = argv[i + 1];
    if (name == "--facts-fd") {
      const auto [end, error] =
          std::from_chars(value.data(), value.data() + value.size(), options.facts_fd);
      if (error != std::errc() || *end != '\0' || ::fcntl(options.facts_fd, F_GETFD) < 0) {
        throw system::WrongUsage("--facts-fd: no open descriptor");
      }
    } else if (name == "--facts") {
      options.facts_path = value;
    } else if (name == "--config") {
      options.config = value;
    } else if (name == "--set") {
      options.overrides.emplace_back(value);
    } else if (name == "--standing") {
      options.standing = value;
    } else if (name == "--try-read") {
      options.try_read = value;
    } else if (name == "--plant" && (value == "timing" || value == "lsb")) {
      options.plant = value;
    } else {
      throw system::WrongUsage("'" + system::Printable(name) + "' is not known");
    }
  }
  if ((options.facts_fd < 0) == options.facts_path.empty()) {
    throw system::WrongUsage("give one of --facts-fd and --facts");
  }
  return options;
}

}  // namespace pinhole::outside::process
