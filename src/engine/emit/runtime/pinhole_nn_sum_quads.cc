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
// Four channels' biases plus their sums at one place. `words`, up to `end`, as Spread leaves them
// or as they lie in flash. Where `out` is null the sums go to `totals`; else they are brought to
// the output in the wide form, with all of int8 as their range.
extern "C" {
void pinhole_nn_quads_spread(const std::int8_t* column, const std::uint32_t* words,
                             const std::uint32_t* end, const pinhole_nn::Channel* channels,
                             std::int32_t* totals, std::int8_t* out, std::int32_t zero);
void pinhole_nn_quads_flash(const std::int8_t* column, const std::uint32_t* words,
                            const std::uint32_t* end, const pinhole_nn::Channel* channels,
                            std::int32_t* totals, std::int8_t* out, std::int32_t zero);
}
#endif

namespace pinhole_nn {

namespace {

constexpr int kGroup = 4;  // channels
// Spreading costs less than taking the weights apart for two places.
constexpr int kWorthSpreading = 2;

#if defined(__ARM_FEATURE_SIMD32)

constexpr bool kFinishesItself = true;

// r0 the column, r1 words, r2 their end; r3 to r6 sums, r7 and r8 data, r9 to r12 weights. Eight
// taps a turn; a depth that is four more begins in the middle.
asm(R"(
    .syntax unified
    .macro PINHOLE_NN_DATA
    ldr r7, [r0], #4
    sxtb16 r8, r7
    sxtb16 r7, r7, ror #8
    ldmia r1!, {r9-r12}
    .endm
    .macro PINHOLE_NN_SPREAD
    PINHOLE_NN_DATA
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
    .macro PINHOLE_NN_APART sum, words
    sxtb16 lr, \words
    smlad \sum, lr, r8, \sum
    sxtb16 \words, \words, ror #8
    smlad \sum, \words, r7, \sum
    .endm
    .macro PINHOLE_NN_FLASH
    PINHOLE_NN_DATA
    PINHOLE_NN_APART r3, r9
    PINHOLE_NN_APART r4, r10
    PINHOLE_NN_APART r5, r11
    PINHOLE_NN_APART r6, r12
    .endm
    .macro PINHOLE_NN_WIDE sum, at
    ldrd r10, r11, [r0, #16 * \at + 4]
    lsl r12, \sum, #1
    smmulr r12, r12, r10
    add r12, r12, \sum, asr #31
    asrs r12, r12, r11
    adc r12, r12, r9
    ssat r12, #8, r12
    strb r12, [r8, #\at]
    .endm
    .macro PINHOLE_NN_QUADS name, step, shift
    .section .text.\name, "ax", %progbits
    .global \name
    .thumb_func
    .align 2
    .type \name, %function
\name:
    push {r3-r11, lr}
    ldr r4, [r3, #16]
    ldr r5, [r3, #32]
    ldr r6, [r3, #48]
    ldr r3, [r3]
    sub r7, r2, r1
    tst r7, #\shift
    bne 2f
1:  \step
2:  \step
    cmp r1, r2
    bne 1b
    ldr r7, [sp, #44]
    cmp r7, #0
    beq 3f
    mov r8, r7
    ldr r9, [sp, #48]
    ldr r0, [sp]
    PINHOLE_NN_WIDE r3, 0
    PINHOLE_NN_WIDE r4, 1
    PINHOLE_NN_WIDE r5, 2
    PINHOLE_NN_WIDE r6, 3
    pop {r3-r11, pc}
3:  ldr r7, [sp, #40]
    stmia r7, {r3-r6}
    pop {r3-r11, pc}
    .size \name, . - \name
    .endm
    PINHOLE_NN_QUADS pinhole_nn_quads_spread, PINHOLE_NN_SPREAD, 32
    PINHOLE_NN_QUADS pinhole_nn_quads_flash, PINHOLE_NN_FLASH, 16
    .text
)");

void DotSpread(const std::int8_t* column, const std::uint32_t* words, const std::uint32_t* end,
               const Channel* channels, std::int32_t* totals, std::int8_t* out, std::int32_t zero) {
  pinhole_nn_quads_spread(column, words, end, channels, totals, out, zero);
}
void DotFlash(const std::int8_t* column, const std::uint32_t* words, const std::uint32_t* end,
              const Channel* channels, std::int32_t* totals, std::int8_t* out, std::int32_t zero) {
  pinhole_nn_quads_flash(column, words, end, channels, totals, out, zero);
}

#else

constexpr bool kFinishesItself = false;

void Begin(const Channel* channels, std::int32_t* totals) {
  for (int c = 0; c < kGroup; ++c) {
    totals[c] = channels[c].bias;
  }
}

void DotSpread(const std::int8_t* column, const std::uint32_t* words, const std::uint32_t* end,
               const Channel* channels, std::int32_t* totals, std::int8_t*, std::int32_t) {
  Begin(channels, totals);
  for (; words != end; words += 2 * kGroup, column += 4) {
    const std::uint32_t even = PairOf(column[0], column[2]);
    const std::uint32_t odd = PairOf(column[1], column[3]);
    for (int c = 0; c < kGroup; ++c) {
      totals[c] = MultiplyAdd(words[kGroup + c], odd, MultiplyAdd(words[c], even, totals[c]));
    }
  }
}

void DotFlash(const std::int8_t* column, const std::uint32_t* words, const std::uint32_t* end,
              const Channel* channels, std::int32_t* totals, std::int8_t*, std::int32_t) {
  Begin(channels, totals);
  for (; words != end; words += kGroup, column += 4) {
    const std::uint32_t even = PairOf(column[0], column[2]);
    const std::uint32_t odd = PairOf(column[1], column[3]);
    for (int c = 0; c < kGroup; ++c) {
      totals[c] = MultiplyAdd(Odd(words[c]), odd, MultiplyAdd(Even(words[c]), even, totals[c]));
    }
  }
}

#endif

// For each four taps: four channels' taps 0 and 2, then their taps 1 and 3.
void Spread(const std::uint32_t* from, std::uint32_t* to, std::uint32_t* end) {
#if defined(__ARM_FEATURE_SIMD32)
  asm volatile(
      "1: ldmia %0!, {r3-r6}\n\t"
      "sxtb16 r8, r3\n\tsxtb16 r9, r4\n\tsxtb16 r10, r5\n\tsxtb16 r11, r6\n\t"
      "stmia %1!, {r8-r11}\n\t"
      "sxtb16 r8, r3, ror #8\n\tsxtb16 r9, r4, ror #8\n\t"
      "sxtb16 r10, r5, ror #8\n\tsxtb16 r11, r6, ror #8\n\t"
      "stmia %1!, {r8-r11}\n\t"
      "cmp %1, %2\n\tbne 1b"
      : "+r"(from), "+r"(to)
      : "r"(end)
      : "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "cc", "memory");
#else
  for (; to != end; to += 2 * kGroup, from += kGroup) {
    for (int c = 0; c < kGroup; ++c) {
      to[c] = Even(from[c]);
      to[kGroup + c] = Odd(from[c]);
    }
  }
#endif
}

void Block(const Sum& sum, const Columns& columns, std::int8_t* out, const Share& share) {
  const Range mine = share.channels;
  std::uint32_t* expanded = PartOf(sum.expanded, sum.other, share.part);
  const bool spread = expanded != nullptr && columns.count >= kWorthSpreading;
  const bool at_once = kFinishesItself && sum.finish.form == kWideForm && sum.finish.low == -128 &&
                       sum.finish.high == 127;
  // A word for each tap of four channels.
  const std::uint32_t* weights =
      static_cast<const std::uint32_t*>(sum.weights) + mine.begin / kGroup * sum.depth;
  for (int channel = mine.begin; channel < mine.end; channel += kGroup, weights += sum.depth) {
    const int left = mine.end - channel;
    const int channels = left < kGroup ? left : kGroup;
    const bool finished = at_once && channels == kGroup;
    const Channel* scales = sum.finish.channels + channel;
    const std::uint32_t* words = weights;
    const std::uint32_t* end = weights + sum.depth;
    if (spread) {
      Spread(weights, expanded, expanded + 2 * sum.depth);
      words = expanded;
      end = expanded + 2 * sum.depth;
    }
    const std::int8_t* column = columns.first;
    std::int8_t* to = out + channel;
    for (int place = 0; place < columns.count; ++place) {
      std::int32_t totals[kGroup];
      (spread ? DotSpread : DotFlash)(column, words, end, scales, totals, finished ? to : nullptr,
                                      sum.finish.out_zero);
      if (!finished) {
        FinishAll(sum.finish, scales, 1, totals, channels, to, 1);
      }
      column += columns.step;
      to += sum.window.out_channels;
    }
  }
}

void Rows(const Sum& sum, int begin, int end, const Part& part) {
  SumRows(sum, begin, end, part, kGroup, Block);
}

}  // namespace

void SumQuads(const Sum& sum, int begin, int end, const SecondCore* second) {
  OnCores<Rows>(sum, begin, end, second);
}

}  // namespace pinhole_nn
