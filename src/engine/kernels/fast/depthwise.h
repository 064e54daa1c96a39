// SPDX-License-Identifier: Apache-2.0
#pragma once

// Depthwise convolutions: a lane is a channel, and there is nothing to broadcast. To be included by
// target_*.cc only, inside its compiler target, like gemm.h.
//
// Where a row's channels follow each other column by column, and do so under every tap (for int8,
// RowCopy's phases see to that where the stride is more than one), a row is one long run of lanes
// and the weights repeat: eight channels fill a vector of 64 bytes as well as 64 channels do.
//
// Float data are read where they lie, without a copy: taps over the edge are left out.

#include <algorithm>
#include <span>

#include "engine/kernels/fast/gemm.h"

namespace pinhole::engine::kernels::fast {

// Outputs of one block at kPlaces places that lie `apart` lanes from each other, so that weights and
// scaling are loaded once for all of them. The first `count` lanes are stored. Sums go over all
// taps, four at a time (or two: Simd's group).
template <class Simd, Finish kFinish, int kPlaces>
void WindowInt8(const Gemm& gemm, const Block& block, const std::byte* data, int apart, int count,
                std::int8_t* out) {
  constexpr int kVectors = kMaxVectors;
  constexpr int kBytes = BytesOf(Simd::kInt8Data);
  constexpr int kGroup = 4 / kBytes;
  typename Simd::I sums[kPlaces][kVectors];
  Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
    const auto bias = Simd::LoadI(block.finish + v * FinishBytes<Simd, kFinish>());
    Unroll<kPlaces>([&](auto p) PINHOLE_INLINE { sums[p][v] = bias; });
  });
  const std::byte* weights = block.weights;
  const std::int32_t* const end = gemm.segments.data() + gemm.segments.size();
  for (const std::int32_t* tap = gemm.segments.data(); tap != end; tap += kGroup) {
    Unroll<kPlaces>([&](auto p) PINHOLE_INLINE {
      const std::byte* taps[kGroup];
      Unroll<kGroup>([&](auto i) PINHOLE_INLINE {
        taps[i] = data + tap[i] + static_cast<std::ptrdiff_t>(p) * apart * kBytes;
      });
      Simd::DotTaps(sums[p], taps, weights);
    });
    weights += kVectors * Simd::kLanes * Simd::kWeightBytes;
  }
  typename Simd::I acc[kVectors][kPlaces];
  Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
    Unroll<kPlaces>([&](auto p) PINHOLE_INLINE { acc[v][p] = sums[p][v]; });
  });
  FinishInt8<Simd, kFinish, kPlaces, kVectors>(gemm, block, count, acc, out, apart);
}

// `length` lanes, the first of which is the first of the first block's.
template <class Simd, Finish kFinish>
void WindowRun(const Gemm& gemm, const std::byte* data, int length, int period, std::int8_t* out) {
  constexpr int kBlock = kMaxVectors * Simd::kLanes;
  constexpr int kPlaces = Simd::kWindowPlaces;
  constexpr std::ptrdiff_t kBytes = BytesOf(Simd::kInt8Data);
  if constexpr (requires { typename Simd::Careful; }) {
    if (gemm.careful) {
      WindowRun<typename Simd::Careful, kFinish>(gemm, data, length, period, out);
      return;
    }
  }
  for (const Block& block : gemm.blocks) {
    int at = block.first;
    for (; at + (kPlaces - 1) * period + kBlock <= length; at += kPlaces * period) {
      WindowInt8<Simd, kFinish, kPlaces>(gemm, block, data + at * kBytes, period, kBlock,
                                         out + at);
    }
    for (; at < length; at += period) {
      WindowInt8<Simd, kFinish, 1>(gemm, block, data + at * kBytes, period,
                                   std::min(kBlock, length - at), out + at);
    }
  }
}

