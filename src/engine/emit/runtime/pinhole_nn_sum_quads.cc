// SPDX-License-Identifier: Apache-2.0
// CONV_2D and FULLY_CONNECTED for processors that multiply two pairs of 16 bits at once: Cortex-M4,
// M7 and M33 with SMLAD.
//
// A word holds four taps of a channel; SXTB16 makes of it taps 0 and 2, and with a rotation taps 1
// and 3, each 16 bits wide. The data are taken apart in the same way, so that they need no other
// order. Four channels at a time share the data. Where weights serve several places, a group's are
// spread to 16 bits in RAM once: a multiply-add then takes 0.9 instructions. On ARMv7E-M and
// ARMv8-M that inner loop is assembly; elsewhere the same stands in C++.
#include "pinhole_nn_columns.h"
#include "pinhole_nn_dsp.h"

#if defined(__ARM_FEATURE_SIMD32)
// totals[4] += the group's sums at one place. `words`, up to `end`, as Spread leaves them.
extern "C" void pinhole_nn_quads_dot(const std::int8_t* column, const std::uint32_t* words,
                                     const std::uint32_t* end, std::int32_t* totals);
#endif

namespace pinhole_nn {

namespace {

constexpr int kGroup = 4;  // channels
// Spreading costs less than taking the weights apart for two places.
constexpr int kWorthSpreading = 2;

#if defined(__ARM_FEATURE_SIMD32)

// r0 the column, r1 words, r2 their end; r3 to r6 sums, r7 and r8 data, r9 to r12 weights.
asm(R"(
    .syntax unified
    .macro PINHOLE_NN_QUAD
    ldr r7, [r0], #4
    sxtb16 r8, r7
    sxtb16 r7, r7, ror #8
    ldmia r1!, {r9-r12}
    smlad r3, r9, r8, r3
    smlad r4, r10, r8, r4
    smlad r5, r11, r8, r5
    smlad r6, r12, r8, r6
    ldmia r1!, {r9-r12}
    smlad r3, r9, r7, r3
    smlad r4, r10, r7, r4
    smlad r5, r11, r7, r5
    smlad r6, r12, r7, r6
    .endm
    .section .text.pinhole_nn_quads_dot, "ax", %progbits
    .global pinhole_nn_quads_dot
    .thumb_func
    .align 2
    .type pinhole_nn_quads_dot, %function
pinhole_nn_quads_dot:
    push {r3-r12, lr}
    ldmia r3, {r3-r6}
    sub r7, r2, r1
    tst r7, #32
    bne 2f
1:  PINHOLE_NN_QUAD
2:  PINHOLE_NN_QUAD
    cmp r1, r2
    bne 1b
    ldr r7, [sp]
    stmia r7, {r3-r6}
    pop {r3-r12, pc}
    .size pinhole_nn_quads_dot, . - pinhole_nn_quads_dot
    .text
)");

void DotSpread(const std::int8_t* column, const std::uint32_t* words, const std::uint32_t* end,
               std::int32_t* totals) {
  pinhole_nn_quads_dot(column, words, end, totals);
}

#else

void DotSpread(const std::int8_t* column, const std::uint32_t* words, const std::uint32_t* end,
               std::int32_t* totals) {
  for (; words != end; words += 2 * kGroup, column += 4) {
    const std::uint32_t even = PairOf(column[0], column[2]);
    const std::uint32_t odd = PairOf(column[1], column[3]);
    for (int c = 0; c < kGroup; ++c) {
      totals[c] = MultiplyAdd(words[kGroup + c], odd, MultiplyAdd(words[c], even, totals[c]));
    }
  }
}

#endif

// For each four taps: four channels' taps 0 and 2, then their taps 1 and 3.
void Spread(const std::uint32_t* from, std::uint32_t* to, std::uint32_t* end) {
  for (; to != end; to += 2 * kGroup, from += kGroup) {
    for (int c = 0; c < kGroup; ++c) {
      const std::uint32_t word = from[c];
      to[c] = Even(word);
      to[kGroup + c] = Odd(word);
    }
  }
}

inline std::uint32_t LoadWord(const std::int8_t* from) {
  std::uint32_t word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

// Four channels of one place, of weights as they lie in flash.
inline void DotGroup(const std::int8_t* column, const std::uint32_t* weights, int depth,
                     std::int32_t* totals) {
  std::int32_t s0 = totals[0], s1 = totals[1], s2 = totals[2], s3 = totals[3];
  for (const std::int8_t* end = column + depth; column != end; column += 4, weights += kGroup) {
    const std::uint32_t data = LoadWord(column);
    const std::uint32_t even = Even(data);
    const std::uint32_t odd = Odd(data);
    const std::uint32_t w0 = weights[0], w1 = weights[1], w2 = weights[2], w3 = weights[3];
    s0 = MultiplyAdd(Odd(w0), odd, MultiplyAdd(Even(w0), even, s0));
    s1 = MultiplyAdd(Odd(w1), odd, MultiplyAdd(Even(w1), even, s1));
    s2 = MultiplyAdd(Odd(w2), odd, MultiplyAdd(Even(w2), even, s2));
    s3 = MultiplyAdd(Odd(w3), odd, MultiplyAdd(Even(w3), even, s3));
  }
  totals[0] = s0;
  totals[1] = s1;
  totals[2] = s2;
  totals[3] = s3;
}

struct QuadsDot {
  static void Block(const Sum& sum, const std::int8_t* first, std::ptrdiff_t step, int count,
                    std::int8_t* out, const Part& part) {
    const Range mine = ShareOf(sum.window.out_channels, kGroup, part);
    std::uint32_t* expanded = PartOf(sum.expanded, sum.other, part);
    const bool spread = expanded != nullptr && count >= kWorthSpreading;
    std::uint32_t* expanded_end = spread ? expanded + 2 * sum.depth : nullptr;
    // A word for each tap of four channels.
    const std::uint32_t* weights =
        static_cast<const std::uint32_t*>(sum.weights) + mine.begin / kGroup * sum.depth;
    for (int channel = mine.begin; channel < mine.end; channel += kGroup, weights += sum.depth) {
      const int left = mine.end - channel;
      const int channels = left < kGroup ? left : kGroup;
      const Channel* scales = sum.finish.channels + channel;
      if (spread) {
        Spread(weights, expanded, expanded_end);
      }
      const std::int8_t* column = first;
      std::int8_t* to = out + channel;
      for (int place = 0; place < count; ++place) {
        std::int32_t totals[kGroup] = {scales[0].bias, scales[1].bias, scales[2].bias,
                                       scales[3].bias};
        if (spread) {
          DotSpread(column, expanded, expanded_end, totals);
        } else {
          DotGroup(column, weights, sum.depth, totals);
        }
        FinishAll(sum.finish, scales, totals, channels, to);
        column += step;
        to += sum.window.out_channels;
      }
    }
  }
};

void Share(const Sum& sum, int begin, int end, const Part& part) {
  SumRows<QuadsDot>(sum, begin, end, part);
}

}  // namespace

void SumQuads(const Sum& sum, int begin, int end, const SecondCore* second) {
  OnCores(Share, sum, begin, end, second);
}

}  // namespace pinhole_nn
