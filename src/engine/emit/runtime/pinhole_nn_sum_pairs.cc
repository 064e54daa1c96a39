// SPDX-License-Identifier: Apache-2.0
// CONV_2D and FULLY_CONNECTED for processors that multiply 32 bits by 32 bits and have nothing for
// smaller numbers: Cortex-M0+ above all.
//
// Two channels share a word: w = w0 + (w1 << 16). One multiplication a * w makes both products, and
// one addition adds both to their sums, as long as each sum fits 16 bits. The emitter knows every
// weight, so it knows after how many taps a sum could not fit any more, whatever the data: there
// the two are taken apart and added to 32-bit totals ("spilled"). The low half begins at 2^15, so
// that it is never negative and borrows nothing from the high half; the emitter has taken the 2^15
// of each spill off the channel's bias.
//
// Weights lie in flash as bytes, plus 128. Where a group's weights serve several places they are
// spread to words in RAM first, once. For a single place they are taken apart on the way: bytes 0
// and 2 by a mask, bytes 1 and 3 by a shift and the mask; the 128 are taken off at the spill, by
// the sum of the data. Between spills the words wrap; only what is spilled must be in range.
//
// On ARMv6-M both inner loops are assembly: sums live in r8 to r11, which ADD can reach. Elsewhere
// the same arithmetic stands in C++, so that a PC can test it.
#include "pinhole_nn_columns.h"

#if defined(__ARM_ARCH_6M__)
// totals[8] += the group's sums of one place. `chunks`: see Sum in pinhole_nn.h.
extern "C" void pinhole_nn_dot_words(const std::int8_t* column, const std::uint32_t* words,
                                     const std::uint8_t* chunks, std::int32_t* totals);
extern "C" void pinhole_nn_dot_bytes(const std::int8_t* column, const std::uint32_t* words,
                                     const std::uint8_t* chunks, std::int32_t* totals);
#endif

