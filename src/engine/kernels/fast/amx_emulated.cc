// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/fast/amx_emulated.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace pinhole::engine::kernels::fast {

namespace {

bool IsZero(const auto* from, const auto* end) {
  return std::all_of(from, end, [](auto value) { return value == 0; });
}

bool Valid(const TileConfig& config) {
  if (config.palette != 1 || !IsZero(config.reserved, std::end(config.reserved)) ||
      !IsZero(config.row_bytes + kTiles, std::end(config.row_bytes)) ||
      !IsZero(config.rows + kTiles, std::end(config.rows))) {
    return false;
  }
  for (int tile = 0; tile < kTiles; ++tile) {
    const int rows = config.rows[tile];
    const int bytes = config.row_bytes[tile];
    if (rows > kTileRows || bytes > kTileRowBytes || (rows == 0) != (bytes == 0)) {
      return false;
    }
  }
  return true;
}

// Below the normal numbers: zero of the same sign.
float Flushed(float value) {
  return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(0.0F, value) : value;
}

// Number `i` of some bfloat16.
float Bf16At(const std::uint8_t* at, int i) {
  std::uint32_t bits = 0;
  std::memcpy(reinterpret_cast<std::uint8_t*>(&bits) + 2, at + i * 2, 2);
  return Flushed(std::bit_cast<float>(bits));
}

}  // namespace

bool TileRegisters::Configure(const TileConfig& config) {
  if (config.palette == 0) {
    Release();
    return true;
  }
  if (!Valid(config)) {
    return false;
  }
  Release();
  config_ = config;
  return true;
}

void TileRegisters::Release() {
  config_ = TileConfig{.palette = 0};
  std::memset(bytes_, 0, sizeof(bytes_));
}

bool TileRegisters::Usable(int tile) const {
  return configured() && tile < kTiles && config_.rows[tile] > 0 &&
         config_.row_bytes[tile] % 4 == 0;
}

bool TileRegisters::Load(int tile, const std::byte* at, std::ptrdiff_t step) {
  if (!Usable(tile)) {
    return false;
  }
  std::memset(bytes_[tile], 0, sizeof(bytes_[tile]));
  for (int row = 0; row < config_.rows[tile]; ++row) {
    std::memcpy(bytes_[tile][row], at + row * step, config_.row_bytes[tile]);
  }
  return true;
}

bool TileRegisters::Store(int tile, std::byte* at, std::ptrdiff_t step) const {
  if (!Usable(tile)) {
    return false;
  }
  for (int row = 0; row < config_.rows[tile]; ++row) {
    std::memcpy(at + row * step, bytes_[tile][row], config_.row_bytes[tile]);
  }
  return true;
}

bool TileRegisters::Fit(int sums, int data, int weights) const {
  return Usable(sums) && Usable(data) && Usable(weights) && sums != data && sums != weights &&
         data != weights && config_.rows[sums] == config_.rows[data] &&
         config_.row_bytes[sums] == config_.row_bytes[weights] &&
         config_.row_bytes[data] / 4 == config_.rows[weights];
}

bool TileRegisters::Dot(int sums, int data, int weights) {
  if (!Fit(sums, data, weights)) {
    return false;
  }
  for (int row = 0; row < config_.rows[sums]; ++row) {
    std::uint32_t lanes[kTileRowBytes / 4];
    std::memcpy(lanes, bytes_[sums][row], sizeof(lanes));
    for (int k = 0; k < config_.rows[weights]; ++k) {
      const std::uint8_t* const four = bytes_[data][row] + k * 4;
      for (int lane = 0; lane < config_.row_bytes[sums] / 4; ++lane) {
        std::int8_t w[4];
        std::memcpy(w, bytes_[weights][k] + lane * 4, 4);
        lanes[lane] += static_cast<std::uint32_t>(four[0] * w[0] + four[1] * w[1] + four[2] * w[2] +
                                                  four[3] * w[3]);
      }
    }
    std::memcpy(bytes_[sums][row], lanes, sizeof(lanes));
  }
  // Rows and lanes beyond the tile's have been zero since it was configured.
  return true;
}

bool TileRegisters::DotBf16(int sums, int data, int weights) {
  if (!Fit(sums, data, weights)) {
    return false;
  }
  for (int row = 0; row < config_.rows[sums]; ++row) {
    float lanes[kTileRowBytes / 4];
    std::memcpy(lanes, bytes_[sums][row], sizeof(lanes));
    for (int lane = 0; lane < config_.row_bytes[sums] / 4; ++lane) {
      float halves[2] = {};
      for (int k = 0; k < config_.rows[weights]; ++k) {
        for (int i = 0; i < 2; ++i) {
          halves[i] = Flushed(std::fma(Bf16At(bytes_[data][row], 2 * k + i),
                                       Bf16At(bytes_[weights][k], 2 * lane + i), halves[i]));
        }
      }
      lanes[lane] = Flushed(Flushed(lanes[lane]) + Flushed(halves[0] + halves[1]));
    }
    std::memcpy(bytes_[sums][row], lanes, sizeof(lanes));
  }
  return true;
}

}  // namespace pinhole::engine::kernels::fast
