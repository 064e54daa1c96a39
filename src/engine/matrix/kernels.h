// SPDX-License-Identifier: Apache-2.0
#pragma once

// The functions of matrix.h for any instruction set: templates over its Simd from
// engine/kernels/fast/simd_*.h. To be included by target_*.cc only, inside its compiler target.
//
// A step takes four bytes of x: one float, two bfloat16, or two or four int8 as the Simd has them.
//
//   block    [lane] bias, kInt8 also [lane] what a step of the weights is worth and [lane] where
//            the sum begins; then [step][vector][lane][weight of the step]
//   rows     [row][step][4 bytes]
//
// The last step is filled up with zeros on both sides. kSplit has eight int8 of x in a step, and
// for each lane four bytes: the upper halves of the first four weights above those of the other
// four. Behind all blocks lie the lower halves, [output][byte], of input i and of one half a row
// further.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "engine/kernels/fast/layout.h"
#include "engine/kernels/fast/unroll.h"
#include "engine/matrix/matrix.h"
#include "engine/matrix/vector_math.h"

namespace pinhole::engine::matrix {

using kernels::fast::BytesOf;
using kernels::fast::DataType;
using kernels::fast::Unroll;

// How many vectors a block has: what registers there are for.
template <class Simd>
inline constexpr int kVectors = Simd::kRegisters >= 32 ? 4 : 2;
template <class Simd>
inline constexpr int kBlock = kVectors<Simd> * Simd::kLanes;

// The nearest integer, ties to even, of a number that fits eight bits. Adding 1.5 * 2^23 rounds to
// it, and it then stands in the low bits.
[[gnu::always_inline]] inline std::int8_t RoundedTo8(float value) {
  return static_cast<std::int8_t>(__builtin_bit_cast(std::int32_t, value + 12582912.0F));
}

// Functions here that are no templates over the Simd are always inlined, so that no code of one
// target is taken for another's.

// Where weights and data are bytes in the order of the inputs, halves of them can be told apart.
template <class Simd>
inline constexpr bool kHasSplit =
    BytesOf(Simd::kInt8Data) == 1 && Simd::kWeightBytes == 4 && !requires { Simd::ProductPlace; };

template <class Simd, Precision kPrecision>
struct Math;

template <class Simd>
struct Math<Simd, Precision::kF32> {
  using Acc = typename Simd::F;
  static constexpr int kGroup = 1;        // inputs of a step
  static constexpr int kWeightBytes = 4;  // of a step and lane
  static constexpr int kDataBytes = 4;    // of a step and row
  static constexpr int kHeads = 1;        // vectors of 32 bits before the weights, for each vector
  [[gnu::always_inline]] static auto LoadWeight(const std::byte* w) { return Simd::LoadF(w); }
  [[gnu::always_inline]] static auto Broadcast(const std::byte* a) { return Simd::BroadcastF(a); }
  template <class Data, class Weight>
  [[gnu::always_inline]] static Acc Add(Acc acc, Data a, Weight w) {
    return Simd::FusedMultiplyAdd(acc, a, w);
  }
};

template <class Simd>
struct Math<Simd, Precision::kBf16> {
  using Acc = typename Simd::F;
  static constexpr int kGroup = 2;
  static constexpr int kWeightBytes = 4;
  static constexpr int kDataBytes = 4;
  static constexpr int kHeads = 1;
  [[gnu::always_inline]] static auto LoadWeight(const std::byte* w) { return Simd::LoadI(w); }
  [[gnu::always_inline]] static auto Broadcast(const std::byte* a) {
    return Simd::BroadcastPair(a);
  }
  template <class Data, class Weight>
  [[gnu::always_inline]] static Acc Add(Acc acc, Data a, Weight w) {
    return Simd::DotBf16(acc, a, w);
  }
};

template <class Simd>
struct Math<Simd, Precision::kInt8> {
  using Acc = typename Simd::I;
  static constexpr int kGroup = 4 / BytesOf(Simd::kInt8Data);
  static constexpr int kWeightBytes = Simd::kWeightBytes;
  static constexpr int kDataBytes = 4;
  static constexpr int kHeads = 3;
  [[gnu::always_inline]] static auto LoadWeight(const std::byte* w) { return Simd::LoadWeight(w); }
  [[gnu::always_inline]] static auto Broadcast(const std::byte* a) { return Simd::Broadcast(a); }
  template <class Data, class Weight>
  [[gnu::always_inline]] static Acc Add(Acc acc, const Data& a, Weight w) {
    return Simd::Dot(acc, a, w);
  }
};

template <class Simd>
struct Math<Simd, Precision::kSplit> : Math<Simd, Precision::kInt8> {
  static constexpr int kGroup = 8;
  static constexpr int kDataBytes = 8;
  // The weights of the step's first four inputs, or of the others: sixteen times what was kept.
  template <class Weight>
  [[gnu::always_inline]] static Weight First(Weight w) {
    using I = typename Vectors<Simd>::I;
    return __builtin_bit_cast(Weight, __builtin_bit_cast(I, w) & static_cast<int>(0xF0F0F0F0));
  }
  template <class Weight>
  [[gnu::always_inline]] static Weight Others(Weight w) {
    using I = typename Vectors<Simd>::I;
    return __builtin_bit_cast(Weight,
                              (__builtin_bit_cast(I, w) << 4) & static_cast<int>(0xF0F0F0F0));
  }
};

[[gnu::always_inline]] inline constexpr bool IsInt8(Precision precision) {
  return precision == Precision::kInt8 || precision == Precision::kSplit;
}

template <class Math>
constexpr int Steps(int inputs) {
  return (inputs + Math::kGroup - 1) / Math::kGroup;
}

[[gnu::always_inline]] inline constexpr std::size_t RoundUp(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

template <class Simd, Precision kPrecision>
constexpr std::size_t HeadBytes() {
  return RoundUp(std::size_t{kBlock<Simd>} * 4 * Math<Simd, kPrecision>::kHeads);
}

template <class Simd, Precision kPrecision>
std::size_t BlockBytes(int inputs) {
  using M = Math<Simd, kPrecision>;
  return HeadBytes<Simd, kPrecision>() +
         RoundUp(static_cast<std::size_t>(Steps<M>(inputs)) * kBlock<Simd> * M::kWeightBytes);
}

// Of an output's lower halves in kSplit.
[[gnu::always_inline]] inline constexpr std::size_t LowerBytes(int inputs) {
  return RoundUp((static_cast<std::size_t>(inputs) + 1) / 2);
}

// Where they begin.
template <class Simd>
std::size_t LowerBegin(const Shape& shape) {
  const auto blocks = static_cast<std::size_t>((shape.outputs + kBlock<Simd> - 1) / kBlock<Simd>);
  return blocks * BlockBytes<Simd, Precision::kSplit>(shape.inputs);
}

// Function with the precision as a constant.
template <class Simd, typename Function>
auto WithPrecision(Precision precision, const Function& function) {
  using P = Precision;
  if constexpr (requires { Simd::kBf16; }) {
    if (precision == P::kBf16) {
      return function(std::integral_constant<P, P::kBf16>());
    }
  }
  if constexpr (kHasSplit<Simd>) {
    if (precision == P::kSplit) {
      return function(std::integral_constant<P, P::kSplit>());
    }
  }
  return precision == P::kInt8 ? function(std::integral_constant<P, P::kInt8>())
                               : function(std::integral_constant<P, P::kF32>());
}

// To the nearest, ties to even, as VCVTNE2PS2BF16 does it; NaN stays one.
[[gnu::always_inline]] inline std::uint16_t ToBf16(float value) {
  const auto bits = __builtin_bit_cast(std::uint32_t, value);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) {
    return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  }
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}
[[gnu::always_inline]] inline float FromBf16(std::uint16_t value) {
  return __builtin_bit_cast(float, std::uint32_t{value} << 16);
}

// ---- packing

// The largest magnitude of a row.
template <class Simd>
float LargestOf(const float* x, int inputs) {
  using V = Vectors<Simd>;
  constexpr int kLanes = Simd::kLanes;
  typename V::F most{};
  int k = 0;
  for (; k + kLanes <= inputs; k += kLanes) {
    most = V::Max(V::Abs(V::Load(x + k)), most);
  }
  return V::Largest(V::Max(V::Abs(V::LoadSome(x + k, inputs - k)), most));
}

// Where weight `i` of a lane stands among a step's int8 weights, counted in weights.
template <class Simd>
constexpr int Int8Place(int lane, int i) {
  if constexpr (requires { Simd::ProductPlace; }) {
    return Simd::ProductPlace(kVectors<Simd>, lane / Simd::kLanes, lane % Simd::kLanes, i);
  } else {
    return lane * Math<Simd, Precision::kInt8>::kGroup + i;
  }
}

// One block of a matrix: `count` of its lanes are outputs.
template <class Simd, Precision kPrecision>
class BlockPacker {
  using M = Math<Simd, kPrecision>;
  static constexpr std::ptrdiff_t kStep = std::ptrdiff_t{kBlock<Simd>} * M::kWeightBytes;

