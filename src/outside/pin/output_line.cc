// SPDX-License-Identifier: Apache-2.0
#include "outside/pin/output_line.h"

#include <gpiod.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace pinhole::outside::pin {

namespace {

constexpr const char* kConsumer = "pinhole";  // as gpioinfo shows it

struct CloseChip {
  void operator()(gpiod_chip* chip) const { gpiod_chip_close(chip); }
};
using Chip = std::unique_ptr<gpiod_chip, CloseChip>;

class GpiodLine final : public OutputLine {
 public:
  GpiodLine(Chip chip, gpiod_line* line) : chip_(std::move(chip)), line_(line) {}
  ~GpiodLine() override { gpiod_line_release(line_); }

  int Set(bool high) override { return gpiod_line_set_value(line_, high ? 1 : 0) == 0 ? 0 : errno; }

 private:
  Chip chip_;
  gpiod_line* line_;  // of chip_
};

std::string OrEmpty(const char* text) { return text == nullptr ? "" : text; }

}  // namespace

base::Unexpected ExplainTrouble(const LinePlace& place, const LineTrouble& trouble,
                                base::Diagnosis& why) {
  using Step = LineTrouble::Step;
  using base::Error;
  if (trouble.step == Step::kChip) {
    if (trouble.error == EACCES || trouble.error == EPERM) {
      return why.Fail(Error::kIo, "GPIO chip '", place.chip,
                      "' may not be opened: run as a member of the group that owns it",
                      " (often gpio), or as root");
    }
    return why.Fail(Error::kNotFound, "GPIO chip '", place.chip, "' can't be opened (",
                    std::strerror(trouble.error), "): gpiodetect lists the chips of this machine");
  }
  if (trouble.step == Step::kOffset) {
    return why.Fail(Error::kNotFound, "GPIO chip '", place.chip, "' has no line ", place.line,
                    ": it has ", trouble.lines, ", counted from 0; gpioinfo lists them");
  }
  base::Diagnosis line;
  line.Append(place.line);
  if (!trouble.name.empty()) {
    line.Append(" (");
    line.Append(trouble.name);
    line.Append(")");
  }
  if (trouble.error == EBUSY) {
    return why.Fail(Error::kIo, "GPIO line ", line.text(), " of '", place.chip, "' is held by ",
                    trouble.consumer.empty() ? "somebody who gives no name" : trouble.consumer,
                    ": free it there, or choose another; gpioinfo lists them");
  }
  return why.Fail(Error::kIo, "GPIO line ", line.text(), " of '", place.chip,
                  "' can't be made an output (", std::strerror(trouble.error),
                  "): choose another; gpioinfo lists them");
}

base::Result<std::unique_ptr<OutputLine>> OpenGpiodLine(const LinePlace& place, bool high,
                                                        base::Diagnosis& why) {
  using Step = LineTrouble::Step;
  errno = 0;
  Chip chip(gpiod_chip_open_lookup(place.chip.c_str()));
  if (chip == nullptr) {
    return ExplainTrouble(place, {.step = Step::kChip, .error = errno == 0 ? ENOENT : errno}, why);
  }
  LineTrouble trouble{.step = Step::kOffset, .lines = gpiod_chip_num_lines(chip.get())};
  gpiod_line* line =
      place.line < trouble.lines ? gpiod_chip_get_line(chip.get(), place.line) : nullptr;
  if (line == nullptr) {
    return ExplainTrouble(place, trouble, why);
  }
  const int flags = place.active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0;
  if (gpiod_line_request_output_flags(line, kConsumer, flags, high ? 1 : 0) != 0) {
    trouble.step = Step::kRequest;
    trouble.error = errno;
    trouble.name = OrEmpty(gpiod_line_name(line));
    trouble.consumer = OrEmpty(gpiod_line_consumer(line));
    return ExplainTrouble(place, trouble, why);
  }
  return std::unique_ptr<OutputLine>(std::make_unique<GpiodLine>(std::move(chip), line));
}

}  // namespace pinhole::outside::pin
