// SPDX-License-Identifier: Apache-2.0
#pragma once

// A pin that is high while somebody is there.

#include <chrono>
#include <memory>
#include <string>

#include "base/diagnosis.h"
#include "base/result.h"
#include "outside/outlet/outlet.h"

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

base::Result<std::unique_ptr<outlet::Outlet>> OpenPin(const PinOptions& options,
                                                      outlet::Notices notices,
                                                      base::Diagnosis& why);

}  // namespace pinhole::outside::pin
