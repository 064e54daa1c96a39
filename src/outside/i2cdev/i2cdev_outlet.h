// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Person Sensor's I2C registers as a file that behaves as /dev/i2c-N.

#include <memory>
#include <string>

#include "base/diagnosis.h"
#include "base/result.h"
#include "outside/outlet/outlet.h"

namespace pinhole::outside::i2cdev {

struct I2cdevOptions {
  // Where the device appears: a file that is made, or (bind-mounted over, needs root) one that is
  // there already, as /dev/i2c-1. Named i2c-N.
  std::string path = "/run/pinhole/i2c-1";
  std::string how = "auto";  // auto, cuse (a real character device) or file
  unsigned mode = 0660;      // rights of the file
};

base::Result<std::unique_ptr<outlet::Outlet>> OpenI2cdev(const I2cdevOptions& options,
                                                         outlet::Notices notices,
                                                         base::Diagnosis& why);

}  // namespace pinhole::outside::i2cdev
