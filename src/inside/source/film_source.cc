// SPDX-License-Identifier: Apache-2.0
#include "inside/source/film_source.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "base/secure_wipe.h"
#include "inside/pictures/film.h"
#include "inside/source/shrink.h"

namespace pinhole::inside::source {

namespace {

using capture::Frame;
using capture::FrameShape;

base::Status Hand(const Frame& frame, const SourceOptions& options, camera::FrameWriter& writer,
                  base::Diagnosis& why) {
  const FrameShape shape{.width = frame.width(),
                         .height = frame.height(),
                         .channels = frame.channels(),
                         .stride = frame.stride()};
  const int factor = FactorFor(
      shape,
      {.width = options.width, .height = options.height, .bytes = camera::kMaxSharedFrameBytes});
  if (factor == 1) {
    return writer.Publish(shape, frame.pixels(), why);
  }
  std::vector<std::uint8_t> smaller;
  const FrameShape fits = Shrink(frame, factor, smaller);
  const base::Status done = writer.Publish(fits, smaller, why);
  base::SecureWipe(std::as_writable_bytes(std::span(smaller)));
  return done;
}

}  // namespace

void PlayFilm(const SourceOptions& options, Beat& beat, camera::FrameWriter& writer,
              const Say& say) {
  std::optional<pictures::Film> film(std::in_place, options.input.value, kStillFrames);
  std::size_t shown = 0;
  while (beat.Next()) {
    if (shown == film->size()) {
      if (!options.loop) {
        return;
      }
      film.emplace(options.input.value, kStillFrames);
      shown = 0;
    }
    ++shown;
    base::Diagnosis why;
    const base::Result<Frame> frame = film->Capture(why);
    if (!frame || !Hand(*frame, options, writer, why)) {
      say(why.text());
      writer.PublishFailed();
    }
  }
}

}  // namespace pinhole::inside::source
