// SPDX-License-Identifier: Apache-2.0
// DEPTHWISE_CONV_2D for processors that multiply 32 bits by 32 bits and have nothing for smaller
// numbers: Cortex-M0+ above all.
//
// Two places of a row share a word: a channel's column c and the one half a row further on, as
// x = x0 + (x1 << 16). One multiplication by a weight makes the products of both, and windows that
// stand half a row apart are summed at once, in the two totals of pinhole_nn_sum_pairs.cc:
//
//   all += r, high += r >> 16 rounded to nearest, after every two taps r = s0 + (s1 << 16)
//
// which is exact unless a channel has two weights of -128; the emitter takes another kernel there.
//
// A band of rows is made at a time. Its input is gathered once for each channel, edges with the
// input's zero point, so that the inner loop knows no edges and rows that several windows cover are
// read once. On ARMv6-M windows of 3 x 3 and 5 x 5 taps are summed in assembly, and so is the last
// step where sums become bytes; elsewhere the same arithmetic stands in C++.
#include "pinhole_nn_math.h"

// The windows of one channel in a band. Steps are in bytes.
struct pinhole_nn_lanes_work {
  const std::uint32_t* columns;  // of the first window
  const std::uint32_t* weights;
  std::int32_t* sums;
  std::int32_t bias;
  std::int32_t skip;         // from behind a window's row to its next row
  std::int32_t back;         // from behind a window to the next one
  std::int32_t half;         // from a sum to that of the other lane
  const std::int32_t* last;  // behind the low lane's last sum
  std::int32_t sums_step;    // from behind a row's low lane to the next row
  std::int32_t row_step;     // from behind a row's last window to the next row's first
  std::int32_t height, width, dilation;
};

// The input of one channel in a band. Gathered rows lie one behind the other, from `columns` on. Of
// each the columns before `low` have the high lane only, those before `high` both, and those before
// `end` the low one only. Steps are in bytes.
struct pinhole_nn_lanes_input {
  // Of the rows in the input; below 0: outside the picture. Behind them, the columns.
  const std::int32_t* offsets;
  std::uint32_t* columns;
  const std::uint32_t* low;
  const std::uint32_t* high;
  const std::uint32_t* end;
  std::int32_t pitch;  // from one gathered row to the next
  std::int32_t zero;   // the input's zero point
  std::int32_t step;   // from one column of the input to the next
  std::int32_t other;  // from the low lane's column to the high lane's in the input
};

// Where the sums of one channel in a band go to.
struct pinhole_nn_lanes_output {
  const std::int32_t* end;  // of the sums
  std::int32_t half, zero, out_step;
};

#if defined(__ARM_ARCH_6M__)
extern "C" {
// These keep r4 to r7 only. `column`: the first of the high lane, in a row at offset 0.
void pinhole_nn_lanes_gather(const pinhole_nn_lanes_input* input, const std::int8_t* column);
void pinhole_nn_lanes_three(const pinhole_nn_lanes_work* work);
void pinhole_nn_lanes_five(const pinhole_nn_lanes_work* work);
// For a quick form without cuts, and an output that may have any byte.
void pinhole_nn_lanes_finish(const pinhole_nn_lanes_output* output,
                             const pinhole_nn::Channel* channel, std::int8_t* out,
                             const std::int32_t* sums);
}

