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
// all places of a call. On ARMv6-M the loop over the places is assembly, which brings the sums of
// the quick forms to the output as well; elsewhere the same arithmetic stands in C++, so that a PC
// can test it.
#include "pinhole_nn_columns.h"

#if defined(__ARM_ARCH_6M__)
extern "C" {
// What the assembly walks through: places of one group of four channels.
struct pinhole_nn_pairs_work {
  void* out;                   // int8 of the first place; where `kind` is 2, four sums
  const std::int32_t* scales;  // the first channel's, behind its bias
  std::int32_t zero, edge, kind, half;
  const std::int8_t* column;  // of the first place
  const std::uint32_t* words;
  std::uint32_t all[2], high[2];  // the sums at their beginning
  std::int32_t step, out_step;
  const std::int8_t* column_end;  // behind the last place
  const std::uint32_t* words_end;
};
void pinhole_nn_pairs(pinhole_nn_pairs_work* work);
// Four words at a time.
void pinhole_nn_pairs_spread(const std::uint32_t* from, std::uint32_t* to,
                             const std::uint32_t* end);
}
#endif

namespace pinhole_nn {

namespace {

constexpr int kGroup = 4;  // channels
constexpr int kWords = kGroup / 2;
constexpr std::uint32_t kBytes = 0x00FF00FFU;   // bytes 0 and 2
constexpr std::uint32_t kOffset = 0x00800080U;  // what they are too large by

// Four channels, the last ones perhaps absent.
struct Group {
  const Channel* scales;
  int channels;
  const std::uint32_t *words, *end;  // weights, spread
};

#if defined(__ARM_ARCH_6M__)

// kind 0: the quick form, 1: sums as they are, 2: the quick form that cuts, 3: the long form.
//
// Of the sums: r0 the column, r1 words, r12 their end; r4 and r5 two data, r2 and r3 products; r8
// and r9 `all`, r6 and r7 `high` of two pairs of channels. Eight taps a turn; a depth that is four
// more begins in the middle.
// Of the finish: r0 the output, r1 scales, r3 the sum, r8, r9 and r11 those that follow; r4 to r6 a
// channel's scale, r7 half, lr the zero point, r10 the edge, r2 the value, r12 the scales' end.
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
    .macro PINHOLE_NN_PAIRS_QUICK at, next
    ldmia r1!, {r4, r5, r6}
    adds r1, r1, #4
    uxth r2, r5
    lsrs r5, r5, #16
    muls r2, r3, r2
    muls r5, r3, r5
    asrs r5, r5, r7
    adds r2, r2, r5
    adds r2, r2, r4
    asrs r2, r2, r6
    add r2, lr
    sxtb r4, r2
    cmp r4, r2
    bne .Lpinhole_nn_pairs_clamp\at
.Lpinhole_nn_pairs_store\at:
    strb r2, [r0, #\at]
    .ifnb \next
    mov r3, \next
    .endif
    .endm
    .macro PINHOLE_NN_PAIRS_CLAMP at
.Lpinhole_nn_pairs_clamp\at:
    asrs r4, r2, #31
    movs r2, #127
    eors r2, r4
    b .Lpinhole_nn_pairs_store\at
    .endm
    .macro PINHOLE_NN_PAIRS_CUT long
    movs r2, #64
    adds r2, r2, r1
    mov r12, r2
1:  asrs r2, r3, #31
    movs r4, r2
    eors r4, r3
    cmp r4, r10
    bgt 4f
2:  ldmia r1!, {r4, r5}
    lsls r2, r2, r7
    asrs r2, r2, #1 + \long
    adds r4, r4, r2
    .if \long
    lsls r2, r5, #21
    lsrs r2, r2, #21
    muls r2, r3, r2
    asrs r2, r2, r7
    lsls r6, r5, #10
    lsrs r6, r6, #21
    muls r6, r3, r6
    adds r2, r2, r6
    asrs r2, r2, r7
    lsrs r5, r5, #22
    muls r5, r3, r5
    .else
    uxth r2, r5
    lsrs r5, r5, #16
    muls r2, r3, r2
    muls r5, r3, r5
    asrs r5, r5, r7
    .endif
    adds r2, r2, r5
    adds r2, r2, r4
    ldmia r1!, {r6}
    adds r1, r1, #4
    asrs r2, r2, r6
    add r2, lr
    sxtb r4, r2
    cmp r4, r2
    bne 5f
3:  strb r2, [r0]
    adds r0, r0, #1
    mov r3, r8
    mov r8, r9
    mov r9, r11
    cmp r1, r12
    bne 1b
    b .Lpinhole_nn_pairs_next
4:  mov r3, r10
    eors r3, r2
    b 2b
5:  asrs r4, r2, #31
    movs r2, #127
    eors r2, r4
    b 3b
    .endm

    .section .text.pinhole_nn_pairs, "ax", %progbits
    .global pinhole_nn_pairs
    .thumb_func
    .align 2
    .type pinhole_nn_pairs, %function
pinhole_nn_pairs:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    ldr r1, [r0, #60]
    mov r12, r1
    movs r1, r0
    adds r1, #24
    push {r0, r1}

1:  ldr r2, [sp, #4]
    ldmia r2!, {r0, r1, r3, r4, r6, r7}
    mov r8, r3
    mov r9, r4
    mov r2, r12
    subs r2, r2, r1
    lsls r2, r2, #26
    bpl 2f
    subs r0, r0, #4
    b 3f
2:  PINHOLE_NN_FOUR 0
3:  PINHOLE_NN_FOUR 4
    adds r0, r0, #8
    cmp r1, r12
    bne 2b
    lsls r1, r6, #16
    mov r3, r8
    subs r3, r3, r1
    mov r8, r6
    lsls r1, r7, #16
    mov r5, r9
    subs r5, r5, r1
    mov r9, r5
    mov r11, r7
    ldr r2, [sp, #0]
    ldmia r2!, {r0, r1, r4, r5, r6, r7}
    mov lr, r4
    mov r10, r5
    cmp r6, #1
    blo 5f
    bhi 7f
    mov r4, r8
    mov r5, r9
    mov r6, r11
    stmia r0!, {r3-r6}
4:  add sp, #8
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
5:  PINHOLE_NN_PAIRS_QUICK 0, r8
    PINHOLE_NN_PAIRS_QUICK 1, r9
    PINHOLE_NN_PAIRS_QUICK 2, r11
    PINHOLE_NN_PAIRS_QUICK 3
.Lpinhole_nn_pairs_next:
    ldr r2, [sp, #0]
    ldr r1, [r2, #52]
    adds r0, r0, r1
    str r0, [r2, #0]
    ldr r1, [r2, #60]
    mov r12, r1
    ldr r0, [r2, #24]
    ldr r1, [r2, #48]
    adds r0, r0, r1
    str r0, [r2, #24]
    ldr r1, [r2, #56]
    cmp r0, r1
    beq 4b
    b 1b
    PINHOLE_NN_PAIRS_CLAMP 0
    PINHOLE_NN_PAIRS_CLAMP 1
    PINHOLE_NN_PAIRS_CLAMP 2
    PINHOLE_NN_PAIRS_CLAMP 3
7:  cmp r6, #2
    bne 8f
    PINHOLE_NN_PAIRS_CUT 0
8:  PINHOLE_NN_PAIRS_CUT 1
    .align 2
    .size pinhole_nn_pairs, . - pinhole_nn_pairs

    .section .text.pinhole_nn_pairs_spread, "ax", %progbits
    .global pinhole_nn_pairs_spread
    .thumb_func
    .align 2
    .type pinhole_nn_pairs_spread, %function
pinhole_nn_pairs_spread:
    push {r4-r7, lr}
    mov r12, r2
    ldr r2, =0x00800080
    ldr r3, =0x00FF00FF
1:  ldmia r0!, {r4, r6}
    lsrs r5, r4, #8
    lsrs r7, r6, #8
    ands r4, r3
    ands r5, r3
    ands r6, r3
    ands r7, r3
    subs r4, r4, r2
    subs r5, r5, r2
    subs r6, r6, r2
    subs r7, r7, r2
    stmia r1!, {r4-r7}
    cmp r1, r12
    bne 1b
    pop {r4-r7, pc}
    .align 2
    .pool
    .size pinhole_nn_pairs_spread, . - pinhole_nn_pairs_spread
    .text
)");

// In a quick form with all of int8 as its range the places are finished on the way; else one after
// the other.
void Walk(const Sum& sum, const Columns& columns, const Group& group, std::int8_t* out) {
  const Channel* scales = group.scales;
  const Finish& finish = sum.finish;
  const int bits = finish.form & (kCutForm - 1);
  const bool at_once =
      group.channels == kGroup && finish.form > 0 && finish.low == -128 && finish.high == 127;
  std::int32_t totals[kGroup];
  pinhole_nn_pairs_work work{};
  work.out = at_once ? static_cast<void*>(out) : totals;
  work.scales = &scales->a;
  work.zero = finish.out_zero;
  work.edge = static_cast<std::int32_t>((std::uint32_t{1} << bits) - 1);
  work.kind = !at_once ? 1 : finish.form < kCutForm ? 0 : finish.form < kLongForm ? 2 : 3;
  work.half = 31 - bits;
  work.words = group.words;
  work.words_end = group.end;
  for (int j = 0; j < kWords; ++j) {
    work.high[j] = static_cast<std::uint32_t>(scales[2 * j + 1].bias);
    work.all[j] = static_cast<std::uint32_t>(scales[2 * j].bias) + (work.high[j] << 16);
  }
  work.step = columns.step;
  // Where all channels are stored by a loop it has gone on by them.
  work.out_step = sum.window.out_channels - (work.kind >= 2 ? kGroup : 0);
  work.column = columns.first;
  work.column_end = columns.first + columns.count * columns.step;
  if (at_once) {
    pinhole_nn_pairs(&work);
    return;
  }
  for (; work.column != work.column_end; work.column += columns.step) {
    pinhole_nn_pairs(&work);
    FinishAll(finish, scales, 1, totals, group.channels, out, 1);
    out += sum.window.out_channels;
  }
}

#else

void Dot(const std::int8_t* column, const Group& group, std::int32_t* totals) {
  std::uint32_t all[kWords];
  std::uint32_t high[kWords];
  for (int j = 0; j < kWords; ++j) {
    high[j] = static_cast<std::uint32_t>(group.scales[2 * j + 1].bias);
    all[j] = static_cast<std::uint32_t>(group.scales[2 * j].bias) + (high[j] << 16);
  }
  for (const std::uint32_t* words = group.words; words != group.end; column += 2) {
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

void Walk(const Sum& sum, const Columns& columns, const Group& group, std::int8_t* out) {
  const std::int8_t* column = columns.first;
  for (int place = 0; place < columns.count; ++place) {
    std::int32_t totals[kGroup];
    Dot(column, group, totals);
    FinishAll(sum.finish, group.scales, 1, totals, group.channels, out, 1);
    column += columns.step;
    out += sum.window.out_channels;
  }
}

#endif

// A group's bytes as words of two channels: of each, two taps side by side.
void Spread(const std::uint32_t* from, std::uint32_t* to, std::uint32_t* end) {
#if defined(__ARM_ARCH_6M__)
  pinhole_nn_pairs_spread(from, to, end);
#else
  for (; to != end; to += 2) {
    const std::uint32_t word = *from++;
    to[0] = (word & kBytes) - kOffset;
    to[1] = ((word >> 8) & kBytes) - kOffset;
  }
#endif
}

void Block(const Sum& sum, const Columns& columns, std::int8_t* out, const Share& share) {
  const int spread = sum.depth * kWords;
  std::uint32_t* expanded = PartOf(sum.expanded, sum.other, share.part);
  const auto* words =
      static_cast<const std::uint32_t*>(sum.weights) + share.channels.begin / kGroup * (spread / 2);
  for (int channel = share.channels.begin; channel < share.channels.end;
       channel += kGroup, words += spread / 2) {
    const int left = share.channels.end - channel;
    Spread(words, expanded, expanded + spread);
    Walk(
        sum, columns,
        {sum.finish.channels + channel, left < kGroup ? left : kGroup, expanded, expanded + spread},
        out + channel);
  }
}

void Rows(const Sum& sum, int begin, int end, const Part& part) {
  SumRows(sum, begin, end, part, kGroup, Block);
}

}  // namespace

void SumPairs(const Sum& sum, int begin, int end, const SecondCore* second) {
  OnCores<Rows>(sum, begin, end, second);
}

}  // namespace pinhole_nn
