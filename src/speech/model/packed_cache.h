// SPDX-License-Identifier: Apache-2.0
#pragma once

// Weights laid out for this processor, kept in a file, so that they need not be laid out again.
//
// A file in the cache belongs to one model file (its path, size, inode and time of change), one
// instruction set, one precision and one layout: the layout is told by what a small known matrix
// looks like packed, so that no version number has to be thought of. What doesn't match, is damaged
// or can't be read is passed over, and made anew; a cache that can't be written costs nothing but
// the time that it would save.
//
// The folder holds at most kMostFiles of them; those that were not used for longest go. Files are
// for their owner alone, appear whole, and hold nothing but weights.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "speech/network/network.h"

namespace pinhole::speech {

class PackedCache {
 public:
  static constexpr int kMostFiles = 8;

  // For the model file `path`, which is there. An empty `folder`: nothing is kept or found.
  PackedCache(std::string folder, const std::string& path, const matrix::Target& target,
              matrix::Precision precision);
  ~PackedCache();
  PackedCache(const PackedCache&) = delete;
  PackedCache& operator=(const PackedCache&) = delete;

  // Whether there is a file of them; Take then reads it from the beginning. Whether what was taken
  // is all of it, and undamaged, is known at the end.
  bool Open();
  bool Take(std::span<std::byte> piece);
  bool TookAll();

  // Writes pieces, which become the file at Finish.
  void Keep(std::span<const std::byte> piece);
  void Finish();

 private:
  struct Sum {
    std::uint64_t value = 0x9E3779B97F4A7C15U;
    void Add(std::span<const std::byte> bytes);
  };

  void Abandon();
  void DropOldest() const;
  [[nodiscard]] std::string PathOf() const;

  std::string folder_;
  std::string identity_;  // the first bytes of the file
  int fd_ = -1;
  std::string temporary_;
  bool failed_ = false;
  std::uint64_t bytes_ = 0;
  Sum sum_;
};

}  // namespace pinhole::speech
