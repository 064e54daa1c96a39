// SPDX-License-Identifier: Apache-2.0
// QUANTIZE from float32 and DEQUANTIZE to it.
#include <cmath>

#include "pinhole_nn_math.h"

namespace pinhole_nn {

// Front to back, a byte for four: the output may begin where the input does.
void QuantizeFloats(const Quantize& quantize) {
  constexpr float kBound = 1.0e6F;  // converted only inside; NaN counts as zero
  for (int i = 0; i < quantize.count; ++i) {
    float units = std::round(quantize.in[i] / quantize.scale);
    units = units < -kBound ? -kBound : units > kBound ? kBound : units;
    const std::int32_t whole = std::isnan(units) ? 0 : static_cast<std::int32_t>(units);
    quantize.out[i] = static_cast<std::int8_t>(Clamp(whole + quantize.zero, -128, 127));
  }
}

void DequantizeToFloats(const Dequantize& dequantize) {
  for (int i = 0; i < dequantize.count; ++i) {
    dequantize.out[i] = dequantize.scale * static_cast<float>(dequantize.in[i] - dequantize.zero);
  }
}

}  // namespace pinhole_nn
