// SPDX-License-Identifier: Apache-2.0
// BMP: 1, 4 or 8 bits with a palette, 24 and 32 bits, uncompressed, bottom-up or top-down; 32 bits
// with masks where they are the usual bytes. Source: Microsoft, "Bitmap Storage" (BITMAPFILEHEADER,
// BITMAPCOREHEADER, BITMAPINFOHEADER and its later versions).

#include <array>
#include <string>

#include "base/checked.h"
#include "base/little_endian.h"
#include "inside/pictures/picture_formats.h"

namespace pinhole::inside::pictures {

namespace {

constexpr std::size_t kFileHeader = 14;
constexpr std::uint32_t kCoreHeader = 12;
constexpr std::uint32_t kInfoHeader = 40;
constexpr std::uint32_t kUncompressed = 0;
constexpr std::uint32_t kBitFields = 3;

struct Header {
  std::uint32_t pixels_at = 0;
  std::uint32_t size = 0;  // of the second header
  std::int64_t width = 0;
  std::int64_t height = 0;  // negative: top row first
  unsigned bits = 0;
  std::uint32_t compression = kUncompressed;
  std::uint32_t colors_used = 0;
};

struct Color {
  std::uint8_t red = 0, green = 0, blue = 0;
};

struct Palette {
  std::array<Color, 256> colors{};
  std::size_t count = 0;
  bool grey = true;
};

// Little-endian value at `at`, which must be inside.
template <typename Integer>
Integer At(std::span<const std::byte> bytes, std::size_t at) {
  if (!base::InBounds(at, sizeof(Integer), bytes.size())) {
    FailDamaged("BMP", "the file ends early");
  }
  return base::LoadLe<Integer>(bytes.data() + at);
}

Header ReadHeader(std::span<const std::byte> bytes) {
  Header header;
  header.pixels_at = At<std::uint32_t>(bytes, 10);
  header.size = At<std::uint32_t>(bytes, kFileHeader);
  if (header.size == kCoreHeader) {
    header.width = At<std::uint16_t>(bytes, 18);
    header.height = At<std::uint16_t>(bytes, 20);
    header.bits = At<std::uint16_t>(bytes, 24);
    return header;
  }
  if (header.size < kInfoHeader || header.size > 4096) {
    FailDamaged("BMP", "a header of " + std::to_string(header.size) + " bytes");
  }
  header.width = At<std::int32_t>(bytes, 18);
  header.height = At<std::int32_t>(bytes, 22);
  header.bits = At<std::uint16_t>(bytes, 28);
  header.compression = At<std::uint32_t>(bytes, 30);
  header.colors_used = At<std::uint32_t>(bytes, 46);
  return header;
}

// 32-bit pixels with masks are read where the masks say what BI_RGB would: blue, green, red, byte
// by byte.
bool UsualMasks(std::span<const std::byte> bytes) {
  const std::size_t masks = kFileHeader + kInfoHeader;
  return At<std::uint32_t>(bytes, masks) == 0x00FF0000 &&
         At<std::uint32_t>(bytes, masks + 4) == 0x0000FF00 &&
         At<std::uint32_t>(bytes, masks + 8) == 0x000000FF;
}

void CheckKind(std::span<const std::byte> bytes, const Header& header) {
  if (header.compression != kUncompressed &&
      !(header.compression == kBitFields && header.bits == 32 && UsualMasks(bytes))) {
    throw system::Failure("compressed BMP picture (method " + std::to_string(header.compression) +
                          "); save it uncompressed, or as PNG");
  }
  switch (header.bits) {
    case 1:
    case 4:
    case 8:
    case 24:
    case 32: return;
    default:
      throw system::Failure("BMP picture of " + std::to_string(header.bits) +
                            " bits a pixel; 1, 4, 8, 24 and 32 are read: save it anew, or as PNG");
  }
}

Palette ReadPalette(std::span<const std::byte> bytes, const Header& header) {
  Palette palette;
  const std::size_t full = std::size_t{1} << header.bits;
  palette.count = header.colors_used == 0 ? full : header.colors_used;
  if (palette.count > full) {
    FailDamaged("BMP", "a palette of " + std::to_string(palette.count) + " colours");
  }
  const std::size_t entry = header.size == kCoreHeader ? 3 : 4;
  const std::size_t begin = kFileHeader + header.size;
  for (std::size_t i = 0; i < palette.count; ++i) {
    const std::size_t at = begin + i * entry;
    palette.colors[i] = {At<std::uint8_t>(bytes, at + 2), At<std::uint8_t>(bytes, at + 1),
                         At<std::uint8_t>(bytes, at)};
    const Color& color = palette.colors[i];
    palette.grey = palette.grey && color.red == color.green && color.green == color.blue;
  }
  return palette;
}

void ReadIndexedRow(const std::byte* row, unsigned bits, const Palette& palette, int width,
                    int channels, std::uint8_t* to) {
  const unsigned mask = (1U << bits) - 1U;
  for (int x = 0; x < width; ++x) {
    const unsigned first_bit = static_cast<unsigned>(x) * bits;
    const unsigned index =
        (std::to_integer<unsigned>(row[first_bit / 8]) >> (8 - bits - first_bit % 8)) & mask;
    if (index >= palette.count) {
      FailDamaged("BMP", "colour " + std::to_string(index) + " of a palette of " +
                             std::to_string(palette.count));
    }
    const Color& color = palette.colors[index];
    *to++ = color.red;
    if (channels == 3) {
      *to++ = color.green;
      *to++ = color.blue;
    }
  }
}

void ReadColorRow(const std::byte* row, unsigned bits, int width, std::uint8_t* to) {
  const unsigned step = bits / 8;
  for (int x = 0; x < width; ++x, row += step) {
    *to++ = std::to_integer<std::uint8_t>(row[2]);
    *to++ = std::to_integer<std::uint8_t>(row[1]);
    *to++ = std::to_integer<std::uint8_t>(row[0]);
  }
}

}  // namespace

Picture DecodeBmp(std::span<const std::byte> bytes, const PictureLimits& limits) {
  const Header header = ReadHeader(bytes);
  CheckKind(bytes, header);
  const bool indexed = header.bits <= 8;
  const Palette palette = indexed ? ReadPalette(bytes, header) : Palette{};
  if (header.width < 0) {
    FailDamaged("BMP", "a width below zero");
  }
  const std::int64_t rows = header.height < 0 ? -header.height : header.height;
  const auto width = static_cast<std::uint64_t>(header.width);
  const auto height = static_cast<std::uint64_t>(rows);
  // Below 2^31 * 32 bits each and 2^31 rows: 64 bits hold the product.
  const std::uint64_t stride = (width * header.bits + 31) / 32 * 4;
  if (header.pixels_at > bytes.size() || stride * height > bytes.size() - header.pixels_at) {
    FailDamaged("BMP", "the file ends early");
  }
  Picture picture = MakePicture("BMP", width, height, indexed && palette.grey ? 1 : 3, limits);
  for (int y = 0; y < picture.height; ++y) {
    const int stored = header.height < 0 ? y : picture.height - 1 - y;
    const std::byte* row =
        bytes.data() + header.pixels_at + static_cast<std::uint64_t>(stored) * stride;
    std::uint8_t* to = picture.pixels.data() + static_cast<std::size_t>(y) * picture.row_bytes();
    if (indexed) {
      ReadIndexedRow(row, header.bits, palette, picture.width, picture.channels, to);
    } else {
      ReadColorRow(row, header.bits, picture.width, to);
    }
  }
  return picture;
}

}  // namespace pinhole::inside::pictures
