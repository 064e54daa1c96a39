// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: a PNG file as 8-bit RGB samples, colours as they stand in the file (no gamma, no
// profile), grey repeated three times, alpha dropped.

#include <png.h>

#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "signal/image.h"

namespace pinhole::signal {

struct TestPicture {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgb;  // empty where the file could not be read

  [[nodiscard]] ImageView view() const { return *ImageView::Make(rgb, width, height, 3); }
};

inline TestPicture ReadPng(const std::filesystem::path& path) {
  TestPicture picture;
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    return picture;
  }
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr,
                                           [](png_structp, png_const_charp) {});
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png)) == 0) {
    png_init_io(png, file);
    png_read_info(png, info);
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    picture.width = static_cast<int>(png_get_image_width(png, info));
    picture.height = static_cast<int>(png_get_image_height(png, info));
    const std::size_t row = static_cast<std::size_t>(picture.width) * 3;
    picture.rgb.resize(row * static_cast<std::size_t>(picture.height));
    std::vector<png_bytep> rows;
    for (int y = 0; y < picture.height; ++y) {
      rows.push_back(picture.rgb.data() + static_cast<std::size_t>(y) * row);
    }
    png_read_image(png, rows.data());
  } else {
    picture.rgb.clear();
  }
  png_destroy_read_struct(&png, &info, nullptr);
  std::fclose(file);
  return picture;
}

}  // namespace pinhole::signal
