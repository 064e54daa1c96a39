// SPDX-License-Identifier: Apache-2.0
#include "base/diagnosis.h"

namespace pinhole::base {

void Diagnosis::Append(std::string_view piece) {
  constexpr std::string_view kCut = "...";
  for (const char c : piece) {
    if (size_ == kCapacity - kCut.size()) {
      for (std::size_t i = 0; i < kCut.size(); ++i) {
        text_[size_++] = kCut[i];
      }
    }
    if (size_ >= kCapacity) {
      return;
    }
    text_[size_++] = (c >= ' ' && c <= '~') ? c : '?';
  }
}

void Diagnosis::AppendUnsigned(std::uint64_t value) {
  char digits[20];
  std::size_t n = sizeof digits;
  do {
    digits[--n] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  Append(std::string_view(digits + n, sizeof digits - n));
}

void Diagnosis::AppendSigned(std::int64_t value) {
  if (value < 0) {
    Append('-');
    AppendUnsigned(~static_cast<std::uint64_t>(value) + 1);  // -INT64_MIN has no signed spelling
  } else {
    AppendUnsigned(static_cast<std::uint64_t>(value));
  }
}

}  // namespace pinhole::base
