// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a configuration makes the outside reach for: the files, devices and ports that the wall
// around it has to let through, and no more.
//
//   const Reach reach = ReachOf(config);
//   wall::Confine({.read = reach.read, .write = reach.write, .network = reach.network, ...});
//
// Only what is enabled counts. Paths are as they were configured: relative ones stay relative.

#include <cstdint>
#include <string>
#include <vector>

#include "outside/config/config.h"

namespace pinhole::outside::config {

struct Reach {
  std::vector<std::string> read;   // secrets, certificates, what finding a broker by name needs
  std::vector<std::string> write;  // the folder of the log's file, for it and its predecessor
  std::string i2c;                 // the file that is made or mounted over; empty: none
  std::string gpio_chip;           // a device: read and written; empty: none
  bool network = false;
  std::vector<std::uint16_t> connect_tcp;  // the broker's port
  // The dashboard's port; with 0 in the configuration a 0, which stands for any.
  std::vector<std::uint16_t> bind_tcp;
};

Reach ReachOf(const Config& config);

}  // namespace pinhole::outside::config
