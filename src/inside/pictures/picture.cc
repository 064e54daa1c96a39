// SPDX-License-Identifier: Apache-2.0
#include "inside/pictures/picture.h"

#include <array>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include "inside/pictures/picture_formats.h"
#include "system/files.h"

namespace pinhole::inside::pictures {

namespace {

bool BeginsWith(std::span<const std::byte> bytes, std::string_view mark, std::size_t at = 0) {
  return bytes.size() >= at + mark.size() &&
         std::memcmp(bytes.data() + at, mark.data(), mark.size()) == 0;
}

// What people have at hand that this program does not read.
std::string_view NameOfOther(std::span<const std::byte> bytes) {
  struct Mark {
    std::string_view text;
    std::size_t at;
    std::string_view name;
  };
  constexpr std::string_view kLittleTiff("II*\0", 4);
  constexpr std::string_view kBigTiff("MM\0*", 4);
  constexpr Mark kMarks[] = {
      {"WEBP", 8, "a WebP picture"},      {"GIF8", 0, "a GIF picture"},
      {kLittleTiff, 0, "a TIFF picture"}, {kBigTiff, 0, "a TIFF picture"},
      {"ftypheic", 4, "a HEIC picture"},  {"ftypheix", 4, "a HEIC picture"},
      {"ftypmif1", 4, "a HEIF picture"},  {"ftypavif", 4, "an AVIF picture"},
      {"ftyp", 4, "an MP4 or MOV film"},  {"%PDF", 0, "a PDF document"},
      {"P1", 0, "a PBM bitmap"},          {"P4", 0, "a PBM bitmap"},
      {"P7", 0, "a PAM picture"},         {"TFL3", 4, "a TensorFlow Lite model"},
  };
  for (const Mark& mark : kMarks) {
    if (BeginsWith(bytes, mark.text, mark.at)) {
      return mark.name;
    }
  }
  return "no picture format that is known here";
}

using Decoder = Picture (*)(std::span<const std::byte> bytes, const PictureLimits& limits);

// Null where the bytes begin as no picture does that is read here.
Decoder DecoderOf(std::span<const std::byte> bytes) {
  if (BeginsWith(bytes, "\xFF\xD8\xFF")) {
    return DecodeJpeg;
  }
  if (BeginsWith(bytes, "\x89PNG\r\n\x1A\n")) {
    return DecodePng;
  }
  if (BeginsWith(bytes, "BM")) {
    return DecodeBmp;
  }
  for (const char* mark : {"P2", "P3", "P5", "P6"}) {
    if (BeginsWith(bytes, mark)) {
      return DecodePnm;
    }
  }
  return nullptr;
}

}  // namespace

void FailDamaged(std::string_view format, std::string_view what) {
  throw system::Failure(std::string(format) + " picture that can't be decoded (" +
                        system::Printable(what) + "); get an undamaged copy, or save it anew");
}

Picture MakePicture(std::string_view format, std::uint64_t width, std::uint64_t height,
                    int channels, const PictureLimits& limits) {
  if (width == 0 || height == 0) {
    FailDamaged(format, "a side of no pixels");
  }
  if (width > limits.max_side || height > limits.max_side || height > limits.max_pixels / width) {
    throw system::Failure(std::string(format) + " picture of " + std::to_string(width) + " x " +
                          std::to_string(height) + " pixels, at most " +
                          std::to_string(limits.max_pixels >> 20) + " megapixels and a side of " +
                          std::to_string(limits.max_side) + " are read; make it smaller");
  }
  Picture picture;
  picture.width = static_cast<int>(width);
  picture.height = static_cast<int>(height);
  picture.channels = channels;
  picture.pixels.resize(picture.row_bytes() * static_cast<std::size_t>(height));
  return picture;
}

Picture DecodePicture(std::span<const std::byte> bytes, const PictureLimits& limits) {
  if (bytes.size() > limits.max_file_bytes) {
    throw system::Failure("file of " + std::to_string(bytes.size()) + " bytes, at most " +
                          std::to_string(limits.max_file_bytes) +
                          " are read; make the picture smaller");
  }
  if (bytes.empty()) {
    throw system::Failure("empty file; give a JPEG, PNG, BMP, PGM or PPM picture");
  }
  if (const Decoder decode = DecoderOf(bytes); decode != nullptr) {
    return decode(bytes, limits);
  }
  throw system::Failure(std::string(NameOfOther(bytes)) +
                        "; give a JPEG, PNG, BMP, PGM or PPM picture");
}

bool IsPictureFile(const std::string& path) {
  std::array<char, 8> begin{};
  std::ifstream file(path, std::ios::binary);
  file.read(begin.data(), begin.size());
  return DecoderOf(std::as_bytes(
             std::span(begin).first(static_cast<std::size_t>(file.gcount())))) != nullptr;
}

Picture ReadPicture(const std::string& path, const PictureLimits& limits) {
  const system::AlignedBytes bytes = system::ReadFile(path, limits.max_file_bytes);
  try {
    return DecodePicture(bytes.span(), limits);
  } catch (const system::Failure& failure) {
    throw system::Failure(system::ShownPath(path) + ": " + failure.what());
  }
}

Picture Upright(Picture stored, int orientation) {
  if (orientation < 2 || orientation > 8) {
    return stored;
  }
  const bool transposed = orientation >= 5;
  // Seen pixel (x, y) was stored at (u, v): u = x or y, v the other, each perhaps from the far end.
  const bool u_flipped =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool v_flipped =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Picture seen;
  seen.width = transposed ? stored.height : stored.width;
  seen.height = transposed ? stored.width : stored.height;
  seen.channels = stored.channels;
  seen.pixels.resize(stored.pixels.size());
  const auto channels = static_cast<std::size_t>(stored.channels);
  std::uint8_t* to = seen.pixels.data();
  for (int y = 0; y < seen.height; ++y) {
    for (int x = 0; x < seen.width; ++x, to += channels) {
      int u = transposed ? y : x;
      int v = transposed ? x : y;
      u = u_flipped ? stored.width - 1 - u : u;
      v = v_flipped ? stored.height - 1 - v : v;
      std::memcpy(to,
                  stored.pixels.data() + static_cast<std::size_t>(v) * stored.row_bytes() +
                      static_cast<std::size_t>(u) * channels,
                  channels);
    }
  }
  return seen;
}

Picture ToRgb(Picture picture) {
  if (picture.channels == 3) {
    return picture;
  }
  Picture rgb{picture.width, picture.height, 3, {}};
  rgb.pixels.reserve(picture.pixels.size() * 3);
  for (const std::uint8_t grey : picture.pixels) {
    rgb.pixels.insert(rgb.pixels.end(), 3, grey);
  }
  return rgb;
}

}  // namespace pinhole::inside::pictures
