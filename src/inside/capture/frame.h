// SPDX-License-Identifier: Apache-2.0
#pragma once

// One captured picture, for as short a time as possible.
//
// Raw data is toxic waste: nobody can steal, subpoena or leak a picture that is no more. So a Frame
// is moved, never copied; it has one owner at a time; and when the last one lets go, its memory is
// overwritten with zeroes (base/secure_wipe.h) before anybody can reuse it. A sensor takes the
// Frame by value and gives facts back, so the picture is gone when the facts are there.
//
// The memory is the caller's (a DMA buffer, a static array, a film's picture buffer) and must
// outlive the Frame; nothing is allocated. 8 bits a sample, one channel (grey) or three interleaved
// (red, green, blue), rows from the top, pixels from the left.
//
//   base::Result<Frame> frame = Frame::Make(buffer, {.width = 320, .height = 240, .channels = 1});
//   ... sensor.Look(*std::move(frame), why) ...          // buffer is all zero now

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::inside::capture {

struct FrameShape {
  static constexpr int kMaxSide = 32767;

  int width = 0, height = 0;  // in pixels, from 1 to kMaxSide
  int channels = 1;           // 1: grey, 3: red, green, blue
  std::size_t stride = 0;     // bytes from a row to the next; 0: rows without a gap
};

class Frame {
 public:
  // `memory` is the Frame's from here on, all of it: what lies beyond the pixels is wiped as well.
  // It is wiped at once where this fails. Errors: kInvalidArgument (a side below 1, channels other
  // than 1 and 3, a stride shorter than a row), kTooLarge (a side above kMaxSide), kTruncated (less
  // memory than the shape needs).
  static base::Result<Frame> Make(std::span<std::uint8_t> memory, const FrameShape& shape,
                                  base::Diagnosis& why);

  Frame(Frame&& other) noexcept
      : memory_(std::exchange(other.memory_, {})), shape_(std::exchange(other.shape_, {})) {}
  Frame& operator=(Frame&& other) noexcept {
    if (this != &other) {
      Release();
      memory_ = std::exchange(other.memory_, {});
      shape_ = std::exchange(other.shape_, {});
    }
    return *this;
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  ~Frame() { Release(); }

  // Wipes now what the destructor would wipe later. The frame is empty afterwards, as one that was
  // moved from: no pixels, all sides 0.
  void Release();

  [[nodiscard]] std::span<const std::uint8_t> pixels() const { return memory_; }
  [[nodiscard]] int width() const { return shape_.width; }
  [[nodiscard]] int height() const { return shape_.height; }
  [[nodiscard]] int channels() const { return shape_.channels; }
  // In bytes; never 0 for a frame that holds pixels.
  [[nodiscard]] std::size_t stride() const { return shape_.stride; }

 private:
  Frame(std::span<std::uint8_t> memory, const FrameShape& shape) : memory_(memory), shape_(shape) {}

  std::span<std::uint8_t> memory_;
  FrameShape shape_;
};

}  // namespace pinhole::inside::capture
