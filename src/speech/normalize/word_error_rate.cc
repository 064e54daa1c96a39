// SPDX-License-Identifier: Apache-2.0
#include "speech/normalize/word_error_rate.h"

#include <cstddef>
#include <limits>
#include <vector>

#include "speech/normalize/words.h"

namespace pinhole::speech {
namespace {

// Errors on the way to one cell of the table.
struct Path {
  std::int64_t replaced = 0, left_out = 0, put_in = 0;

  [[nodiscard]] std::int64_t cost() const { return replaced + left_out + put_in; }
};

}  // namespace

double WordErrors::rate() const {
  if (words == 0) {
    return errors() == 0 ? 0.0 : std::numeric_limits<double>::infinity();
  }
  return static_cast<double>(errors()) / static_cast<double>(words);
}

WordErrors& WordErrors::operator+=(const WordErrors& other) {
  replaced += other.replaced;
  left_out += other.left_out;
  put_in += other.put_in;
  words += other.words;
  return *this;
}

WordErrors CountWordErrors(std::string_view reference, std::string_view transcript) {
  const std::vector<std::string_view> wanted = SplitAtBlanks(reference);
  const std::vector<std::string_view> found = SplitAtBlanks(transcript);
  // Row i: the first i words of the reference against each number of words of the transcript.
  std::vector<Path> row(found.size() + 1), above;
  for (std::size_t j = 1; j < row.size(); ++j) {
    row[j].put_in = static_cast<std::int64_t>(j);
  }
  for (std::size_t i = 1; i <= wanted.size(); ++i) {
    above = row;
    row[0] = {.left_out = static_cast<std::int64_t>(i)};
    for (std::size_t j = 1; j < row.size(); ++j) {
      Path best = above[j - 1];
      best.replaced += wanted[i - 1] == found[j - 1] ? 0 : 1;
      if (above[j].cost() + 1 < best.cost()) {
        best = above[j];
        ++best.left_out;
      }
      if (row[j - 1].cost() + 1 < best.cost()) {
        best = row[j - 1];
        ++best.put_in;
      }
      row[j] = best;
    }
  }
  const Path& path = row.back();
  return {.replaced = path.replaced,
          .left_out = path.left_out,
          .put_in = path.put_in,
          .words = static_cast<std::int64_t>(wanted.size())};
}

}  // namespace pinhole::speech
