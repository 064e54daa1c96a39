// SPDX-License-Identifier: Apache-2.0
#pragma once

// How much of the outlet one client, or all of them together, can take. Tests shorten the times.

#include <chrono>
#include <cstddef>

namespace pinhole::outside::http {

inline constexpr std::size_t kMaxConnections = 64;   // served
inline constexpr std::size_t kMaxTurnedAway = 64;    // told that there are too many
inline constexpr std::size_t kMaxStreams = 32;       // of those served, listening to events
inline constexpr std::size_t kMaxQueuedEvents = 64;  // for one client that does not read

struct HttpTimes {
  std::chrono::milliseconds request{10000};    // from a request's first byte (or connecting) to its
                                               // last
  std::chrono::milliseconds idle{30000};       // from a reply to the next request
  std::chrono::milliseconds reply{20000};      // for a client to take a reply or an event
  std::chrono::milliseconds linger{2000};      // for a client to read a last reply
  std::chrono::milliseconds heartbeat{15000};  // between comments to those who listen
  std::chrono::milliseconds farewell{300};     // for last events when the outlet ends
};

}  // namespace pinhole::outside::http
