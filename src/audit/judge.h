// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether a listener understood a message: statistics of one covert channel.
//
// The sender sent one bit a beat, the listener measured one number a beat. Half of the beats teach
// it what a 1 looks like (the threshold, and on which side of it, that fits best); on the other
// half it guesses. A channel is open where so few wrong guesses would come about by chance less
// than once in a hundred thousand audits; then its capacity is that of a binary symmetric channel
// with this share of errors.

#include <cstddef>
#include <span>
#include <vector>

namespace pinhole::audit {

struct Judgement {
  std::size_t guesses = 0;  // on beats that taught nothing
  std::size_t wrong = 0;
  double chance = 1.0;       // of so few wrong guesses, if nothing came through
  double bits_a_beat = 0.0;  // 0 where the channel is not open
  [[nodiscard]] bool open() const { return chance < 0.00001; }
};

// `sent` and `measured` are equally long; at least 20 beats, else everything is chance.
Judgement Judge(const std::vector<bool>& sent, std::span<const double> measured);

// Where bits themselves are heard: nothing to learn, all are guesses.
Judgement JudgeBits(const std::vector<bool>& sent, const std::vector<bool>& heard);

// The chance of at most `wrong` tails in `throws` throws of a fair coin.
double ChanceOfAtMost(std::size_t wrong, std::size_t throws);

}  // namespace pinhole::audit