// A window of three columns and up to four rows, over a row of outputs (or over two rows one below
// the other, for windows of three rows) of one block of channels. Bytes of one column are interleaved
// once and then used for the up to six windows that the column is under; of two rows, the lower
// takes its weights one row further down. `data` is the block's first channel of the first row and
// column; the second row's outputs lie `out_row` bytes behind the first's.
template <class Simd, Finish kFinish, int kStride, int kRows>
void WindowColumns(const DepthwiseParams& params, const Block& block, const std::byte* data,
                   std::int8_t* out, std::ptrdiff_t out_row) {
  constexpr int kVectors = kMaxVectors;
  constexpr std::ptrdiff_t kVectorBytes = static_cast<std::ptrdiff_t>(Simd::kLanes) * 4;
  using Column = typename Simd::I[kVectors];
  const std::ptrdiff_t channels = params.gemm.out_channels;
  const std::byte* rows[4];
  Unroll<4>([&](auto i) PINHOLE_INLINE {
    rows[i] = data + (kRows == 2 ? i * static_cast<std::ptrdiff_t>(params.copy.row_bytes)
                                 : params.column_rows[i]);
  });
  std::ptrdiff_t at = 0;
  const auto next = [&](Column& column) PINHOLE_INLINE {
    const std::byte* const runs[4] = {rows[0] + at, rows[1] + at, rows[2] + at, rows[3] + at};
    Simd::Interleave(runs, column);
    at += channels;
  };
  Column left, middle, right;
  next(left);
  if (kStride == 1) {
    next(middle);
  }
  for (std::int32_t x = 0; x < params.out_columns; ++x) {
    if (kStride == 2) {
      next(middle);
    }
    next(right);
    typename Simd::I acc[kVectors][kRows];
    Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
      const auto bias = Simd::LoadI(block.finish + v * FinishBytes<Simd, kFinish>());
      Unroll<kRows>([&](auto r) PINHOLE_INLINE {
        const std::byte* const weights = block.weights + (r * 3 * kVectors + v) * kVectorBytes;
        auto sum = Simd::Dot(bias, left[v], Simd::LoadWeight(weights));
        sum = Simd::Dot(sum, middle[v], Simd::LoadWeight(weights + kVectors * kVectorBytes));
        acc[v][r] = Simd::Dot(sum, right[v], Simd::LoadWeight(weights + 2 * kVectors * kVectorBytes));
      });
      left[v] = kStride == 1 ? middle[v] : right[v];
      middle[v] = right[v];
    });
    FinishInt8<Simd, kFinish, kRows, kVectors>(params.gemm, block, block.count, acc,
                                               out + x * channels, out_row);
  }
}

// A tap of a float window: its data under the first place, and which of the window's taps it is.
struct FloatTap {
  const std::byte* data;
  std::int32_t index;
};

// kPlaces places of one block, `data_apart` and `apart` lanes from each other in data and output;
// the first `count` lanes are stored.
template <class Simd, int kVectors, int kPlaces, bool kWhole>
void WindowFloat(const Gemm& gemm, const Block& block, std::span<const FloatTap> taps,
                 std::ptrdiff_t offset, std::ptrdiff_t data_apart, std::ptrdiff_t apart, int count,
                 float* out) {
  typename Simd::F acc[kVectors][kPlaces];
  Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
    const auto bias = Simd::LoadF(block.finish + v * Simd::kLanes * 4);
    Unroll<kPlaces>([&](auto p) PINHOLE_INLINE { acc[v][p] = bias; });
  });
  for (const FloatTap& tap : taps) {
    const std::byte* const at = tap.data + offset * 4;
    const std::byte* const weights =
        block.weights + static_cast<std::ptrdiff_t>(tap.index) * kVectors * Simd::kLanes * 4;
    Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
      const auto weight = Simd::LoadF(weights + v * Simd::kLanes * 4);
      Unroll<kPlaces>([&](auto p) PINHOLE_INLINE {
        const std::byte* const lanes = at + (p * data_apart + v * Simd::kLanes) * 4;
        // Data are read where they lie: not a lane more than count.
        const auto x = kWhole ? Simd::LoadUnalignedF(lanes)
                              : Simd::LoadSomeF(lanes, count - v * Simd::kLanes);
        acc[v][p] = Simd::FusedMultiplyAdd(acc[v][p], x, weight);
      });
    });
  }
  FinishFloat<Simd, kPlaces, kVectors>(gemm, count, acc, out, apart);
}

// Places of a window over float data, one behind the other: each is `lanes` lanes and begins
// `data_step` lanes behind the one before it.
template <class Simd, int kVectors, bool kWhole>
void WindowPlaces(const Gemm& gemm, const Block& block, std::span<const FloatTap> taps,
                  std::ptrdiff_t data_step, std::ptrdiff_t step, int places, int count,
                  float* out) {
  constexpr int kPlaces = Simd::kWindowPlaces;
  int place = 0;
  for (; place + kPlaces <= places; place += kPlaces) {
    WindowFloat<Simd, kVectors, kPlaces, kWhole>(gemm, block, taps,
                                                 block.first + place * data_step, data_step, step,
                                                 count, out + place * step);
  }
  for (; place < places; ++place) {
    WindowFloat<Simd, kVectors, 1, kWhole>(gemm, block, taps, block.first + place * data_step,
                                           data_step, step, count, out + place * step);
  }
}

