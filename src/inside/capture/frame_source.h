// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where frames come from: a camera, or the pictures of a film. Boards and the host implement it.
//
//   for (;;) {
//     base::Result<Frame> frame = source.Capture(why);
//     if (!frame && frame.error() == base::Error::kNotFound) { break; }
//     const auto facts = frame ? sensor.Look(*std::move(frame), why) : sensor.Missed();
//   }
//
// A source has room for one frame: let go of the last one before you ask for the next.

#include "base/diagnosis.h"
#include "base/result.h"
#include "inside/capture/frame.h"

namespace pinhole::inside::capture {

class FrameSource {
 public:
  FrameSource(const FrameSource&) = delete;
  FrameSource& operator=(const FrameSource&) = delete;

  // The next frame, upright. Blocks until there is one. Errors: kNotFound (the end: there will be
  // no more); any other (this capture failed, `why` says how; the next may be well). A source never
  // hands out an old frame, or part of one, in place of one that failed.
  virtual base::Result<Frame> Capture(base::Diagnosis& why) = 0;

 protected:
  FrameSource() = default;
  ~FrameSource() = default;  // whoever makes a source destroys it, by its own type
};

}  // namespace pinhole::inside::capture
