// SPDX-License-Identifier: Apache-2.0
#pragma once

// The process that talks to the world, from its arguments to its end.
//
//   pinhole-outside --facts-fd 3 --config /etc/pinhole/pinhole.toml --set http.port=0
//
// Reads the configuration, opens what needs more rights than it will keep (the pin, the I2C file),
// confines itself (wall/confine.h: the files and ports that its outlets need, nothing of /proc, so
// that it can see neither the inside's memory nor its processor time), opens the other outlets, and
// hands them one record a tick until SIGTERM or SIGINT. What the owner must know it says on
// standard error, one line each.
//
// Exit codes: 0 ended when told to; 1 something failed and was said; 2 wrong arguments.

#include <string>
#include <vector>

namespace pinhole::outside::process {

struct OutsideOptions {
  int facts_fd = -1;
  std::string facts_path;  // a FIFO, made if missing; instead of facts_fd
  std::string config;      // empty: the defaults
  std::vector<std::string> overrides;
  // What the inside said of its lock, for the label; empty: not known here.
  std::string standing;
  // For audits: a leak to plant into this very program ("timing": records are handed on when they
  // come; "lsb": as they come), which the audit must find. With it the label says so.
  std::string plant;
  // For audits: say, once confined, whether this file can be read ("read 52 bytes", "refused
  // EACCES"), and end.
  std::string try_read;
};

// Throws system::WrongUsage.
OutsideOptions ParseOutside(int argc, const char* const* argv);

// Throws system::Failure.
int RunOutside(const OutsideOptions& options);

}  // namespace pinhole::outside::process
