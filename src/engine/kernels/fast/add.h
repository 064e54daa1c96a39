// SPDX-License-Identifier: Apache-2.0
#pragma once

// ADD of int8 tensors of one shape; see AddParams. To be included by target_*.cc only, inside its
// compiler target, like gemm.h. A target without Simd::LoadInOrder keeps the reference kernel.

#include <algorithm>
#include <cstring>

#include "engine/kernels/fast/gemm.h"

namespace pinhole::engine::kernels::fast {

template <class Simd>
struct AddConstants {
  using I = typename Simd::I;
  I larger_constant, high, low, high_constant, low_constant, half, sign_shift, right;

  explicit AddConstants(const AddParams& p)
      : larger_constant(Simd::SetI(p.larger_constant)),
        high(Simd::SetI(p.high)),
        low(Simd::SetI(p.low)),
        high_constant(Simd::SetI(p.high_constant)),
        low_constant(Simd::SetI(p.low_constant)),
        half(Simd::SetI(p.half)),
        sign_shift(Simd::SetI(p.sign_shift)),
        right(Simd::SetI(p.right)) {}

  [[nodiscard]] I Sum(I larger, I other) const {
    const I y = Simd::AddI(
        Simd::AddI(Simd::MulLow(other, high), high_constant),
        Simd::template ShiftRight<11>(Simd::AddI(Simd::MulLow(other, low), low_constant)));
    const I rounded =
        Simd::ShiftRightBy(Simd::SubI(Simd::AddI(y, half), Simd::LogicalShiftRightBy(y, sign_shift)),
                           right);
    return Simd::AddI(Simd::AddI(Simd::template ShiftLeft<19>(larger), larger_constant), rounded);
  }
};

// Four vectors of elements.
template <class Simd, class Scale>
[[gnu::always_inline]] inline void AddBlock(const AddConstants<Simd>& constants,
                                            const Scale& scale,
                                            const typename Simd::Clamp& clamp,
                                            const std::int8_t* larger, const std::int8_t* other,
                                            std::int8_t* out) {
  typename Simd::I a[kMaxVectors];
  typename Simd::I b[kMaxVectors];
  Simd::LoadInOrder(larger, a);
  Simd::LoadInOrder(other, b);
  Unroll<kMaxVectors>([&](auto v) PINHOLE_INLINE { a[v] = scale(constants.Sum(a[v], b[v])); });
  Simd::StoreInOrder(clamp, a, out);
}

// out may be where an input is.
template <class Simd, Finish kFinish>
void AddRun(const AddParams& params, const std::int8_t* larger, const std::int8_t* other,
            std::int8_t* out, std::ptrdiff_t count) {
  using Scale = std::conditional_t<kFinish == Finish::kPositive, PositiveFinish<Simd>,
                                   SignedFinish<Simd>>;
  constexpr std::ptrdiff_t kBlock = kMaxVectors * Simd::kLanes;
  const AddConstants<Simd> constants(params);
  const Scale scale(params.scaling);
  const typename Simd::Clamp clamp(params.finish, kFinish == Finish::kSigned);
  std::ptrdiff_t i = 0;
  for (; i + kBlock <= count; i += kBlock) {
    AddBlock<Simd>(constants, scale, clamp, larger + i, other + i, out + i);
  }
  if (i < count) {
    const auto rest = static_cast<std::size_t>(count - i);
    std::int8_t a[kBlock] = {};
    std::int8_t b[kBlock] = {};
    std::memcpy(a, larger + i, rest);
    std::memcpy(b, other + i, rest);
    AddBlock<Simd>(constants, scale, clamp, a, b, a);
    std::memcpy(out + i, a, rest);
  }
}

}  // namespace pinhole::engine::kernels::fast
