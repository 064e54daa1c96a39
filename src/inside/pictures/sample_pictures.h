// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: small sound pictures of every format, made here. They are what the truncation and
// bit-flip tests damage, and seed the fuzz target, which no random bytes would ever get into a
// decoder.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inside/pictures/picture.h"

namespace pinhole::inside::pictures {

inline std::vector<std::byte> Bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

inline std::string Le(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) {
    text += i < 8 ? static_cast<char>(value >> (8 * i)) : '\0';
  }
  return text;
}

// 24 bits a pixel, `width` x `height` as the header says, the pixels of 8 x 6.
inline std::string SampleBmp(std::int64_t width, std::int64_t height) {
  const std::string pixels(8 * 6 * 3, '\x55');
  return "BM" + Le(54 + pixels.size(), 4) + Le(0, 4) + Le(54, 4) + Le(40, 4) +
         Le(static_cast<std::uint64_t>(width), 4) + Le(static_cast<std::uint64_t>(height), 4) +
         Le(1, 2) + Le(24, 2) + Le(0, 24) + pixels;
}

// 16 x 8, grey, with EXIF that says `orientation`. Written by hand after ITU T.81: quantisation by
// ones, one Huffman code each for "no difference" and "end of block", two blocks of these.
inline std::string SampleJpeg(int orientation) {
  const auto table = [](char kind) {
    return std::string("\xFF\xC4\x00\x14", 4) + kind + '\x01' + std::string(16, '\0');
  };
  const std::string exif =
      std::string("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 24) +
      static_cast<char>(orientation) + std::string(7, '\0');
  return std::string("\xFF\xD8\xFF\xE1\x00", 5) + static_cast<char>(exif.size() + 2) + exif +
         std::string("\xFF\xDB\x00\x43\x00", 5) + std::string(64, '\x01') +
         std::string("\xFF\xC0\x00\x0B\x08\x00\x08\x00\x10\x01\x01\x11\x00", 13) + table('\x00') +
         table('\x10') + std::string("\xFF\xDA\x00\x08\x01\x01\x00\x00\x3F\x00\x0F\xFF\xD9", 13);
}

// One sound file of each format, none larger than a few hundred bytes.
inline std::vector<std::pair<std::string, std::vector<std::byte>>> SamplePictures() {
  std::string grey;
  for (int i = 0; i < 12 * 7; ++i) {
    grey += static_cast<char>(i * 3);
  }
  Picture color{16, 9, 3, {}};
  for (int i = 0; i < 16 * 9 * 3; ++i) {
    color.pixels.push_back(static_cast<std::uint8_t>(i * i));
  }
  return {{"BMP", Bytes(SampleBmp(8, 6))},
          {"PNG", EncodePng(color)},
          {"PGM", Bytes("P5 12 7 255\n" + grey)},
          {"text PPM", Bytes("P3\n# a comment\n2 2 15\n0 15 7  1 2 3  4 5 6  15 15 15\n")},
          {"JPEG", Bytes(SampleJpeg(1))}};
}

}  // namespace pinhole::inside::pictures
