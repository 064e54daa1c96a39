// SPDX-License-Identifier: Apache-2.0
#include "outside/pin/pin_outlet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

namespace pinhole::outside::pin {
namespace {

using base::Diagnosis;
using base::Error;
using std::chrono::milliseconds;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

facts::PersonFacts Reading(bool present) {
  facts::PersonFacts facts;
  facts.reading = 1;
  facts.present = present ? 1 : 0;
  return facts;
}
const facts::PersonFacts kSomebody = Reading(true), kNobody = Reading(false);

// A line, a clock and an owner that remember.
struct Bench {
  std::vector<std::string> happened;
  std::vector<std::string> notices;
  milliseconds now{0};
  int error = 0;  // what Set answers

  class FakeLine final : public OutputLine {
   public:
    explicit FakeLine(Bench& bench) : bench_(bench) {}
    ~FakeLine() override { bench_.happened.push_back("release"); }
    int Set(bool high) override {
      bench_.happened.push_back(high ? "high" : "low");
      return bench_.error;
    }

   private:
    Bench& bench_;
  };

  std::unique_ptr<outlet::Outlet> Open(const PinOptions& options) {
    Diagnosis why;
    auto opened = OpenPinWith(
        options, [this](std::string_view sentence) { notices.emplace_back(sentence); },
        [this](const LinePlace& place, bool high,
               Diagnosis&) -> base::Result<std::unique_ptr<OutputLine>> {
          happened.push_back("open " + place.chip + " " + std::to_string(place.line) +
                             (place.active_low ? " active-low" : "") + (high ? " high" : " low"));
          return std::unique_ptr<OutputLine>(std::make_unique<FakeLine>(*this));
        },
        [this] { return now; }, why);
    EXPECT_TRUE(opened) << why.text();
    return opened ? *std::move(opened) : nullptr;
  }
};

TEST(PinOutlet, IsHighWhileSomebodyIsThere) {
  Bench bench;
  {
    const auto pin = bench.Open({.line = 17});
    EXPECT_EQ(pin->name(), "pin");
    pin->Publish({});
    pin->Publish(kNobody);
    pin->Publish(kSomebody);
    pin->Publish(kSomebody);
    pin->Publish(kNobody);
    pin->Publish(kSomebody);
  }
  EXPECT_THAT(bench.happened,
              ElementsAre("open gpiochip0 17 low", "high", "low", "high", "low", "release"));
  EXPECT_THAT(bench.notices, IsEmpty());
}

TEST(PinOutlet, TimesAreThoseOfTheClock) {
  Bench bench;
  const auto pin = bench.Open({.rise = 1s, .fall = 5s});
  for (const bool present : {true, true, false, false, false, false, false, false}) {
    pin->Publish(Reading(present));
    bench.now += 1s;
  }
  EXPECT_THAT(bench.happened, ElementsAre("open gpiochip0 0 low", "high", "low"));
}

TEST(PinOutlet, ActiveLowIsTheLinesAffair) {
  Bench bench;
  {
    const auto pin = bench.Open({.chip = "/dev/gpiochip1", .active_low = true});
    pin->Publish(kSomebody);
  }
  EXPECT_THAT(bench.happened,
              ElementsAre("open /dev/gpiochip1 0 active-low low", "high", "low", "release"));
}

TEST(PinOutlet, EndsAtItsLevelForNoReading) {
  Bench high;
  {
    const auto pin = high.Open({.minimum = 1h, .when_no_reading = "high"});
    pin->Publish(kNobody);
  }
  EXPECT_THAT(high.happened, ElementsAre("open gpiochip0 0 high", "low", "high", "release"));
  Bench keep;
  {
    const auto pin = keep.Open({.when_no_reading = "keep"});
    pin->Publish(kSomebody);
    pin->Publish({});
  }
  EXPECT_THAT(keep.happened, ElementsAre("open gpiochip0 0 low", "high", "release"));
}

TEST(PinOutlet, ALineThatFailsIsToldOnceAndTriedAgain) {
  Bench bench;
  const auto pin = bench.Open({.line = 4});
  bench.error = EIO;
  pin->Publish(kSomebody);
  pin->Publish(kSomebody);
  ASSERT_EQ(bench.notices.size(), 1U);
  EXPECT_THAT(bench.notices[0], HasSubstr("GPIO line 4 of 'gpiochip0' can't be set (Input/output"));
  // Back where it was before it failed, it is still not known to be there.
  pin->Publish(kNobody);
  bench.error = 0;
  pin->Publish(kNobody);
  pin->Publish(kNobody);
  EXPECT_THAT(bench.happened, ElementsAre("open gpiochip0 4 low", "high", "high", "low", "low"));
  ASSERT_EQ(bench.notices.size(), 2U);
  EXPECT_THAT(bench.notices[1], HasSubstr("can be set again"));
}

TEST(PinOutlet, WrongOptionsAreOneSentence) {
  const auto never = [](const LinePlace&, bool,
                        Diagnosis&) -> base::Result<std::unique_ptr<OutputLine>> {
    ADD_FAILURE() << "opened";
    return base::Unexpected(Error::kInternal);
  };
  const auto refused = [&](const PinOptions& options) {
    Diagnosis why;
    const auto opened = OpenPinWith(options, nullptr, never, [] { return 0ms; }, why);
    EXPECT_FALSE(opened);
    EXPECT_EQ(opened.has_value() ? Error::kInternal : opened.error(), Error::kInvalidArgument);
    return std::string(why.text());
  };
  EXPECT_EQ(refused({.when_no_reading = "off"}),
            "the pin's when_no_reading is 'off': choose low, high or keep");
  EXPECT_EQ(refused({.fall = -1ms}), "the pin's fall is -1 ms: choose 0 or more");
  EXPECT_THAT(refused({.rise = -1ms}), HasSubstr("rise"));
  EXPECT_THAT(refused({.minimum = -1ms}), HasSubstr("minimum"));
}

// The real libgpiod, on a chip that no machine has.
TEST(PinOutlet, AChipThatIsNotThereIsOneSentence) {
  Diagnosis why;
  const auto opened = OpenPin({.chip = "gpiochip4711"}, nullptr, why);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), Error::kNotFound);
  EXPECT_EQ(why.text(),
            "GPIO chip 'gpiochip4711' can't be opened (No such file or directory): gpiodetect "
            "lists the chips of this machine");
}

