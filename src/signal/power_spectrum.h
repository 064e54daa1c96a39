// SPDX-License-Identifier: Apache-2.0
#pragma once

// The power spectrum |X|^2 of real frames of 400 samples, eight frames at a time.
//
// A frame's even samples become real parts and its odd ones imaginary parts of 200 complex values;
// their transform (radices 5, 5, 4, 2, Stockham's order, so nothing is shuffled) is taken apart
// into the 201 bins of the real one. Every step does the same to eight frames side by side, lanes,
// so that a compiler finds vectors in all of it. A lane never sees another one: a frame's spectrum
// has the same bits in whichever lane and company it is computed.
//
// Memory: fixed members, about 27 KiB, no heap. Cost: some 6,000 operations a frame. Float
// throughout; errors are about 1e-7 of the frame's largest amplitude.
//
// Source: Van Loan, "Computational frameworks for the fast Fourier transform" (1992), 1.7 and 4.3.

#include <cstddef>

namespace pinhole::signal {

class PowerSpectrum {
 public:
  static constexpr int kSamples = 400;
  static constexpr int kBins = kSamples / 2 + 1;
  static constexpr int kLanes = 8;

  PowerSpectrum();

  // Where the next frames' samples go.
  [[nodiscard]] float& Sample(int index, int lane) {
    return first_[((index & 1) * kHalf + index / 2) * kLanes + lane];
  }

  // The spectra of what was put into Sample(), [kBins][kLanes]: valid until the next call of
  // either; what is in Sample() is lost.
  const float* Transform();

 private:
  static constexpr int kHalf = kSamples / 2;  // complex values

  template <int kRadix>
  void Stage(const float* from, float* to, int length) const;
  void Untangle();

  // [2][kHalf][kLanes]: real parts, then imaginary parts. Flat, since a stage's runs of values that
  // meet the same twiddles are several times kLanes long.
  alignas(64) float first_[2 * kHalf * kLanes] = {};
  alignas(64) float second_[2 * kHalf * kLanes + kLanes] = {};
  float cosine_[kSamples];  // of 2 pi k / 400
  float sine_[kSamples];    // of -2 pi k / 400
};

}  // namespace pinhole::signal
