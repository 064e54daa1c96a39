// SPDX-License-Identifier: Apache-2.0
// QUANTIZE from float32 and DEQUANTIZE to it.
#include "pinhole_nn_quantize.h"

#include <cstring>

namespace pinhole_nn {

namespace {

#if defined(__ARM_FP)
inline float Times(float scale, std::int32_t x) { return scale * static_cast<float>(x); }
#else
// scale * x for |x| below 256, rounded to nearest even as IEEE 754 has it: a product of 24 and 8
// bits fits a word, which takes a processor without floating point a fifth of the general way.
float Times(float scale, std::int32_t x) {
  constexpr std::uint32_t kHidden = 0x00800000U;  // the significand's first bit
  std::uint32_t bits;
  std::memcpy(&bits, &scale, sizeof(bits));
  const std::uint32_t exponent = bits >> 23;
  if (x == 0 || exponent == 0 || exponent > 240) {
    return scale * static_cast<float>(x);
  }
  const auto magnitude = static_cast<std::uint32_t>(x < 0 ? -x : x);
  std::uint32_t product = ((bits & (kHidden - 1)) | kHidden) * magnitude;
  std::uint32_t dropped = 0;
  while (product >> dropped >= 2 * kHidden) {
    ++dropped;
  }
  if (dropped > 0) {
    const std::uint32_t odd = product >> dropped & 1U;
    product = (product + (std::uint32_t{1} << (dropped - 1)) - 1 + odd) >> dropped;
  }
  bits = (x < 0 ? 0x80000000U : 0) + ((exponent + dropped - 1) << 23) + product;
  std::memcpy(&scale, &bits, sizeof(bits));
  return scale;
}
#endif

}  // namespace

// Front to back, a byte for four: the output may begin where the input does.
void QuantizeFloats(const Quantize& quantize) {
  for (int i = 0; i < quantize.count; ++i) {
    quantize.out[i] = QuantizedTo<std::int8_t>(quantize.in[i], quantize.scale, quantize.zero);
  }
}

void DequantizeToFloats(const Dequantize& dequantize) {
  for (int i = 0; i < dequantize.count; ++i) {
    dequantize.out[i] = Times(dequantize.scale, dequantize.in[i] - dequantize.zero);
  }
}

}  // namespace pinhole_nn