TEST(PinOutlet, AFileThatIsNoChipIsOneSentence) {
  for (const char* path : {"/dev/null", "/etc/passwd", "/", ""}) {
    Diagnosis why;
    const auto opened = OpenPin({.chip = path}, nullptr, why);
    ASSERT_FALSE(opened) << path;
    EXPECT_EQ(opened.error(), Error::kNotFound) << path;
    EXPECT_THAT(std::string(why.text()), HasSubstr("can't be opened (")) << path;
  }
}

// A chip of the kernel's gpio-sim: eight lines whose voltages can be read; line 3 is named, line 5
// is held by somebody called "lamp". Only where the module is loaded and we are root (tests/vm).
class GpioSim {
 public:
  GpioSim() {
    if (::mkdir(kHome, 0755) != 0) {
      return;
    }
    const std::string bank = std::string(kHome) + "/bank0";
    ::mkdir(bank.c_str(), 0755);
    for (const char* folder : {"/line3", "/line5", "/line5/hog"}) {
      ::mkdir((bank + folder).c_str(), 0755);
    }
    Write(bank + "/num_lines", "8");
    Write(bank + "/line3/name", "LAMP3");
    Write(bank + "/line5/hog/name", "lamp");
    Write(bank + "/line5/hog/direction", "output-low");
    Write(std::string(kHome) + "/live", "1");
    chip_ = Read(bank + "/chip_name");
    device_ = Read(std::string(kHome) + "/dev_name");
  }
  ~GpioSim() {
    Write(std::string(kHome) + "/live", "0");
    for (const char* folder : {"/bank0/line5/hog", "/bank0/line5", "/bank0/line3", "/bank0", ""}) {
      ::rmdir((kHome + std::string(folder)).c_str());
    }
  }
  GpioSim(const GpioSim&) = delete;
  GpioSim& operator=(const GpioSim&) = delete;