// r0 columns, r1 the low lane, r2 the high one, r3 how far both are, r4 the step, r5 and r6 data;
// r8 pitch, r9 to r11 what ends the three parts of a row, r12 the zero point. On the stack:
// offsets, their end, where a row begins, the high lane at offset 0, to it from the low one.
asm(R"(
    .syntax unified
    .section .text.pinhole_nn_lanes_gather, "ax", %progbits
    .global pinhole_nn_lanes_gather
    .thumb_func
    .align 2
    .type pinhole_nn_lanes_gather, %function
pinhole_nn_lanes_gather:
    push {r4-r7, lr}
    ldr r6, [r0, #32]
    push {r1, r6}
    ldmia r0!, {r1-r7}
    push {r2}
    push {r1, r2}
    mov r9, r3
    mov r10, r4
    mov r11, r5
    mov r8, r6
    mov r12, r7
    ldr r4, [r0, #0]
    b 5f
1:  ldr r2, [sp, #12]
    adds r2, r2, r1
    ldr r1, [sp, #16]
    subs r1, r2, r1
    ldr r0, [sp, #8]
    movs r3, #0
    mov r7, r12
    b 3f
2:  ldrsb r6, [r2, r3]
    lsls r6, r6, #16
    adds r6, r6, r7
    stmia r0!, {r6}
    adds r3, r3, r4
3:  cmp r0, r9
    blo 2b
    b 7f
6:  ldrsb r5, [r1, r3]
    ldrsb r6, [r2, r3]
    lsls r6, r6, #16
    adds r5, r5, r6
    stmia r0!, {r5}
    adds r3, r3, r4
7:  cmp r0, r10
    blo 6b
    lsls r7, r7, #16
    b 9f
8:  ldrsb r5, [r1, r3]
    adds r5, r5, r7
    stmia r0!, {r5}
    adds r3, r3, r4
9:  cmp r0, r11
    blo 8b
4:  add r9, r8
    add r10, r8
    add r11, r8
    ldr r3, [sp, #8]
    add r3, r8
    str r3, [sp, #8]
5:  ldr r3, [sp, #0]
    ldr r2, [sp, #4]
    cmp r3, r2
    beq 1f
    ldmia r3!, {r1}
    str r3, [sp, #0]
    cmp r1, #0
    bge 1b
    b 4b
1:  add sp, #20
    pop {r4-r7, pc}
    .align 2
    .size pinhole_nn_lanes_gather, . - pinhole_nn_lanes_gather
    .text
)");

// r0 columns, r1 weights, r2 to r4 data, r5 and r6 weights, r7 `high`; r8 `all`, r9 skip, r10 back,
// r11 half, r12 the bias, lr sums. On the stack: the rest of the work, the end of the row's sums.
asm(R"(
    .syntax unified
    .macro PINHOLE_NN_LANES_BOTH a, b, to_all=add
    ldmia r1!, {r5, r6}
    muls \a, r5, \a
    muls \b, r6, \b
    adds \a, \a, \b
    \to_all r8, \a
    asrs \a, \a, #16
    adcs r7, \a
    .endm
    .macro PINHOLE_NN_LANES_ONE a
    ldmia r1!, {r5}
    muls \a, r5, \a
    add r8, \a
    asrs \a, \a, #16
    adcs r7, \a
    .endm

    .macro PINHOLE_NN_LANES_BEGIN name
    .section .text.\name, "ax", %progbits
    .global \name
    .thumb_func
    .align 2
    .type \name, %function
\name:
    push {r4-r7, lr}
    ldmia r0!, {r1-r7}
    mov lr, r3
    mov r12, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    adds r3, r3, r7
    push {r0, r3}
    mov r0, r1
    mov r1, r2
1:  movs r7, #0
    .endm

    .macro PINHOLE_NN_LANES_END name, taps
    lsls r2, r7, #16
    mov r3, r8
    subs r3, r3, r2
    add r3, r12
    add r7, r12
    mov r2, lr
    mov r4, r11
    str r3, [r2]
    str r7, [r2, r4]
    adds r2, r2, #4
    mov lr, r2
    add r0, r10
    subs r1, r1, #4 * \taps
    ldr r3, [sp, #4]
    cmp r2, r3
    beq 2f
    b 1b
2:  ldr r4, [sp, #0]
    ldmia r4, {r4, r5, r6}
    cmp r2, r4
    beq 3f
    adds r2, r2, r5
    mov lr, r2
    adds r3, r3, r5
    add r3, r11
    str r3, [sp, #4]
    adds r0, r0, r6
    b 1b
3:  add sp, #8
    pop {r4-r7, pc}
    .align 2
    .size \name, . - \name
    .endm

    PINHOLE_NN_LANES_BEGIN pinhole_nn_lanes_three
    ldmia r0!, {r2, r3, r4}
    PINHOLE_NN_LANES_BOTH r2, r3, mov
    add r0, r9
    ldmia r0!, {r2, r3}
    PINHOLE_NN_LANES_BOTH r4, r2
    ldmia r0!, {r4}
    PINHOLE_NN_LANES_BOTH r3, r4
    add r0, r9
    ldmia r0!, {r2, r3, r4}
    PINHOLE_NN_LANES_BOTH r2, r3
    PINHOLE_NN_LANES_ONE r4
    PINHOLE_NN_LANES_END pinhole_nn_lanes_three, 9

    .macro PINHOLE_NN_LANES_EVEN to_all=add
    ldmia r0!, {r2, r3, r4}
    PINHOLE_NN_LANES_BOTH r2, r3, \to_all
    ldmia r0!, {r2, r3}
    PINHOLE_NN_LANES_BOTH r4, r2
    .endm
    .macro PINHOLE_NN_LANES_ODD
    add r0, r9
    ldmia r0!, {r2, r4}
    PINHOLE_NN_LANES_BOTH r3, r2
    ldmia r0!, {r2, r3}
    PINHOLE_NN_LANES_BOTH r4, r2
    ldmia r0!, {r4}
    PINHOLE_NN_LANES_BOTH r3, r4
    add r0, r9
    .endm
    PINHOLE_NN_LANES_BEGIN pinhole_nn_lanes_five
    PINHOLE_NN_LANES_EVEN mov
    PINHOLE_NN_LANES_ODD
    PINHOLE_NN_LANES_EVEN
    PINHOLE_NN_LANES_ODD
    PINHOLE_NN_LANES_EVEN
    PINHOLE_NN_LANES_ONE r3
    PINHOLE_NN_LANES_END pinhole_nn_lanes_five, 25
    .text
)");

// r0 sums, r1 the multiplier's high half, r2 out, r3 and r4 the sum; r6 half, r7 the last shift, r8
// the output's step, r9 the multiplier's low half, r10 the rounding, r11 the zero point, r12 the
// sums' end.
asm(R"(
    .syntax unified
    .section .text.pinhole_nn_lanes_finish, "ax", %progbits
    .global pinhole_nn_lanes_finish
    .thumb_func
    .align 2
    .type pinhole_nn_lanes_finish, %function
pinhole_nn_lanes_finish:
    push {r4-r7, lr}
    ldmia r0!, {r4-r7}
    mov r12, r4
    mov r11, r6
    mov r8, r7
    movs r6, r5
    mov r0, r3
    ldmia r1!, {r3, r4, r5, r7}
    mov r10, r4
    uxth r1, r5
    lsrs r5, r5, #16
    mov r9, r5
1:  ldmia r0!, {r3}
    mov r4, r9
    muls r4, r3, r4
    asrs r4, r4, r6
    muls r3, r1, r3
    adds r3, r3, r4
    add r3, r10
    asrs r3, r3, r7
    add r3, r11
    sxtb r4, r3
    cmp r4, r3
    beq 2f
    asrs r3, r3, #31
    movs r4, #127
    eors r3, r3, r4
2:  strb r3, [r2]
    add r2, r8
    cmp r0, r12
    bne 1b
    pop {r4-r7, pc}
    .align 2
    .size pinhole_nn_lanes_finish, . - pinhole_nn_lanes_finish
    .text
)");
#endif

namespace pinhole_nn {

namespace {

using Work = pinhole_nn_lanes_work;
using Output = pinhole_nn_lanes_output;

std::uint32_t Word(int value) { return static_cast<std::uint32_t>(value); }

// One multiplication for both lanes of each tap.
struct Totals {
  std::uint32_t all = 0, high = 0;
  void Add(std::uint32_t both) {
    all += both;
    high += Word(static_cast<std::int32_t>(both) >> 16) + ((both >> 15) & 1U);
  }
};

// Any window.
void SumWindows(const Work* work) {
  const std::uint32_t* x = work->columns;
  for (std::int32_t* sums = work->sums;;) {
    const std::int32_t* end = sums + work->half / 4;
    for (; sums != end; ++sums, x += work->back / 4) {
      const std::uint32_t* w = work->weights;
      Totals totals;
      for (int i = work->height;; x += work->skip / 4) {
        int j = work->width;
        for (; j > 1; j -= 2, w += 2, x += 2 * work->dilation) {
          totals.Add(w[0] * x[0] + w[1] * x[work->dilation]);
        }
        for (; j > 0; --j, ++w, x += work->dilation) {
          totals.Add(w[0] * x[0]);
        }
        if (--i == 0) {
          break;
        }
      }
      const std::uint32_t bias = Word(work->bias);
      sums[0] = static_cast<std::int32_t>(totals.all - (totals.high << 16) + bias);
      sums[work->half / 4] = static_cast<std::int32_t>(totals.high + bias);
    }
    if (sums == work->last) {
      return;
    }
    sums += work->sums_step / 4;
    x += work->row_step / 4;
  }
}

#if !defined(__ARM_ARCH_6M__)

constexpr auto pinhole_nn_lanes_three = SumWindows;
constexpr auto pinhole_nn_lanes_five = SumWindows;

void pinhole_nn_lanes_gather(const pinhole_nn_lanes_input* input, const std::int8_t* column) {
  const std::uint32_t zero = Word(input->zero);
  std::ptrdiff_t before = 0;  // of the gathered row
  const auto* rows = reinterpret_cast<const std::int32_t*>(input->columns);
  for (const std::int32_t* row = input->offsets; row != rows; ++row, before += input->pitch / 4) {
    if (*row < 0) {
      continue;
    }
    const std::int8_t* far = column + *row;
    std::uint32_t* to = input->columns + before;
    for (; to < input->low + before; far += input->step) {
      *to++ = zero + (Word(*far) << 16);
    }
    for (; to < input->high + before; far += input->step) {
      *to++ = Word(*(far - input->other)) + (Word(*far) << 16);
    }
    for (; to < input->end + before; far += input->step) {
      *to++ = Word(*(far - input->other)) + (zero << 16);
    }
  }
}

#endif

// What a call does, and how it sums.
struct Lanes {
  const Depthwise& depthwise;
  void (*sum)(const Work* work);
};

// What a band's channels have in common, in scratch.
struct Band {
  int pairs;  // windows in each lane, of a row
  int pitch;  // columns gathered of a row
  std::uint32_t* weights;
  std::int32_t* sums;
  std::int32_t* offsets;  // behind them the columns
};

// Where the rows lie. What is never gathered, edges, is filled.
PINHOLE_NN_SMALL pinhole_nn_lanes_input FindRows(const Depthwise& depthwise, int row, int rows,
                                                 const Band& band) {
  const Window& window = depthwise.window;
  const int first = row * window.stride_h - window.pad_h;
  const int end =
      first + (rows - 1) * window.stride_h + (window.height - 1) * window.dilation_h + 1;
  std::int32_t* offset = band.offsets;
  for (int y = first; y < end; ++y) {
    *offset++ =
        y >= 0 && y < window.in_rows ? RingRow(depthwise.in, y) * depthwise.in.row_bytes : -1;
  }
  auto* columns = reinterpret_cast<std::uint32_t*>(offset);
  for (int i = (end - first) * band.pitch; i > 0; --i) {
    columns[i - 1] = Word(depthwise.in_zero) * 0x10001U;
  }
  const int far = band.pairs * window.stride_w;  // columns between both lanes
  const int behind = window.pad_w + window.in_columns;
  const auto inside = [&](int column) { return columns + Clamp(column, 0, band.pitch); };
  return {band.offsets,
          columns,
          columns + window.pad_w,
          inside(behind - far),
          inside(behind),
          4 * band.pitch,
          depthwise.in_zero,
          window.in_channels,
          far * window.in_channels};
}

PINHOLE_NN_SMALL Work WorkOf(const Window& window, const Band& band, const std::uint32_t* columns,
                             int rows) {
  const int run = window.width * window.dilation_w;
  const int skip = band.pitch * window.dilation_h - run;
  const int half = 4 * band.pairs;
  return {columns,
          band.weights,
          band.sums,
          0,
          4 * skip,
          4 * (window.stride_w + skip - window.height * (run + skip)),
          half,
          band.sums + (rows - 1) * window.out_columns + band.pairs,
          4 * window.out_columns - half,
          4 * window.stride_h * band.pitch - half * window.stride_w,
          window.height,
          window.width,
          window.dilation_w};
}

#if defined(__ARM_ARCH_6M__)

void GatherChannel(const pinhole_nn_lanes_input& input, const std::int8_t* column) {
  register const void* r0 asm("r0") = &input;
  register const void* r1 asm("r1") = column;
  asm volatile("bl pinhole_nn_lanes_gather"
               : "+r"(r0), "+r"(r1)
               :
               : "r2", "r3", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}
void SumChannel(void (*sum)(const Work*), const Work& work) {
  register const void* r0 asm("r0") = &work;
  asm volatile("blx %1"
               : "+r"(r0), "+r"(sum)
               :
               : "r1", "r2", "r3", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}
void FinishChannel(const Finish& finish, const Channel* channel, const Output& output,
                   const std::int32_t* sums, std::int8_t* out) {
  if (finish.form <= 0 || finish.form >= kCutForm || finish.low != -128 || finish.high != 127) {
    FinishAll(finish, channel, 0, sums, static_cast<int>(output.end - sums), out, output.out_step);
    return;
  }
  register const void* r0 asm("r0") = &output;
  register const void* r1 asm("r1") = channel;
  register void* r2 asm("r2") = out;
  register const void* r3 asm("r3") = sums;
  asm volatile("bl pinhole_nn_lanes_finish"
               : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
               :
               : "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

#else

void GatherChannel(const pinhole_nn_lanes_input& input, const std::int8_t* column) {
  pinhole_nn_lanes_gather(&input, column);
}
void SumChannel(void (*sum)(const Work*), const Work& work) { sum(&work); }
void FinishChannel(const Finish& finish, const Channel* channel, const Output& output,
                   const std::int32_t* sums, std::int8_t* out) {
  FinishAll(finish, channel, 0, sums, static_cast<int>(output.end - sums), out, output.out_step);
}

#endif

// Rows [row, row + rows), which lie one behind the other.
PINHOLE_NN_SMALL void MakeBand(const Lanes& lanes, int row, int rows, const Range& mine,
                               const Band& band) {
  const Depthwise& depthwise = lanes.depthwise;
  const Window& window = depthwise.window;
  const Finish& finish = depthwise.finish;
  const pinhole_nn_lanes_input input = FindRows(depthwise, row, rows, band);
  Work work = WorkOf(window, band, input.columns, rows);
  const Output output{band.sums + rows * window.out_columns, 31 - finish.form, finish.out_zero,
                      window.out_channels};
  const int taps = window.height * window.width;
  const std::int8_t* weights = depthwise.weights + mine.begin * taps;
  std::int8_t* out = RowAt(depthwise.out, row);
  const std::int8_t* column = depthwise.in.data + (input.other - window.pad_w * window.in_channels);
  for (int channel = mine.begin; channel < mine.end; ++channel) {
    GatherChannel(
        input,
        column + (depthwise.multiplier == 1 ? channel : Quotient(channel, depthwise.multiplier)));
    for (int i = 0; i < taps; ++i) {
      band.weights[i] = Word(*weights++);
    }
    const Channel* scale = finish.channels + channel;
    work.bias = scale->bias;
    SumChannel(lanes.sum, work);
    FinishChannel(finish, scale, output, band.sums, out + channel);
  }
}

PINHOLE_NN_SMALL void Share(const Lanes& lanes, int begin, int end, const Part& part) {
  const Depthwise& depthwise = lanes.depthwise;
  const Window& window = depthwise.window;
  const int pairs = (window.out_columns + 1) / 2;
  Band band{pairs, (pairs - 1) * window.stride_w + (window.width - 1) * window.dilation_w + 1,
            PartOf(depthwise.scratch, depthwise.other, part), nullptr, nullptr};
  band.sums = reinterpret_cast<std::int32_t*>(band.weights + window.height * window.width);
  band.offsets = band.sums + depthwise.band * window.out_columns + 1;
  const Range mine = ShareOf(window.out_channels, 1, part);
  for (int rows = 0; begin < end; begin += rows) {
    // As far as the output's ring goes on.
    const int held = depthwise.out.held - RingRow(depthwise.out, begin);
    const int left = end - begin < held ? end - begin : held;
    rows = left < depthwise.band ? left : depthwise.band;
    MakeBand(lanes, begin, rows, mine, band);
  }
}

}  // namespace

void DepthwiseLanes(const Depthwise& depthwise, int begin, int end, const SecondCore* second) {
  OnCores<Share>(Lanes{depthwise, SumWindows}, begin, end, second);
}
void DepthwiseLanesThree(const Depthwise& depthwise, int begin, int end, const SecondCore* second) {
  OnCores<Share>(Lanes{depthwise, pinhole_nn_lanes_three}, begin, end, second);
}
void DepthwiseLanesFive(const Depthwise& depthwise, int begin, int end, const SecondCore* second) {
  OnCores<Share>(Lanes{depthwise, pinhole_nn_lanes_five}, begin, end, second);
}

}  // namespace pinhole_nn
