// SPDX-License-Identifier: Apache-2.0
#pragma once

// One exchange with a server: the bytes of a file that a part lacks.
//
// HTTPS with the machine's certificates and nothing else; plain HTTP only where the address is a
// loopback one, for a mirror on this machine. A redirect may lead to HTTPS alone. A server may send
// what is asked for (206), all of the file (200: the part is begun anew), or too much, which ends
// the exchange: no more than the file's size is ever stored.

#include <cstdint>
#include <functional>
#include <string>

#include "models/part_file.h"

namespace pinhole::models {

struct Exchange {
  std::string address;
  std::uint64_t bytes = 0;  // of the whole file
  int stall_s = 30;         // no byte for so long ends it; also for connecting
  // Called after each piece that was stored.
  std::function<void()> moved = {};
};

enum class Outcome {
  kWhole,    // the part has as many bytes as the file
  kTrouble,  // may be better another time
  kStale,    // the part does not fit what the server has: begin anew
  kRefused,  // will be the same another time
};

struct Answer {
  Outcome outcome = Outcome::kTrouble;
  // What happened, for a person, without a full stop: "the server answered 404 (no such file)".
  std::string what = {};
  int retry_after_s = 0;  // where the server said so
};

// Throws system::Failure where the part can't be written.
Answer Fetch(const Exchange& exchange, PartFile& part);

// Whether an address is one that is asked: "" or the reason why it isn't.
std::string WhyNotAsked(const std::string& address);

}  // namespace pinhole::models
