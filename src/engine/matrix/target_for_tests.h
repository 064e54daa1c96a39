// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: matrices with memory of their own, and a test that is run for each target and
// skips where this processor lacks it.
//
//   INSTANTIATE_TEST_SUITE_P(, OfTarget, testing::ValuesIn(TargetsForTests()), ...);

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "engine/kernels/fast/amx_traps.h"
#include "engine/matrix/amx_emulated.h"
#include "engine/matrix/matrix.h"

namespace pinhole::engine::matrix {

// Memory as the targets want it.
class AlignedMemory {
 public:
  explicit AlignedMemory(std::size_t bytes)
      : memory_(bytes + kAlignment),
        at_(reinterpret_cast<std::byte*>(
            (reinterpret_cast<std::uintptr_t>(memory_.data()) + kAlignment - 1) / kAlignment *
            kAlignment)) {}
  [[nodiscard]] std::byte* at() { return at_; }

 private:
  std::vector<std::byte> memory_;
  std::byte* at_;
};

class Packed {
 public:
  Packed(const Target& target, const Shape& shape, const Weights& weights)
      : memory_(target.packed_bytes(shape)), matrix_{shape, memory_.at()} {
    target.pack(shape, weights, 0, target.blocks(shape.outputs), memory_.at());
  }
  [[nodiscard]] const Matrix& matrix() const { return matrix_; }

 private:
  AlignedMemory memory_;
  Matrix matrix_;
};

inline std::vector<float> Random(std::mt19937& random, std::size_t count, float scale = 1) {
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> values(count);
  for (float& value : values) {
    value = normal(random);
  }
  return values;
}

// The product of all blocks, stored.
inline std::vector<float> Product(const Target& target, const Matrix& matrix,
                                  const std::vector<float>& x, int rows, std::ptrdiff_t x_step) {
  AlignedMemory prepared(target.prepared_bytes(matrix.shape, rows));
  const Rows ready = target.prepare(matrix.shape, x.data(), x_step, rows, prepared.at());
  std::vector<float> y(static_cast<std::size_t>(rows * matrix.shape.outputs));
  target.multiply(matrix, ready, 0, target.blocks(matrix.shape.outputs), y.data(),
                  matrix.shape.outputs, Then::kStore);
  return y;
}

// Each target, and AMX twice more, as few processors have it: what is written for its tiles, with
// tiles in plain C++, everywhere; and the target itself with its instructions trapped and done by
// the test, where there are AVX-512 VNNI and BF16. The latter is null where it can't be.
inline const Target* TrappedAmxTarget() {
#if defined(__x86_64__) && defined(__linux__)
  static const Target target = [] {
    Target trapped = *FindTarget("avx512amx");
    trapped.name = "amxtrapped";
    trapped.needs = FindTarget("avx512bf16")->needs;
    trapped.runs_here = FindTarget("avx512bf16")->runs_here;
    return trapped;
  }();
  return &target;
#else
  return nullptr;
#endif
}
inline std::vector<const Target*> TargetsForTests() {
  std::vector<const Target*> targets(AllTargets().begin(), AllTargets().end());
  targets.push_back(&kEmulatedAmxTarget);
  if (TrappedAmxTarget() != nullptr) {
    targets.push_back(TrappedAmxTarget());
  }
  return targets;
}

class OfTarget : public testing::TestWithParam<const Target*> {
 protected:
  void SetUp() override {
    if (!GetParam()->runs_here()) {
      GTEST_SKIP() << "this processor lacks " << GetParam()->needs;
    }
#if defined(__x86_64__) && defined(__linux__)
    if (GetParam() == TrappedAmxTarget()) {
      traps_.emplace();
    }
#endif
  }
  static const Target& target() { return *GetParam(); }

  static std::vector<float> Multiply(const Matrix& matrix, const std::vector<float>& x, int rows,
                                     std::ptrdiff_t x_step) {
    return Product(target(), matrix, x, rows, x_step);
  }

#if defined(__x86_64__) && defined(__linux__)
 private:
  std::optional<kernels::fast::AmxTraps> traps_;
#endif
};

}  // namespace pinhole::engine::matrix
