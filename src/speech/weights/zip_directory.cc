// SPDX-License-Identifier: Apache-2.0
#include "speech/weights/zip_directory.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/little_endian.h"
#include "speech/weights/cursor.h"

namespace pinhole::speech {
namespace {

using base::Error;

constexpr std::uint32_t kLocalMark = 0x04034B50, kEntryMark = 0x02014B50, kEndMark = 0x06054B50;
constexpr std::uint32_t kEnd64Mark = 0x06064B50, kLocator64Mark = 0x07064B50;
constexpr std::size_t kLocalBytes = 30, kEntryBytes = 46, kEndBytes = 22;
constexpr std::size_t kEnd64Bytes = 56, kLocator64Bytes = 20, kMaxComment = 65535;
// In a 16 or 32-bit field: the number stands in zip64's.
constexpr std::uint64_t kElsewhere16 = 0xFFFF, kElsewhere32 = 0xFFFFFFFF;

std::uint64_t Load16(const std::byte* at) { return base::LoadLe<std::uint16_t>(at); }
std::uint64_t Load32(const std::byte* at) { return base::LoadLe<std::uint32_t>(at); }
std::uint64_t Load64(const std::byte* at) { return base::LoadLe<std::uint64_t>(at); }

struct Place {
  std::uint64_t files = 0, size = 0, offset = 0;
};

// The archive's last record; nullptr where there is none.
const std::byte* FindEnd(std::span<const std::byte> archive) {
  if (archive.size() < kEndBytes) {
    return nullptr;
  }
  const std::size_t last = archive.size() - kEndBytes;
  const std::size_t first = last - std::min(last, kMaxComment);
  for (std::size_t at = last + 1; at-- > first;) {
    if (Load32(archive.data() + at) == kEndMark) {
      return archive.data() + at;
    }
  }
  return nullptr;
}

std::optional<Place> FindDirectory(std::span<const std::byte> archive) {
  const std::byte* const end = FindEnd(archive);
  if (end == nullptr) {
    return std::nullopt;
  }
  const Place place{Load16(end + 10), Load32(end + 12), Load32(end + 16)};
  if (place.files != kElsewhere16 && place.size != kElsewhere32 && place.offset != kElsewhere32) {
    return place;
  }
  const auto before = static_cast<std::size_t>(end - archive.data());
  if (before < kLocator64Bytes || Load32(end - kLocator64Bytes) != kLocator64Mark) {
    return place;
  }
  const std::uint64_t at = Load64(end - kLocator64Bytes + 8);
  const auto record = Part(archive, at, kEnd64Bytes);
  if (!record || Load32(record->data()) != kEnd64Mark) {
    return std::nullopt;
  }
  const std::byte* const end64 = record->data();
  return Place{Load64(end64 + 32), Load64(end64 + 40), Load64(end64 + 48)};
}

// Sizes and place of one file, out of its entry and the entry's zip64 field.
struct Extent {
  std::uint64_t packed = 0, size = 0, offset = 0;
};

Extent ExtentOf(const std::byte* entry, std::span<const std::byte> extra) {
  Extent extent{Load32(entry + 20), Load32(entry + 24), Load32(entry + 42)};
  Cursor at(extra);
  while (true) {
    const auto id = at.Read<std::uint16_t>();
    const auto length = at.Read<std::uint16_t>();
    const auto field = length ? at.Bytes(*length) : std::nullopt;
    if (!id || !field) {
      return extent;
    }
    if (*id != 1) {
      continue;
    }
    Cursor numbers(*field);
    for (std::uint64_t* const number : {&extent.size, &extent.packed, &extent.offset}) {
      if (*number == kElsewhere32) {
        *number = numbers.Read<std::uint64_t>().value_or(*number);
      }
    }
    return extent;
  }
}

base::Result<std::span<const std::byte>> Contents(std::span<const std::byte> archive,
                                                  const std::byte* entry, std::string_view name,
                                                  const Extent& extent, base::Diagnosis& why) {
  constexpr std::uint64_t kEncrypted = 1;
  if ((Load16(entry + 8) & kEncrypted) != 0) {
    return why.Fail(Error::kUnsupported, "'", name, "' in the archive is encrypted");
  }
  if (Load16(entry + 10) != 0 || extent.packed != extent.size) {
    return why.Fail(Error::kUnsupported, "'", name,
                    "' in the archive is compressed, which torch never does: unpack it and save "
                    "the model with torch.save");
  }
  const auto local = Part(archive, extent.offset, kLocalBytes);
  if (!local || Load32(local->data()) != kLocalMark) {
    return why.Fail(Error::kMalformed, "'", name,
                    "' isn't where the archive's directory says: the file is damaged");
  }
  // No overflow: the header lies in the archive, and the rest is small.
  const std::uint64_t begin =
      extent.offset + kLocalBytes + Load16(local->data() + 26) + Load16(local->data() + 28);
  const auto contents = Part(archive, begin, extent.size);
  if (!contents) {
    return why.Fail(Error::kTruncated, "the archive ends in '", name,
                    "': it was not downloaded as a whole; get it anew");
  }
  return *contents;
}

}  // namespace

base::Result<ZipDirectory> ZipDirectory::Read(std::span<const std::byte> archive,
                                              base::Diagnosis& why) {
  const auto place = FindDirectory(archive);
  const auto entries = place ? Part(archive, place->offset, place->size) : std::nullopt;
  if (!entries) {
    return why.Fail(Error::kTruncated,
                    "the archive's directory, at its end, is missing: it was not "
                    "downloaded as a whole; get it anew");
  }
  if (place->files > kMaxFiles) {
    return why.Fail(Error::kTooLarge, "the archive states ", place->files, " files, at most ",
                    kMaxFiles, " are supported");
  }
  ZipDirectory directory;
  Cursor at(*entries);
  for (std::uint64_t i = 0; i < place->files; ++i) {
    const auto entry = at.Bytes(kEntryBytes);
    if (!entry || Load32(entry->data()) != kEntryMark) {
      return why.Fail(Error::kMalformed, "the archive's directory is damaged at entry ", i);
    }
    const auto name = at.Text(Load16(entry->data() + 28));
    const auto extra = at.Bytes(Load16(entry->data() + 30));
    const auto comment = at.Bytes(Load16(entry->data() + 32));
    if (!name || !extra || !comment) {
      return why.Fail(Error::kMalformed, "the archive's directory is damaged at entry ", i);
    }
    const Extent extent = ExtentOf(entry->data(), *extra);
    PINHOLE_ASSIGN(const auto bytes, Contents(archive, entry->data(), *name, extent, why));
    directory.files_.push_back({*name, bytes});
  }
  std::ranges::sort(directory.files_, {}, &File::name);
  return directory;
}

const ZipDirectory::File* ZipDirectory::Find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(files_, name, {}, &File::name);
  return at != files_.end() && at->name == name ? &*at : nullptr;
}

}  // namespace pinhole::speech