template <class Simd, int kVectors>
void WindowPlaces(const Gemm& gemm, const Block& block, std::span<const FloatTap> taps,
                  std::ptrdiff_t data_step, std::ptrdiff_t step, int places, int count,
                  float* out) {
  if (count == kVectors * Simd::kLanes) {
    WindowPlaces<Simd, kVectors, true>(gemm, block, taps, data_step, step, places, count, out);
  } else {
    WindowPlaces<Simd, kVectors, false>(gemm, block, taps, data_step, step, places, count, out);
  }
}

template <class Simd>
void WindowPlaces(const Gemm& gemm, const Block& block, std::span<const FloatTap> taps,
                  std::ptrdiff_t data_step, std::ptrdiff_t step, int places, int count,
                  float* out) {
  switch (block.vectors) {
    case 1:
      WindowPlaces<Simd, 1>(gemm, block, taps, data_step, step, places, count, out);
      return;
    case 2:
      WindowPlaces<Simd, 2>(gemm, block, taps, data_step, step, places, count, out);
      return;
    default:
      WindowPlaces<Simd, 4>(gemm, block, taps, data_step, step, places, count, out);
      return;
  }
}

// A window of three columns over a row of outputs of one vector of channels. kRows of its rows are
// inside the picture, from row `first_row` of the window on; `rows` are their data under the first
// output. A column is loaded once for the three windows that it is under; the weights stay in
// registers.
template <class Simd, int kStride, int kRows, bool kWhole>
void WalkFloat(const Gemm& gemm, const Block& block, int first_row,
               const std::byte* const (&rows)[3], std::ptrdiff_t channels, int columns,
               float* out) {
  using F = typename Simd::F;
  F weights[kRows][3];
  F data[kRows][3];
  const std::byte* at[kRows];
  const auto load = [&](const std::byte* from) PINHOLE_INLINE {
    return kWhole ? Simd::LoadUnalignedF(from) : Simd::LoadSomeF(from, block.count);
  };
  Unroll<kRows>([&](auto i) PINHOLE_INLINE {
    at[i] = rows[i] + std::ptrdiff_t{block.first} * 4;
    Unroll<3>([&](auto j) PINHOLE_INLINE {
      weights[i][j] = Simd::LoadF(block.weights + ((first_row + i) * 3 + j) * Simd::kLanes * 4);
    });
    Unroll<3 - kStride>([&](auto j) PINHOLE_INLINE {
      data[i][j] = load(at[i]);
      at[i] += channels * 4;
    });
  });
  const F bias = Simd::LoadF(block.finish);
  const F low = Simd::SetF(gemm.float_low);
  const F high = Simd::SetF(gemm.float_high);
  out += block.first;
  for (int x = 0; x < columns; ++x, out += channels) {
    F sum = bias;
    Unroll<kRows>([&](auto i) PINHOLE_INLINE {
      Unroll<kStride>([&](auto j) PINHOLE_INLINE {
        data[i][3 - kStride + j] = load(at[i]);
        at[i] += channels * 4;
      });
      Unroll<3>([&](auto j) PINHOLE_INLINE {
        sum = Simd::FusedMultiplyAdd(sum, data[i][j], weights[i][j]);
      });
      Unroll<3 - kStride>([&](auto j) PINHOLE_INLINE { data[i][j] = data[i][j + kStride]; });
    });
    const F y = Simd::MinF(Simd::MaxF(sum, low), high);
    if constexpr (kWhole) {
      Simd::StoreF(out, y);
    } else {
      Simd::StoreSomeF(out, y, block.count);
    }
  }
}

template <class Simd, int kStride, int kRows>
void WalkFloat(const Gemm& gemm, int first_row, const std::byte* const (&rows)[3],
               std::ptrdiff_t channels, int columns, float* out) {
  for (const Block& block : gemm.blocks) {
    if (block.count == Simd::kLanes) {
      WalkFloat<Simd, kStride, kRows, true>(gemm, block, first_row, rows, channels, columns, out);
    } else {
      WalkFloat<Simd, kStride, kRows, false>(gemm, block, first_row, rows, channels, columns, out);
    }
  }
}

}  // namespace pinhole::engine::kernels::fast
