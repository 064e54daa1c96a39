// SPDX-License-Identifier: Apache-2.0
#include "firmware/image/firmware_image.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace pinhole::firmware::image {
namespace {

constexpr std::size_t kHeaderBytes = 52;
constexpr std::size_t kSegmentBytes = 32;
constexpr std::uint32_t kLoad = 1;
constexpr std::uint16_t kArm = 40;

struct Segment {
  std::uint32_t offset = 0;   // in the file
  std::uint32_t address = 0;  // physical
  std::uint32_t bytes = 0;
};

std::uint32_t Read(std::span<const std::byte> bytes, std::size_t at, unsigned size) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < size; ++i) {
    value |= std::to_integer<std::uint32_t>(bytes[at + i]) << 8 * i;
  }
  return value;
}

void Write32(std::span<std::byte> bytes, std::size_t at, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) {
    bytes[at + i] = static_cast<std::byte>(value >> 8 * i);
  }
}

// What the file puts into flash. Errors: kTruncated, kMalformed, kTooLarge.
base::Result<std::vector<Segment>> FlashSegments(std::span<const std::byte> elf,
                                                 base::Diagnosis& why) {
  if (elf.size() < kHeaderBytes) {
    return why.Fail(base::Error::kTruncated, "a program of ", elf.size(),
                    " bytes is shorter than an ELF header; give the linker's output");
  }
  if (Read(elf, 0, 4) != 0x464C'457F || Read(elf, 4, 1) != 1 || Read(elf, 5, 1) != 1 ||
      Read(elf, 18, 2) != kArm) {
    return why.Fail(base::Error::kMalformed,
                    "the file is not ELF for a 32-bit little-endian ARM; give the linker's output");
  }
  const std::size_t table = Read(elf, 28, 4);
  const std::size_t entry = Read(elf, 42, 2);
  const std::size_t count = Read(elf, 44, 2);
  if (entry < kSegmentBytes || table > elf.size() || count * entry > elf.size() - table) {
    return why.Fail(base::Error::kTruncated, "the table of ", count,
                    " segments reaches beyond the file's ", elf.size(), " bytes");
  }
  std::vector<Segment> segments;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = table + i * entry;
    const Segment segment{
        .offset = Read(elf, at + 4, 4),
        .address = Read(elf, at + 12, 4),
        .bytes = Read(elf, at + 16, 4),
    };
    const bool in_flash =
        segment.address >= kFlashBase && segment.address - kFlashBase < kLargestFlash;
    if (Read(elf, at, 4) != kLoad || segment.bytes == 0 || !in_flash) {
      continue;
    }
    if (segment.offset > elf.size() || segment.bytes > elf.size() - segment.offset) {
      return why.Fail(base::Error::kTruncated, "segment ", i, " of ", segment.bytes,
                      " bytes reaches beyond the file's ", elf.size());
    }
    if (segment.bytes > kLargestFlash - (segment.address - kFlashBase)) {
      return why.Fail(base::Error::kTooLarge, "segment ", i, " of ", segment.bytes,
                      " bytes reaches beyond 16 MB of flash");
    }
    segments.push_back(segment);
  }
  return segments;
}

}  // namespace

std::uint32_t BootStageChecksum(std::span<const std::byte> bytes) {
  std::uint32_t checksum = 0xFFFF'FFFF;
  for (const std::byte byte : bytes) {
    checksum ^= std::to_integer<std::uint32_t>(byte) << 24;
    for (int bit = 0; bit < 8; ++bit) {
      checksum = checksum << 1 ^ ((checksum >> 31) != 0 ? 0x04C1'1DB7u : 0u);
    }
  }
  return checksum;
}

base::Status FinishBootStage(std::span<std::byte> elf, base::Diagnosis& why) {
  const base::Result<std::vector<Segment>> segments = FlashSegments(elf, why);
  if (!segments) {
    return base::Unexpected(segments.error());
  }
  for (const Segment& segment : *segments) {
    if (segment.address == kFlashBase && segment.bytes >= kBootStageBytes) {
      const std::span<std::byte> stage = elf.subspan(segment.offset, kBootStageBytes);
      Write32(stage, kBootStageBytes - 4, BootStageChecksum(stage.first(kBootStageBytes - 4)));
      return {};
    }
  }
  return why.Fail(base::Error::kWrongKind,
                  "no segment puts 256 bytes at the start of flash, where the second boot stage "
                  "belongs; link with the chip's linker script");
}

base::Result<std::vector<std::byte>> MakeUf2(std::span<const std::byte> elf, Chip chip,
                                             base::Diagnosis& why) {
  const base::Result<std::vector<Segment>> segments = FlashSegments(elf, why);
  if (!segments) {
    return base::Unexpected(segments.error());
  }
  std::map<std::uint32_t, std::vector<std::byte>> pages;
  for (const Segment& segment : *segments) {
    for (std::uint32_t i = 0; i < segment.bytes; ++i) {
      const std::uint32_t address = segment.address + i;
      std::vector<std::byte>& page = pages[address / kUf2PageBytes];
      page.resize(kUf2PageBytes);
      page[address % kUf2PageBytes] = elf[segment.offset + i];
    }
  }
  if (pages.empty()) {
    return why.Fail(base::Error::kWrongKind,
                    "the program puts nothing into flash; link with the chip's linker script");
  }
  std::vector<std::byte> uf2(pages.size() * kUf2BlockBytes);
  std::uint32_t number = 0;
  for (const auto& [page, bytes] : pages) {
    const std::span<std::byte> block =
        std::span(uf2).subspan(std::size_t{number} * kUf2BlockBytes, kUf2BlockBytes);
    const std::uint32_t header[] = {0x0A32'4655,
                                    0x9E5D'5157,
                                    0x2000,  // a family's number stands at the end of the header
                                    static_cast<std::uint32_t>(page * kUf2PageBytes),
                                    kUf2PageBytes,
                                    number,
                                    static_cast<std::uint32_t>(pages.size()),
                                    chip == Chip::kRp2040 ? 0xE48B'FF56 : 0xE48B'FF59};
    for (std::size_t i = 0; i < std::size(header); ++i) {
      Write32(block, 4 * i, header[i]);
    }
    std::ranges::copy(bytes, block.begin() + 32);
    Write32(block, kUf2BlockBytes - 4, 0x0AB1'6F30);
    ++number;
  }
  return uf2;
}

}  // namespace pinhole::firmware::image
