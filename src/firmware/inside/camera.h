// SPDX-License-Identifier: Apache-2.0
#pragma once

// A camera of the HM01B0's class on eight data lines: frames by PIO and DMA into the one frame
// buffer that a program has.
//
//   inside::Camera camera;
//   camera.Open(why);
//   for (;;) {
//     base::Result<Frame> frame = camera.Capture(why);
//     camera.Begin() once the frame is let go: the next one comes in while the network runs
//   }
//
// Grey, 324 x 244, rows from the top. The buffer, 79,056 bytes of RAM, belongs to this file alone;
// a Frame of it is wiped when it is let go. The board's manifest says which pins; PIO 0, one of its
// machines and two DMA channels are taken at Open. One object a program.
//
// Sources: Himax HM01B0 datasheet, chapter 8 (interface) and its register table. Run against the
// emulated camera; not yet tried on silicon.

#include <cstddef>
#include <cstdint>

#include "base/diagnosis.h"
#include "base/result.h"
#include "inside/capture/frame.h"
#include "inside/capture/frame_source.h"

namespace pinhole::firmware::inside {

class Camera final : public pinhole::inside::capture::FrameSource {
 public:
  static constexpr int kWidth = 324;
  static constexpr int kHeight = 244;
  static constexpr std::size_t kFrameBytes = std::size_t{kWidth} * kHeight;
  // Three frames at the slowest rate that set-up asks for; a frame that takes longer has failed.
  static constexpr std::uint32_t kPatienceUs = 250'000;

  Camera() = default;

  // Sets the sensor up by I2C and lets it stream. Errors: kIo (nobody answers at the sensor's
  // address, or it stopped answering), kWrongKind (another model number).
  base::Status Open(base::Diagnosis& why);

  // Lets the next whole frame into the buffer; returns at once. No Frame of this camera may live.
  // Nothing happens where one is on its way already.
  void Begin();

  // Waits for the frame that Begin asked for, or for the next one; the core sleeps meanwhile.
  // Errors: kNotReady (before Open), kIo (no frame in time, or pixels were lost): the buffer is
  // wiped.
  base::Result<pinhole::inside::capture::Frame> Capture(base::Diagnosis& why) override;

  // No pictures until the next Begin or Capture; what came in is wiped.
  void Stop();

 private:
  base::Status SetUp(base::Diagnosis& why);
  void SetUpMachine();
  base::Result<pinhole::inside::capture::Frame> Fail(base::Diagnosis& why, const char* what);

  bool open_ = false;
  bool under_way_ = false;
  unsigned machine_ = 0;
  unsigned channel_ = 0;
  unsigned stop_channel_ = 0;
  std::uint32_t stop_word_ = 0;
  unsigned program_ = 0;
};

}  // namespace pinhole::firmware::inside
