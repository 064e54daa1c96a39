// SPDX-License-Identifier: Apache-2.0
#pragma once

// Talking without facts: a locked inside sends numbers on a covert channel, a listener outside
// tries to understand them, and statistics say whether it did (judge.h).
//
//   rss      the listener is any program of this machine and reads /proc/PID/statm
//   cpu      the listener is the sensor's own outside, as it confines itself, and reads
//   /proc/PID/stat timing   the listener sees when lines leave the outside flood    the listener
//   sees how many lines leave the outside, and when lsb      the listener sees what leaves the
//   outside
//
// The outside is the real program with its real door and clock; its log is what "leaves". A planted
// leak (`plant` is the channel's name, for rss, timing and lsb) opens the channel, and the listener
// must hear it.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/judge.h"

namespace pinhole::audit {

struct ChannelOutcome {
  std::string name;
  std::string what;
  bool open = false;
  double bits_per_second = 0.0;  // where open
  std::string detail;            // how it was judged, for a person
  std::string note;              // what else an owner should know; mostly empty
};

std::vector<std::string_view> ChannelNames();

// Takes 2 to 15 seconds. `progress` gets the share done, 0 to 1. Throws system::Failure where the
// audit itself can't go on.
ChannelOutcome Listen(std::string_view channel, bool planted,
                      const std::function<void(double)>& progress);

}  // namespace pinhole::audit
