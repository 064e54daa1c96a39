// SPDX-License-Identifier: Apache-2.0
#pragma once

// A cache, simulated: what it moves for a stream of accesses that it cannot look ahead in.
//
// Set-associative, write-back, write-allocate: a line that is read or written is brought in first,
// and goes back when it has been written to and makes room for another. Which line of a set makes
// room: the one used longest ago (LRU), or the one that a binary tree of bits points at, which
// forgets most of that history and is what processors have (tree pseudo-LRU).
//
//   Cache cache({.bytes = 64 << 10, .line_bytes = 64, .ways = 8}, Policy::kLru);
//   cache.Access(address, bytes, write);
//   cache.Flush(first, end);   // the results, at the end
//   cache.moved_bytes();

#include <cstdint>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::engine::plan::traffic {

struct CacheShape {
  std::uint64_t bytes = 0;
  std::uint32_t line_bytes = 64;
  std::uint32_t ways = 8;

  [[nodiscard]] std::uint64_t sets() const { return bytes / line_bytes / ways; }
};

// Error: kInvalidArgument; `why` says what a cache's shape must be.
base::Status CheckCache(const CacheShape& shape, base::Diagnosis& why);

enum class Policy : std::uint8_t { kLru, kTreePlru };

class Cache {
 public:
  // The shape has passed CheckCache.
  Cache(const CacheShape& shape, Policy policy);

  // Touches every line of [address, address + bytes) in order.
  void Access(std::uint64_t address, std::uint64_t bytes, bool write);
  // Lines of [begin, end) that have been written to go back; they stay.
  void Flush(std::uint64_t begin, std::uint64_t end);

  [[nodiscard]] std::uint64_t filled_lines() const { return filled_; }
  [[nodiscard]] std::uint64_t written_lines() const { return written_; }
  [[nodiscard]] std::uint64_t accessed_lines() const { return accessed_; }
  [[nodiscard]] std::uint64_t moved_bytes() const {
    return (filled_ + written_) * shape_.line_bytes;
  }

 private:
  struct Line {
    std::uint64_t tag = ~std::uint64_t{0};
    std::uint64_t used = 0;  // kLru: when
    bool dirty = false;
  };

  void Touch(std::uint64_t line, bool write);
  [[nodiscard]] std::uint32_t Victim(std::uint64_t set) const;
  void Use(std::uint64_t set, std::uint32_t way);

  CacheShape shape_;
  Policy policy_;
  std::vector<Line> lines_;           // ways of set 0, ways of set 1, ...
  std::vector<std::uint64_t> trees_;  // per set: bit n is node n of the tree, root 1
  std::uint64_t clock_ = 0;
  std::uint64_t filled_ = 0, written_ = 0, accessed_ = 0;
};

}  // namespace pinhole::engine::plan::traffic
