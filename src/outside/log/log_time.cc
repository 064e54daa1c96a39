// SPDX-License-Identifier: Apache-2.0
#include "outside/log/log_time.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace pinhole::outside::log {

namespace {

std::string Formatted(const std::tm& parts, const char* format) {
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

}  // namespace

std::string LocalTimeOfDay(std::chrono::system_clock::time_point time) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return Formatted(parts, "%H:%M:%S");
}

std::string Rfc3339Utc(std::chrono::system_clock::time_point time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time - whole).count();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(whole);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(ms));
  return Formatted(parts, "%Y-%m-%dT%H:%M:%S") + fraction.data();
}

}  // namespace pinhole::outside::log
