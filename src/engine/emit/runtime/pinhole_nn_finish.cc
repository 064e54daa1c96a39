// SPDX-License-Identifier: Apache-2.0
// From sums to the output's bytes. On ARMv6-M the quick forms are assembly, since that is where a
// network of small sums spends a good part of its time.
#include "pinhole_nn_math.h"

#if defined(__ARM_ARCH_6M__)
extern "C" {
struct pinhole_nn_finish_work {
  const std::int32_t* totals_end;
  std::int32_t edge, negative;
  std::int32_t half, zero, high, low, out_step, channel_bytes;
};
void pinhole_nn_finish(const std::int32_t* totals, const pinhole_nn::Channel* channels,
                       std::int8_t* out, const pinhole_nn_finish_work* work);
}
#endif

namespace pinhole_nn {

namespace {

// The forms of pinhole_nn.h; `sum` holds the channel's bias already. What they return is clamped by
// the caller, and lacks the zero point.
#if !defined(__ARM_ARCH_6M__)
// Scale in two roundings without a branch: halves away from zero is halves up, after one is taken
// off what is negative.
inline std::int32_t WideForm(std::int32_t sum, const Channel& channel) {
  const std::int32_t y = HighMul(sum, channel.a) + (sum >> 31);
  return (y >> channel.b) + ((y >> (channel.b - 1)) & 1);
}
#endif

// x * m as x * high + (x * low >> half).
inline std::int32_t QuickProduct(std::int32_t x, std::int32_t b, int half) {
  const auto high = static_cast<std::int32_t>(static_cast<std::uint32_t>(b) & 0xFFFFU);
  const auto low = static_cast<std::int32_t>(static_cast<std::uint32_t>(b) >> 16);
  return x * high + ((x * low) >> half);
}
inline std::int32_t QuickForm(std::int32_t sum, const Channel& channel, int half) {
  return (QuickProduct(sum, channel.b, half) + channel.a) >> channel.c;
}
// The reference rounds what is negative down by one more unit of its first rounding, which is
// 2^(half - 1) here.
inline std::int32_t QuickCutForm(std::int32_t sum, const Channel& channel, int half) {
  const std::int32_t edge = std::int32_t{1} << (31 - half);
  const std::int32_t x = Clamp(sum, -edge, edge - 1);
  const std::int32_t negative = (x >> 31) & (std::int32_t{1} << (half - 1));
  return (QuickProduct(x, channel.b, half) - negative + channel.a) >> channel.c;
}

// x * m in three parts, the lowest first; `part` bits each but the highest.
inline std::int32_t LongForm(std::int32_t sum, const Channel& channel, int part) {
  const std::int32_t edge = std::int32_t{1} << (31 - part);
  const std::int32_t x = Clamp(sum, -edge, edge - 1);
  const auto b = static_cast<std::uint32_t>(channel.b);
  const auto low = static_cast<std::int32_t>(b & 0x7FFU);
  const auto middle = static_cast<std::int32_t>(b >> 11 & 0x7FFU);
  const auto high = static_cast<std::int32_t>(b >> 22);
  const std::int32_t product = x * high + ((x * middle + ((x * low) >> part)) >> part);
  const std::int32_t negative = (x >> 31) & (std::int32_t{1} << (part - 2));
  return (product - negative + channel.a) >> channel.c;
}

// use(sum, channel) with the form that `finish` names: the form is looked at once.
struct Walk {
  const Channel* channels;
  int channel_step;
  const std::int32_t* totals;
  int count;
  std::int8_t* out;
  int out_step;
};
template <typename Form>
void FinishEach(const Finish& finish, Walk walk, const Form& form) {
  const std::int32_t zero = finish.out_zero;
  const std::int32_t low = finish.low;
  const std::int32_t high = finish.high;
  for (const std::int32_t* end = walk.totals + walk.count; walk.totals != end; ++walk.totals) {
    *walk.out =
        static_cast<std::int8_t>(Clamp(form(*walk.totals, *walk.channels) + zero, low, high));
    walk.out += walk.out_step;
    walk.channels += walk.channel_step;
  }
}

#if defined(__ARM_FEATURE_DSP)

// The wide form where all of int8 is the output's range: the carry of the last shift is the
// rounding, and the zero point comes with it.
void FinishWide(const Finish& finish, Walk walk) {
  const std::int32_t zero = finish.out_zero;
  for (const std::int32_t* end = walk.totals + walk.count; walk.totals != end; ++walk.totals) {
    const std::int32_t sum = *walk.totals;
    std::int32_t y;
    asm("lsl %0, %1, #1\n\tsmmulr %0, %0, %2\n\tadd %0, %0, %1, asr #31\n\tasrs %0, %0, %3\n\t"
        "adc %0, %0, %4\n\tssat %0, #8, %0"
        : "=&r"(y)
        : "r"(sum), "r"(walk.channels->a), "r"(walk.channels->b), "r"(zero)
        : "cc");
    *walk.out = static_cast<std::int8_t>(y);
    walk.out += walk.out_step;
    walk.channels += walk.channel_step;
  }
}

#endif

#if defined(__ARM_ARCH_6M__)

// r0 sums, r1 channels, r2 out; r3 the sum; r8 half, r9 zero point, r10 high, r11 low, r12 the
// output's step, lr the channels'. On the stack, from `work`: the end of the sums, 2^n - 1, and
// what negative ones lose. A form that does not cut has no sum to cut, and loses nothing.
asm(R"(
    .syntax unified
    .section .text.pinhole_nn_finish, "ax", %progbits
    .global pinhole_nn_finish
    .thumb_func
    .align 2
    .type pinhole_nn_finish, %function
pinhole_nn_finish:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    ldmia r3!, {r5, r6, r7}
    push {r5, r6, r7}
    ldmia r3!, {r4, r5, r6, r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    ldmia r3!, {r4, r5}
    mov r12, r4
    mov lr, r5
1:  ldmia r0!, {r3}
    ldr r4, [r1, #4]
    ldr r5, [r1, #8]
    ldr r7, [sp, #4]
    cmp r3, r7
    bgt 5f
    mvns r7, r7
    cmp r3, r7
    blt 5f
6:
    uxth r6, r5
    lsrs r5, r5, #16
    muls r5, r3, r5
    muls r6, r3, r6
    mov r7, r8
    asrs r5, r7
    adds r6, r6, r5
    asrs r3, r3, #31
    ldr r7, [sp, #8]
    ands r3, r7
    subs r6, r6, r3
    adds r6, r6, r4
    ldr r4, [r1, #12]
    asrs r6, r4
    add r6, r9
    cmp r6, r10
    bgt 3f
    cmp r6, r11
    blt 4f
2:  strb r6, [r2]
    add r2, r12
    add r1, lr
    ldr r7, [sp, #0]
    cmp r0, r7
    bne 1b
    add sp, #12
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
3:  mov r6, r10
    b 2b
4:  mov r6, r11
    b 2b
5:  movs r3, r7
    b 6b
    .align 2
    .size pinhole_nn_finish, . - pinhole_nn_finish
    .text
)");

PINHOLE_NN_SMALL void FinishQuick(const Finish& finish, const Walk& walk) {
  const int bits = finish.form & (kCutForm - 1);
  const int half = 31 - bits;
  const pinhole_nn_finish_work work{walk.totals + walk.count,
                                    (std::int32_t{1} << bits) - 1,
                                    finish.form < kCutForm ? 0 : std::int32_t{1} << (half - 1),
                                    half,
                                    finish.out_zero,
                                    finish.high,
                                    finish.low,
                                    walk.out_step,
                                    walk.channel_step * static_cast<int>(sizeof(Channel))};
  pinhole_nn_finish(walk.totals, walk.channels, walk.out, &work);
}

#else

void FinishQuick(const Finish& finish, const Walk& walk) {
  const int half = 31 - (finish.form & (kCutForm - 1));
  if (finish.form < kCutForm) {
    FinishEach(finish, walk, [half](std::int32_t sum, const Channel& channel) {
      return QuickForm(sum, channel, half);
    });
  } else {
    FinishEach(finish, walk, [half](std::int32_t sum, const Channel& channel) {
      return QuickCutForm(sum, channel, half);
    });
  }
}

#endif

// By the form that is no quick one, looked at for every sum.
PINHOLE_NN_SMALL void FinishSlowly(const Finish& finish, const Walk& walk) {
  const int form = finish.form;
  FinishEach(finish, walk, [form](std::int32_t sum, const Channel& channel) {
    return form >= kLongForm ? LongForm(sum, channel, 31 - (form & (kCutForm - 1)))
                             : Scale(sum, channel.a, form == kWideForm ? -channel.b : channel.b);
  });
}

}  // namespace

void FinishAll(const Finish& finish, const Channel* channels, int channel_step,
               const std::int32_t* totals, int count, std::int8_t* out, int out_step) {
  const Walk walk{channels, channel_step, totals, count, out, out_step};
#if defined(__ARM_FEATURE_DSP)
  if (finish.form == kWideForm && finish.low == -128 && finish.high == 127) {
    FinishWide(finish, walk);
    return;
  }
#endif
  if (finish.form > 0 && finish.form < kLongForm) {
    FinishQuick(finish, walk);
#if !defined(__ARM_ARCH_6M__)
  } else if (finish.form == kWideForm) {
    FinishEach(finish, walk, WideForm);
#endif
  } else {
    FinishSlowly(finish, walk);
  }
}

}  // namespace pinhole_nn
