// SPDX-License-Identifier: Apache-2.0
// Any bytes either become a picture whose numbers fit together, or a Failure of one line. Mutations
// begin from a sound picture of each format.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "inside/pictures/picture.h"
#include "inside/pictures/sample_pictures.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned int seed) {
  static const auto samples = pinhole::inside::pictures::SamplePictures();
  constexpr unsigned int kAfresh = 50;  // one mutation of so many begins anew
  if (size < 8 || seed % kAfresh == 0) {
    const auto& bytes = samples[seed / kAfresh % samples.size()].second;
    size = std::min(bytes.size(), max_size);
    std::memcpy(data, bytes.data(), size);
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole::inside::pictures;
  PictureLimits limits;
  limits.max_pixels = std::size_t{1} << 20;
  try {
    const Picture picture = DecodePicture({reinterpret_cast<const std::byte*>(data), size}, limits);
    const bool sound =
        picture.width > 0 && picture.height > 0 &&
        (picture.channels == 1 || picture.channels == 3) &&
        picture.pixels.size() == picture.row_bytes() * static_cast<std::size_t>(picture.height) &&
        picture.pixels.size() <= 3 * limits.max_pixels;
    if (!sound) {
      std::abort();
    }
  } catch (const pinhole::system::Failure& failure) {
    const std::string_view text = failure.what();
    if (text.empty() || text.find('\n') != std::string_view::npos) {
      std::abort();
    }
  }
  return 0;
}
