// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only, and in one source file of a test program: counts every way to the heap.
//
//   if (!base::kCountsHeap) GTEST_SKIP() << "a sanitizer brings its own heap";
//   const long before = base::heap_calls;  ...  EXPECT_EQ(base::heap_calls, before);

#include <atomic>
#include <cstddef>
#include <cstdlib>

#include "base/sanitized.h"

namespace pinhole::base {
inline std::atomic<long> heap_calls{0};
#if defined(__GLIBC__) && !PINHOLE_SANITIZED
inline constexpr bool kCountsHeap = true;
#else
inline constexpr bool kCountsHeap = false;
#endif
}  // namespace pinhole::base

#if defined(__GLIBC__) && !PINHOLE_SANITIZED
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  ++pinhole::base::heap_calls;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++pinhole::base::heap_calls;
  return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) {
  ++pinhole::base::heap_calls;
  return __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++pinhole::base::heap_calls;
  return __libc_memalign(alignment, size);
}
}
#endif
