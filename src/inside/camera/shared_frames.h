// SPDX-License-Identifier: Apache-2.0
#pragma once

// Frames from a source process to the inside, over memory that the inside can only read.
//
//   source                                        inside, before its lock
//   FrameWriter::Create(max_frame_bytes, why)     FrameReader::Receive(socket, why)
//   writer.SendTo(socket, why)                    ... after the lock ...
//   writer.Publish(shape, pixels)      ──────►    reader.Capture(why)      newest frame, or waits
//
// The memory is a memfd of the writer's, sealed against growing, shrinking and any new way to write
// it; the reader gets a read-only descriptor and maps it read-only, so that nothing can go back
// through it. Two slots take turns: the writer fills the free one, says so in the sequence word,
// and wipes the one it leaves. The newest event (a frame, a failed capture, the end) wins: a reader
// that is slow misses some, a writer never waits. Capture makes one system call, FUTEX_WAIT
// (shared, without a time-out) on the sequence word, and only where there is nothing new yet. A
// frame whose slot was left while it was copied is dropped for the newer one: each slot names the
// event it holds, before and after the copy (a seqlock).
//
// The reader trusts nothing in there: it looks at each number once, in a copy of its own, and
// whatever is wrong is a failed capture. A writer can keep a reader waiting, and can show it any
// picture; that is all.
//
// Where a writer dies, its reader waits for ever: who started both ends it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"
#include "inside/capture/frame_source.h"

namespace pinhole::inside::camera {

// Of one frame: 1920 x 1440 in colour.
inline constexpr std::size_t kMaxSharedFrameBytes = std::size_t{1920} * 1440 * 3;

class FrameWriter {
 public:
  // Memory for frames of at most `max_frame_bytes`. Errors: kOutOfMemory, kTooLarge (more than
  // kMaxSharedFrameBytes), kInvalidArgument (0), kIo (the kernel can't seal it).
  static base::Result<FrameWriter> Create(std::size_t max_frame_bytes, base::Diagnosis& why);
  FrameWriter(FrameWriter&& other) noexcept;
  FrameWriter& operator=(FrameWriter&&) = delete;
  ~FrameWriter();  // publishes the end where that was not done, and wipes

  // Hands a read-only descriptor over a connected AF_UNIX socket. Error: kIo.
  base::Status SendTo(int socket, base::Diagnosis& why);

  // Copies; rows go over without the gap that `shape.stride` may leave between them. Errors:
  // kTooLarge (more than max_frame_bytes, or a side above FrameShape::kMaxSide), kInvalidArgument
  // (a shape that is none, or fewer pixels than it says), kNotReady (the end was published): then
  // nothing is.
  base::Status Publish(const capture::FrameShape& shape, std::span<const std::uint8_t> pixels,
                       base::Diagnosis& why);
  void PublishFailed();  // this capture failed: the reader's Capture gives kMalformed
  void PublishEnd();     // no more: Capture gives kNotFound, for ever

 private:
  FrameWriter(int fd, std::span<std::byte> memory, std::size_t capacity)
      : fd_(fd), memory_(memory), capacity_(capacity) {}
  template <typename Fill>
  void PublishEvent(std::uint32_t kind, std::size_t bytes, Fill fill);

  int fd_ = -1;
  std::span<std::byte> memory_;
  std::size_t capacity_;          // bytes of the largest frame
  std::size_t newest_bytes_ = 0;  // of the newest event's pixels
  bool ended_ = false;
};

class FrameReader final : public capture::FrameSource {
 public:
  // Takes the descriptor from `socket` and checks it: sealed, not writable, sizes sound. Takes all
  // the memory it will ever use. Errors: kMalformed, kOutOfMemory, kIo (nothing came).
  static base::Result<std::unique_ptr<FrameReader>> Receive(int socket, base::Diagnosis& why);
  FrameReader(FrameReader&&) = delete;
  FrameReader& operator=(FrameReader&&) = delete;
  ~FrameReader();

  // The newest frame that was not given yet; the first one where the writer was faster than us is
  // the newest. What the memory says is not trusted: a shape that does not fit is a failed capture.
  // Allocates nothing. Errors: kMalformed (a failed capture, or a writer that does not keep the
  // rules), kNotFound (the end), kIo (the kernel refuses to wait).
  base::Result<capture::Frame> Capture(base::Diagnosis& why) override;

  // The descriptor of the mapping, to be closed before the lock; closes it.
  void CloseDescriptor();

 private:
  FrameReader(int fd, std::span<const std::byte> memory, std::size_t capacity);
  base::Result<capture::Frame> Take(std::uint32_t event, bool& overtaken, base::Diagnosis& why);

  int fd_ = -1;
  std::span<const std::byte> memory_;
  std::size_t capacity_;  // bytes of the largest frame
  std::span<std::uint8_t> pixels_;
  std::unique_ptr<std::uint64_t[]> storage_;  // what pixels_ lie in
  std::uint32_t seen_ = 0;
  bool ended_ = false;
};

}  // namespace pinhole::inside::camera
