// SPDX-License-Identifier: Apache-2.0
#pragma once

// The files inside a zip archive as torch writes them: stored, not compressed, so that each is a
// view of the archive's bytes. With zip64's fields, which models above 4 GiB need.
//
// Read from the directory at the archive's end; what a file's own header says beside its length is
// not looked at. Source: PKWARE APPNOTE.TXT 6.3.10, 4.3 and 4.5.3.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::speech {

class ZipDirectory {
 public:
  static constexpr std::size_t kMaxFiles = 8192;

  struct File {
    std::string_view name;
    std::span<const std::byte> bytes;
  };

  // Errors: kTruncated where the directory is missing, kMalformed, kUnsupported (compressed,
  // encrypted), kTooLarge.
  static base::Result<ZipDirectory> Read(std::span<const std::byte> archive, base::Diagnosis& why);

  // Sorted by name; of files of the same name one.
  [[nodiscard]] std::span<const File> files() const { return files_; }
  // Null where there is none.
  [[nodiscard]] const File* Find(std::string_view name) const;

 private:
  std::vector<File> files_;
};

}  // namespace pinhole::speech
