// SPDX-License-Identifier: Apache-2.0
#pragma once

// Overwrites memory with zeroes in a way that the compiler may not leave out, for bytes whose owner
// is about to forget them: a captured frame, a key.
//
// A plain memset before memory is given up is a dead store, and optimisers drop those. Here memset
// is called through a volatile pointer, which must be read at run time, so that nobody can know
// what the call does. Copies that the caller made elsewhere are the caller's to wipe.

#include <cstddef>
#include <cstring>
#include <span>

namespace pinhole::base {

inline void SecureWipe(std::span<std::byte> bytes) {
  static void* (*volatile const fill)(void*, int, std::size_t) = std::memset;
  if (!bytes.empty()) {
    fill(bytes.data(), 0, bytes.size());
  }
}

}  // namespace pinhole::base