 public:
  // `lower`: kSplit's lower halves of the block's first output.
  BlockPacker(int inputs, const Weights& weights, int first, int count, std::byte* to,
              std::byte* lower)
      : inputs_(inputs),
        weights_(weights),
        first_(first),
        count_(count),
        head_(to),
        to_(to + HeadBytes<Simd, kPrecision>()),
        lower_(lower) {}

  void Pack() {
    std::memset(head_, 0, BlockBytes<Simd, kPrecision>(inputs_));
    if constexpr (kPrecision == Precision::kSplit) {
      std::memset(lower_, 0, kBlock<Simd> * LowerBytes(inputs_));
    }
    for (int lane = 0; lane < count_ && weights_.bias != nullptr; ++lane) {
      PutHead(0, lane, weights_.bias[first_ + lane]);
    }
    if constexpr (kPrecision == Precision::kInt8 && kHasSplit<Simd>) {
      if (weights_.output_step == 1 && count_ == kBlock<Simd>) {
        PackBytesAcross();
        return;
      }
    }
    for (int lane = 0; lane < count_; ++lane) {
      if constexpr (kPrecision == Precision::kInt8) {
        PackBytes(lane);
      } else if constexpr (kPrecision == Precision::kSplit) {
        PackHalves(lane);
      } else {
        PackFloats(lane);
      }
    }
  }

 private:
  const float* At(int lane) const { return weights_.at + (first_ + lane) * weights_.output_step; }

  template <typename T>
  void PutHead(int head, int lane, T value) {
    std::memcpy(head_ + (head * kBlock<Simd> + lane) * 4, &value, 4);
  }

  void PackFloats(int lane) {
    const float* from = At(lane);
    std::byte* to = to_ + lane * M::kWeightBytes;
    for (int k = 0; k < inputs_; k += M::kGroup, to += kStep) {
      for (int i = 0; i < M::kGroup && k + i < inputs_; ++i, from += weights_.input_step) {
        if constexpr (kPrecision == Precision::kBf16) {
          const std::uint16_t value = ToBf16(*from);
          std::memcpy(to + i * 2, &value, 2);
        } else {
          std::memcpy(to, from, 4);
        }
      }
    }
  }

  float Largest(const float* from) const {
    if (weights_.input_step == 1) {
      return LargestOf<Simd>(from, inputs_);
    }
    float largest = 0;
    for (int k = 0; k < inputs_; ++k) {
      largest = std::max(largest, std::fabs(from[k * weights_.input_step]));
    }
    return largest;
  }

  void PackBytes(int lane) {
    const float* const from = At(lane);
    const float largest = Largest(from);
    const float steps = largest > 0 ? 127 / largest : 0;
    std::ptrdiff_t places[M::kGroup];
    for (int i = 0; i < M::kGroup; ++i) {
      places[i] = std::ptrdiff_t{Int8Place<Simd>(lane, i)} * (M::kWeightBytes / M::kGroup);
    }
    std::int32_t sum = 0;
    constexpr int kPiece = 256;
    std::int8_t piece[kPiece];
    for (int first = 0; first < inputs_; first += kPiece) {
      const int count = std::min(kPiece, inputs_ - first);
      sum += Round(from + first * weights_.input_step, steps, count, piece);
      if constexpr (kHasSplit<Simd>) {  // four in order are a step's
        std::memset(piece + count, 0, static_cast<std::size_t>(-count & 3));
        for (int k = 0; k < count; k += 4) {
          std::memcpy(to_ + (first + k) / 4 * kStep + lane * 4, piece + k, 4);
        }
      } else {
        for (int k = 0; k < count; ++k) {
          PutByte(to_ + (first + k) / M::kGroup * kStep + places[k % M::kGroup], piece[k]);
        }
      }
    }
    PutWorth(lane, largest, sum);
  }

