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

#if defined(__ARM_ARCH_6M__)
extern "C" {
void pinhole_nn_lanes_three(const pinhole_nn_lanes_work* work);
void pinhole_nn_lanes_five(const pinhole_nn_lanes_work* work);
// Sums of one channel in a quick form without cuts, for an output that may have any byte.
struct pinhole_nn_lanes_finish_work {
  std::int32_t half, shift, low, rounding, zero, out_step;
  const std::int32_t* end;
};
void pinhole_nn_lanes_finish(const std::int32_t* sums, std::int32_t high, std::int8_t* out,
                             const pinhole_nn_lanes_finish_work* work);
}

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
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
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
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
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
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    ldmia r3!, {r6, r7}
    ldmia r3!, {r4, r5}
    mov r9, r4
    mov r10, r5
    ldmia r3!, {r4, r5}
    mov r11, r4
    mov r8, r5
    ldmia r3!, {r4}
    mov r12, r4
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
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
    .align 2
    .size pinhole_nn_lanes_finish, . - pinhole_nn_lanes_finish
    .text
)");
#endif

namespace pinhole_nn {

namespace {

using Work = pinhole_nn_lanes_work;

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
#endif

// What a call does, and how it sums.
struct Lanes {
  const Depthwise& depthwise;
  void (*sum)(const Work* work);
};

// Columns of a gathered row: where each lane lies inside the picture.
struct Inside {
  int begin, end;
};
Inside InsideOf(const Window& window, int first, int columns) {
  const int end = first + window.in_columns;
  return {Clamp(first, 0, columns), Clamp(end, 0, columns)};
}

// Scratch, and what the bands of a call have in common.
struct Band {
  int pairs;    // windows in each lane, of a row
  int pitch;    // columns gathered of a row
  int in_rows;  // gathered
  Inside low, high;
  std::uint32_t* weights;
  std::uint32_t* columns;
  std::int32_t* sums;
  std::int32_t* offsets;  // of input rows; below 0: outside the picture
};

void FindRows(const Depthwise& depthwise, int row, const Band& band) {
  const Window& window = depthwise.window;
  for (int i = 0; i < band.in_rows; ++i) {
    const int y = row * window.stride_h - window.pad_h + i;
    const bool inside = y >= 0 && y < window.in_rows;
    band.offsets[i] =
        inside ? static_cast<std::int32_t>(RowAt(depthwise.in, y) - depthwise.in.data) : -1;
  }
  const std::uint32_t zero = Word(depthwise.in_zero) * 0x10001U;
  const std::uint32_t* end = band.columns + band.in_rows * band.pitch;
  for (std::uint32_t* to = band.columns; to != end; ++to) {
    *to = zero;
  }
}

// One channel of the band's input. The high lane begins before the low one and ends before it.
void Gather(const Depthwise& depthwise, const Band& band, int channel) {
  const Window& window = depthwise.window;
  const int step = window.in_channels;
  const int other = band.pairs * window.stride_w * step;
  const std::uint32_t zero = Word(depthwise.in_zero);
  const int first = channel + (band.high.begin - window.pad_w) * step;
  std::uint32_t* row = band.columns;
  for (int i = 0; i < band.in_rows; ++i, row += band.pitch) {
    if (band.offsets[i] < 0) {
      continue;
    }
    const std::int8_t* data = depthwise.in.data + band.offsets[i];
    const std::int8_t* far = data + other;
    int at = first;
    std::uint32_t* to = row + band.high.begin;
    for (const std::uint32_t* end = row + band.low.begin; to < end; at += step) {
      *to++ = zero + (Word(far[at]) << 16);
    }
    for (const std::uint32_t* end = row + band.high.end; to < end; at += step) {
      *to++ = Word(data[at]) + (Word(far[at]) << 16);
    }
    for (const std::uint32_t* end = row + band.low.end; to < end; at += step) {
      *to++ = Word(data[at]) + (zero << 16);
    }
  }
}

// A channel's sums to bytes.
void FinishBand(const Finish& finish, const Channel& channel, const std::int32_t* sums, int count,
                std::int8_t* out, int out_step) {
#if defined(__ARM_ARCH_6M__)
  if (finish.form > 0 && finish.form < kCutForm && finish.low == -128 && finish.high == 127) {
    const auto multiplier = Word(channel.b);
    const pinhole_nn_lanes_finish_work work{
        31 - finish.form, channel.c,       static_cast<std::int32_t>(multiplier >> 16),
        channel.a,        finish.out_zero, out_step,
        sums + count};
    pinhole_nn_lanes_finish(sums, static_cast<std::int32_t>(multiplier & 0xFFFFU), out, &work);
    return;
  }
#endif
  FinishAll(finish, &channel, 0, sums, count, out, out_step);
}

Work WorkOf(const Window& window, const Band& band, int rows) {
  constexpr int kWord = 4;
  const int run = window.width * window.dilation_w;
  const int skip = band.pitch * window.dilation_h - run;
  const int walked = window.height * run + (window.height - 1) * skip;
  return {band.columns,
          band.weights,
          band.sums,
          0,
          kWord * skip,
          kWord * (window.stride_w - walked),
          kWord * band.pairs,
          band.sums + (rows - 1) * window.out_columns + band.pairs,
          kWord * (window.out_columns - band.pairs),
          kWord * (window.stride_h * band.pitch - band.pairs * window.stride_w),
          window.height,
          window.width,
          window.dilation_w};
}

// Rows [row, row + rows), which lie one behind the other.
void MakeBand(const Lanes& lanes, int row, int rows, const Range& mine, Band& band) {
  const Depthwise& depthwise = lanes.depthwise;
  const Window& window = depthwise.window;
  band.in_rows = (rows - 1) * window.stride_h + (window.height - 1) * window.dilation_h + 1;
  FindRows(depthwise, row, band);
  Work work = WorkOf(window, band, rows);
  const int taps = window.height * window.width;
  const std::int8_t* weights = depthwise.weights + mine.begin * taps;
  std::int8_t* out = RowAt(depthwise.out, row);
  for (int channel = mine.begin; channel < mine.end; ++channel) {
    const int from = depthwise.multiplier == 1 ? channel : channel / depthwise.multiplier;
    Gather(depthwise, band, from);
    for (int i = 0; i < taps; ++i) {
      band.weights[i] = Word(*weights++);
    }
    const Channel& scale = depthwise.finish.channels[channel];
    work.bias = scale.bias;
    lanes.sum(&work);
    FinishBand(depthwise.finish, scale, band.sums, rows * window.out_columns, out + channel,
               window.out_channels);
  }
}

void Share(const Lanes& lanes, int begin, int end, const Part& part) {
  const Depthwise& depthwise = lanes.depthwise;
  const Window& window = depthwise.window;
  Band band{};
  band.pairs = (window.out_columns + 1) / 2;
  band.pitch = (band.pairs - 1) * window.stride_w + (window.width - 1) * window.dilation_w + 1;
  band.low = InsideOf(window, window.pad_w, band.pitch);
  band.high = InsideOf(window, window.pad_w - band.pairs * window.stride_w, band.pitch);
  const int most = (depthwise.band - 1) * window.stride_h +
                   (window.height - 1) * window.dilation_h + 1;  // rows gathered
  band.weights = PartOf(depthwise.scratch, depthwise.other, part);
  band.columns = band.weights + window.height * window.width;
  band.offsets = reinterpret_cast<std::int32_t*>(band.columns + most * band.pitch);
  band.sums = band.offsets + most;
  const Range mine = ShareOf(window.out_channels, 1, part);
  while (begin < end) {
    // As far as the output's ring goes on.
    const int held = depthwise.out.held - RingRow(depthwise.out, begin);
    const int left = end - begin < held ? end - begin : held;
    const int rows = left < depthwise.band ? left : depthwise.band;
    MakeBand(lanes, begin, rows, mine, band);
    begin += rows;
  }
}

}  // namespace

void DepthwiseLanes(const Depthwise& depthwise, int begin, int end, const SecondCore* second) {
  OnCores(Share, Lanes{depthwise, SumWindows}, begin, end, second);
}
void DepthwiseLanesThree(const Depthwise& depthwise, int begin, int end, const SecondCore* second) {
  OnCores(Share, Lanes{depthwise, pinhole_nn_lanes_three}, begin, end, second);
}
void DepthwiseLanesFive(const Depthwise& depthwise, int begin, int end, const SecondCore* second) {
  OnCores(Share, Lanes{depthwise, pinhole_nn_lanes_five}, begin, end, second);
}

}  // namespace pinhole_nn
