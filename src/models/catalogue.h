// SPDX-License-Identifier: Apache-2.0
#pragma once

// The official model files that `pinhole models pull` knows: where each lies, how long it is, which
// digests it has, under which licence, and what it is for.
//
// A file is in here only with an exact size and a SHA-256. Where these come from:
//   - OpenAI's checkpoints (NAME.pt): the SHA-256 stands in the address that OpenAI's own program
//     downloads from, and is what that program checks.
//   - Whisper in ggml format: the SHA-256 and the size that the repository's large-file pointers
//     have at the revision in the address, as several unrelated projects publish them with one
//     voice; beside it, where whisper.cpp itself publishes one (models/README.md), its SHA-1.
//   - MediaPipe and TFLite Micro: computed from the file in the project's own repository or in its
//     published package; MediaPipe's build files pin the same digests.
// Both digests of a file have to match where it has two.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pinhole::models {

struct ModelEntry {
  std::string_view name;     // what a person types
  std::string_view file;     // its name in the folder, and on a mirror
  std::string_view address;  // https
  std::uint64_t bytes = 0;
  std::string_view sha256;     // 64 hexadecimal digits, small letters
  std::string_view sha1 = {};  // 40, or empty where the publisher gives none
  std::string_view licence;
  std::string_view origin;
  std::string_view purpose;
};

std::span<const ModelEntry> Catalogue();

// The entry called `name`, or nullptr.
const ModelEntry* FindEntry(std::string_view name);

// As FindEntry; throws system::Failure that names the closest names where there is none.
const ModelEntry& EntryNamed(std::string_view name);

// "SHA-256", or "SHA-256 and the publisher's SHA-1".
std::string_view DigestKind(const ModelEntry& entry);

// 77704715 as "77.7 MB": three digits, powers of a thousand, as disks and networks are sold.
std::string ShownBytes(std::uint64_t bytes);

}  // namespace pinhole::models
