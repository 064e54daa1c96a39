// SPDX-License-Identifier: Apache-2.0
#pragma once

// Points in time as lines have them.

#include <chrono>
#include <string>

namespace pinhole::outside::log {

// "18:04:09", in the time zone of the machine (or of TZ).
std::string LocalTimeOfDay(std::chrono::system_clock::time_point time);

// "2026-03-01T17:04:09.250Z", RFC 3339.
std::string Rfc3339Utc(std::chrono::system_clock::time_point time);

}  // namespace pinhole::outside::log