  const std::string& chip() const { return chip_; }  // empty: there is none
  std::string Voltage(unsigned line) const {
    return Read("/sys/devices/platform/" + device_ + "/" + chip_ + "/sim_gpio" +
                std::to_string(line) + "/value");
  }

 private:
  static constexpr const char* kHome = "/sys/kernel/config/gpio-sim/pinhole-test";

  static void Write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  static std::string Read(const std::string& path) {
    std::string word;
    std::ifstream(path) >> word;
    return word;
  }
  std::string chip_, device_;
};

TEST(PinOnGpioSim, DrivesTheLine) {
  GpioSim sim;
  if (sim.chip().empty()) {
    GTEST_SKIP() << "gpio-sim is not loaded, or we are not root";
  }
  for (const bool active_low : {false, true}) {
    const std::string low = active_low ? "1" : "0", high = active_low ? "0" : "1";
    Diagnosis why;
    auto pin = OpenPin({.chip = sim.chip(), .line = 3, .active_low = active_low}, nullptr, why);
    ASSERT_TRUE(pin) << why.text();
    EXPECT_EQ(sim.Voltage(3), low);
    (*pin)->Publish(kSomebody);
    EXPECT_EQ(sim.Voltage(3), high);
    (*pin)->Publish(kNobody);
    EXPECT_EQ(sim.Voltage(3), low);
    (*pin)->Publish(kSomebody);
    const auto second = OpenPin({.chip = "/dev/" + sim.chip(), .line = 3}, nullptr, why);
    ASSERT_FALSE(second);
    EXPECT_THAT(std::string(why.text()), HasSubstr("line 3 (LAMP3) of '/dev/"));
    EXPECT_THAT(std::string(why.text()), HasSubstr("is held by pinhole: free it there"));
  }
  Diagnosis why;
  const auto high =
      OpenPin({.chip = sim.chip(), .line = 2, .when_no_reading = "high"}, nullptr, why);
  ASSERT_TRUE(high) << why.text();
  EXPECT_EQ(sim.Voltage(2), "1");
}

TEST(PinOnGpioSim, LinesThatCannotBeHadAreOneSentence) {
  GpioSim sim;
  if (sim.chip().empty()) {
    GTEST_SKIP() << "gpio-sim is not loaded, or we are not root";
  }
  Diagnosis why;
  const auto held = OpenPin({.chip = sim.chip(), .line = 5}, nullptr, why);
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error(), Error::kIo);
  EXPECT_THAT(std::string(why.text()), HasSubstr("is held by lamp"));
  const auto beyond = OpenPin({.chip = sim.chip(), .line = 8}, nullptr, why);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error(), Error::kNotFound);
  EXPECT_THAT(std::string(why.text()), HasSubstr("has no line 8: it has 8, counted from 0"));
}

TEST(OutputLine, TroubleIsOneSentence) {
  using Step = LineTrouble::Step;
  const LinePlace place{.chip = "gpiochip0", .line = 17};
  const auto sentence = [&](const LineTrouble& trouble, Error expected) {
    Diagnosis why;
    EXPECT_EQ(ExplainTrouble(place, trouble, why).error(), expected);
    return std::string(why.text());
  };
  EXPECT_EQ(sentence({.step = Step::kRequest, .error = EBUSY, .name = "GPIO17", .consumer = "lamp"},
                     Error::kIo),
            "GPIO line 17 (GPIO17) of 'gpiochip0' is held by lamp: free it there, or choose "
            "another; gpioinfo lists them");
  EXPECT_THAT(sentence({.step = Step::kRequest, .error = EBUSY}, Error::kIo),
              HasSubstr("GPIO line 17 of 'gpiochip0' is held by somebody who gives no name"));
  EXPECT_THAT(sentence({.step = Step::kRequest, .error = EIO}, Error::kIo),
              HasSubstr("can't be made an output (Input/output error)"));
  EXPECT_EQ(sentence({.step = Step::kOffset, .lines = 8}, Error::kNotFound),
            "GPIO chip 'gpiochip0' has no line 17: it has 8, counted from 0; gpioinfo lists them");
  EXPECT_THAT(sentence({.step = Step::kChip, .error = EACCES}, Error::kIo), HasSubstr("group"));
}

}  // namespace
}  // namespace pinhole::outside::pin
