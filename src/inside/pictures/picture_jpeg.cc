// SPDX-License-Identifier: Apache-2.0
// JPEG through libjpeg-turbo. The library reports errors by calling back; the callback jumps out of
// it with longjmp, so no function here that calls setjmp holds an object with a destructor, and
// what must survive the jump lies in a Reader of the caller's.

#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE
#include <memory>
#include <string>

extern "C" {
#include <jpeglib.h>
// after jpeglib.h
#include <jerror.h>
}

#include <libexif/exif-data.h>

#include "inside/pictures/picture_formats.h"

namespace pinhole::inside::pictures {

namespace {

struct Reader {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf escape{};
  char message[JMSG_LENGTH_MAX] = {};
  int max_scans = 0;

  Reader() = default;
  ~Reader() { jpeg_destroy_decompress(&info); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

[[noreturn]] void Escape(j_common_ptr info) {
  auto* reader = static_cast<Reader*>(info->client_data);
  info->err->format_message(info, reader->message);
  std::longjmp(reader->escape, 1);
}

// The library warns and goes on, with grey where data is missing. Half a picture must not become a
// fact, so a warning is an error, but for those that change no pixel.
void OnMessage(j_common_ptr info, int level) {
  if (level >= 0) {
    return;
  }
  switch (info->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR: return;
    default: Escape(info);
  }
}

void OnProgress(j_common_ptr info) {
  auto* reader = static_cast<Reader*>(info->client_data);
  if (reader->info.input_scan_number > reader->max_scans) {
    std::snprintf(reader->message, sizeof reader->message, "more than %d scans", reader->max_scans);
    std::longjmp(reader->escape, 1);
  }
}

bool ReadHeader(Reader& reader, std::span<const std::byte> bytes) {
  reader.info.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = Escape;
  reader.errors.emit_message = OnMessage;
  reader.info.client_data = &reader;
  if (setjmp(reader.escape) != 0) {
    return false;
  }
  jpeg_create_decompress(&reader.info);
  reader.progress.progress_monitor = OnProgress;
  reader.info.progress = &reader.progress;
  jpeg_mem_src(&reader.info, reinterpret_cast<const unsigned char*>(bytes.data()),
               static_cast<unsigned long>(bytes.size()));
  jpeg_save_markers(&reader.info, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&reader.info, TRUE);
  return true;
}

bool ReadPixels(Reader& reader, Picture& picture) {
  if (setjmp(reader.escape) != 0) {
    return false;
  }
  reader.info.dct_method = JDCT_ISLOW;
  reader.info.do_fancy_upsampling = TRUE;
  jpeg_start_decompress(&reader.info);
  while (reader.info.output_scanline < reader.info.output_height) {
    JSAMPROW row = picture.pixels.data() + reader.info.output_scanline * picture.row_bytes();
    jpeg_read_scanlines(&reader.info, &row, 1);
  }
  jpeg_finish_decompress(&reader.info);
  return true;
}

int Orientation(const Reader& reader) {
  for (const jpeg_saved_marker_ptr* at = &reader.info.marker_list; *at != nullptr;
       at = &(*at)->next) {
    const std::unique_ptr<ExifData, void (*)(ExifData*)> exif(
        exif_data_new_from_data((*at)->data, (*at)->data_length), exif_data_unref);
    if (exif == nullptr) {
      continue;
    }
    const ExifEntry* entry = exif_content_get_entry(exif->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (entry != nullptr && entry->format == EXIF_FORMAT_SHORT && entry->size >= 2) {
      return exif_get_short(entry->data, exif_data_get_byte_order(exif.get()));
    }
  }
  return 1;
}

}  // namespace

Picture DecodeJpeg(std::span<const std::byte> bytes, const PictureLimits& limits) {
  Reader reader;
  reader.max_scans = limits.max_scans;
  if (!ReadHeader(reader, bytes)) {
    FailDamaged("JPEG", reader.message);
  }
  const int components = reader.info.num_components;
  if (components != 1 && components != 3) {
    throw system::Failure("JPEG picture of " + std::to_string(components) +
                          (components == 4 ? " colours (CMYK, for printing)" : " colours") +
                          "; save it as RGB or grey");
  }
  reader.info.out_color_space = components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  Picture picture =
      MakePicture("JPEG", reader.info.image_width, reader.info.image_height, components, limits);
  const int orientation = Orientation(reader);  // the library forgets markers when it has finished
  if (!ReadPixels(reader, picture)) {
    FailDamaged("JPEG", reader.message);
  }
  return Upright(std::move(picture), orientation);
}

}  // namespace pinhole::inside::pictures
