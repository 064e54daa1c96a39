// SPDX-License-Identifier: Apache-2.0
#include "outside/pin/pin_outlet.h"

#include <cstring>
#include <optional>
#include <utility>

#include "outside/pin/pin_logic.h"

namespace pinhole::outside::pin {

namespace {

using std::chrono::milliseconds;

class PinOutlet final : public outlet::Outlet {
 public:
  PinOutlet(const PinLogic::Settings& settings, std::string where, std::unique_ptr<OutputLine> line,
            PinClock clock, outlet::Notices notices)
      : settings_(settings),
        logic_(settings),
        where_(std::move(where)),
        line_(std::move(line)),
        clock_(std::move(clock)),
        notices_(std::move(notices)),
        driven_(logic_.high()) {}

  // There is nobody left to tell of a failure here.
  ~PinOutlet() override {
    if (settings_.no_reading != NoReading::kKeep) {
      static_cast<void>(line_->Set(settings_.no_reading == NoReading::kHigh));
    }
  }

  [[nodiscard]] std::string_view name() const override { return "pin"; }

  void Publish(const facts::PersonFacts& facts) override {
    const bool high = logic_.Step(facts, clock_());
    if (driven_ == high) {
      return;
    }
    const int error = line_->Set(high);
    driven_ = error == 0 ? std::optional(high) : std::nullopt;
    if ((error != 0) == failing_) {
      return;
    }
    failing_ = error != 0;
    Notice(failing_ ? where_ + " can't be set (" + std::strerror(error) +
                          "): it is tried again at every tick; look at the chip's wiring and driver"
                    : where_ + " can be set again");
  }

 private:
  void Notice(const std::string& sentence) const {
    if (notices_) {
      notices_(sentence);
    }
  }

  PinLogic::Settings settings_;
  PinLogic logic_;
  std::string where_;
  std::unique_ptr<OutputLine> line_;
  PinClock clock_;
  outlet::Notices notices_;
  std::optional<bool> driven_;  // what the line is at; empty: not known
  bool failing_ = false;
};

base::Result<NoReading> NoReadingNamed(std::string_view word, base::Diagnosis& why) {
  if (word == "low") {
    return NoReading::kLow;
  }
  if (word == "high") {
    return NoReading::kHigh;
  }
  if (word == "keep") {
    return NoReading::kKeep;
  }
  return why.Fail(base::Error::kInvalidArgument, "the pin's when_no_reading is '", word,
                  "': choose low, high or keep");
}

}  // namespace

base::Result<std::unique_ptr<outlet::Outlet>> OpenPinWith(const PinOptions& options,
                                                          outlet::Notices notices,
                                                          const LineOpener& open, PinClock clock,
                                                          base::Diagnosis& why) {
  for (const auto& [word, time] : {std::pair("rise", options.rise), std::pair("fall", options.fall),
                                   std::pair("minimum", options.minimum)}) {
    if (time < milliseconds(0)) {
      return why.Fail(base::Error::kInvalidArgument, "the pin's ", word, " is ", time.count(),
                      " ms: choose 0 or more");
    }
  }
  PINHOLE_ASSIGN(const NoReading no_reading, NoReadingNamed(options.when_no_reading, why));
  const PinLogic::Settings settings{options.rise, options.fall, options.minimum, no_reading};
  const LinePlace place{options.chip, options.line, options.active_low};
  auto line = open(place, PinLogic(settings).high(), why);
  if (!line) {
    return base::Unexpected(line.error());
  }
  std::string where = "GPIO line " + std::to_string(place.line) + " of '" + place.chip + "'";
  return std::unique_ptr<outlet::Outlet>(std::make_unique<PinOutlet>(
      settings, std::move(where), *std::move(line), std::move(clock), std::move(notices)));
}

base::Result<std::unique_ptr<outlet::Outlet>> OpenPin(const PinOptions& options,
                                                      outlet::Notices notices,
                                                      base::Diagnosis& why) {
  return OpenPinWith(
      options, std::move(notices), OpenGpiodLine,
      [] {
        return std::chrono::duration_cast<milliseconds>(
            std::chrono::steady_clock::now().time_since_epoch());
      },
      why);
}

}  // namespace pinhole::outside::pin
