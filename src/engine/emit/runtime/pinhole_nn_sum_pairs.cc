// SPDX-License-Identifier: Apache-2.0
// CONV_2D and FULLY_CONNECTED for processors that multiply 32 bits by 32 bits and have nothing for
// smaller numbers: Cortex-M0+ above all.
//
// Two channels share a word: w = w0 + (w1 << 16). One multiplication x * w makes both products, and
// one addition adds both. Of two taps the two sums s0 and s1 fit 16 bits each, whatever the data
// (the emitter refuses two weights of -128 side by side); of more they need not. So after every two
// taps r = s0 + (s1 << 16) is added to two totals:
//
//   all += r             which is the sum of s0 plus the sum of s1 << 16, modulo 2^32
//   high += r >> 16      rounded to nearest, which is s1: on ARMv6-M the bit shifted out last is
//   the
//                        carry that ADCS adds
//
// At the end the sum of s1 is `high` and that of s0 is all - (high << 16), both exact. A
// multiply-add takes two and a half instructions; four channels share the data.
//
// Weights lie in flash as bytes, plus 128. A group's weights are spread to words in RAM, once for
// all places of a call. On ARMv6-M the inner loop is assembly; elsewhere the same arithmetic stands
// in C++, so that a PC can test it.
#include "pinhole_nn_columns.h"

#if defined(__ARM_ARCH_6M__)
// totals[4] = the channels' biases plus their sums at one place. `words` up to `end` are the
// group's.
extern "C" void pinhole_nn_pairs_dot(const std::int8_t* column, const std::uint32_t* words,
                                     const std::uint32_t* end, const pinhole_nn::Channel* channels,
                                     std::int32_t* totals);
#endif

