// SPDX-License-Identifier: Apache-2.0
#include "emulator/memory.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "emulator/decode.h"

namespace pinhole::emulator {
namespace {

constexpr std::uint32_t kLargest = 16 * 1024 * 1024;

base::Status AllocateRegion(std::uint32_t base, std::uint32_t size, std::uint8_t fill,
                            Region& region) {
  if (size > kLargest) {
    return base::Unexpected(base::Error::kTooLarge);
  }
  region.base = base;
  region.size = size & ~3u;
  region.bytes.reset(new (std::nothrow) std::uint8_t[region.size + 4]);
  region.ops.reset(new (std::nothrow) Op[region.size / 2 + 1]());
  if (region.bytes == nullptr || region.ops == nullptr) {
    return base::Unexpected(base::Error::kOutOfMemory);
  }
  std::memset(region.bytes.get(), fill, region.size + 4);
  region.ops[region.size / 2].code = static_cast<std::uint8_t>(OpCode::kEnd);
  return {};
}

}  // namespace

base::Status Memory::Allocate(const Sizes& sizes) {
  PINHOLE_TRY(AllocateRegion(kRomBase, sizes.rom, 0, rom));
  PINHOLE_TRY(AllocateRegion(kFlashBase, sizes.flash, 0xFF, flash));
  PINHOLE_TRY(AllocateRegion(kRamBase, sizes.ram, 0, ram));
  const std::size_t pages = (ram.size >> kPageShift) + 1;
  code_pages_.reset(new (std::nothrow) std::uint8_t[pages]());
  if (code_pages_ == nullptr) {
    return base::Unexpected(base::Error::kOutOfMemory);
  }
  return {};
}

Region* Memory::Find(std::uint32_t address) {
  for (Region* const region : {&flash, &ram, &rom}) {
    if (region->Contains(address)) {
      return region;
    }
  }
  return nullptr;
}

void Memory::Forget(std::uint32_t address, std::uint32_t size) {
  Region* const region = Find(address);
  if (region == nullptr || size == 0) {
    return;
  }
  const std::uint32_t offset = address - region->base;
  const std::uint32_t end = std::min(size, region->size - offset) + offset;
  // The instruction before may be a long one that ends here.
  const std::uint32_t first = offset / 2 == 0 ? 0 : offset / 2 - 1;
  std::fill(region->ops.get() + first, region->ops.get() + (end + 1) / 2, Op{});
}

}  // namespace pinhole::emulator
