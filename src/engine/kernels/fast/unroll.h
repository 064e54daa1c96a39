// SPDX-License-Identifier: Apache-2.0
#pragma once

// Loops that are unrolled before the compiler looks at anything else, so that arrays of vectors with
// constant indices become registers. GCC 12's own unrolling comes too late for that: sums would be
// stored to memory in every step.
//
//   Unroll<4>([&](auto v) PINHOLE_INLINE { sums[v] = zero; });
//
// To be included by target_*.cc only, inside its compiler target. PINHOLE_TARGET, which Clang's
// lambdas want to be told, is the target's features; a baseline target does not define it.

#include <utility>

#if defined(__clang__) && defined(PINHOLE_TARGET)
#define PINHOLE_INLINE __attribute__((always_inline, target(PINHOLE_TARGET)))
#else
#define PINHOLE_INLINE __attribute__((always_inline))
#endif

namespace pinhole::engine::kernels::fast {

template <typename Body, int... kIndices>
[[gnu::always_inline]] inline void UnrollOver(std::integer_sequence<int, kIndices...>,
                                              const Body& body) {
  (body(std::integral_constant<int, kIndices>()), ...);
}

// body(0), ..., body(kCount - 1); the argument is a constant.
template <int kCount, typename Body>
[[gnu::always_inline]] inline void Unroll(const Body& body) {
  UnrollOver(std::make_integer_sequence<int, kCount>(), body);
}

}  // namespace pinhole::engine::kernels::fast
