// SPDX-License-Identifier: Apache-2.0
#pragma once

// The decoders behind picture.h, one a format. Each gets bytes that begin with its format's mark,
// checks limits before it takes memory, and throws Failure.

#include <cstddef>
#include <span>
#include <string_view>

#include "inside/pictures/picture.h"

namespace pinhole::inside::pictures {

Picture DecodeJpeg(std::span<const std::byte> bytes, const PictureLimits& limits);
Picture DecodePng(std::span<const std::byte> bytes, const PictureLimits& limits);
Picture DecodeBmp(std::span<const std::byte> bytes, const PictureLimits& limits);
Picture DecodePnm(std::span<const std::byte> bytes, const PictureLimits& limits);

// A picture of this size, all black; Failure where a side is zero or the limit is passed. `format`
// names it in the sentence ("JPEG").
Picture MakePicture(std::string_view format, std::uint64_t width, std::uint64_t height,
                    int channels, const PictureLimits& limits);

[[noreturn]] void FailDamaged(std::string_view format, std::string_view what);

}  // namespace pinhole::inside::pictures
