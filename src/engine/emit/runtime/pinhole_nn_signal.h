// SPDX-License-Identifier: Apache-2.0
#pragma once

// The micro front end: a frame of samples to the features that small speech networks were trained
// on, operator by operator as TensorFlow Lite Micro has them, bit for bit. All integers.
//
//   SignalWindow -> SignalFftAutoScale -> SignalRfft -> SignalEnergy -> SignalFilterBank
//   -> SignalFilterBankSquareRoot -> SignalFilterBankSpectralSubtraction -> SignalPCAN
//   -> SignalFilterBankLog

#include "pinhole_nn.h"

namespace pinhole_nn {

// (x * w) >> shift, saturated; `window` numbers are used again and again.
struct SignalWindow {
  const void* in;  // int16 [count]
  std::int8_t* out;
  const std::int16_t* weights;
  std::int32_t count, window, shift;
};
void WindowSignal(const SignalWindow& window);

// The frame times the largest power of two that keeps it inside 16 bits, and that power.
struct SignalAutoScale {
  const void* in;    // int16 [count]
  std::int8_t* out;  // int16 [count]
  void* bits;        // int32 [1]
  std::int32_t count;
};
void ScaleSignal(const SignalAutoScale& scale);

// Rows of `count` real samples, zeros up to `length` (a power of two, at least 4), to length / 2 +
// 1 bins of (re, im), scaled by 1 / length. wave[k] = cos(2 pi k / length) in Q0.15, k up to
// length / 4.
struct SignalRfft {
  const void* in;    // int16
  std::int8_t* out;  // int16, apart from `in`
  const std::int16_t* wave;
  std::int32_t rows, count, length;
};
void TransformSignal(const SignalRfft& rfft);

// re^2 + im^2 of bins [begin, end), zero elsewhere.
struct SignalEnergy {
  const void* in;    // int16 [2 * bins]
  std::int8_t* out;  // uint32 [bins]
  std::int32_t bins, begin, end;
};
void MeasureEnergy(const SignalEnergy& energy);

// Energies gathered into overlapping bands. channels + 1 stretches of the spectrum, each with its
// first bin, its first weight and its width: a stretch falls in one band and rises in the next.
struct SignalFilterBank {
  const void* in;    // uint32
  std::int8_t* out;  // uint64 [channels]
  const std::int16_t *falling, *rising, *first_bins, *first_weights, *widths;
  std::int32_t channels;
};
void GatherBands(const SignalFilterBank& bank);

// The rounded square root, shifted down by what SignalFftAutoScale scaled up (0 to 31: the low five
// bits count).
struct SignalSquareRoot {
  const void* in;    // uint64 [count]
  const void* bits;  // int32 [1]
  std::int8_t* out;  // uint32 [count]
  std::int32_t count;
};
void TakeRoots(const SignalSquareRoot& root);

// What is constant in a channel is noise and is taken away. The estimate stays from run to run.
struct SignalSubtraction {
  const void* in;          // uint32 [count]
  std::int8_t* out;        // uint32 [count], may be `in`
  std::int8_t* noise_out;  // uint32 [count]; null: nobody reads it
  void* noise;             // uint32 [count], the state
  std::int32_t count;
  std::uint32_t smoothing[2], one_minus_smoothing[2];  // even and odd channels
  std::uint32_t min_signal_remaining;
  std::int16_t smoothing_bits, subtraction_bits;
  bool clamping;
};
void SubtractNoise(const SignalSubtraction& subtraction);

// Gain control by a channel's noise estimate: gain * signal, small values squared. `gains`: at 0
// and 1, then a parabola for each power of two.
struct SignalPcan {
  const void* in;     // uint32 [count]
  const void* noise;  // uint32 [count]
  std::int8_t* out;   // uint32 [count], may be `in`
  const std::int16_t* gains;
  std::int32_t count, snr_shift;
};
void ControlGain(const SignalPcan& pcan);

// min(ln(x * 2^correction_bits) * scale, 32767), 0 for what is not above 1.
struct SignalLog {
  const void* in;              // uint32 [count]
  std::int8_t* out;            // int16 [count], apart from `in`
  const std::uint16_t* table;  // log2(1 + f) - f in Q16 at f = i / 128, 129 entries
  std::int32_t count;
  std::uint32_t scale;
  std::int16_t correction_bits;
};
void TakeLogs(const SignalLog& log);

}  // namespace pinhole_nn