  // Returns the sum.
  std::int32_t Round(const float* from, float steps, int count, std::int8_t* to) const {
    std::int32_t sum = 0;
    if (weights_.input_step == 1) {  // which a compiler makes vectors of
      for (int k = 0; k < count; ++k) {
        sum += to[k] = RoundedTo8(from[k] * steps);
      }
    } else {
      for (int k = 0; k < count; ++k) {
        sum += to[k] = RoundedTo8(from[k * weights_.input_step] * steps);
      }
    }
    return sum;
  }

  void PutWorth(int lane, float largest, std::int32_t sum) {
    PutHead(1, lane, largest / 127);
    PutHead(2, lane, Simd::kInt8Data == DataType::kByte ? -128 * sum : 0);
  }

  // A whole block whose outputs lie side by side: all lanes at once.
  void PackBytesAcross() {
    constexpr int kLanes = kBlock<Simd>;
    const float* const from = At(0);
    float largest[kLanes] = {}, steps[kLanes];
    for (int k = 0; k < inputs_; ++k) {
      const float* const row = from + k * weights_.input_step;
      for (int lane = 0; lane < kLanes; ++lane) {
        const float magnitude = std::fabs(row[lane]);
        largest[lane] = magnitude > largest[lane] ? magnitude : largest[lane];
      }
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      steps[lane] = largest[lane] > 0 ? 127 / largest[lane] : 0;
    }
    std::int32_t sums[kLanes] = {};
    for (int k = 0; k < inputs_; k += M::kGroup) {
      std::uint32_t groups[kLanes] = {};
      for (int i = 0; i < std::min(M::kGroup, inputs_ - k); ++i) {
        const float* const row = from + (k + i) * weights_.input_step;
        for (int lane = 0; lane < kLanes; ++lane) {
          const std::int32_t value = RoundedTo8(row[lane] * steps[lane]);
          sums[lane] += value;
          groups[lane] |= (static_cast<std::uint32_t>(value) & 0xFF) << (8 * i);
        }
      }
      std::memcpy(to_ + k / M::kGroup * kStep, groups, sizeof(groups));
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      PutWorth(lane, largest[lane], sums[lane]);
    }
  }

  // weight = 16 * upper + lower, lower in -8 .. 7. With 119 steps upper is in -7 .. 7.
  void PackHalves(int lane) {
    constexpr float kSteps = 119;
    const float* const from = At(lane);
    const float largest = Largest(from);
    const float steps = largest > 0 ? kSteps / largest : 0;
    const auto lower_bytes = static_cast<int>(LowerBytes(inputs_));
    constexpr int kPiece = 64;  // of which LowerBytes are a multiple
    static_assert(kPiece == kAlignment && kPiece % M::kGroup == 0);
    std::int32_t sum = 0;
    for (int first = 0; first < inputs_; first += kPiece) {
      std::int8_t piece[kPiece] = {};
      Round(from + first * weights_.input_step, steps, std::min(kPiece, inputs_ - first), piece);
      sum += PutUpper(piece, std::min(kPiece, inputs_ - first),
                      to_ + first / M::kGroup * kStep + lane * M::kWeightBytes);
      PutLower(piece, first < lower_bytes ? 0 : 4,
               lower_ + std::ptrdiff_t{lane} * lower_bytes + first % lower_bytes);
    }
    PutHead(1, lane, largest / kSteps);
    PutHead(2, lane, Simd::kInt8Data == DataType::kByte ? -128 * sum : 0);
  }

  // Sixteen times the upper halves of `count` weights, up to a whole step; returns their sum.
  template <std::size_t kCount>
  static std::int32_t PutUpper(const std::int8_t (&weights)[kCount], int count, std::byte* to) {
    std::uint8_t upper[kCount];
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      upper[i] = static_cast<std::uint8_t>(weights[i] + 8) & 0xF0;
      sum += static_cast<std::int8_t>(upper[i]);
    }
    for (int k = 0; k < count; k += 8, to += kStep) {
      std::uint32_t first, others;
      std::memcpy(&first, upper + k, 4);
      std::memcpy(&others, upper + k + 4, 4);
      first |= others >> 4;  // no bit passes into another byte: its lower half is zero
      std::memcpy(to, &first, 4);
    }
    return sum;
  }

  // The lower halves, into the lower or the upper halves of as many bytes.
  template <std::size_t kCount>
  static void PutLower(const std::int8_t (&weights)[kCount], int shift, std::byte* to) {
    for (std::size_t i = 0; i < kCount; ++i) {
      to[i] |= static_cast<std::byte>((weights[i] & 15) << shift);
    }
  }

  static void PutByte(std::byte* to, std::int32_t value) {
    if constexpr (M::kWeightBytes / M::kGroup == 2) {
      const auto wide = static_cast<std::int16_t>(value);
      std::memcpy(to, &wide, 2);
    } else {
      *to = static_cast<std::byte>(value);
    }
  }

  int inputs_;
  const Weights& weights_;
  int first_, count_;
  std::byte* head_;
  std::byte* to_;
  std::byte* lower_;
};

template <class Simd>
std::size_t PackedBytes(const Shape& shape) {
  return WithPrecision<Simd>(shape.precision, [&](auto p) {
    const auto blocks = static_cast<std::size_t>((shape.outputs + kBlock<Simd> - 1) / kBlock<Simd>);
    const std::size_t lower =
        p.value == Precision::kSplit ? blocks * kBlock<Simd> * LowerBytes(shape.inputs) : 0;
    return blocks * BlockBytes<Simd, p.value>(shape.inputs) + lower;
  });
}

template <class Simd>
void Pack(const Shape& shape, const Weights& weights, int first_block, int end_block,
          std::byte* packed) {
  WithPrecision<Simd>(shape.precision, [&](auto p) {
    for (int block = first_block; block < end_block; ++block) {
      const int first = block * kBlock<Simd>;
      std::byte* const lower = p.value == Precision::kSplit
                                   ? packed + LowerBegin<Simd>(shape) +
                                         static_cast<std::size_t>(first) * LowerBytes(shape.inputs)
                                   : nullptr;
      BlockPacker<Simd, p.value>(
          shape.inputs, weights, (block - first_block) * kBlock<Simd>,
          std::min(kBlock<Simd>, shape.outputs - first),
          packed + static_cast<std::size_t>(block) * BlockBytes<Simd, p.value>(shape.inputs), lower)
          .Pack();
    }
  });
}

