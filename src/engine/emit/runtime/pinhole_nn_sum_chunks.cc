// SPDX-License-Identifier: Apache-2.0
// FULLY_CONNECTED and CONV_2D of a single place, for processors that multiply 32 bits by 32 bits
// and have nothing for smaller numbers: Cortex-M0+ above all.
//
// As in pinhole_nn_sum_pairs.cc two channels share a word: w = w0 + (w1 << 16). But a weight serves
// once here, so that it is not spread to RAM first, and eight channels share the work of reading
// the data. Sums stay packed as long as each fits 16 bits. The emitter knows every weight, so it
// knows after how many taps a sum could not fit any more, whatever the data: there the two are
// taken apart and added to 32-bit totals ("spilled"). The low half begins at 2^15, so that it is
// never negative and borrows nothing from the high half; the emitter has taken the 2^15 of each
// spill off the channel's bias.
//
// Weights lie in flash as bytes, plus 128: bytes 0 and 2 come by a mask, bytes 1 and 3 by a shift
// and the mask; the 128 are taken off at the spill, by the sum of the data. Between spills the
// words wrap; only what is spilled must be in range.
//
// On ARMv6-M the inner loop is assembly: sums live in r8 to r11, which ADD can reach. Elsewhere the
// same arithmetic stands in C++, so that a PC can test it.
#include "pinhole_nn_columns.h"

#if defined(__ARM_ARCH_6M__)
// totals[8] += the group's sums of one place. `chunks`: see Sum in pinhole_nn.h.
extern "C" void pinhole_nn_chunks_dot(const std::int8_t* column, const std::uint32_t* words,
                                      const std::uint8_t* chunks, std::int32_t* totals);
#endif

namespace pinhole_nn {

namespace {

constexpr int kGroup = 8;  // channels
constexpr int kWords = kGroup / 2;
constexpr std::uint32_t kBytes = 0x00FF00FFU;   // bytes 0 and 2
constexpr std::uint32_t kOffset = 0x00800080U;  // what they are too large by

#if defined(__ARM_ARCH_6M__)

// r0 words, r1 the end of the chunk's data, r2 minus the taps left, r3 (and r4) a datum, r4 to r7
// weights; r8 to r11 sums, r12 the sum of the data. On the stack: chunks, totals.
asm(R"(
    .syntax unified
    .macro PINHOLE_NN_CHUNK_BEGIN name
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
    .macro PINHOLE_NN_CHUNK_END name
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
    .macro PINHOLE_NN_CHUNK_NEXT done
    ldr r4, [sp, #0]
    ldrb r2, [r4]
    adds r4, #1
    str r4, [sp, #0]
    lsls r2, r2, #1
    beq \done
    adds r1, r1, r2
    rsbs r2, r2, #0
    .endm
    .macro PINHOLE_NN_CHUNK_SPILL sum
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
    .macro PINHOLE_NN_CHUNK_PAIR sum
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

    PINHOLE_NN_CHUNK_BEGIN pinhole_nn_chunks_dot
1:  PINHOLE_NN_CHUNK_NEXT 3f
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
    PINHOLE_NN_CHUNK_PAIR r8
    PINHOLE_NN_CHUNK_PAIR r9
    PINHOLE_NN_CHUNK_PAIR r10
    PINHOLE_NN_CHUNK_PAIR r11
    adds r2, #1
    bne 2b
    mov r2, r12
    ldr r3, =0x00800080
    muls r2, r3, r2
    movs r3, #128
    lsls r3, r3, #8
    subs r2, r3, r2
    ldr r7, [sp, #4]
    PINHOLE_NN_CHUNK_SPILL r8
    PINHOLE_NN_CHUNK_SPILL r9
    PINHOLE_NN_CHUNK_SPILL r10
    PINHOLE_NN_CHUNK_SPILL r11
    b 1b
3:  PINHOLE_NN_CHUNK_END pinhole_nn_chunks_dot
    .text
)");

void DotBytes(const std::int8_t* column, const std::uint32_t* words, const std::uint8_t* chunks,
              std::int32_t* totals) {
  pinhole_nn_chunks_dot(column, words, chunks, totals);
}

#else

void Spill(const std::uint32_t* sums, std::uint32_t correction, std::int32_t* totals) {
  for (int j = 0; j < kWords; ++j) {
    const std::uint32_t both = sums[j] + correction;
    totals[2 * j] += static_cast<std::int32_t>(both & 0xFFFFU);
    totals[2 * j + 1] += static_cast<std::int32_t>(both) >> 16;
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

void Block(const Sum& sum, const Columns& columns, std::int8_t* out, const Share& share) {
  const auto* words = static_cast<const std::uint32_t*>(sum.weights);
  const std::uint8_t* chunks = sum.chunks;
  const Range mine = share.channels;
  for (int channel = 0; channel < mine.end; channel += kGroup) {
    if (channel >= mine.begin) {
      const int left = mine.end - channel;
      const int channels = left < kGroup ? left : kGroup;
      const Channel* scales = sum.finish.channels + channel;
      for (int place = 0; place < columns.count; ++place) {
        std::int32_t totals[kGroup] = {};
        for (int c = 0; c < channels; ++c) {
          totals[c] = scales[c].bias;
        }
        DotBytes(columns.first + place * columns.step, words, chunks, totals);
        FinishAll(sum.finish, scales, 1, totals, channels,
                  out + place * sum.window.out_channels + channel, 1);
      }
    }
    words += static_cast<std::ptrdiff_t>(sum.depth / 2) * kWords;
    while (*chunks++ != 0) {
    }
  }
}

void Rows(const Sum& sum, int begin, int end, const Part& part) {
  SumRows(sum, begin, end, part, kGroup, Block);
}

}  // namespace

void SumChunks(const Sum& sum, int begin, int end, const SecondCore* second) {
  OnCores<Rows>(sum, begin, end, second);
}

}  // namespace pinhole_nn
