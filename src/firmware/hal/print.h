// SPDX-License-Identifier: Apache-2.0
#pragma once

// What stands behind printf: a format and its arguments as characters, one by one.
//
// Runs anywhere, takes no memory but a few dozen bytes of stack, uses no floating-point arithmetic:
// %f takes the number's bits apart. What is understood: stdio.h beside it.

#include <cstdarg>
#include <cstddef>

namespace pinhole::firmware::hal {

// Takes a character of the text.
using PutCharacter = void(void* to, char c);

// Returns the number of characters.
int Print(PutCharacter* put, void* to, const char* format, std::va_list arguments);

}  // namespace pinhole::firmware::hal
