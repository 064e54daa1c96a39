// SPDX-License-Identifier: Apache-2.0
#pragma once

// Frames from a source process to the inside, over memory that the inside can only read.
//
//   source                                        inside, before its lock
//   FrameWriter::Create(max_frame_bytes, why)     FrameReader::Receive(socket, why)
//   writer.SendTo(socket, why)                    ... after the lock ...
//   writer.Publish(shape, pixels)      ──────►    reader.Capture(why)      newest frame, or waits
//
// The memory is a memfd of the writer's, sealed against growing and shrinking; the reader gets a
// read-only descriptor and maps it read-only, so that nothing can go back through it. The newest
// frame wins: a reader that is slow misses frames, a writer never waits. Capture makes one system
// call, FUTEX_WAIT (shared, without a time-out) on the sequence word, and only where there is no
// new frame yet. A frame that was overwritten while it was copied is copied again.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"
#include "inside/capture/frame_source.h"

namespace pinhole::inside::camera {

class FrameWriter {
 public:
  // Memory for frames of at most `max_frame_bytes`. Errors: kOutOfMemory, kTooLarge.
  static base::Result<FrameWriter> Create(std::size_t max_frame_bytes, base::Diagnosis& why);
  FrameWriter(FrameWriter&& other) noexcept;
  FrameWriter& operator=(FrameWriter&&) = delete;
  ~FrameWriter();  // wipes

  // Hands a read-only descriptor over a connected AF_UNIX socket.
  base::Status SendTo(int socket, base::Diagnosis& why);

  // Error: kTooLarge (more than max_frame_bytes), kInvalidArgument (a shape that is none).
  base::Status Publish(const capture::FrameShape& shape, std::span<const std::uint8_t> pixels,
                       base::Diagnosis& why);
  void PublishFailed();  // this capture failed: the reader's Capture gives kMalformed
  void PublishEnd();     // no more: Capture gives kNotFound, for ever

 private:
  explicit FrameWriter(int fd, std::span<std::byte> memory) : fd_(fd), memory_(memory) {}
  int fd_ = -1;
  std::span<std::byte> memory_;
};

class FrameReader final : public capture::FrameSource {
 public:
  // Takes the descriptor from `socket` and checks it: sealed, not writable, sizes sound. Takes all
  // the memory it will ever use. Errors: kMalformed, kOutOfMemory.
  static base::Result<std::unique_ptr<FrameReader>> Receive(int socket, base::Diagnosis& why);
  ~FrameReader();

  // The newest frame that was not given yet; the first one where the writer was faster than us is
  // the newest. What the memory says is not trusted: a shape that does not fit is a failed capture.
  base::Result<capture::Frame> Capture(base::Diagnosis& why) override;

  // The descriptor of the mapping, to be closed before the lock; closes it.
  void CloseDescriptor();

 private:
  FrameReader(int fd, std::span<const std::byte> memory);
  int fd_ = -1;
  std::span<const std::byte> memory_;
  std::unique_ptr<std::uint8_t[]> pixels_;
  std::uint32_t seen_ = 0;
};

}  // namespace pinhole::inside::camera
