// SPDX-License-Identifier: Apache-2.0
#pragma once

// Files of the host, read whole and written whole.
//
// Reading: regular files, pipes and standard input ("-"), with a limit checked before memory is
// taken; a folder or a missing file is one clear sentence. Writing: into a temporary file beside
// the target, renamed at the end, so that a command that fails leaves nothing behind, and no reader
// ever sees half a file.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "system/failure.h"

namespace pinhole::system {

// Memory aligned to 64 bytes, not initialised.
class AlignedBytes {
 public:
  static constexpr std::size_t kAlignment = 64;

  AlignedBytes() = default;
  explicit AlignedBytes(std::size_t size);

  [[nodiscard]] std::span<std::byte> span() { return {data_.get(), size_}; }
  [[nodiscard]] std::span<const std::byte> span() const { return {data_.get(), size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Forgets what lies beyond `size`, which is at most size().
  void Shrink(std::size_t size) { size_ = size; }

 private:
  struct Free {
    void operator()(std::byte* data) const {
      ::operator delete(data, std::align_val_t{kAlignment});
    }
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

// All bytes of the file `path`, of standard input where path is "-". Throws Failure.
AlignedBytes ReadFile(const std::string& path, std::size_t max_bytes);

// All bytes that can be read from the descriptor `fd`; `path` is for messages. Throws Failure.
AlignedBytes ReadDescriptor(int fd, const std::string& path, std::size_t max_bytes);

// All of `bytes`; false where the system refuses, which errno tells.
bool WriteAll(int fd, std::span<const std::byte> bytes);
// As many bytes as `to` holds; false where reading fails or there are fewer.
bool ReadAll(int fd, std::span<std::byte> to);

// `path` as a message shows it: printable, "standard input" for "-".
std::string ShownPath(const std::string& path);

// Several files that appear together or not at all. What was added and not committed is removed.
class OutputFiles {
 public:
  OutputFiles() = default;
  ~OutputFiles();
  OutputFiles(const OutputFiles&) = delete;
  OutputFiles& operator=(const OutputFiles&) = delete;

  // Makes the folder `path` if it is missing (one level; parents must be there).
  void EnsureFolder(const std::string& path);
  // Writes beside `path`, under a temporary name.
  void Add(const std::string& path, std::span<const std::byte> bytes);
  void Add(const std::string& path, std::string_view text);
  // Gives every file its name. Throws Failure where one can't be renamed.
  void Commit();

 private:
  struct Pending {
    std::string temporary, path;
  };
  std::vector<Pending> pending_;
  std::vector<std::string> made_folders_;
};

// The pictures in the folder `path` (by the name's ending), in natural order: frame2 before
// frame10. Throws Failure where there are none.
std::vector<std::string> PicturesIn(const std::string& path);

// True where `a` comes before `b`: runs of digits compare as numbers.
bool NaturalLess(std::string_view a, std::string_view b);

}  // namespace pinhole::system
