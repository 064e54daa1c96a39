// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: random shapes and values from a seed, and index arithmetic written the slow and
// obvious way (a list of all index tuples, Horner's rule), for models that share no code with the
// kernels they check.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "engine/kernels/op_harness.h"

namespace pinhole::engine::kernels::ref {

using Index = std::vector<int>;

inline std::size_t Flat(const Shape& shape, const Index& index) {
  std::size_t flat = 0;
  for (int d = 0; d < shape.rank(); ++d) {
    flat = flat * static_cast<std::size_t>(shape.dim(d)) + static_cast<std::size_t>(index[d]);
  }
  return flat;
}

// All indices of `shape`, in the order their elements lie.
inline std::vector<Index> AllIndices(const Shape& shape) {
  std::vector<Index> all = {{}};
  for (int d = 0; d < shape.rank(); ++d) {
    std::vector<Index> longer;
    for (const Index& index : all) {
      for (int i = 0; i < shape.dim(d); ++i) {
        longer.push_back(index);
        longer.back().push_back(i);
      }
    }
    all = std::move(longer);
  }
  return all;
}

inline Shape ShapeOf(const std::vector<int>& dims) {
  return Shape(std::span<const std::int32_t>(dims));
}
inline std::vector<int> DimsOf(const Shape& shape) {
  return {shape.dims().begin(), shape.dims().end()};
}

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  int Int(int low, int high) { return std::uniform_int_distribution<int>(low, high)(engine_); }
  float Real(float low, float high) {
    return std::uniform_real_distribution<float>(low, high)(engine_);
  }
  bool Coin() { return Int(0, 1) == 1; }
  std::vector<int> Dims(int rank, int most) {
    std::vector<int> dims(static_cast<std::size_t>(rank));
    std::generate(dims.begin(), dims.end(), [&] { return Int(1, most); });
    return dims;
  }
  Shape AnyShape(int rank, int most) { return ShapeOf(Dims(rank, most)); }
  // Floats in [-8, 8]; all of an integer's range.
  template <typename T>
  std::vector<T> Values(const Shape& shape) {
    std::vector<T> values(shape.element_count());
    for (T& value : values) {
      if constexpr (std::is_floating_point_v<T>) {
        value = Real(-8.0F, 8.0F);
      } else {
        value = static_cast<T>(engine_());
      }
    }
    return values;
  }
  template <typename T>
  std::vector<T> Shuffled(std::vector<T> values) {
    std::shuffle(values.begin(), values.end(), engine_);
    return values;
  }

 private:
  std::mt19937 engine_;
};

// 0, 1, 2, ... in the shape: every element is its own name.
template <typename T>
std::vector<T> Names(const Shape& shape) {
  std::vector<T> values(shape.element_count());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<T>(i);
  }
  return values;
}

// A pair of shapes that broadcast, and what they broadcast to.
struct ShapePair {
  Shape a, b, out;
};

inline ShapePair BroadcastShapes(Random& random, int rank) {
  const std::vector<int> out = random.Dims(rank, 4);
  std::vector<int> a = out;
  std::vector<int> b = out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    switch (random.Int(0, 4)) {
      case 0: a[i] = 1; break;
      case 1: b[i] = 1; break;
      default: break;
    }
  }
  if (random.Int(0, 2) == 0) {  // one of them shorter: the missing dimensions count as 1
    b.erase(b.begin(), b.begin() + random.Int(0, rank));
  }
  if (random.Coin()) {
    std::swap(a, b);
  }
  std::vector<int> joined(out.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto dim = [&](const std::vector<int>& dims) {
      const std::size_t missing = out.size() - dims.size();
      return i < missing ? 1 : dims[i - missing];
    };
    joined[i] = std::max(dim(a), dim(b));
  }
  return {ShapeOf(a), ShapeOf(b), ShapeOf(joined)};
}

// The element of a tensor of `shape` that broadcasting puts at `index`.
inline std::size_t BroadcastFlat(const Shape& shape, const Index& index) {
  Index own(index.end() - shape.rank(), index.end());
  for (int d = 0; d < shape.rank(); ++d) {
    own[d] = shape.dim(d) == 1 ? 0 : own[d];
  }
  return Flat(shape, own);
}

// Runs a binary operator over broadcast shapes of every rank, on values from `draw`, and compares
// each element with model(a, b) within `tolerance`.
template <typename T>
void CheckBinary(const Kernel& kernel, unsigned seed, const std::function<T(Random&)>& draw_a,
                 const std::function<T(Random&)>& draw_b, const std::function<double(T, T)>& model,
                 double tolerance, const std::vector<Quant>& quants = {{}, {}, {}},
                 ActivationOptions options = {}) {
  Random random(seed);
  for (int round = 0; round < 60; ++round) {
    const ShapePair shapes = BroadcastShapes(random, 1 + round % 6);
    std::vector<T> a(shapes.a.element_count());
    std::vector<T> b(shapes.b.element_count());
    std::generate(a.begin(), a.end(), [&] { return draw_a(random); });
    std::generate(b.begin(), b.end(), [&] { return draw_b(random); });
    for (const int place : {-1, 0, 1}) {
      const Shape& shared = place == 0 ? shapes.a : shapes.b;
      OpHarness op(kernel.kind, options);
      op.Input<T>(shapes.a, a, quants[0])
          .template Input<T>(shapes.b, b, quants[1])
          .template Output<T>(shapes.out, quants[2]);
      ASSERT_TRUE(op.Prepare(kernel)) << op.why();
      const bool offered = place >= 0 && (op.prepared().in_place_inputs >> place & 1) != 0;
      if (place >= 0) {
        ASSERT_EQ(offered, shared == shapes.out);
      }
      if (place >= 0 && !offered) {
        continue;
      }
      ASSERT_TRUE(op.Run(kernel, place)) << op.why();
      const std::vector<T> out = op.template Result<T>();
      std::size_t k = 0;
      for (const Index& index : AllIndices(shapes.out)) {
        const T x = a[BroadcastFlat(shapes.a, index)];
        const T y = b[BroadcastFlat(shapes.b, index)];
        ASSERT_NEAR(static_cast<double>(out[k]), model(x, y), tolerance)
            << "round " << round << " place " << place << " element " << k << ": "
            << static_cast<double>(x) << ", " << static_cast<double>(y);
        ++k;
      }
    }
  }
}

template <typename T>
std::function<T(Random&)> AnyOfType() {
  return [](Random& random) { return random.Values<T>(Shape{1})[0]; };
}

// The same for a quantised type: operands are dequantised, `real` is in real numbers, and the
// result may be one unit off.
template <typename T>
void CheckQuantizedBinary(const Kernel& kernel, unsigned seed,
                          const std::function<double(double, double)>& real,
                          const std::vector<Quant>& quants) {
  CheckBinary<T>(
      kernel, seed, AnyOfType<T>(), AnyOfType<T>(),
      [&](T a, T b) {
        const double x = static_cast<double>(quants[0].scales[0]) * (a - quants[0].zero_point);
        const double y = static_cast<double>(quants[1].scales[0]) * (b - quants[1].zero_point);
        const double units = real(x, y) / static_cast<double>(quants[2].scales[0]);
        return std::clamp<double>(std::round(units) + quants[2].zero_point,
                                  std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
      },
      1.0, quants);
}

}  // namespace pinhole::engine::kernels::ref
