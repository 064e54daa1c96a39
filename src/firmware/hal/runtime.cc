// SPDX-License-Identifier: Apache-2.0
// What the language's runtime asks of a system. Definitions of our own keep the standard library's,
// which bring a heap and text with them, out of the program.

#include <cstddef>
#include <new>

#include "firmware/hal/system.h"

extern "C" {

[[noreturn]] void abort() { panic("abort"); }
[[noreturn]] void __cxa_pure_virtual() { panic("a call of a pure virtual function"); }
// Destructors of statics never run: programs do not end.
int __aeabi_atexit(void*, void (*)(void*), void*) { return 0; }
int atexit(void (*)()) { return 0; }
void* __dso_handle = nullptr;

}  // extern "C"

// What checks of string_view and span call; input of ours never fails them.
namespace std {
[[noreturn]] void __throw_out_of_range_fmt(const char*, ...) { panic("out of range"); }
}  // namespace std

// Referred to by classes with a virtual destructor; nothing was ever taken from a heap.
void operator delete(void*) noexcept { panic("operator delete"); }
void operator delete(void*, std::size_t) noexcept { panic("operator delete"); }
