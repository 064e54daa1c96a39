// SPDX-License-Identifier: Apache-2.0
#pragma once

// A camera's pixels into a Frame's: YUYV, NV12, RGB24 and BGR24 become red, green, blue; GREY stays
// grey.
//
// Rows may be further apart than they are long. Y'CbCr becomes R'G'B' by the matrix of BT.601 or
// BT.709, of limited (Y 16 to 235, Cb and Cr 16 to 240) or full range, in fixed point with 16 bits
// behind the point: within 1 of the real number, rounded and kept in 0 to 255. Chroma is taken from
// the sample that covers the pixel, without interpolation. GREY is copied as it stands: infrared
// cameras use all of it.
//
// Source: ITU-R BT.601-7 and BT.709-6, sections 3; the kernel's "Detailed Colorspace Descriptions"
// and "Image Formats" (Documentation/userspace-api/media/v4l).

#include <cstddef>
#include <cstdint>
#include <span>

namespace pinhole::inside::camera {

enum class PixelFormat : std::uint8_t { kYuyv, kNv12, kRgb, kBgr, kGrey };

struct YuvMatrix {
  bool bt709 = false;
  bool full_range = false;
};

struct RawLayout {
  PixelFormat format = PixelFormat::kGrey;
  int width = 0, height = 0;  // of NV12 and YUYV an even width, of NV12 an even height
  std::size_t stride = 0;     // bytes from a row to the next; NV12: in both planes
  YuvMatrix matrix;
};

// 1 or 3.
int ChannelsOf(PixelFormat format);

// Bytes of a row, without the gap; of NV12's upper plane.
std::size_t RowBytesOf(PixelFormat format, int width);

// Bytes from the picture's first to its last, the last row without its gap. Sides are at most
// FrameShape::kMaxSide and `stride` at most 2^24, so that nothing overflows.
std::size_t RawBytesOf(const RawLayout& layout);

// `raw` has RawBytesOf(layout) bytes at least, `out` width x height x channels; rows go there
// without gaps.
void Convert(const RawLayout& layout, std::span<const std::byte> raw, std::span<std::uint8_t> out);

}  // namespace pinhole::inside::camera
