// SPDX-License-Identifier: Apache-2.0
#pragma once

// What x86's vectors share: the first elements of 128 bits, stored. Templates over the target, and
// to be included by target_*.cc only, like the simd_*.h that use them.

#include <smmintrin.h>

#include <cstdint>
#include <cstring>

namespace pinhole::engine::kernels::fast {

// The lowest count % 16 bytes.
template <class Simd>
void StoreBytes(__m128i bytes, std::int8_t* out, int count) {
  if ((count & 8) != 0) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out), bytes);
    bytes = _mm_srli_si128(bytes, 8);
    out += 8;
  }
  auto four = static_cast<std::uint32_t>(_mm_cvtsi128_si32(bytes));
  if ((count & 4) != 0) {
    std::memcpy(out, &four, 4);
    four = static_cast<std::uint32_t>(_mm_extract_epi32(bytes, 1));
    out += 4;
  }
  if ((count & 2) != 0) {
    std::memcpy(out, &four, 2);
    four >>= 16;
    out += 2;
  }
  if ((count & 1) != 0) {
    std::memcpy(out, &four, 1);
  }
}

// The lowest count % 4 floats.
template <class Simd>
void StoreFloats(float* at, __m128 value, int count) {
  if ((count & 2) != 0) {
    _mm_storel_pi(reinterpret_cast<__m64*>(at), value);
    value = _mm_movehl_ps(value, value);
    at += 2;
  }
  if ((count & 1) != 0) {
    _mm_store_ss(at, value);
  }
}

}  // namespace pinhole::engine::kernels::fast
