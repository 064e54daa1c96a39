// SPDX-License-Identifier: Apache-2.0
#pragma once

// Operators of two operands, element by element: ADD, SUB, MUL, DIV, MINIMUM, MAXIMUM,
// SQUARED_DIFFERENCE and PRELU, with broadcasting.
//
// PairRows is a template over what becomes of two elements, so that a program has the operators and
// types that its network uses and no others. An operation is a struct with the operator's numbers:
// Plus<float>, ScaledTimes<std::int8_t>. Results are the reference's to the bit. Integers of 32 and
// 64 bits wrap. The output may lie where an operand of its shape lies.

#include <limits>
#include <type_traits>

#include "pinhole_nn_math.h"

namespace pinhole_nn {

// Rows of what is read, as in Ring. row_bytes 0: the same row for all.
struct Operand {
  const void* data;
  std::int32_t row_bytes, held;
};
template <typename T>
inline const T* OperandRow(const Operand& operand, int row) {
  const int held = operand.row_bytes == 0 ? 0 : row < operand.held ? row : Rest(row, operand.held);
  return reinterpret_cast<const T*>(static_cast<const char*>(operand.data) +
                                    held * operand.row_bytes);
}

// A row of the output in three nested loops: how often, and how many elements a and b go on.
template <typename Operation>
struct Pair {
  Operand a, b;
  Ring out;
  std::int32_t count[3], a_step[3], b_step[3];
  Operation operation;
};

template <typename Operation>
void PairRows(const Pair<Operation>& pair, int begin, int end) {
  using T = typename Operation::Value;
  const Operation operation = pair.operation;
  const int count = pair.count[2];
  const int a_step = pair.a_step[2];
  const int b_step = pair.b_step[2];
  for (int row = begin; row < end; ++row) {
    const T* const a = OperandRow<T>(pair.a, row);
    const T* const b = OperandRow<T>(pair.b, row);
    T* out = reinterpret_cast<T*>(RowAt(pair.out, row));
    for (int i = 0; i < pair.count[0]; ++i) {
      for (int j = 0; j < pair.count[1]; ++j) {
        const T* x = a + i * pair.a_step[0] + j * pair.a_step[1];
        const T* y = b + i * pair.b_step[0] + j * pair.b_step[1];
        for (int k = 0; k < count; ++k, x += a_step, y += b_step) {
          *out++ = operation(*x, *y);
        }
      }
    }
  }
}

// -- float32, int32 and int64

template <typename T>
inline T WrapPlus(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using Bits = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Bits>(a) + static_cast<Bits>(b));
  } else {
    return a + b;
  }
}
template <typename T>
inline T WrapMinus(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using Bits = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Bits>(a) - static_cast<Bits>(b));
  } else {
    return a - b;
  }
}
template <typename T>
inline T WrapTimes(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using Bits = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Bits>(a) * static_cast<Bits>(b));
  } else {
    return a * b;
  }
}

// What the activation leaves. NaN stays NaN.
template <typename T>
struct Bounds {
  T low, high;

  T Clamped(T value) const {
    value = value < low ? low : value;
    return high < value ? high : value;
  }
};

