// SPDX-License-Identifier: Apache-2.0
#pragma once

// Picture files: bytes in, upright 8-bit pixels out.
//
// JPEG (libjpeg-turbo: slow integer DCT, smooth chroma upsampling), PNG (libpng), BMP and binary or
// text PGM and PPM, told apart by content, never by name. What a JPEG's EXIF says about how the
// camera was held is applied; 16-bit samples keep their high byte; alpha is dropped, colours as
// they stand; palettes become colours. So pixels are those that OpenCV's imread gives.
//
// The bytes are hostile. Size and pixel limits are checked before memory is taken, a picture that
// ends early or is damaged is an error and never half a picture, and libraries' errors come out as
// Failure. picture_fuzz.cc holds this file to it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "system/failure.h"

namespace pinhole::inside::pictures {

struct Picture {
  int width = 0;
  int height = 0;
  int channels = 0;                  // 1: grey, 3: red, green, blue
  std::vector<std::uint8_t> pixels;  // height x width x channels, top row first

  [[nodiscard]] std::size_t row_bytes() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  }
};

struct PictureLimits {
  std::size_t max_file_bytes = std::size_t{256} << 20;
  std::size_t max_pixels = std::size_t{64} << 20;
  std::uint64_t max_side = 32767;  // what signal/image.h takes
  int max_scans = 200;  // of a progressive JPEG: each costs a walk over the whole picture
};

// Throws Failure: what was found and what to do, without a file's name in front.
Picture DecodePicture(std::span<const std::byte> bytes, const PictureLimits& limits = {});

// Whether the file `path` begins as a picture does that is read here; false where it can't be read.
bool IsPictureFile(const std::string& path);

// The picture in the file `path`, or on standard input where path is "-". Throws Failure; the
// sentence begins with the path.
Picture ReadPicture(const std::string& path, const PictureLimits& limits = {});

// `orientation` is EXIF's (1 to 8; anything else leaves the picture as it is): what was stored
// becomes what was seen. Source: EXIF 2.32, tag 0x0112.
Picture Upright(Picture stored, int orientation);

// The picture as a PNG file. Throws Failure where libpng does.
std::vector<std::byte> EncodePng(const Picture& picture);

// Grey becomes red = green = blue; a colour picture is handed back as it is.
Picture ToRgb(Picture picture);

}  // namespace pinhole::inside::pictures
