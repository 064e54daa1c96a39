// SPDX-License-Identifier: Apache-2.0
// PGM and PPM, as text (P2, P3) and binary (P5, P6), samples of 1 to 16 bits: a sample becomes
// round(255 * sample / maximum). Only the first picture of a file is read. Source: Netpbm, "pgm"
// and "ppm" format pages.

#include <string>

#include "inside/pictures/picture_formats.h"

namespace pinhole::inside::pictures {

namespace {

class Text {
 public:
  explicit Text(std::span<const std::byte> bytes) : bytes_(bytes) {}

  // The next number, after white space and comments.
  std::uint32_t Number() {
    SkipSpace();
    std::uint32_t value = 0;
    std::size_t digits = 0;
    while (at_ < bytes_.size() && Char() >= '0' && Char() <= '9') {
      if (++digits > 9) {
        FailDamaged("PGM or PPM", "a number of more than nine digits");
      }
      value = value * 10 + static_cast<std::uint32_t>(Char() - '0');
      ++at_;
    }
    if (digits == 0) {
      FailDamaged("PGM or PPM",
                  at_ < bytes_.size() ? "a number was expected" : "the file ends early");
    }
    return value;
  }

  // What follows the one white space that ends a binary file's header.
  std::span<const std::byte> Rest() {
    if (at_ == bytes_.size() || !IsSpace(Char())) {
      FailDamaged("PGM or PPM", "white space was expected after the header");
    }
    return bytes_.subspan(at_ + 1);
  }

  void Skip(std::size_t count) { at_ += count; }

 private:
  [[nodiscard]] char Char() const { return static_cast<char>(bytes_[at_]); }
  static bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

  void SkipSpace() {
    while (at_ < bytes_.size()) {
      if (Char() == '#') {
        while (at_ < bytes_.size() && Char() != '\n' && Char() != '\r') {
          ++at_;
        }
      } else if (IsSpace(Char())) {
        ++at_;
      } else {
        return;
      }
    }
  }

  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

std::uint8_t ToByte(std::uint32_t sample, std::uint32_t maximum) {
  if (sample > maximum) {
    FailDamaged("PGM or PPM", "a sample of " + std::to_string(sample) + ", at most " +
                                  std::to_string(maximum) + " announced");
  }
  return static_cast<std::uint8_t>((sample * 255 + maximum / 2) / maximum);
}

}  // namespace

Picture DecodePnm(std::span<const std::byte> bytes, const PictureLimits& limits) {
  const char kind = static_cast<char>(bytes[1]);  // '2', '3', '5' or '6': the caller looked
  const int channels = kind == '2' || kind == '5' ? 1 : 3;
  const bool binary = kind >= '5';
  Text text(bytes);
  text.Skip(2);
  const std::uint32_t width = text.Number();
  const std::uint32_t height = text.Number();
  const std::uint32_t maximum = text.Number();
  if (maximum < 1 || maximum > 65535) {
    FailDamaged("PGM or PPM", "a maximum of " + std::to_string(maximum));
  }
  // A sample is a byte or two, or a digit and a space: a file that is shorter ends early, whatever
  // its header says, and takes no memory.
  const std::uint64_t samples =
      std::uint64_t{width} * height * static_cast<std::uint64_t>(channels);
  const std::uint64_t sample_bytes = binary && maximum > 255 ? 2 : 1;
  const std::span<const std::byte> rest = text.Rest();
  if (samples > rest.size() / sample_bytes) {
    FailDamaged("PGM or PPM", "the file ends early");
  }
  Picture picture = MakePicture("PGM or PPM", width, height, channels, limits);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    if (!binary) {
      picture.pixels[i] = ToByte(text.Number(), maximum);
    } else if (sample_bytes == 1) {
      picture.pixels[i] = ToByte(std::to_integer<std::uint32_t>(rest[i]), maximum);
    } else {
      picture.pixels[i] = ToByte(std::to_integer<std::uint32_t>(rest[2 * i]) * 256 +
                                     std::to_integer<std::uint32_t>(rest[2 * i + 1]),
                                 maximum);
    }
  }
  return picture;
}

}  // namespace pinhole::inside::pictures
