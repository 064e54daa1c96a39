// SPDX-License-Identifier: Apache-2.0
// ADD, and what makes one byte of one byte.
#include "pinhole_nn_math.h"

namespace pinhole_nn {

namespace {

void AddQuick(const Add& add, const std::int8_t* a, const std::int8_t* b, std::int8_t* out,
              int count) {
  const auto by_a = static_cast<std::uint32_t>(add.quick_a);
  const auto by_b = static_cast<std::uint32_t>(add.quick_b);
  const auto rounding = static_cast<std::uint32_t>(add.quick_rounding);
  const std::int32_t shift = add.quick_shift;
  const std::int32_t zero = add.out_zero;
  const std::int32_t low = add.low;
  const std::int32_t high = add.high;
  for (int i = 0; i < count; ++i) {
    const auto x = static_cast<std::uint32_t>(static_cast<std::int32_t>(a[i]));
    const auto y = static_cast<std::uint32_t>(static_cast<std::int32_t>(b[i]));
    const auto sum = static_cast<std::int32_t>(x * by_a + y * by_b + rounding);
    out[i] = static_cast<std::int8_t>(Clamp((sum >> shift) + zero, low, high));
  }
}

void AddShare(const Add& add, int begin, int end, const Part& part) {
  constexpr int kUp = 20;  // bits of headroom that the reference gives both operands
  const Range mine = ShareOf(add.out.row_bytes, 1, part);
  for (int row = begin; row < end; ++row) {
    const std::int8_t* a = RowAt(add.a, row);
    const std::int8_t* b = RowAt(add.b, row);
    std::int8_t* out = RowAt(add.out, row);
    if (add.quick_shift > 0) {
      AddQuick(add, a + mine.begin, b + mine.begin, out + mine.begin, mine.end - mine.begin);
      continue;
    }
    for (int i = mine.begin; i < mine.end; ++i) {
      const std::int32_t x = Scale((a[i] - add.a_zero) * (1 << kUp), add.a_fraction, add.a_shift);
      const std::int32_t y = Scale((b[i] - add.b_zero) * (1 << kUp), add.b_fraction, add.b_shift);
      const std::int32_t sum = Scale(x + y, add.fraction, add.shift) + add.out_zero;
      out[i] = static_cast<std::int8_t>(Clamp(sum, add.low, add.high));
    }
  }
}

}  // namespace

void AddRows(const Add& add, int begin, int end, const SecondCore* second) {
  OnCores<AddShare>(add, begin, end, second);
}

void LookupRows(const Lookup& lookup, int begin, int end) {
  for (int row = begin; row < end; ++row) {
    const std::int8_t* in = RowAt(lookup.in, row);
    std::int8_t* out = RowAt(lookup.out, row);
    for (int i = 0; i < lookup.out.row_bytes; ++i) {
      out[i] = static_cast<std::int8_t>(lookup.table[static_cast<std::uint8_t>(in[i])]);
    }
  }
}

}  // namespace pinhole_nn
