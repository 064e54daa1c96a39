// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/traffic/cache.h"

#include <bit>

namespace pinhole::engine::plan::traffic {

namespace {

constexpr std::uint32_t kMostWays = 64;  // a set's tree fits a word
constexpr std::uint64_t kMostCacheBytes = std::uint64_t{1} << 30;

}  // namespace

base::Status CheckCache(const CacheShape& shape, base::Diagnosis& why) {
  if (!std::has_single_bit(shape.line_bytes) || shape.line_bytes > 4096) {
    return why.Fail(base::Error::kInvalidArgument, "a cache's line of ", shape.line_bytes,
                    " bytes found; a power of two up to 4096 expected");
  }
  if (!std::has_single_bit(shape.ways) || shape.ways > kMostWays) {
    return why.Fail(base::Error::kInvalidArgument, "a cache of ", shape.ways,
                    " ways found; a power of two up to ", kMostWays, " expected");
  }
  const std::uint64_t set_bytes = std::uint64_t{shape.line_bytes} * shape.ways;
  if (shape.bytes == 0 || shape.bytes % set_bytes != 0 || shape.bytes > kMostCacheBytes) {
    return why.Fail(base::Error::kInvalidArgument, "a cache of ", shape.bytes,
                    " bytes found; a multiple of ", set_bytes, " (", shape.ways, " ways of ",
                    shape.line_bytes, " bytes) up to ", kMostCacheBytes, " expected");
  }
  return {};
}

Cache::Cache(const CacheShape& shape, Policy policy)
    : shape_(shape), policy_(policy), lines_(shape.sets() * shape.ways), trees_(shape.sets()) {}

void Cache::Access(std::uint64_t address, std::uint64_t bytes, bool write) {
  if (bytes == 0) {
    return;
  }
  const std::uint64_t end = (address + bytes - 1) / shape_.line_bytes + 1;
  for (std::uint64_t line = address / shape_.line_bytes; line < end; ++line) {
    Touch(line, write);
  }
}

void Cache::Touch(std::uint64_t line, bool write) {
  ++accessed_;
  const std::uint64_t set = line % shape_.sets();
  Line* const ways = &lines_[set * shape_.ways];
  for (std::uint32_t w = 0; w < shape_.ways; ++w) {
    if (ways[w].tag == line) {
      ways[w].dirty |= write;
      Use(set, w);
      return;
    }
  }
  const std::uint32_t victim = Victim(set);
  written_ += ways[victim].dirty ? 1 : 0;
  ++filled_;
  ways[victim] = {line, 0, write};
  Use(set, victim);
}

std::uint32_t Cache::Victim(std::uint64_t set) const {
  const Line* const ways = &lines_[set * shape_.ways];
  if (policy_ == Policy::kLru) {
    std::uint32_t oldest = 0;
    for (std::uint32_t w = 1; w < shape_.ways; ++w) {
      oldest = ways[w].used < ways[oldest].used ? w : oldest;
    }
    return oldest;
  }
  // Empty ways first, then down the tree: a bit says which half was not used last.
  for (std::uint32_t w = 0; w < shape_.ways; ++w) {
    if (ways[w].tag == ~std::uint64_t{0}) {
      return w;
    }
  }
  std::uint32_t node = 1;
  while (node < shape_.ways) {
    node = 2 * node + static_cast<std::uint32_t>(trees_[set] >> node & 1U);
  }
  return node - shape_.ways;
}

void Cache::Use(std::uint64_t set, std::uint32_t way) {
  if (policy_ == Policy::kLru) {
    lines_[set * shape_.ways + way].used = ++clock_;
    return;
  }
  for (std::uint32_t node = way + shape_.ways; node > 1; node /= 2) {
    const std::uint64_t other = (node & 1U) ^ 1U;
    const std::uint64_t bit = std::uint64_t{1} << (node / 2);
    trees_[set] = other != 0 ? trees_[set] | bit : trees_[set] & ~bit;
  }
}

void Cache::Flush(std::uint64_t begin, std::uint64_t end) {
  for (Line& line : lines_) {
    const std::uint64_t address = line.tag * shape_.line_bytes;
    if (line.dirty && address < end && begin < address + shape_.line_bytes) {
      line.dirty = false;
      ++written_;
    }
  }
}

}  // namespace pinhole::engine::plan::traffic
