// SPDX-License-Identifier: Apache-2.0
#include "models/progress_text.h"

#include <algorithm>
#include <cmath>

#include "models/catalogue.h"

namespace pinhole::models {

namespace {

constexpr double kWindow = 8;      // seconds that the rate is taken over
constexpr double kSampling = 0.2;  // seconds between samples
constexpr double kDay = 86400;

}  // namespace

void ProgressText::Moved(std::uint64_t bytes, double seconds) {
  if (bytes < bytes_) {
    samples_.clear();
    said_tenths_ = 0;
  }
  bytes_ = bytes;
  seconds_ = seconds;
  if (samples_.empty() || seconds - samples_.back().second >= kSampling) {
    samples_.emplace_back(bytes, seconds);
  }
  while (samples_.size() > 1 && seconds - samples_.front().second > kWindow) {
    samples_.pop_front();
  }
}

double ProgressText::BytesPerSecond() const {
  if (samples_.empty()) {
    return 0;
  }
  const auto& [bytes, seconds] = samples_.front();
  return seconds_ > seconds ? static_cast<double>(bytes_ - bytes) / (seconds_ - seconds) : 0;
}

std::string ProgressText::Bar(std::size_t width) const {
  const double rate = BytesPerSecond();
  std::string text = "  " + ShownBytes(bytes_) + " of " + ShownBytes(total_);
  if (rate >= 1) {
    text += "  " + ShownBytes(static_cast<std::uint64_t>(rate)) + "/s  " +
            ShownSeconds(static_cast<double>(total_ - bytes_) / rate) + " left";
  }
  constexpr std::size_t kFrame = 4;  // two spaces and the brackets
  constexpr std::size_t kShortest = 5;
  constexpr std::size_t kLongest = 40;
  const std::size_t taken = name_.size() + text.size() + kFrame;
  if (width < taken + kShortest) {
    return (name_ + text).substr(0, width);
  }
  const std::size_t inner = std::min(width - taken, kLongest);
  const std::size_t filled = total_ == 0 ? inner
                                         : static_cast<std::size_t>(static_cast<double>(inner) *
                                                                    static_cast<double>(bytes_) /
                                                                    static_cast<double>(total_));
  std::string bar(filled, '=');
  if (filled < inner) {
    bar += '>';
  }
  bar.resize(inner, ' ');
  return name_ + "  [" + bar + "]" + text;
}

std::string ProgressText::SparseLine() {
  constexpr std::uint64_t kTenths = 10;
  const std::uint64_t tenths = total_ == 0 ? kTenths : bytes_ * kTenths / total_;
  if (tenths <= said_tenths_) {
    return "";
  }
  said_tenths_ = tenths;
  const double rate = BytesPerSecond();
  return name_ + ": " + std::to_string(bytes_ * 100 / std::max<std::uint64_t>(total_, 1)) + " %, " +
         ShownBytes(bytes_) + " of " + ShownBytes(total_) +
         (rate >= 1 ? ", " + ShownBytes(static_cast<std::uint64_t>(rate)) + "/s" : "");
}

std::string ShownSeconds(double seconds) {
  constexpr long kSixty = 60;
  if (!(seconds < kDay)) {
    return "more than a day";
  }
  const long whole = std::lround(std::ceil(seconds));
  if (whole < kSixty) {
    return std::to_string(whole) + " s";
  }
  if (whole < kSixty * kSixty) {
    return std::to_string(whole / kSixty) + " min " + std::to_string(whole % kSixty) + " s";
  }
  return std::to_string(whole / kSixty / kSixty) + " h " + std::to_string(whole / kSixty % kSixty) +
         " min";
}

}  // namespace pinhole::models
