// SPDX-License-Identifier: Apache-2.0
// DEPTHWISE_CONV_2D, two taps of a column a word: for processors with SMLAD.
#include "pinhole_nn_depthwise.h"
#include "pinhole_nn_dsp.h"

#if defined(__ARM_FEATURE_DSP)
extern "C" {
// A row of 3 x 3 windows of one channel, in the wide form with all of int8 as its range.
struct pinhole_nn_three_work {
  const std::uint32_t* weights;
  const std::uint32_t* columns;
  std::int8_t* out;
  std::int32_t bias, fraction, shift, zero, step;  // bytes from one window to the next
  std::int32_t out_step;
  const std::uint32_t* end;
};
void pinhole_nn_paired_three(const pinhole_nn_three_work* work);
}

// r0 work, r1 columns, r2 out, r3 the sum, r4 to r9 weights, r10 and r11 data, lr the bias.
asm(R"(
    .syntax unified
    .section .text.pinhole_nn_paired_three, "ax", %progbits
    .global pinhole_nn_paired_three
    .thumb_func
    .align 2
    .type pinhole_nn_paired_three, %function
pinhole_nn_paired_three:
    push {r4-r11, lr}
    ldmia r0, {r3, r12}
    ldrd r2, lr, [r0, #8]
    mov r1, r12
    ldmia r3, {r4-r9}
1:  ldrd r10, r11, [r1]
    mov r3, lr
    smlad r3, r4, r10, r3
    smlad r3, r5, r11, r3
    ldrd r10, r11, [r1, #8]
    smlad r3, r6, r10, r3
    smlad r3, r7, r11, r3
    ldrd r10, r11, [r1, #16]
    smlad r3, r8, r10, r3
    smlad r3, r9, r11, r3
    ldrd r10, r11, [r0, #16]
    lsl r12, r3, #1
    smmulr r12, r12, r10
    add r12, r12, r3, asr #31
    asrs r12, r12, r11
    ldrd r10, r11, [r0, #24]
    adc r12, r12, r10
    ssat r12, #8, r12
    add r1, r1, r11
    ldrd r10, r11, [r0, #32]
    strb r12, [r2]
    add r2, r2, r10
    cmp r1, r11
    bne 1b
    pop {r4-r11, pc}
    .size pinhole_nn_paired_three, . - pinhole_nn_paired_three
    .text
)");
#endif

namespace pinhole_nn {

namespace {

struct Doubles {
  static int Words(int height) { return (height + 1) / 2; }

  static void Spread(const std::int8_t* weights, int height, std::uint32_t* to) {
    for (int i = 0; i < height; i += 2) {
      *to++ = PairOf(weights[i], i + 1 < height ? weights[i + 1] : 0);
    }
  }
  static void Fill(int value, int height, std::uint32_t* to) {
    for (int i = 0; i < height; i += 2) {
      *to++ = PairOf(value, value);
    }
  }
  static void Clear(std::uint32_t* column, int row) {
    column[row / 2] &= row % 2 == 0 ? 0xFFFF0000U : 0x0000FFFFU;
  }
  static void Gather(const std::int8_t* const* rows, int at, int step, int count, int height,
                     std::uint32_t* to) {
    const int end = at + count * step;
    if (height == 3) {
      const std::int8_t* a = rows[0];
      const std::int8_t* b = rows[1];
      const std::int8_t* c = rows[2];
      for (; at != end; at += step, to += 2) {
        to[0] = PairOf(a[at], b[at]);
        to[1] = static_cast<std::uint32_t>(c[at]);  // the upper half meets a weight of zero
      }
      return;
    }
    for (; at != end; at += step) {
      for (int i = 0; i < height; i += 2) {
        *to++ = PairOf(rows[i][at], i + 1 < height ? rows[i + 1][at] : 0);
      }
    }
  }
  template <bool kThree>
  static std::int32_t Dot(std::int32_t total, const std::uint32_t* w, const std::uint32_t* x,
                          int count) {
    if (kThree) {
      total = MultiplyAdd(w[0], x[0], MultiplyAdd(w[1], x[1], MultiplyAdd(w[2], x[2], total)));
      return MultiplyAdd(w[3], x[3], MultiplyAdd(w[4], x[4], MultiplyAdd(w[5], x[5], total)));
    }
    for (; count > 0; --count) {
      total = MultiplyAdd(*w++, *x++, total);
    }
    return total;
  }

#if defined(__ARM_FEATURE_DSP)
  static bool FinishesItself(const Finish& finish) {
    return finish.form == kWideForm && finish.low == -128 && finish.high == 127;
  }
  static void Three(const Depthwise& depthwise, const Channel& scale, std::int32_t bias,
                    const std::uint32_t* weights, const std::uint32_t* columns, std::int8_t* out) {
    const Window& window = depthwise.window;
    const int step = 2 * window.stride_w;
    const pinhole_nn_three_work work{weights,
                                     columns,
                                     out,
                                     bias,
                                     scale.a,
                                     scale.b,
                                     depthwise.finish.out_zero,
                                     4 * step,
                                     window.out_channels,
                                     columns + window.out_columns * step};
    pinhole_nn_paired_three(&work);
  }
#else
  static bool FinishesItself(const Finish&) { return false; }
  static void Three(const Depthwise&, const Channel&, std::int32_t, const std::uint32_t*,
                    const std::uint32_t*, std::int8_t*) {}
#endif
};

}  // namespace

void DepthwisePaired(const Depthwise& depthwise, int begin, int end, const SecondCore* second) {
  OnCores<DepthwiseShare<Doubles, false>>(depthwise, begin, end, second);
}
void DepthwisePairedThree(const Depthwise& depthwise, int begin, int end,
                          const SecondCore* second) {
  OnCores<DepthwiseShare<Doubles, true>>(depthwise, begin, end, second);
}

}  // namespace pinhole_nn