namespace pinhole_nn {

namespace {

constexpr int kGroup = 8;  // channels
constexpr int kWords = kGroup / 2;
constexpr std::uint32_t kBytes = 0x00FF00FFU;   // bytes 0 and 2
constexpr std::uint32_t kOffset = 0x00800080U;  // what they are too large by
// Spreading costs about as much as taking the weights apart for two places.
constexpr int kWorthSpreading = 3;

#if defined(__ARM_ARCH_6M__)

// r0 words, r1 the end of the chunk's data, r2 minus the taps left, r3 (and r4) a datum, r4 to r7
// weights; r8 to r11 sums, r12 the sum of the data. On the stack: chunks, totals.
asm(R"(
    .syntax unified
    .macro PINHOLE_NN_BEGIN name
    .section .text.\name, "ax", %progbits
    .global \name
    .thumb_func
    .align 2
    .type \name, %function
\name:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    push {r2, r3}
    mov r4, r0
    mov r0, r1
    mov r1, r4
    .endm
    .macro PINHOLE_NN_END name
    add sp, #8
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
    .align 2
    .pool
    .size \name, . - \name
    .endm
    .macro PINHOLE_NN_NEXT_CHUNK done
    ldr r4, [sp, #0]
    ldrb r2, [r4]
    adds r4, #1
    str r4, [sp, #0]
    lsls r2, r2, #1
    beq \done
    adds r1, r1, r2
    rsbs r2, r2, #0
    .endm
    .macro PINHOLE_NN_SPILL sum
    mov r3, \sum
    adds r3, r3, r2
    asrs r4, r3, #16
    uxth r3, r3
    ldr r5, [r7, #0]
    ldr r6, [r7, #4]
    adds r5, r5, r3
    adds r6, r6, r4
    stmia r7!, {r5, r6}
    .endm
    .macro PINHOLE_NN_TAP
    ldrsb r3, [r1, r2]
    ldmia r0!, {r4-r7}
    muls r4, r3, r4
    muls r5, r3, r5
    muls r6, r3, r6
    muls r7, r3, r7
    add r8, r4
    add r9, r5
    add r10, r6
    add r11, r7
    adds r2, #1
    .endm

    PINHOLE_NN_BEGIN pinhole_nn_dot_words
1:  PINHOLE_NN_NEXT_CHUNK 3f
    movs r4, #0
    mov r8, r4
    mov r9, r4
    mov r10, r4
    mov r11, r4
2:  PINHOLE_NN_TAP
    PINHOLE_NN_TAP
    bne 2b
    ldr r7, [sp, #4]
    movs r2, #128
    lsls r2, r2, #8
    PINHOLE_NN_SPILL r8
    PINHOLE_NN_SPILL r9
    PINHOLE_NN_SPILL r10
    PINHOLE_NN_SPILL r11
    b 1b
3:  PINHOLE_NN_END pinhole_nn_dot_words

    .macro PINHOLE_NN_PAIR sum
    ldmia r0!, {r5}
    movs r6, r5
    ands r6, r7
    muls r6, r3, r6
    add \sum, r6
    lsrs r5, r5, #8
    ands r5, r7
    muls r5, r4, r5
    add \sum, r5
    .endm

    PINHOLE_NN_BEGIN pinhole_nn_dot_bytes
1:  PINHOLE_NN_NEXT_CHUNK 3f
    movs r4, #0
    mov r8, r4
    mov r9, r4
    mov r10, r4
    mov r11, r4
    mov r12, r4
    ldr r7, =0x00FF00FF
2:  ldrsb r3, [r1, r2]
    adds r2, #1
    ldrsb r4, [r1, r2]
    add r12, r3
    add r12, r4
    PINHOLE_NN_PAIR r8
    PINHOLE_NN_PAIR r9
    PINHOLE_NN_PAIR r10
    PINHOLE_NN_PAIR r11
    adds r2, #1
    bne 2b
    mov r2, r12
    ldr r3, =0x00800080
    muls r2, r3, r2
    movs r3, #128
    lsls r3, r3, #8
    subs r2, r3, r2
    ldr r7, [sp, #4]
    PINHOLE_NN_SPILL r8
    PINHOLE_NN_SPILL r9
    PINHOLE_NN_SPILL r10
    PINHOLE_NN_SPILL r11
    b 1b
3:  PINHOLE_NN_END pinhole_nn_dot_bytes
    .text
)");

void DotWords(const std::int8_t* column, const std::uint32_t* words, const std::uint8_t* chunks,
              std::int32_t* totals) {
  pinhole_nn_dot_words(column, words, chunks, totals);
}
void DotBytes(const std::int8_t* column, const std::uint32_t* words, const std::uint8_t* chunks,
              std::int32_t* totals) {
  pinhole_nn_dot_bytes(column, words, chunks, totals);
}

#else

void Spill(const std::uint32_t* sums, std::uint32_t correction, std::int32_t* totals) {
  for (int j = 0; j < kWords; ++j) {
    const std::uint32_t both = sums[j] + correction;
    totals[2 * j] += static_cast<std::int32_t>(both & 0xFFFFU);
    totals[2 * j + 1] += static_cast<std::int32_t>(both) >> 16;
  }
}

void DotWords(const std::int8_t* column, const std::uint32_t* words, const std::uint8_t* chunks,
              std::int32_t* totals) {
  for (; *chunks != 0; ++chunks) {
    std::uint32_t sums[kWords] = {};
    for (int k = 0; k < 2 * *chunks; ++k) {
      const auto x = static_cast<std::uint32_t>(static_cast<std::int32_t>(*column++));
      for (int j = 0; j < kWords; ++j) {
        sums[j] += x * *words++;
      }
    }
    Spill(sums, 0x8000U, totals);
  }
}

void DotBytes(const std::int8_t* column, const std::uint32_t* words, const std::uint8_t* chunks,
              std::int32_t* totals) {
  for (; *chunks != 0; ++chunks) {
    std::uint32_t sums[kWords] = {};
    std::uint32_t data = 0;
    for (int k = 0; k < *chunks; ++k) {
      const auto x = static_cast<std::uint32_t>(static_cast<std::int32_t>(column[0]));
      const auto y = static_cast<std::uint32_t>(static_cast<std::int32_t>(column[1]));
      column += 2;
      data += x + y;
      for (int j = 0; j < kWords; ++j, ++words) {
        sums[j] += x * (*words & kBytes) + y * ((*words >> 8) & kBytes);
      }
    }
    Spill(sums, 0x8000U - data * kOffset, totals);
  }
}

#endif

// A group's bytes as words of two channels, tap by tap.
void Spread(const std::uint32_t* from, std::uint32_t* to, int pairs) {
  for (int k = 0; k < pairs; ++k, to += 2 * kWords) {
    for (int j = 0; j < kWords; ++j) {
      const std::uint32_t word = *from++;
      to[j] = (word & kBytes) - kOffset;
      to[kWords + j] = ((word >> 8) & kBytes) - kOffset;
    }
  }
}

void FinishGroup(const Finish& finish, const Channel* channels, const std::int32_t* totals,
                 int count, std::int8_t* out) {
  for (int c = 0; c < count; ++c) {
    out[c] = FinishOne(totals[c], channels[c], finish);
  }
}

struct PairsDot {
  static void Block(const Sum& sum, const std::int8_t* first, std::ptrdiff_t step, int count,
                    std::int8_t* out) {
    const auto* words = static_cast<const std::uint32_t*>(sum.weights);
    const std::uint8_t* chunks = sum.chunks;
    const int pairs = sum.depth / 2;
    const bool spread = sum.expanded != nullptr && count >= kWorthSpreading;
    for (int channel = 0; channel < sum.window.out_channels; channel += kGroup) {
      const int left = sum.window.out_channels - channel;
      const int channels = left < kGroup ? left : kGroup;
      const Channel* scales = sum.finish.channels + channel;
      if (spread) {
        Spread(words, sum.expanded, pairs);
      }
      const std::int8_t* column = first;
      std::int8_t* to = out + channel;
      for (int place = 0; place < count; ++place) {
        std::int32_t totals[kGroup] = {};
        for (int c = 0; c < channels; ++c) {
          totals[c] = scales[c].bias;
        }
        if (spread) {
          DotWords(column, sum.expanded, chunks, totals);
        } else {
          DotBytes(column, words, chunks, totals);
        }
        FinishGroup(sum.finish, scales, totals, channels, to);
        column += step;
        to += sum.window.out_channels;
      }
      words += static_cast<std::ptrdiff_t>(pairs) * kWords;
      while (*chunks != 0) {
        ++chunks;
      }
      ++chunks;
    }
  }
};

}  // namespace

void SumPairs(const Sum& sum, int begin, int end) { SumRows<PairsDot>(sum, begin, end); }

}  // namespace pinhole_nn
