// SPDX-License-Identifier: Apache-2.0
#include "speech/weights/weights.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "base/little_endian.h"
#include "speech/weights/weight_bytes.h"

namespace pinhole::speech {
namespace {

// A half's float without a branch, so that a compiler makes vectors of it: exponent and fraction in
// a float's places are the value times 2^-112, exactly and for subnormals too; infinities and NaNs
// get a float's exponent.
inline float Widen(std::uint16_t half) {
  constexpr std::uint32_t kFirstInfinite = 0x7C00U << 13U;
  const std::uint32_t magnitude = (half & 0x7FFFU) << 13U;
  const float value = std::bit_cast<float>(magnitude) * 0x1p112F;
  const std::uint32_t exponent = magnitude >= kFirstInfinite ? 0x7F800000U : 0U;
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | exponent | sign);
}

constexpr std::size_t kChunk = 512;

// Sixteen-bit numbers, some at a time through `halves`, as wide registers like them.
template <typename ToFloat>
void UnpackHalves(const std::byte* from, std::span<float> to, ToFloat to_float) {
  std::uint16_t halves[kChunk];
  for (std::size_t done = 0; done < to.size(); done += kChunk) {
    const std::size_t count = std::min(kChunk, to.size() - done);
    const std::byte* const bytes = from + 2 * done;
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(halves, bytes, 2 * count);
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        halves[i] = base::LoadLe<std::uint16_t>(bytes + 2 * i);
      }
    }
    float* const out = to.data() + done;
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = to_float(halves[i]);
    }
  }
}

float HalfAt(const std::byte* at) { return Widen(base::LoadLe<std::uint16_t>(at)); }

void UnpackQ8(const std::byte* block, float* to) {
  const float scale = HalfAt(block);
  for (std::size_t i = 0; i < kBlockElements; ++i) {
    to[i] = scale * static_cast<float>(static_cast<std::int8_t>(block[2 + i]));
  }
}

// Low four bits of value i and of value i + 16 share a byte; the fifth ones are bits of `high`.
void UnpackQ5(std::uint32_t high, const std::byte* low, float scale, float offset, float* to) {
  constexpr std::size_t kHalf = kBlockElements / 2;
  for (std::size_t i = 0; i < kHalf; ++i) {
    const auto both = static_cast<std::uint32_t>(low[i]);
    const std::uint32_t first = (both & 15U) | (high >> i & 1U) << 4U;
    const std::uint32_t second = both >> 4U | (high >> (i + kHalf) & 1U) << 4U;
    to[i] = static_cast<float>(first) * scale + offset;
    to[i + kHalf] = static_cast<float>(second) * scale + offset;
  }
}

void UnpackBlock(WeightType type, const std::byte* block, float* to) {
  if (type == WeightType::kQ8_0) {
    UnpackQ8(block, to);
  } else if (type == WeightType::kQ5_0) {
    const float scale = HalfAt(block);
    UnpackQ5(base::LoadLe<std::uint32_t>(block + 2), block + 6, scale, -16.0F * scale, to);
  } else {
    UnpackQ5(base::LoadLe<std::uint32_t>(block + 4), block + 8, HalfAt(block), HalfAt(block + 2),
             to);
  }
}

}  // namespace

const Weight* ModelFile::Find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(
      weights, name, {}, [](const NamedWeight& weight) { return std::string_view(weight.name); });
  return at != weights.end() && at->name == name ? &at->weight : nullptr;
}

void UnpackRows(const Weight& weight, std::int64_t first, std::int64_t count, std::span<float> to) {
  assert(first >= 0 && count >= 0 && first + count <= weight.rows);
  const auto before = static_cast<std::size_t>(first * weight.columns);
  [[maybe_unused]] const auto elements = static_cast<std::size_t>(count * weight.columns);
  assert(to.size() == elements);
  const std::byte* const from =
      weight.bytes.data() + static_cast<std::size_t>(BytesOf(weight.type, before));
  switch (weight.type) {
    case WeightType::kF32:
      if constexpr (std::endian::native == std::endian::little) {
        if (!to.empty()) {
          std::memcpy(to.data(), from, to.size_bytes());
        }
      } else {
        for (std::size_t i = 0; i < to.size(); ++i) {
          to[i] = base::LoadLeFloat(from + 4 * i);
        }
      }
      return;
    case WeightType::kF16: UnpackHalves(from, to, Widen); return;
    case WeightType::kBf16:
      UnpackHalves(from, to, [](std::uint16_t bits) {
        return std::bit_cast<float>(std::uint32_t{bits} << 16U);
      });
      return;
    case WeightType::kQ8_0:
    case WeightType::kQ5_0:
    case WeightType::kQ5_1:
      for (std::size_t i = 0; i < to.size(); i += kBlockElements) {
        UnpackBlock(weight.type, from + static_cast<std::size_t>(BytesOf(weight.type, i)),
                    to.data() + i);
      }
      return;
  }
}

}  // namespace pinhole::speech
