// SPDX-License-Identifier: Apache-2.0
#include "decode/best_first.h"

#include <algorithm>
#include <array>

namespace pinhole::decode {

namespace {

// So few are inserted one by one sooner than counted.
constexpr std::size_t kFew = 40;
// So many moves for each are sooner made than another digit counted.
constexpr std::size_t kMovesEach = 4;

constexpr unsigned kDigitBits = 8;
constexpr std::uint32_t kDigits = 1U << kDigitBits;

struct Pairs {
  std::span<std::uint32_t> keys, numbers;
};

// False where more than `most_moves` would be needed; the pairs are then in some other order.
bool InsertOneByOne(const Pairs& pairs, std::size_t most_moves) {
  const auto [keys, numbers] = pairs;
  std::size_t moves = 0;
  for (std::size_t i = 1; i < keys.size() && moves <= most_moves; ++i) {
    const std::uint32_t key = keys[i], number = numbers[i];
    std::size_t at = i;
    for (; at > 0 && keys[at - 1] > key; --at) {
      keys[at] = keys[at - 1];
      numbers[at] = numbers[at - 1];
    }
    keys[at] = key;
    numbers[at] = number;
    moves += i - at;
  }
  return moves <= most_moves;
}

// One digit of (key - least), from `shift` on; equals stay in their order.
void SortByDigit(const Pairs& from, const Pairs& to, std::uint32_t least, unsigned shift) {
  const auto digit = [least, shift](std::uint32_t key) {
    return ((key - least) >> shift) & (kDigits - 1);
  };
  std::array<std::uint32_t, kDigits> begin{};
  for (const std::uint32_t key : from.keys) {
    ++begin[digit(key)];
  }
  std::uint32_t sum = 0;
  for (std::uint32_t& count : begin) {
    const std::uint32_t before = sum;
    sum += count;
    count = before;
  }
  for (std::size_t i = 0; i < from.keys.size(); ++i) {
    const std::uint32_t at = begin[digit(from.keys[i])]++;
    to.keys[at] = from.keys[i];
    to.numbers[at] = from.numbers[i];
  }
}

void SortEquals(std::span<const Detection> in, const Pairs& sorted) {
  for (std::size_t begin = 0; begin + 1 < sorted.keys.size();) {
    std::size_t end = begin + 1;
    while (end < sorted.keys.size() && sorted.keys[end] == sorted.keys[begin]) {
      ++end;
    }
    if (end > begin + 1) {
      const auto first = sorted.numbers.begin();
      std::sort(first + static_cast<std::ptrdiff_t>(begin),
                first + static_cast<std::ptrdiff_t>(end),
                [in](std::uint32_t a, std::uint32_t b) { return ComesBefore(in, a, b); });
    }
    begin = end;
  }
}

// By digits from `shift` on, of which there are `bits` in all.
void SortByDigits(const Pairs& pairs, const Pairs& spare, std::uint32_t least, unsigned shift,
                  unsigned bits) {
  Pairs now = pairs, next = spare;
  for (; shift < bits; shift += kDigitBits) {
    SortByDigit(now, next, least, shift);
    std::swap(now, next);
  }
  if (now.keys.data() != pairs.keys.data()) {
    std::copy(now.keys.begin(), now.keys.end(), pairs.keys.begin());
    std::copy(now.numbers.begin(), now.numbers.end(), pairs.numbers.begin());
  }
}

}  // namespace

void SortBestFirst(std::span<const Detection> in, std::span<std::uint32_t> keys,
                   std::span<std::uint32_t> numbers, std::span<std::uint32_t> spare_keys,
                   std::span<std::uint32_t> spare_numbers) {
  const Pairs pairs{keys, numbers}, spare{spare_keys, spare_numbers};
  const std::size_t count = keys.size();
  if (count <= kFew) {
    (void)InsertOneByOne(pairs, kFew * kFew);
    SortEquals(in, pairs);
    return;
  }
  std::uint32_t least = keys[0], most = keys[0];
  for (const std::uint32_t key : keys) {
    least = std::min(least, key);
    most = std::max(most, key);
  }
  // The first digits put almost all in their places, unless scores are very close together.
  const auto bits = static_cast<unsigned>(std::bit_width(most - least));
  const unsigned first_bits = count <= kDigits ? kDigitBits : 2 * kDigitBits;
  const unsigned shift = bits > first_bits ? bits - first_bits : 0;
  SortByDigits(pairs, spare, least, shift, bits);
  if (shift > 0 && !InsertOneByOne(pairs, kMovesEach * count)) {
    SortByDigits(pairs, spare, least, 0, bits);
  }
  SortEquals(in, pairs);
}

}  // namespace pinhole::decode