template <typename T>
struct Plus {
  using Value = T;
  Bounds<T> bounds;
  T operator()(T a, T b) const { return bounds.Clamped(WrapPlus(a, b)); }
};
template <typename T>
struct Minus {
  using Value = T;
  Bounds<T> bounds;
  T operator()(T a, T b) const { return bounds.Clamped(WrapMinus(a, b)); }
};
template <typename T>
struct Times {
  using Value = T;
  Bounds<T> bounds;
  T operator()(T a, T b) const { return bounds.Clamped(WrapTimes(a, b)); }
};
// An integer over zero is zero: the interpreter ends its run there, which emitted code can't.
template <typename T>
struct Over {
  using Value = T;
  Bounds<T> bounds;
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      if (b == 0 || b == -1) {
        return bounds.Clamped(b == 0 ? T{0} : WrapMinus(T{0}, a));
      }
    }
    return bounds.Clamped(a / b);
  }
};
template <typename T>
struct Smaller {
  using Value = T;
  T operator()(T a, T b) const { return a < b ? a : b; }
};
template <typename T>
struct Larger {
  using Value = T;
  T operator()(T a, T b) const { return a > b ? a : b; }
};
template <typename T>
struct SquareOfDifference {
  using Value = T;
  T operator()(T a, T b) const { return WrapTimes(WrapMinus(a, b), WrapMinus(a, b)); }
};
struct Slope {  // PRELU of float32
  using Value = float;
  float operator()(float x, float alpha) const { return x >= 0.0F ? x : x * alpha; }
};

// -- int8, uint8 and int16, one scale each

// A factor as a 31-bit fraction and a power of two.
struct Factor {
  std::int32_t fraction, shift;

  std::int32_t Times(std::int32_t x) const { return Scale(x, fraction, shift); }
};
struct Zeros {
  std::int32_t a, b, out;
};
template <typename T>
inline T ToOutput(std::int32_t value, std::int32_t zero, const Bounds<std::int32_t>& bounds) {
  return static_cast<T>(bounds.Clamped(WrapPlus(value, zero)));
}
inline std::int32_t ShiftedUp(std::int32_t x, int bits) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(x) << bits);
}

// ADD and SUB: both operands to a common scale, with some bits of headroom, and from there to the
// output's.
template <typename T, bool kSubtract>
struct ScaledSum {
  using Value = T;
  Factor a_factor, b_factor, out_factor;
  Zeros zeros;
  Bounds<std::int32_t> bounds;
  T operator()(T a, T b) const {
    constexpr int kUp = sizeof(T) == 2 ? 15 : 20;
    const std::int32_t x = a_factor.Times(ShiftedUp(a - zeros.a, kUp));
    const std::int32_t y = b_factor.Times(ShiftedUp(b - zeros.b, kUp));
    return ToOutput<T>(out_factor.Times(kSubtract ? WrapMinus(x, y) : WrapPlus(x, y)), zeros.out,
                       bounds);
  }
};
template <typename T>
struct ScaledTimes {
  using Value = T;
  Factor factor;
  Zeros zeros;
  Bounds<std::int32_t> bounds;
  T operator()(T a, T b) const {
    return ToOutput<T>(
        factor.Times(WrapTimes<std::int32_t>(std::int32_t{a} - zeros.a, std::int32_t{b} - zeros.b)),
        zeros.out, bounds);
  }
};
template <typename T>
struct ScaledSquare {  // SQUARED_DIFFERENCE
  using Value = T;
  Factor a_factor, b_factor, out_factor;
  Zeros zeros;
  Bounds<std::int32_t> bounds;
  T operator()(T a, T b) const {
    constexpr int kUp = sizeof(T) == 2 ? 0 : 7;
    const std::int32_t x = a_factor.Times(ShiftedUp(a - zeros.a, kUp));
    const std::int32_t y = b_factor.Times(ShiftedUp(b - zeros.b, kUp));
    const std::int32_t difference = WrapMinus(x, y);
    return ToOutput<T>(out_factor.Times(WrapTimes(difference, difference)), zeros.out, bounds);
  }
};
template <typename T>
struct ScaledSlope {  // PRELU
  using Value = T;
  Factor same, slope;  // of what is not below zero, and of what is, times alpha
  Zeros zeros;
  Bounds<std::int32_t> bounds;
  T operator()(T x, T alpha) const {
    const std::int32_t centred = x - zeros.a;
    return ToOutput<T>(
        centred >= 0 ? same.Times(centred) : slope.Times(centred * (alpha - zeros.b)), zeros.out,
        bounds);
  }
};

}  // namespace pinhole_nn
