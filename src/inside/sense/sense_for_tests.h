// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: a detector or a sensor with memory of its own, the bundled model, drawn frames.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/test_data.h"
#include "engine/run/test_model.h"
#include "inside/capture/frame.h"

namespace pinhole::inside::sense {

using engine::run::Block;

inline std::filesystem::path BundledModel() {
  const char* const source = std::getenv("PINHOLE_SOURCE");
  return std::filesystem::path(source != nullptr ? source : ".") / "models/person/person.tflite";
}

// `Sensor` is a FaceDetector or a PersonSensor, loaded and bound. Blocks are separate and of the
// very size asked for, so that AddressSanitizer sees a step too far.
template <typename Sensor, typename Options>
class Loaded {
 public:
  Loaded(std::span<const std::byte> file, const Options& options)
      : file_(file), memory_(std::size_t{8} << 20), arena_(memory_.span()) {
    base::Result<Sensor> sensor = Sensor::Load(file_.span(), arena_, options, why_);
    if (!sensor) {
      error_ = sensor.error();
      return;
    }
    sensor_.emplace(*std::move(sensor));
    work_.emplace(sensor_->work_bytes());
    if (!sensor_->Bind(work_->span(), why_)) {
      sensor_.reset();
    }
  }

  [[nodiscard]] explicit operator bool() const { return sensor_.has_value(); }
  Sensor* operator->() { return &*sensor_; }
  [[nodiscard]] std::string why() const { return std::string(why_.text()); }
  [[nodiscard]] base::Error error() const { return error_; }
  [[nodiscard]] std::span<const std::byte> work() const { return work_->span(); }
  [[nodiscard]] std::span<const std::byte> file() const { return file_.span(); }
  void Destroy() { sensor_.reset(); }

 private:
  Block file_, memory_;
  base::Arena arena_;
  base::Diagnosis why_;
  std::optional<Block> work_;
  std::optional<Sensor> sensor_;
  base::Error error_ = base::Error::kInternal;
};

// Where gmock's Each would take seconds for a large picture.
template <typename Items>
bool AllZero(const Items& items) {
  using Item = std::remove_cvref_t<decltype(*items.begin())>;
  return std::all_of(items.begin(), items.end(), [](Item item) { return item == Item{}; });
}

// Pixels and the frame over them.
struct Shot {
  Shot(int width, int height, int channels, std::uint32_t seed)
      : pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
               static_cast<std::size_t>(channels)),
        shape{width, height, channels, 0} {
    for (std::uint8_t& pixel : pixels) {
      seed = seed * 1664525U + 1013904223U;
      pixel = static_cast<std::uint8_t>(seed >> 24);
    }
  }
  Shot(std::vector<std::uint8_t> samples, int width, int height, int channels)
      : pixels(std::move(samples)), shape{width, height, channels, 0} {}

  capture::Frame frame() {
    base::Diagnosis why;
    return capture::Frame::Make(pixels, shape, why).value();
  }

  std::vector<std::uint8_t> pixels;
  capture::FrameShape shape;
};

}  // namespace pinhole::inside::sense
