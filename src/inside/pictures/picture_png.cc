// SPDX-License-Identifier: Apache-2.0
// PNG through libpng, which reports errors by longjmp: functions that call setjmp hold no object
// with a destructor, and what must survive the jump lies in a struct of the caller's.

#include <png.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "inside/pictures/picture_formats.h"

namespace pinhole::inside::pictures {

namespace {

struct Reader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::byte> rest;
  char message[160] = {};

  Reader() = default;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

struct Writer {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::vector<std::byte> bytes;
  char message[160] = {};

  Writer() = default;
  ~Writer() { png_destroy_write_struct(&png, &info); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
};

template <typename Owner>
[[noreturn]] void OnError(png_structp png, png_const_charp message) {
  auto* owner = static_cast<Owner*>(png_get_error_ptr(png));
  std::snprintf(owner->message, sizeof owner->message, "%s", message);
  png_longjmp(png, 1);
}

// Warnings are about what changes no pixel: text, time, profiles.
void OnWarning(png_structp, png_const_charp) {}

void OnRead(png_structp png, png_bytep to, std::size_t size) {
  auto* reader = static_cast<Reader*>(png_get_io_ptr(png));
  if (size > reader->rest.size()) {
    png_error(png, "the file ends early");
  }
  std::memcpy(to, reader->rest.data(), size);
  reader->rest = reader->rest.subspan(size);
}

void OnWrite(png_structp png, png_bytep from, std::size_t size) {
  auto* writer = static_cast<Writer*>(png_get_io_ptr(png));
  try {
    const auto* begin = reinterpret_cast<const std::byte*>(from);
    writer->bytes.insert(writer->bytes.end(), begin, begin + size);
  } catch (const std::bad_alloc&) {
    png_error(png, "out of memory");  // an exception must not pass through the library's C
  }
}

bool ReadHeader(Reader& reader, png_uint_32 max_side) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) {
    return false;
  }
  png_set_read_fn(reader.png, &reader, OnRead);
  png_set_user_limits(reader.png, max_side, max_side);
  png_read_info(reader.png, reader.info);
  png_set_strip_16(reader.png);
  png_set_strip_alpha(reader.png);
  const int color = png_get_color_type(reader.png, reader.info);
  if (color == PNG_COLOR_TYPE_PALETTE) {
    png_set_palette_to_rgb(reader.png);
  } else if ((color & PNG_COLOR_MASK_COLOR) == 0) {
    png_set_expand_gray_1_2_4_to_8(reader.png);
  }
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  return true;
}

bool ReadPixels(Reader& reader, std::vector<png_bytep>& rows) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) {
    return false;
  }
  png_read_image(reader.png, rows.data());
  png_read_end(reader.png, nullptr);
  return true;
}

bool WriteAll(Writer& writer, const Picture& picture, std::vector<png_bytep>& rows) {
  if (setjmp(png_jmpbuf(writer.png)) != 0) {
    return false;
  }
  png_set_write_fn(writer.png, &writer, OnWrite, nullptr);
  png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(picture.width),
               static_cast<png_uint_32>(picture.height), 8,
               picture.channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(writer.png, writer.info);
  png_write_image(writer.png, rows.data());
  png_write_end(writer.png, nullptr);
  return true;
}

std::vector<png_bytep> RowsOf(std::uint8_t* pixels, const Picture& picture) {
  std::vector<png_bytep> rows(static_cast<std::size_t>(picture.height));
  for (std::size_t y = 0; y < rows.size(); ++y) {
    rows[y] = pixels + y * picture.row_bytes();
  }
  return rows;
}

}  // namespace

Picture DecodePng(std::span<const std::byte> bytes, const PictureLimits& limits) {
  Reader reader;
  reader.rest = bytes;
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, OnError<Reader>, OnWarning);
  reader.info = reader.png != nullptr ? png_create_info_struct(reader.png) : nullptr;
  if (reader.info == nullptr) {
    throw std::bad_alloc();
  }
  if (!ReadHeader(reader, static_cast<png_uint_32>(limits.max_side))) {
    FailDamaged("PNG", reader.message);
  }
  const int channels = png_get_channels(reader.png, reader.info);
  Picture picture = MakePicture("PNG", png_get_image_width(reader.png, reader.info),
                                png_get_image_height(reader.png, reader.info), channels, limits);
  if ((channels != 1 && channels != 3) ||
      png_get_rowbytes(reader.png, reader.info) != picture.row_bytes()) {
    FailDamaged("PNG", "rows of another size than the header says");
  }
  std::vector<png_bytep> rows = RowsOf(picture.pixels.data(), picture);
  if (!ReadPixels(reader, rows)) {
    FailDamaged("PNG", reader.message);
  }
  return picture;
}

std::vector<std::byte> EncodePng(const Picture& picture) {
  Writer writer;
  writer.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &writer, OnError<Writer>, OnWarning);
  writer.info = writer.png != nullptr ? png_create_info_struct(writer.png) : nullptr;
  if (writer.info == nullptr) {
    throw std::bad_alloc();
  }
  // libpng takes rows that are not const, and only reads them.
  std::vector<png_bytep> rows = RowsOf(const_cast<std::uint8_t*>(picture.pixels.data()), picture);
  if (!WriteAll(writer, picture, rows)) {
    throw system::Failure("the picture can't be written as PNG: " +
                          system::Printable(writer.message));
  }
  return std::move(writer.bytes);
}

}  // namespace pinhole::inside::pictures