// A nibble in the upper half of a byte, as sixteen times a number of -8 .. 7.
[[gnu::always_inline]] inline int UpperTimes16(std::byte at) {
  return static_cast<std::int8_t>(at & std::byte{0xF0});
}
[[gnu::always_inline]] inline int UpperTimes16OfLower(std::byte at) {
  return UpperTimes16(at << 4);
}

// Weight k of an output of kSplit, in steps.
template <class Simd>
int SplitWeight(const std::byte* block, const std::byte* lower, int lower_bytes, int lane, int k) {
  using M = Math<Simd, Precision::kSplit>;
  constexpr std::ptrdiff_t kStep = std::ptrdiff_t{kBlock<Simd>} * M::kWeightBytes;
  const std::byte upper =
      block[HeadBytes<Simd, Precision::kSplit>() +
            static_cast<std::size_t>(k / M::kGroup * kStep + lane * M::kWeightBytes + k % 4)];
  const std::byte both = lower[k % lower_bytes];
  return (k % M::kGroup < 4 ? UpperTimes16(upper) : UpperTimes16OfLower(upper)) +
         (k < lower_bytes ? UpperTimes16OfLower(both) : UpperTimes16(both)) / 16;
}

template <class Simd>
void UnpackSplit(const Matrix& matrix, int output, float* to) {
  const int inputs = matrix.shape.inputs;
  const int lane = output % kBlock<Simd>;
  const auto lower_bytes = LowerBytes(inputs);
  const std::byte* const block = matrix.packed + static_cast<std::size_t>(output / kBlock<Simd>) *
                                                     BlockBytes<Simd, Precision::kSplit>(inputs);
  const std::byte* const lower = matrix.packed + LowerBegin<Simd>(matrix.shape) +
                                 static_cast<std::size_t>(output) * lower_bytes;
  float step;
  std::memcpy(&step, block + (kBlock<Simd> + lane) * 4, 4);
  for (int k = 0; k < inputs; ++k) {
    to[k] = static_cast<float>(
                SplitWeight<Simd>(block, lower, static_cast<int>(lower_bytes), lane, k)) *
            step;
  }
}

template <class Simd>
void Unpack(const Matrix& matrix, int output, float* to) {
  if constexpr (kHasSplit<Simd>) {
    if (matrix.shape.precision == Precision::kSplit) {
      return UnpackSplit<Simd>(matrix, output, to);
    }
  }
  WithPrecision<Simd>(matrix.shape.precision, [&](auto p) {
    using M = Math<Simd, p.value>;
    const int inputs = matrix.shape.inputs;
    const int lane = output % kBlock<Simd>;
    const std::byte* const head = matrix.packed + static_cast<std::size_t>(output / kBlock<Simd>) *
                                                      BlockBytes<Simd, p.value>(inputs);
    const std::byte* const from = head + HeadBytes<Simd, p.value>();
    float step = 1;
    if constexpr (p.value == Precision::kInt8) {
      std::memcpy(&step, head + (kBlock<Simd> + lane) * 4, 4);
    }
    constexpr int kBytes = M::kWeightBytes / M::kGroup;
    constexpr std::ptrdiff_t kStep = std::ptrdiff_t{kBlock<Simd>} * M::kWeightBytes;
    for (int k = 0; k < inputs; ++k) {
      const int place = p.value == Precision::kInt8 ? Int8Place<Simd>(lane, k % M::kGroup)
                                                    : lane * M::kGroup + k % M::kGroup;
      const std::byte* const at = from + k / M::kGroup * kStep + place * kBytes;
      if constexpr (p.value == Precision::kF32) {
        std::memcpy(to + k, at, 4);
      } else if constexpr (p.value == Precision::kBf16) {
        std::uint16_t value;
        std::memcpy(&value, at, 2);
        to[k] = FromBf16(value);
      } else if constexpr (kBytes == 2) {
        std::int16_t value;
        std::memcpy(&value, at, 2);
        to[k] = static_cast<float>(value) * step;
      } else {
        to[k] = static_cast<float>(static_cast<std::int8_t>(*at)) * step;
      }
    }
  });
}

// ---- rows of x

template <class Simd, Precision kPrecision>
std::size_t RowBytes(int inputs) {
  using M = Math<Simd, kPrecision>;
  if constexpr (kPrecision == Precision::kSplit) {
    return 2 * LowerBytes(inputs);
  }
  return RoundUp(static_cast<std::size_t>(Steps<M>(inputs)) * M::kDataBytes);
}

template <class Simd>
std::size_t PreparedBytes(const Shape& shape, int rows) {
  return WithPrecision<Simd>(shape.precision, [&](auto p) -> std::size_t {
    const auto count = static_cast<std::size_t>(rows);
    switch (p.value) {
      case Precision::kF32: return 0;
      case Precision::kBf16: return count * RowBytes<Simd, p.value>(shape.inputs);
      case Precision::kInt8:
      case Precision::kSplit:
        return RoundUp(count * 4) + count * RowBytes<Simd, p.value>(shape.inputs);
    }
    return 0;
  });
}

// A row to int8 of 127 steps, in the Simd's data type; returns what a step is worth. kFine: to
// `rest` what that leaves away, in steps of 1 / 254.
template <class Simd, bool kFine = false>
float Quantise(const float* x, int inputs, std::byte* to, std::byte* rest = nullptr) {
  const float largest = LargestOf<Simd>(x, inputs);
  const float steps = largest > 0 ? 127 / largest : 0;
  // Pieces, since the Simd converts from int8.
  constexpr int kPiece = 256;
  std::int8_t piece[kPiece], rest_piece[kPiece];
  constexpr int kBytes = BytesOf(Simd::kInt8Data);
  // Added to a number, it rounds that to an integer, which then stands in the low bits.
  constexpr float kRound = 12582912.0F;
  for (int first = 0; first < inputs; first += kPiece) {
    const int count = std::min(kPiece, inputs - first);
    for (int i = 0; i < count; ++i) {
      const float exact = x[first + i] * steps;
      const float rounded = exact + kRound;
      piece[i] = static_cast<std::int8_t>(__builtin_bit_cast(std::int32_t, rounded));
      if constexpr (kFine) {
        const float left = (exact - (rounded - kRound)) * 254 + kRound;
        rest_piece[i] = static_cast<std::int8_t>(__builtin_bit_cast(std::int32_t, left));
      }
    }
    Simd::Convert(to + std::ptrdiff_t{first} * kBytes, piece, count);
    if constexpr (kFine) {
      Simd::Convert(rest + std::ptrdiff_t{first} * kBytes, rest_piece, count);
    }
  }
  return largest / 127;
}

