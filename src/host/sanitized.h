// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: whether a sanitizer is at work. Its run-time makes system calls and takes memory
// of its own, so that a process with it can't live behind the inside's wall.

namespace pinhole::host {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace pinhole::host
