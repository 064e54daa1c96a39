// SPDX-License-Identifier: Apache-2.0
#pragma once

// MEAN and SUM over the middle of [outer, middle, inner], for types other than int8 (MeanOver).
// Elements are added in their order, one total an output. A template over how a total becomes an
// output, so that a program has what its network uses.

#include "pinhole_nn_pairs.h"

namespace pinhole_nn {

template <typename Operation>
struct Reduce {
  const void* in;
  std::int8_t* out;
  std::int32_t outer, middle, inner;
  Operation operation;
};

template <typename Operation>
void ReduceMiddle(const Reduce<Operation>& reduce) {
  using T = typename Operation::Value;
  using Total = typename Operation::Total;
  const T* in = static_cast<const T*>(reduce.in);
  T* out = reinterpret_cast<T*>(reduce.out);
  for (int o = 0; o < reduce.outer; ++o, in += reduce.middle * reduce.inner) {
    for (int i = 0; i < reduce.inner; ++i) {
      Total total{};
      for (int m = 0; m < reduce.middle; ++m) {
        total = WrapPlus<Total>(total, in[m * reduce.inner + i]);
      }
      *out++ = reduce.operation(total);
    }
  }
}

struct FloatMean {
  using Value = float;
  using Total = float;
  float count;
  float operator()(float total) const { return total / count; }
};
template <typename T>
struct PlainSum {
  using Value = T;
  using Total = T;
  T operator()(T total) const { return total; }
};
template <typename T>
struct ScaledTotal {  // uint8 and int16; `zeros` is all zero points together
  using Value = T;
  using Total = std::int32_t;
  std::int32_t zeros;
  Factor factor;
  std::int32_t out_zero;
  Bounds<std::int32_t> bounds;
  T operator()(std::int32_t total) const {
    return ToOutput<T>(factor.Times(WrapMinus(total, zeros)), out_zero, bounds);
  }
};

}  // namespace pinhole_nn