template <class Simd>
Rows Prepare(const Shape& shape, const float* x, std::ptrdiff_t x_step, int rows, std::byte* to) {
  if (shape.precision == Precision::kF32) {
    return {reinterpret_cast<const std::byte*>(x), x_step * 4, nullptr, rows};
  }
  if constexpr (requires { Simd::kBf16; }) {
    if (shape.precision == Precision::kBf16) {
      const auto step = static_cast<std::ptrdiff_t>(RowBytes<Simd, Precision::kBf16>(shape.inputs));
      for (int row = 0; row < rows; ++row) {
        Simd::ToBf16(x + row * x_step, shape.inputs, to + row * step);
      }
      return {to, step, nullptr, rows};
    }
  }
  constexpr int kGroup = Math<Simd, Precision::kInt8>::kGroup;
  const auto bytes = RowBytes<Simd, Precision::kInt8>(shape.inputs);
  auto step = static_cast<std::ptrdiff_t>(bytes);
  if constexpr (kHasSplit<Simd>) {
    if (shape.precision == Precision::kSplit) {
      step = static_cast<std::ptrdiff_t>(RowBytes<Simd, Precision::kSplit>(shape.inputs));
    }
  }
  auto* const scales = reinterpret_cast<float*>(to);
  std::byte* const data = to + RoundUp(static_cast<std::size_t>(rows) * 4);
  for (int row = 0; row < rows; ++row) {
    std::byte* const at = data + row * step;
    const int last = (Steps<Math<Simd, Precision::kInt8>>(shape.inputs) - 1) * 4;
    std::memset(at + last, 0, static_cast<std::size_t>(step - last));
    static_assert(kGroup * BytesOf(Simd::kInt8Data) == 4);
    scales[row] = Quantise<Simd>(x + row * x_step, shape.inputs, at);
  }
  return {data, step, scales, rows};
}

template <class Simd>
Rows PrepareFine(const Shape& shape, const float* x, std::ptrdiff_t x_step, int rows,
                 std::byte* to) {
  using M = Math<Simd, Precision::kInt8>;
  const auto step = static_cast<std::ptrdiff_t>(RowBytes<Simd, Precision::kInt8>(shape.inputs));
  auto* const scales = reinterpret_cast<float*>(to);
  std::byte* const data = to + RoundUp(std::size_t{2} * static_cast<std::size_t>(rows) * 4);
  const int last = (Steps<M>(shape.inputs) - 1) * M::kDataBytes;
  for (int row = 0; row < rows; ++row) {
    std::byte* const at = data + row * step;
    std::byte* const rest = at + rows * step;
    std::memset(at + last, 0, M::kDataBytes);
    std::memset(rest + last, 0, M::kDataBytes);
    scales[row] = Quantise<Simd, true>(x + row * x_step, shape.inputs, at, rest);
    scales[rows + row] = scales[row] / 254;
  }
  return {data, step, scales, 2 * rows};
}

// ---- products

// A vector of sums becomes outputs.
template <class Simd, Precision kPrecision>
struct Finish {
  using Acc = typename Math<Simd, kPrecision>::Acc;
  using V = Vectors<Simd>;
  static constexpr int kV = kVectors<Simd>;
  static constexpr int kLanes = Simd::kLanes;

  // Vector `v` of a block; `step`: what a step of the row is worth. Up to `count` lanes are there.
  [[gnu::always_inline]] static void Put(const std::byte* block, int v, Acc acc, float step,
                                         float* y, int count, Then then) {
    const typename V::F value = Finished(block, v, acc, step);
    if (count >= kLanes) {
      V::Store(y, then == Then::kAdd ? V::Load(y) + value : value);
    } else if (count > 0) {
      V::StoreSome(y, then == Then::kAdd ? V::LoadSome(y, count) + value : value, count);
    }
  }

 private:
  [[gnu::always_inline]] static typename V::F Finished(const std::byte* block, int v, Acc acc,
                                                       float step) {
    if constexpr (IsInt8(kPrecision)) {
      const auto sum =
          __builtin_convertvector(__builtin_bit_cast(typename V::I, acc), typename V::F);
      const typename V::F worth = V::Load(block + (kV + v) * kLanes * 4) * step;
      return sum * worth + V::Load(block + v * kLanes * 4);
    } else {
      return __builtin_bit_cast(typename V::F, acc);
    }
  }
};

// kRows rows times some blocks of outputs that lie `apart` bytes from each other. More than one
// where rows are few: then the product is as fast as its weights come, and memory gives several
// streams at once faster than one.
template <class Simd, Precision kPrecision, int kRows, int kStreams = 1>
struct Tile {
  using M = Math<Simd, kPrecision>;
  using V = Vectors<Simd>;
  static constexpr int kV = kVectors<Simd>;
  static constexpr int kLanes = Simd::kLanes;
  static constexpr int kAll = kV * kStreams;

  // `count`: outputs that there are from the first block on, which lie kBlock * apart_blocks apart.
  static void Run(const std::byte* block, std::ptrdiff_t apart, int apart_blocks, int steps,
                  const Rows& rows, int first_row, int count, float* y, std::ptrdiff_t y_step,
                  Then then) {
    typename M::Acc acc[kAll][kRows];
    constexpr int kStart = IsInt8(kPrecision) ? 2 : 0;
    Unroll<kAll>([&](auto v) PINHOLE_INLINE {
      typename M::Acc start;
      std::memcpy(&start, block + v / kV * apart + (kStart * kV + v % kV) * kLanes * 4,
                  sizeof(start));
      Unroll<kRows>([&](auto m) PINHOLE_INLINE { acc[v][m] = start; });
    });
    SumUp(block + HeadBytes<Simd, kPrecision>(), apart, steps, rows.data + first_row * rows.step,
          rows.step, acc);
    Unroll<kRows>([&](auto m) PINHOLE_INLINE {
      const float step = IsInt8(kPrecision) ? rows.scales[first_row + m] : 1;
      Unroll<kAll>([&](auto v) PINHOLE_INLINE {
        const std::ptrdiff_t output =
            std::ptrdiff_t{v / kV} * apart_blocks * kBlock<Simd> + v % kV * kLanes;
        Finish<Simd, kPrecision>::Put(block + v / kV * apart, v % kV, acc[v][m], step,
                                      y + m * y_step + output, static_cast<int>(count - output),
                                      then);
      });
    });
  }

