// SPDX-License-Identifier: Apache-2.0
#include "pinhole_nn_signal.h"

namespace pinhole_nn {

namespace {

// Rounded to nearest; where that would not fit half of Word's bits, the largest that does. Two bits
// of the value give one of the root.
template <typename Word>
Word RoundedRoot(Word value) {
  constexpr int kHalf = sizeof(Word) * 4;
  constexpr Word kLargest = (Word{1} << kHalf) - 1;
  Word root = 0;
  Word rest = value;
  int shift = 2 * kHalf - 2;
  while (shift > 0 && (value >> shift) == 0) {
    shift -= 2;
  }
  for (; shift >= 0; shift -= 2) {
    const Word digit = Word{1} << shift;
    const Word trial = root + digit;
    root >>= 1;
    if (rest >= trial) {
      rest -= trial;
      root += digit;
    }
  }
  return rest > root && root != kLargest ? root + 1 : root;
}

}  // namespace

// Numbers below 2^32 take the narrow form, whose root saturates at 65535.
void TakeRoots(const SignalSquareRoot& root) {
  const auto* in = static_cast<const std::uint64_t*>(root.in);
  auto* out = reinterpret_cast<std::uint32_t*>(root.out);
  const std::int32_t bits = *static_cast<const std::int32_t*>(root.bits) & 31;
  for (int i = 0; i < root.count; ++i) {
    const std::uint32_t value = (in[i] >> 32) == 0 ? RoundedRoot(static_cast<std::uint32_t>(in[i]))
                                                   : static_cast<std::uint32_t>(RoundedRoot(in[i]));
    out[i] = value >> bits;
  }
}

}  // namespace pinhole_nn
