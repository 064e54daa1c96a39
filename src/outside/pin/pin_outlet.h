// SPDX-License-Identifier: Apache-2.0
#pragma once

// A pin that is high while somebody is there.
//
// What changes the level and when is PinLogic (pin_logic.h); what drives the line is an OutputLine
// (output_line.h). The line is an output at its level for no reading from the moment it is opened,
// and is put there again, whatever `minimum` says, before it is given back. With `keep` it starts
// low, and is given back as it is.
//
// A process that is killed gives its line back as well, at the level it had: whoever needs a pin
// that falls then needs a pull-down and a chip whose driver lets go.
//
// Publish writes to the line where the level changes, and at each tick after a write that failed.
// The kernel answers at once for a chip in the processor; one behind I2C takes as long as its bus.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/diagnosis.h"
#include "base/result.h"
#include "outside/outlet/outlet.h"
#include "outside/pin/output_line.h"

namespace pinhole::outside::pin {

struct PinOptions {
  std::string chip = "gpiochip0";  // a name or a path, as gpiodetect lists them
  unsigned line = 0;               // offset on the chip
  bool active_low = false;
  // Somebody has to be there this long before the pin goes high, and gone this long before it goes
  // low again; and once it changed it stays for minimum.
  std::chrono::milliseconds rise{0}, fall{0}, minimum{0};
  std::string when_no_reading = "low";  // low, high or keep
};

// Errors: kInvalidArgument (a time below 0, another word for when_no_reading), kNotFound, kIo;
// `why` says it in one sentence.
base::Result<std::unique_ptr<outlet::Outlet>> OpenPin(const PinOptions& options,
                                                      outlet::Notices notices,
                                                      base::Diagnosis& why);

// The same with what stands behind it chosen by the caller: how a line is opened, and what time it
// is.
using LineOpener = std::function<base::Result<std::unique_ptr<OutputLine>>(
    const LinePlace& place, bool high, base::Diagnosis& why)>;
using PinClock = std::function<std::chrono::milliseconds()>;
base::Result<std::unique_ptr<outlet::Outlet>> OpenPinWith(const PinOptions& options,
                                                          outlet::Notices notices,
                                                          const LineOpener& open, PinClock clock,
                                                          base::Diagnosis& why);

}  // namespace pinhole::outside::pin
