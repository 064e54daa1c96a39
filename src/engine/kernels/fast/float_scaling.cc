// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/fast/float_scaling.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

namespace pinhole::engine::kernels::fast {

namespace {

// From `sum` on the output is at least `value`, counted from the zero point, and before it is not.
struct Edge {
  std::int32_t sum, value;
};

constexpr std::int64_t kExact = std::int64_t{1} << 24;  // floats hold integers up to here

// Between a float's neighbours where |y| is below 128, so that what lies so far from a float's
// value is on the same side of it after rounding.
constexpr double kSpacing = 1.0 / (1 << 17);

class Fitter {
 public:
  explicit Fitter(const Staircase& wanted)
      : wanted_(wanted), largest_(static_cast<std::int32_t>(wanted.largest)) {
    const std::int32_t first = wanted.low - wanted.zero_point + 1;
    const std::int32_t last = wanted.high - wanted.zero_point;
    for (std::int32_t value = first; value <= last; ++value) {
      const std::int32_t sum = FirstSum(value);
      if (sum == -largest_) {
        count_ = 0;  // reached by all sums, and so are those before it
      }
      edges_[count_++] = {sum, value};
      if (sum > largest_) {
        break;
      }
    }
  }

  bool Fit(FloatScaling& fitted) const {
    const auto nearest =
        static_cast<float>(std::ldexp(wanted_.scaling.fraction, wanted_.scaling.shift - 31));
    const float above = std::nextafter(nearest, 1.0F);
    const float below = std::nextafter(nearest, 0.0F);
    for (const float multiplier :
         {nearest, above, below, std::nextafter(above, 1.0F), std::nextafter(below, 0.0F)}) {
      fitted.multiplier = multiplier;
      if (FitAddend(fitted)) {
        return true;
      }
    }
    return false;
  }

 private:
  // The least sum in [-largest, largest] whose output is `value` or more above the zero point, or
  // largest + 1. With m, e and y as at Finish: y must reach value * 2^e - 2^(e-1), and negative y
  // one more.
  [[nodiscard]] std::int32_t FirstSum(std::int32_t value) const {
    const int e = -wanted_.scaling.shift;
    const std::int64_t y =
        value * (std::int64_t{1} << e) - (std::int64_t{1} << (e - 1)) + (value <= 0 ? 1 : 0);
    const std::int64_t product = y * (std::int64_t{1} << 31) - (std::int64_t{1} << 30);
    const std::int64_t m = wanted_.scaling.fraction;
    const double quotient = static_cast<double>(product) / static_cast<double>(m);
    auto sum = static_cast<std::int64_t>(std::clamp<double>(quotient, -largest_, largest_ + 1));
    while (sum <= largest_ && sum * m < product) {
      ++sum;
    }
    while (sum > -largest_ && (sum - 1) * m >= product) {
      --sum;
    }
    return static_cast<std::int32_t>(sum);
  }
  [[nodiscard]] std::span<const Edge> edges() const { return {edges_.data(), count_}; }
  [[nodiscard]] bool reachable(const Edge& edge) const { return edge.sum <= largest_; }
  [[nodiscard]] bool avoidable(const Edge& edge) const { return edge.sum > -largest_; }
  [[nodiscard]] bool positive() const { return wanted_.finish == Finish::kPositive; }

  // The middle of the addends that all edges allow for this multiplier, if that is right as a
  // float.
  bool FitAddend(FloatScaling& fitted) const {
    double low = positive() ? -256.0 : 0.0;
    double high = 256.0;
    const double multiplier = fitted.multiplier;
    for (const Edge& edge : edges()) {
      const double half = edge.value - 0.5;
      const double reached = half - multiplier * edge.sum;
      const double missed = reached + multiplier;
      if (positive() || edge.value > 0) {
        low = reachable(edge) ? std::max(low, reached) : low;
        high = avoidable(edge) ? std::min(high, missed) : high;
      } else {
        high = reachable(edge) && edge.sum < 0 ? std::min(high, -reached) : high;
        low = avoidable(edge) ? std::max(low, -missed) : low;
      }
    }
    if (low >= high) {
      return false;
    }
    const double zero = positive() ? wanted_.zero_point : 0;
    fitted.add = static_cast<float>((low + high) / 2 + zero);
    const double add = fitted.add - zero;
    return (add - low > kSpacing && high - add > kSpacing) ||
           std::all_of(edges().begin(), edges().end(), [&](const Edge& edge) {
             return (!reachable(edge) || Reaches(edge.sum, edge.value, fitted)) &&
                    (!avoidable(edge) || !Reaches(edge.sum - 1, edge.value, fitted));
           });
  }

  // As kernels compute it: rounded to nearest, halves to even.
  [[nodiscard]] bool Reaches(std::int32_t sum, std::int32_t value,
                             const FloatScaling& fitted) const {
    const std::int32_t wanted = value + (positive() ? wanted_.zero_point : 0);
    const float add = !positive() && sum < 0 ? -fitted.add : fitted.add;
    const float half = static_cast<float>(wanted) - 0.5F;
    const double near = double{fitted.multiplier} * sum + double{add} - double{half};
    if (std::abs(near) > kSpacing) {
      return near > 0;
    }
    const float y = std::fma(static_cast<float>(sum), fitted.multiplier, add);
    return y > half || (y == half && wanted % 2 == 0);
  }

  const Staircase& wanted_;
  std::int32_t largest_;
  std::array<Edge, 257> edges_;
  std::size_t count_ = 0;
};

}  // namespace

bool FitFloatScaling(const Staircase& wanted, FloatScaling& fitted) {
  const int shift = wanted.scaling.shift;
  if (wanted.largest > kExact || shift > -1 || shift < -22 || wanted.scaling.fraction <= 0 ||
      wanted.low > wanted.high) {
    return false;
  }
  return Fitter(wanted).Fit(fitted);
}

}  // namespace pinhole::engine::kernels::fast
