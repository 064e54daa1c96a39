// SPDX-License-Identifier: Apache-2.0
#include "outside/log/log_outlet.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <system_error>
#include <utility>

#include "outside/log/line_sink.h"
#include "outside/log/line_writer.h"
#include "outside/log/log_time.h"
#include "outside/log/person_log.h"

namespace pinhole::outside::log {

namespace {

using facts::PersonFacts;

std::string AsText(std::chrono::system_clock::time_point now, std::string_view changed,
                   const PersonFacts& facts) {
  constexpr std::size_t kNewsWidth = 29;
  std::array<char, kMaxTextLine> line{};
  std::string text = LocalTimeOfDay(now) + "  " + std::string(changed);
  text.append(kNewsWidth - std::min(kNewsWidth, changed.size()), ' ');
  return text.append(TextLine(facts, line)) + "\n";
}

// What changed comes from a fixed set of words without anything to escape.
std::string AsJson(std::chrono::system_clock::time_point now, std::string_view changed,
                   const PersonFacts& facts) {
  std::array<char, kMaxJsonLine> line{};
  return "{\"time\":\"" + Rfc3339Utc(now) + "\",\"changed\":\"" + std::string(changed) +
         "\",\"facts\":" + std::string(JsonLine(facts, line)) + "}\n";
}

class LogOutlet final : public outlet::Outlet {
 public:
  LogOutlet(bool json, bool all, std::unique_ptr<LineSink> sink, outlet::Notices notices)
      : json_(json), all_(all), writer_(std::move(sink), std::move(notices)) {}
  ~LogOutlet() override {
    if (before_.reading != 0) {
      Publish(PersonFacts{});  // from here on there is no reading
    }
  }

  [[nodiscard]] std::string_view name() const override { return "log"; }

  void Publish(const PersonFacts& facts) override {
    const std::string_view changed = WhatChanged(before_, facts);
    before_ = facts;
    if (!all_ && changed.empty()) {
      return;
    }
    const auto now = std::chrono::system_clock::now();
    writer_.Write(json_ ? AsJson(now, changed, facts) : AsText(now, changed, facts));
  }

 private:
  bool json_, all_;
  PersonFacts before_;
  LineWriter writer_;
};

}  // namespace

base::Result<std::unique_ptr<outlet::Outlet>> OpenLog(const LogOptions& options,
                                                      outlet::Notices notices,
                                                      base::Diagnosis& why) {
  if (options.format != "text" && options.format != "json") {
    return why.Fail(base::Error::kInvalidArgument, "log: format '", options.format,
                    "'; text or json is allowed");
  }
  base::Result<std::unique_ptr<LineSink>> sink =
      options.path == "-" ? OpenStreamSink(STDOUT_FILENO, why)
                          : OpenFileSink(options.path, options.max_bytes, why);
  if (!sink) {
    why.Prefix("log: ");
    return base::Unexpected(sink.error());
  }
  ::tzset();  // reads the time zone now, while files can be opened
  try {
    return std::unique_ptr<outlet::Outlet>(std::make_unique<LogOutlet>(
        options.format == "json", options.all, *std::move(sink), std::move(notices)));
  } catch (const std::system_error& error) {
    return why.Fail(base::Error::kOutOfMemory, "log: no thread can be started: ", error.what(),
                    "; end other programs");
  }
}

}  // namespace pinhole::outside::log