 private:
  [[gnu::always_inline]] static void SumUp(const std::byte* w, std::ptrdiff_t apart, int steps,
                                           const std::byte* data, std::ptrdiff_t step,
                                           typename M::Acc (&acc)[kAll][kRows]) {
    // The way through the weights is known: with few rows, reading them is all there is to do. Into
    // the second cache: four streams are more than the first one has places for, and what it
    // throws out before its turn is read twice. Measured on Zen 4: 15 to 24 % less time.
    constexpr std::ptrdiff_t kAhead = 8192;
    constexpr int kForReading = 0, kIntoSecondCache = 2;
    constexpr std::ptrdiff_t kVectorBytes = std::ptrdiff_t{kLanes} * M::kWeightBytes;
    // Rows share a pointer by threes or twos: that is what addressing modes do.
    constexpr int kShare = kRows % 3 == 0 ? 3 : kRows % 2 == 0 ? 2 : 1;
    constexpr int kPointers = kRows / kShare;
    const std::byte* row[kPointers];
    Unroll<kPointers>([&](auto g) PINHOLE_INLINE { row[g] = data + g * kShare * step; });
    for (int k = steps; k > 0; --k) {
      Unroll<kStreams>([&](auto s) PINHOLE_INLINE {
        const std::byte* const from = w + s * apart;
        decltype(M::LoadWeight(w)) weights[kV];
        Unroll<kV>([&](auto v) PINHOLE_INLINE {
          weights[v] = M::LoadWeight(from + v * kVectorBytes);
          if constexpr (kRows <= 2 && v * kVectorBytes % 64 == 0) {
            __builtin_prefetch(from + v * kVectorBytes + kAhead, kForReading, kIntoSecondCache);
          }
        });
        Unroll<kRows>([&](auto m) PINHOLE_INLINE {
          const std::byte* const at = row[m / kShare] + (m % kShare) * step;
          const auto a = M::Broadcast(at);
          if constexpr (kPrecision == Precision::kSplit) {
            const auto b = M::Broadcast(at + 4);
            Unroll<kV>([&](auto v) PINHOLE_INLINE {
              auto& sum = acc[s * kV + v][m];
              sum = M::Add(sum, a, M::First(weights[v]));
              sum = M::Add(sum, b, M::Others(weights[v]));
            });
          } else {
            Unroll<kV>([&](auto v) PINHOLE_INLINE {
              acc[s * kV + v][m] = M::Add(acc[s * kV + v][m], a, weights[v]);
            });
          }
        });
      });
      Unroll<kPointers>([&](auto g) PINHOLE_INLINE { row[g] += M::kDataBytes; });
      w += kV * kVectorBytes;
    }
  }
};

template <class Simd, Precision kPrecision>
class Product {
  static constexpr int kMost = kPrecision == Precision::kSplit
                                   ? std::min(4, Simd::MaxPixels(kVectors<Simd>))
                                   : Simd::MaxPixels(kVectors<Simd>);

 public:
  static void Run(const std::byte* block, int steps, const Rows& rows, int count, float* y,
                  std::ptrdiff_t y_step, Then then) {
    int row = 0;
    for (; rows.count - row >= kMost; row += kMost) {
      Tile<Simd, kPrecision, kMost>::Run(block, 0, 0, steps, rows, row, count, y + row * y_step,
                                         y_step, then);
    }
    if (row < rows.count) {
      Rest<kMost - 1>(rows.count - row, block, steps, rows, row, count, y + row * y_step, y_step,
                      then);
    }
  }

 private:
  // The tile of exactly `rest` rows.
  template <int kRows>
  static void Rest(int rest, const std::byte* block, int steps, const Rows& rows, int row,
                   int count, float* y, std::ptrdiff_t y_step, Then then) {
    if constexpr (kRows > 0) {
      if (rest == kRows) {
        Tile<Simd, kPrecision, kRows>::Run(block, 0, 0, steps, rows, row, count, y, y_step, then);
      } else {
        Rest<kRows - 1>(rest, block, steps, rows, row, count, y, y_step, then);
      }
    }
  }
};

// A target's Tiling may take a product off the vectors: tiles.h. Here nothing does.
struct OnVectors {
  template <class Simd, Precision kPrecision>
  static bool Takes(const Matrix& /*matrix*/, const Rows& /*rows*/) {
    return false;
  }
  template <class Simd, Precision kPrecision>
  static void Multiply(const Matrix& /*matrix*/, const Rows& /*rows*/, int /*first_block*/,
                       int /*end_block*/, float* /*y*/, std::ptrdiff_t /*y_step*/, Then /*then*/) {}
};

template <class Simd, class Tiling>
void Multiply(const Matrix& matrix, const Rows& rows, int first_block, int end_block, float* y,
              std::ptrdiff_t y_step, Then then) {
  const Shape& shape = matrix.shape;
  WithPrecision<Simd>(shape.precision, [&](auto p) {
    if (Tiling::template Takes<Simd, p.value>(matrix, rows)) {
      return Tiling::template Multiply<Simd, p.value>(matrix, rows, first_block, end_block, y,
                                                      y_step, then);
    }
    const std::size_t bytes = BlockBytes<Simd, p.value>(shape.inputs);
    const int steps = Steps<Math<Simd, p.value>>(shape.inputs);
    int block = first_block;
    // Rows times streams is what there are registers for.
    constexpr int kMost = Simd::kRegisters >= 32 ? 4 : 2;
    const auto few = [&](auto row_count, auto streams) {
      const int apart = (end_block - block) / streams;
      const int first = block;
      for (; block < first + apart; ++block) {
        Tile<Simd, p.value, row_count, streams>::Run(
            matrix.packed + static_cast<std::size_t>(block) * bytes,
            static_cast<std::ptrdiff_t>(static_cast<std::size_t>(apart) * bytes), apart, steps,
            rows, 0, shape.outputs - block * kBlock<Simd>, y + block * kBlock<Simd>, y_step, then);
      }
      block = first + apart * streams;
    };
    if (rows.count == 1) {
      few(std::integral_constant<int, 1>(), std::integral_constant<int, kMost>());
      few(std::integral_constant<int, 1>(), std::integral_constant<int, 2>());
    } else if (rows.count == 2) {
      few(std::integral_constant<int, 2>(), std::integral_constant<int, kMost / 2>());
    }
    for (; block < end_block; ++block) {
      const int first = block * kBlock<Simd>;
      Product<Simd, p.value>::Run(matrix.packed + static_cast<std::size_t>(block) * bytes, steps,
                                  rows, std::min(kBlock<Simd>, shape.outputs - first), y + first,
                                  y_step, then);
    }
  });
}

