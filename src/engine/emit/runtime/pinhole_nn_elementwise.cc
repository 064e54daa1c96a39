// SPDX-License-Identifier: Apache-2.0
// ADD, and what makes one byte of one byte.
#include "pinhole_nn_math.h"

namespace pinhole_nn {

namespace {

void AddShare(const Add& add, int begin, int end, const Part& part) {
  constexpr int kUp = 20;  // bits of headroom that the reference gives both operands
  const Range mine = ShareOf(add.out.row_bytes, 1, part);
  for (int row = begin; row < end; ++row) {
    const std::int8_t* a = RowAt(add.a, row);
    const std::int8_t* b = RowAt(add.b, row);
    std::int8_t* out = RowAt(add.out, row);
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
  OnCores(AddShare, add, begin, end, second);
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
