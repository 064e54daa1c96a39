// SPDX-License-Identifier: Apache-2.0
#include "inside/camera/pixel_formats.h"

#include <algorithm>
#include <cstring>

namespace pinhole::inside::camera {

namespace {

constexpr int kPoint = 16;  // bits behind the fixed point
constexpr std::int32_t kHalf = 1 << (kPoint - 1);

struct Coefficients {
  std::int32_t black;  // what Y is where there is no light
  std::int32_t y, cr_to_r, cb_to_g, cr_to_g, cb_to_b;
};

constexpr std::int32_t Fixed(double value) {
  const double scaled = value * (1 << kPoint);
  return static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

// From the luma weights of red and blue: Y = kr R + (1 - kr - kb) G + kb B, Cb = (B - Y) / (2 - 2
// kb), Cr = (R - Y) / (2 - 2 kr).
constexpr Coefficients Derived(double kr, double kb, bool full_range) {
  const double kg = 1 - kr - kb;
  const double y = full_range ? 1.0 : 255.0 / 219.0;
  const double c = full_range ? 1.0 : 255.0 / 224.0;
  return {full_range ? 0 : 16,
          Fixed(y),
          Fixed(c * 2 * (1 - kr)),
          Fixed(-c * 2 * (1 - kb) * kb / kg),
          Fixed(-c * 2 * (1 - kr) * kr / kg),
          Fixed(c * 2 * (1 - kb))};
}

constexpr Coefficients Of(const YuvMatrix& matrix) {
  return matrix.bt709 ? Derived(0.2126, 0.0722, matrix.full_range)
                      : Derived(0.299, 0.114, matrix.full_range);
}

std::uint8_t Sample(std::int32_t fixed) {
  return static_cast<std::uint8_t>(std::clamp(fixed >> kPoint, 0, 255));
}

// What Cb and Cr add to each of red, green, blue; shared by the pixels that they cover.
struct Chroma {
  std::int32_t red, green, blue;
};

Chroma ChromaOf(const Coefficients& k, std::uint8_t cb, std::uint8_t cr) {
  const std::int32_t b = cb - 128;
  const std::int32_t r = cr - 128;
  return {k.cr_to_r * r + kHalf, k.cb_to_g * b + k.cr_to_g * r + kHalf, k.cb_to_b * b + kHalf};
}

void Put(const Coefficients& k, std::uint8_t luma, const Chroma& chroma, std::uint8_t* rgb) {
  const std::int32_t y = (luma - k.black) * k.y;
  rgb[0] = Sample(y + chroma.red);
  rgb[1] = Sample(y + chroma.green);
  rgb[2] = Sample(y + chroma.blue);
}

// Y0 Cb Y1 Cr for each pair of pixels.
void YuyvRow(const Coefficients& k, const std::uint8_t* row, int width, std::uint8_t* rgb) {
  for (int x = 0; x + 1 < width; x += 2, row += 4, rgb += 6) {
    const Chroma chroma = ChromaOf(k, row[1], row[3]);
    Put(k, row[0], chroma, rgb);
    Put(k, row[2], chroma, rgb + 3);
  }
}

// A row of Y, and the row of Cb Cr pairs that it shares with its neighbour.
void Nv12Row(const Coefficients& k, const std::uint8_t* luma, const std::uint8_t* chroma, int width,
             std::uint8_t* rgb) {
  for (int x = 0; x + 1 < width; x += 2, luma += 2, chroma += 2, rgb += 6) {
    const Chroma shared = ChromaOf(k, chroma[0], chroma[1]);
    Put(k, luma[0], shared, rgb);
    Put(k, luma[1], shared, rgb + 3);
  }
}

void BgrRow(const std::uint8_t* row, int width, std::uint8_t* rgb) {
  for (int x = 0; x < width; ++x, row += 3, rgb += 3) {
    rgb[0] = row[2];
    rgb[1] = row[1];
    rgb[2] = row[0];
  }
}

}  // namespace

int ChannelsOf(PixelFormat format) { return format == PixelFormat::kGrey ? 1 : 3; }

std::size_t RowBytesOf(PixelFormat format, int width) {
  const auto pixels = static_cast<std::size_t>(width);
  switch (format) {
    case PixelFormat::kYuyv: return 2 * pixels;
    case PixelFormat::kNv12:
    case PixelFormat::kGrey: return pixels;
    case PixelFormat::kRgb:
    case PixelFormat::kBgr: return 3 * pixels;
  }
  return 0;
}

std::size_t RawBytesOf(const RawLayout& layout) {
  const auto height = static_cast<std::size_t>(layout.height);
  const std::size_t rows = layout.format == PixelFormat::kNv12 ? height + height / 2 : height;
  return layout.stride * (rows - 1) + RowBytesOf(layout.format, layout.width);
}

void Convert(const RawLayout& layout, std::span<const std::byte> raw, std::span<std::uint8_t> out) {
  const Coefficients k = Of(layout.matrix);
  const auto* const first = reinterpret_cast<const std::uint8_t*>(raw.data());
  const std::uint8_t* const chroma =
      first + layout.stride * static_cast<std::size_t>(layout.height);
  const std::size_t out_row =
      static_cast<std::size_t>(layout.width) * static_cast<std::size_t>(ChannelsOf(layout.format));
  for (std::size_t y = 0; y < static_cast<std::size_t>(layout.height); ++y) {
    const std::uint8_t* const row = first + y * layout.stride;
    std::uint8_t* const to = out.data() + y * out_row;
    switch (layout.format) {
      case PixelFormat::kYuyv: YuyvRow(k, row, layout.width, to); break;
      case PixelFormat::kNv12:
        Nv12Row(k, row, chroma + y / 2 * layout.stride, layout.width, to);
        break;
      case PixelFormat::kBgr: BgrRow(row, layout.width, to); break;
      case PixelFormat::kRgb:
      case PixelFormat::kGrey: std::memcpy(to, row, out_row); break;
    }
  }
}

}  // namespace pinhole::inside::camera
