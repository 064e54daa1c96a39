// SPDX-License-Identifier: Apache-2.0
#pragma once

// PINHOLE_SANITIZED is 1 where AddressSanitizer or ThreadSanitizer is built in, 0 elsewhere. They
// bring a heap of their own, terabytes of shadow memory and system calls that the program does not
// make, and run everything many times slower: for tests, and for what looks at its own memory.

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // GCC
#define PINHOLE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)  // Clang
#define PINHOLE_SANITIZED 1
#endif
#endif
#ifndef PINHOLE_SANITIZED
#define PINHOLE_SANITIZED 0
#endif