// ---- what kSplit's products left away

template <class Simd>
typename Vectors<Simd>::F LoadUpTo(const float* x, int count) {
  using V = Vectors<Simd>;
  return count == V::kLanes ? V::Load(x) : V::LoadSome(x, count);
}

// What int8 of a row is, of either type that kSplit can have.
template <class Simd>
[[gnu::always_inline]] inline int DataValue(std::byte x) {
  return Simd::kInt8Data == DataType::kByte ? static_cast<int>(x) - 128
                                            : static_cast<std::int8_t>(x);
}

// The sum of x times the lower halves of one output's weights.
template <class Simd>
std::int32_t LowerSum(const std::byte* lower, int bytes, const std::byte* row) {
  using M = Math<Simd, Precision::kSplit>;
  using I = typename Simd::I;
  // Of zero too, which bytes are apart from 0 in some data types: what that adds is taken back.
  I sum = Simd::SetI(0), zero = sum;
  const I zeros = Simd::SetI(Simd::kInt8Data == DataType::kByte ? -0x7F7F7F80 : 0);
  for (int i = 0; i < bytes; i += Simd::kLanes * 4) {
    const auto both = M::LoadWeight(lower + i);
    const auto first = M::Others(both), others = M::First(both);
    sum = Simd::Dot(sum, Simd::LoadI(row + i), first);
    sum = Simd::Dot(sum, Simd::LoadI(row + bytes + i), others);
    zero = Simd::Dot(Simd::Dot(zero, zeros, first), zeros, others);
  }
  std::int32_t lanes[Simd::kLanes], total = 0;
  const I difference = Simd::SubI(sum, zero);
  std::memcpy(lanes, &difference, sizeof(lanes));
  for (const std::int32_t lane : lanes) {
    total += lane;
  }
  return total / 16;
}

// The square root of the sum of squares of a row, in steps.
template <class Simd>
float Length(const std::byte* row, int inputs) {
  std::int32_t squares = 0;
  for (int i = 0; i < inputs; ++i) {
    squares += DataValue<Simd>(row[i]) * DataValue<Simd>(row[i]);
  }
  return std::sqrt(static_cast<float>(squares));
}

template <class Simd>
class Refiner {
  using V = Vectors<Simd>;
  static constexpr int kV = kVectors<Simd>;

 public:
  Refiner(const Matrix& matrix, const Rows& rows, int row, float deviations)
      : outputs_(matrix.shape.outputs),
        packed_(matrix.packed),
        block_bytes_(BlockBytes<Simd, Precision::kSplit>(matrix.shape.inputs)),
        lower_(matrix.packed + LowerBegin<Simd>(matrix.shape)),
        lower_bytes_(LowerBytes(matrix.shape.inputs)),
        data_(rows.data + row * rows.step),
        scale_(rows.scales[row]),
        off_(deviations * kDeviation * Length<Simd>(data_, matrix.shape.inputs) * scale_) {}

  int Run(float* y) const {
    // What the largest is at least.
    typename V::F most = V::Set(-std::numeric_limits<float>::infinity());
    EachBlock(y, [&](int /*block*/, const auto& values, const auto& steps) PINHOLE_INLINE {
      Unroll<kV>([&](auto v) PINHOLE_INLINE { most = V::Max(values[v] - steps[v] * off_, most); });
    });
    const float least = V::Largest(most);
    int count = 0;
    EachBlock(y, [&](int block, const auto& values, const auto& steps) PINHOLE_INLINE {
      typename V::F highest = values[0] + steps[0] * off_;
      Unroll<kV>([&](auto v)
                     PINHOLE_INLINE { highest = V::Max(values[v] + steps[v] * off_, highest); });
      if (!(V::Largest(highest) < least)) {
        count += RefineBlock(block, least, y);
      }
    });
    return count;
  }

 private:
  // Of -8 .. 7, each as likely: the square root of 255 / 12.
  static constexpr float kDeviation = 4.6097722F;

  [[nodiscard]] const std::byte* Steps(int block) const {
    return packed_ + static_cast<std::size_t>(block) * block_bytes_ + kBlock<Simd> * 4;
  }

  // function(block, y of its vectors, its steps); lanes that are not there are below all others.
  template <typename Function>
  [[gnu::always_inline]] void EachBlock(const float* y, const Function& function) const {
    for (int first = 0; first < outputs_; first += kBlock<Simd>) {
      float rest[kBlock<Simd>];
      const float* from = y + first;
      if (outputs_ - first < kBlock<Simd>) {
        std::fill_n(rest, kBlock<Simd>, -std::numeric_limits<float>::infinity());
        std::copy_n(from, outputs_ - first, rest);
        from = rest;
      }
      const int block = first / kBlock<Simd>;
      typename V::F values[kV], steps[kV];
      Unroll<kV>([&](auto v) PINHOLE_INLINE {
        values[v] = V::Load(from + v * V::kLanes);
        steps[v] = V::Load(Steps(block) + v * V::kLanes * 4);
      });
      function(block, values, steps);
    }
  }

  int RefineBlock(int block, float least, float* y) const {
    int count = 0;
    const int end = std::min(outputs_, (block + 1) * kBlock<Simd>);
    for (int output = block * kBlock<Simd>; output < end; ++output) {
      float step;
      std::memcpy(&step, Steps(block) + output % kBlock<Simd> * 4, 4);
      if (!(y[output] + step * off_ < least)) {
        const std::int32_t sum =
            LowerSum<Simd>(lower_ + static_cast<std::size_t>(output) * lower_bytes_,
                           static_cast<int>(lower_bytes_), data_);
        y[output] += static_cast<float>(sum) * (step * scale_);
        ++count;
      }
    }
    return count;
  }

