// SPDX-License-Identifier: Apache-2.0
#include "outside/config/nearest.h"

#include <algorithm>
#include <vector>

namespace pinhole::outside::config {

namespace {

constexpr std::size_t kLongestWord = 64;  // longer ones are no typing mistakes

}  // namespace

std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last = last;
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

std::string_view Nearest(std::string_view word, std::span<const std::string_view> known) {
  if (word.size() > kLongestWord) {
    return "";
  }
  std::string_view nearest;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    if (const std::size_t distance = Distance(word, candidate); distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  if (!nearest.empty()) {
    return nearest;
  }
  const auto begins = std::find_if(known.begin(), known.end(), [&](std::string_view candidate) {
    return word.size() >= 3 && (candidate.starts_with(word) || word.starts_with(candidate));
  });
  return begins == known.end() ? "" : *begins;
}

}  // namespace pinhole::outside::config