namespace pinhole_nn {

namespace {

constexpr int kGroup = 4;  // channels
constexpr int kWords = kGroup / 2;
constexpr std::uint32_t kBytes = 0x00FF00FFU;   // bytes 0 and 2
constexpr std::uint32_t kOffset = 0x00800080U;  // what they are too large by

#if defined(__ARM_ARCH_6M__)

// r0 the column, r1 words, r12 their end; r4 and r5 two data, r2 and r3 products; r8 and r9 `all`,
// r6 and r7 `high` of two pairs of channels. Eight taps a turn; a depth that is four more begins in
// the middle.
asm(R"(
    .syntax unified
    .macro PINHOLE_NN_PAIR all, high
    ldmia r1!, {r2, r3}
    muls r2, r4, r2
    muls r3, r5, r3
    adds r2, r2, r3
    add \all, r2
    asrs r2, r2, #16
    adcs \high, r2
    .endm
    .macro PINHOLE_NN_FOUR offset
    ldr r5, [r0, #\offset]
    sxtb r4, r5
    lsls r5, r5, #16
    asrs r5, r5, #24
    PINHOLE_NN_PAIR r8, r6
    PINHOLE_NN_PAIR r9, r7
    ldr r5, [r0, #\offset]
    lsls r4, r5, #8
    asrs r4, r4, #24
    asrs r5, r5, #24
    PINHOLE_NN_PAIR r8, r6
    PINHOLE_NN_PAIR r9, r7
    .endm

    .section .text.pinhole_nn_pairs_dot, "ax", %progbits
    .global pinhole_nn_pairs_dot
    .thumb_func
    .align 2
    .type pinhole_nn_pairs_dot, %function
pinhole_nn_pairs_dot:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    push {r4, r5}
    mov r12, r2
    ldr r4, [r3, #0]
    ldr r6, [r3, #16]
    lsls r5, r6, #16
    adds r4, r4, r5
    mov r8, r4
    ldr r4, [r3, #32]
    ldr r7, [r3, #48]
    lsls r5, r7, #16
    adds r4, r4, r5
    mov r9, r4
    subs r2, r2, r1
    lsls r2, r2, #26
    bpl 1f
    subs r0, r0, #4
    b 2f
1:  PINHOLE_NN_FOUR 0
2:  PINHOLE_NN_FOUR 4
    adds r0, r0, #8
    cmp r1, r12
    bne 1b
    ldr r0, [sp, #28]
    lsls r1, r6, #16
    mov r4, r8
    subs r4, r4, r1
    movs r5, r6
    lsls r1, r7, #16
    mov r6, r9
    subs r6, r6, r1
    stmia r0!, {r4-r7}
    pop {r4, r5}
    mov r8, r4
    mov r9, r5
    pop {r4-r7, pc}
    .align 2
    .size pinhole_nn_pairs_dot, . - pinhole_nn_pairs_dot
    .text
)");

void Dot(const std::int8_t* column, const std::uint32_t* words, const std::uint32_t* end,
         const Channel* channels, std::int32_t* totals) {
  pinhole_nn_pairs_dot(column, words, end, channels, totals);
}

#else

void Dot(const std::int8_t* column, const std::uint32_t* words, const std::uint32_t* end,
         const Channel* channels, std::int32_t* totals) {
  std::uint32_t all[kWords];
  std::uint32_t high[kWords];
  for (int j = 0; j < kWords; ++j) {
    high[j] = static_cast<std::uint32_t>(channels[2 * j + 1].bias);
    all[j] = static_cast<std::uint32_t>(channels[2 * j].bias) + (high[j] << 16);
  }
  for (; words != end; column += 2) {
    const auto x = static_cast<std::uint32_t>(static_cast<std::int32_t>(column[0]));
    const auto y = static_cast<std::uint32_t>(static_cast<std::int32_t>(column[1]));
    for (int j = 0; j < kWords; ++j, words += 2) {
      const std::uint32_t both = x * words[0] + y * words[1];
      all[j] += both;
      high[j] +=
          static_cast<std::uint32_t>(static_cast<std::int32_t>(both) >> 16) + ((both >> 15) & 1U);
    }
  }
  for (int j = 0; j < kWords; ++j) {
    totals[2 * j] = static_cast<std::int32_t>(all[j] - (high[j] << 16));
    totals[2 * j + 1] = static_cast<std::int32_t>(high[j]);
  }
}

#endif

// A group's bytes as words of two channels: of each, two taps side by side.
void Spread(const std::uint32_t* from, std::uint32_t* to, std::uint32_t* end) {
  for (; to != end; to += 2) {
    const std::uint32_t word = *from++;
    to[0] = (word & kBytes) - kOffset;
    to[1] = ((word >> 8) & kBytes) - kOffset;
  }
}

void Block(const Sum& sum, const std::int8_t* first, std::ptrdiff_t step, int count,
           std::int8_t* out, const Part& part) {
  const Range mine = ShareOf(sum.window.out_channels, kGroup, part);
  const int spread = sum.depth * kWords;
  std::uint32_t* expanded = PartOf(sum.expanded, sum.other, part);
  const std::uint32_t* words =
      static_cast<const std::uint32_t*>(sum.weights) + mine.begin / kGroup * (spread / 2);
  for (int channel = mine.begin; channel < mine.end; channel += kGroup, words += spread / 2) {
    const int left = mine.end - channel;
    const int channels = left < kGroup ? left : kGroup;
    const Channel* scales = sum.finish.channels + channel;
    Spread(words, expanded, expanded + spread);
    const std::int8_t* column = first;
    std::int8_t* to = out + channel;
    for (int place = 0; place < count; ++place) {
      std::int32_t totals[kGroup];
      Dot(column, expanded, expanded + spread, scales, totals);
      FinishAll(sum.finish, scales, 1, totals, channels, to, 1);
      column += step;
      to += sum.window.out_channels;
    }
  }
}

void Share(const Sum& sum, int begin, int end, const Part& part) {
  SumRows(sum, begin, end, part, Block);
}

}  // namespace

void SumPairs(const Sum& sum, int begin, int end, const SecondCore* second) {
  OnCores(Share, sum, begin, end, second);
}

}  // namespace pinhole_nn