  int outputs_;
  const std::byte* packed_;
  std::size_t block_bytes_;
  const std::byte* lower_;
  std::size_t lower_bytes_;
  const std::byte* data_;
  float scale_, off_;
};

template <class Simd>
int Refine(const Matrix& matrix, const Rows& rows, int row, float deviations, float* y) {
  if constexpr (kHasSplit<Simd>) {
    return Refiner<Simd>(matrix, rows, row, deviations).Run(y);
  } else {
    return 0;
  }
}

// ---- what stands between products

// function(vector at x + i) for all of `count` floats; the last one with lanes that are not there.
template <class Simd, typename Function>
void EachVector(float* x, std::ptrdiff_t count, const Function& function) {
  using V = Vectors<Simd>;
  std::ptrdiff_t i = 0;
  for (; i + V::kLanes <= count; i += V::kLanes) {
    V::Store(x + i, function(V::Load(x + i)));
  }
  if (i < count) {
    const int rest = static_cast<int>(count - i);
    V::StoreSome(x + i, function(V::LoadSome(x + i, rest)), rest);
  }
}

// The sum over function(lanes of x at i), zero for lanes that are not there.
template <class Simd, typename Function>
float SumOver(int count, const Function& function) {
  using V = Vectors<Simd>;
  typename V::F sums[2] = {};
  int i = 0;
  for (; i + 2 * V::kLanes <= count; i += 2 * V::kLanes) {
    sums[0] += function(i, V::kLanes);
    sums[1] += function(i + V::kLanes, V::kLanes);
  }
  for (; i < count; i += V::kLanes) {
    sums[0] += function(i, std::min(V::kLanes, count - i));
  }
  return V::Sum(sums[0] + sums[1]);
}

template <class Simd>
float Dot(const float* a, const float* b, int count) {
  return SumOver<Simd>(count, [&](int i, int lanes) PINHOLE_INLINE {
    return LoadUpTo<Simd>(a + i, lanes) * LoadUpTo<Simd>(b + i, lanes);
  });
}

template <class Simd>
void AddScaled(const float* x, int count, float by, float* y) {
  using V = Vectors<Simd>;
  int i = 0;
  for (; i + V::kLanes <= count; i += V::kLanes) {
    V::Store(y + i, V::Load(y + i) + V::Load(x + i) * by);
  }
  for (; i < count; ++i) {
    y[i] += x[i] * by;
  }
}

template <class Simd>
void LayerNorm(const float* x, std::ptrdiff_t x_step, int rows, int count, const float* weight,
               const float* bias, float* y, std::ptrdiff_t y_step) {
  using V = Vectors<Simd>;
  for (int row = 0; row < rows; ++row, x += x_step, y += y_step) {
    const float n = static_cast<float>(count);
    const float mean =
        SumOver<Simd>(
            count, [&](int i, int lanes) PINHOLE_INLINE { return LoadUpTo<Simd>(x + i, lanes); }) /
        n;
    const float variance = SumOver<Simd>(count,
                                         [&](int i, int lanes) PINHOLE_INLINE {
                                           // Lanes that are not there differ by nothing.
                                           auto d = LoadUpTo<Simd>(x + i, lanes) - mean;
                                           if (lanes < V::kLanes) {
                                             float differences[V::kLanes];
                                             std::memcpy(differences, &d, sizeof(d));
                                             d = V::LoadSome(differences, lanes);
                                           }
                                           return d * d;
                                         }) /
                           n;
    const float by = 1.0F / std::sqrt(variance + 1e-5F);
    int i = 0;
    for (; i + V::kLanes <= count; i += V::kLanes) {
      V::Store(y + i, (V::Load(x + i) - mean) * by * V::Load(weight + i) + V::Load(bias + i));
    }
    for (; i < count; ++i) {
      y[i] = (x[i] - mean) * by * weight[i] + bias[i];
    }
  }
}

template <class Simd>
void Gelu(float* x, std::ptrdiff_t count) {
  EachVector<Simd>(x, count, [](auto v) PINHOLE_INLINE { return Vectors<Simd>::Gelu(v); });
}

template <class Simd>
void Scale(float* x, int count, float by) {
  EachVector<Simd>(x, count, [by](auto v) PINHOLE_INLINE { return v * by; });
}

template <class Simd>
float Exponentials(float* x, int count, float scale) {
  using V = Vectors<Simd>;
  typename V::F most = V::Set(x[0]);
  int i = 0;
  for (; i + V::kLanes <= count; i += V::kLanes) {
    most = V::Max(V::Load(x + i), most);
  }
  float largest = V::Largest(most);
  for (; i < count; ++i) {
    largest = std::max(largest, x[i]);
  }
  EachVector<Simd>(x, count, [&](auto v) PINHOLE_INLINE { return V::Exp((v - largest) * scale); });
  return SumOver<Simd>(
      count, [&](int at, int lanes) PINHOLE_INLINE { return LoadUpTo<Simd>(x + at, lanes); });
}

template <class Simd>
inline constexpr bool kHasBf16 = requires { Simd::kBf16; };

template <class Simd, class Tiling = OnVectors>
constexpr Target TargetOf(std::string_view name, std::string_view needs, bool (*runs_here)()) {
  return {.name = name,
          .needs = needs,
          .runs_here = runs_here,
          .bf16 = kHasBf16<Simd>,
          .split = kHasSplit<Simd>,
          .block = kBlock<Simd>,
          .packed_bytes = PackedBytes<Simd>,
          .pack = Pack<Simd>,
          .unpack = Unpack<Simd>,
          .prepared_bytes = PreparedBytes<Simd>,
          .prepare = Prepare<Simd>,
          .prepare_fine = PrepareFine<Simd>,
          .multiply = Multiply<Simd, Tiling>,
          .refine = Refine<Simd>,
          .layer_norm = LayerNorm<Simd>,
          .gelu = Gelu<Simd>,
          .exponentials = Exponentials<Simd>,
          .scale = Scale<Simd>,
          .dot = Dot<Simd>,
          .add_scaled = AddScaled<Simd>};
}

}  // namespace pinhole::engine::matrix
