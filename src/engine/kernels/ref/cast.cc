// SPDX-License-Identifier: Apache-2.0
// CAST: every element as another type; the shape stays. Types: float32, int8, uint8, int16, uint16,
// int32, uint32, int64 and bool, from each to each. Quantisation is not looked at. Integers keep
// their low bits; floats are cut towards zero and saturate, NaN becomes 0; bool is "not zero". The
// reference leaves floats beyond the integer's range undefined. Source: TensorFlow Lite Micro
// cast.cc.
//
// Elements go through a small block of the widest type of their kind, so that there is one loop a
// type and not one a pair.

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/kernels/ref/parameters.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

constexpr std::int64_t kBlock = 64;

bool CanCast(Type type) {
  return type != Type::kFloat16 && type != Type::kUint64 && type != Type::kResource;
}

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 1));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  if (!CanCast(in.type) || !CanCast(out.type)) {
    return context.Fail(base::Error::kUnsupported, "from ", TypeName(in.type), " to ",
                        TypeName(out.type), "; float32, bool and integers but uint64 expected");
  }
  PINHOLE_TRY(context.ExpectShape(out, in.shape));
  return Prepared{};
}

// Wide is float or std::int64_t.
template <typename Wide, typename T>
void Widen(const T* from, std::int64_t count, Wide* to) {
  std::transform(from, from + count, to, [](T x) { return static_cast<Wide>(x); });
}

template <typename To>
To Narrow(std::int64_t x) {
  return static_cast<To>(x);
}

template <typename To>
To Narrow(float x) {
  if constexpr (std::is_integral_v<To>) {
    // 2^digits: the least float above the range; the range's low end is a float itself.
    const float above = std::ldexp(1.0F, std::numeric_limits<To>::digits);
    if (std::isnan(x)) {
      return 0;
    }
    if (x >= above) {
      return std::numeric_limits<To>::max();
    }
    if (x <= static_cast<float>(std::numeric_limits<To>::min())) {
      return std::numeric_limits<To>::min();
    }
  }
  return static_cast<To>(x);
}

template <typename To, typename Wide>
void NarrowTo(const Wide* from, std::int64_t count, const TensorView& out, std::int64_t at) {
  std::transform(from, from + count, out.as<To>() + at, [](Wide x) { return Narrow<To>(x); });
}

template <typename Wide>
void Store(const Wide* from, std::int64_t count, const TensorView& out, std::int64_t at) {
  switch (out.type()) {
    case Type::kFloat32: NarrowTo<float>(from, count, out, at); return;
    case Type::kInt8: NarrowTo<std::int8_t>(from, count, out, at); return;
    case Type::kUint8: NarrowTo<std::uint8_t>(from, count, out, at); return;
    case Type::kInt16: NarrowTo<std::int16_t>(from, count, out, at); return;
    case Type::kUint16: NarrowTo<std::uint16_t>(from, count, out, at); return;
    case Type::kInt32: NarrowTo<std::int32_t>(from, count, out, at); return;
    case Type::kUint32: NarrowTo<std::uint32_t>(from, count, out, at); return;
    case Type::kInt64: NarrowTo<std::int64_t>(from, count, out, at); return;
    default:
      std::transform(from, from + count, out.as<std::uint8_t>() + at,
                     [](Wide x) { return static_cast<std::uint8_t>(x != Wide{0} ? 1 : 0); });
      return;
  }
}

void LoadIntegers(const TensorView& in, std::int64_t at, std::int64_t count, std::int64_t* to) {
  switch (in.type()) {
    case Type::kInt8: Widen(in.as<std::int8_t>() + at, count, to); return;
    case Type::kUint8: Widen(in.as<std::uint8_t>() + at, count, to); return;
    case Type::kInt16: Widen(in.as<std::int16_t>() + at, count, to); return;
    case Type::kUint16: Widen(in.as<std::uint16_t>() + at, count, to); return;
    case Type::kInt32: Widen(in.as<std::int32_t>() + at, count, to); return;
    case Type::kUint32: Widen(in.as<std::uint32_t>() + at, count, to); return;
    case Type::kInt64: Widen(in.as<std::int64_t>() + at, count, to); return;
    default:  // bool: any byte, 0 or not
      std::transform(in.as<std::uint8_t>() + at, in.as<std::uint8_t>() + at + count, to,
                     [](std::uint8_t x) { return std::int64_t{x != 0 ? 1 : 0}; });
      return;
  }
}

base::Status Evaluate(const EvalContext& context) {
  const TensorView in = context.input(0);
  const TensorView out = context.output(0);
  const auto size = static_cast<std::int64_t>(in.size());
  for (std::int64_t at = 0; at < size; at += kBlock) {
    const std::int64_t count = std::min(kBlock, size - at);
    if (in.type() == Type::kFloat32) {
      Store(in.as<float>() + at, count, out, at);
    } else {
      std::int64_t block[kBlock];
      LoadIntegers(in, at, count, block);
      Store(block, count, out, at);
    }
  }
  return {};
}

}  // namespace

const Kernel kCast{OpKind::kCast, 1, 7, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
