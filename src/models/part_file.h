// SPDX-License-Identifier: Apache-2.0
#pragma once

// A file while it is being downloaded: NAME.part, and NAME.part.etag beside it, which says what
// version of the server's file the bytes are of.
//
// Bytes are with the kernel as soon as Append returns, so that Ctrl-C or a kill at any moment
// leaves a part that can be taken up again. A PartFile is the lock as well: one process at a time
// has it, and NAME.lock lies there for as long.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "system/child_process.h"

namespace pinhole::models {

class PartFile {
 public:
  // Waits for whoever has `path`'s part now, after a call of `waiting`. A part of more than
  // `max_bytes` is of another file, and begun anew. Throws system::Failure.
  PartFile(const std::string& path, std::uint64_t max_bytes, const std::function<void()>& waiting);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // The strong ETag of what the bytes are of; empty where the server gave none.
  [[nodiscard]] const std::string& etag() const { return etag_; }

  // Drops all bytes; those to come are of the version `etag`. Throws system::Failure.
  void Restart(const std::string& etag = "");
  // Throws system::Failure, for example where the disk is full.
  void Append(std::span<const std::byte> bytes);
  // Makes the part the file `path`, on the disk for good. Throws system::Failure.
  void Finish();

  [[nodiscard]] const std::string& part() const { return part_; }

 private:
  void Lock(const std::function<void()>& waiting);

  std::string path_, part_, etag_file_, lock_;
  system::UniqueFd lock_fd_, fd_;
  std::uint64_t size_ = 0;
  std::string etag_;
};

}  // namespace pinhole::models
