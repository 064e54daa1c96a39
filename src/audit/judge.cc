// SPDX-License-Identifier: Apache-2.0
#include "audit/judge.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pinhole::audit {

namespace {

constexpr std::size_t kFewest = 20;

double Entropy(double p) {
  return p <= 0.0 || p >= 1.0 ? 0.0 : -p * std::log2(p) - (1.0 - p) * std::log2(1.0 - p);
}

struct Rule {
  double threshold = 0.0;
  bool ones_above = true;

  [[nodiscard]] bool Guess(double measured) const { return (measured > threshold) == ones_above; }
};

std::size_t Wrong(const Rule& rule, const std::vector<bool>& sent, std::span<const double> measured,
                  std::size_t begin, std::size_t end) {
  std::size_t wrong = 0;
  for (std::size_t i = begin; i < end; ++i) {
    wrong += static_cast<std::size_t>(rule.Guess(measured[i]) != sent[i]);
  }
  return wrong;
}

Rule Learn(const std::vector<bool>& sent, std::span<const double> measured, std::size_t end) {
  std::vector<double> cuts(measured.begin(), measured.begin() + static_cast<std::ptrdiff_t>(end));
  std::sort(cuts.begin(), cuts.end());
  Rule best;
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    for (const bool above : {true, false}) {
      const Rule rule{(cuts[i] + cuts[i + 1]) / 2.0, above};
      if (const std::size_t wrong = Wrong(rule, sent, measured, 0, end); wrong < fewest) {
        fewest = wrong;
        best = rule;
      }
    }
  }
  return best;
}

Judgement Verdict(std::size_t wrong, std::size_t guesses) {
  Judgement judgement{guesses, wrong, ChanceOfAtMost(wrong, guesses), 0.0};
  if (judgement.open()) {
    judgement.bits_a_beat =
        1.0 - Entropy(static_cast<double>(wrong) / static_cast<double>(guesses));
  }
  return judgement;
}

}  // namespace

double ChanceOfAtMost(std::size_t wrong, std::size_t throws) {
  if (wrong >= throws) {
    return 1.0;
  }
  const auto n = static_cast<double>(throws);
  double sum = 0.0;
  for (std::size_t k = 0; k <= wrong; ++k) {
    const auto i = static_cast<double>(k);
    sum += std::exp(std::lgamma(n + 1.0) - std::lgamma(i + 1.0) - std::lgamma(n - i + 1.0) -
                    n * std::log(2.0));
  }
  return std::min(sum, 1.0);
}

Judgement Judge(const std::vector<bool>& sent, std::span<const double> measured) {
  if (sent.size() < kFewest || sent.size() != measured.size()) {
    return {};
  }
  const std::size_t half = sent.size() / 2;
  const Rule rule = Learn(sent, measured, half);
  return Verdict(Wrong(rule, sent, measured, half, sent.size()), sent.size() - half);
}

Judgement JudgeBits(const std::vector<bool>& sent, const std::vector<bool>& heard) {
  if (sent.size() < kFewest || sent.size() != heard.size()) {
    return {};
  }
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    wrong += static_cast<std::size_t>(sent[i] != heard[i]);
  }
  return Verdict(wrong, sent.size());
}

}  // namespace pinhole::audit
