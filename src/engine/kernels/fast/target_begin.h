// SPDX-License-Identifier: Apache-2.0
// No include guard: opens the compiler target that PINHOLE_TARGET names, which target_end.h closes.
// What stands between them is compiled for that instruction set; everything that is no template
// over the target must have been included before.

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target(PINHOLE_TARGET))), apply_to = function)
#else
#pragma GCC push_options
// The pragma wants a literal: what PINHOLE_TARGET stands for, not its name.
#define PINHOLE_PRAGMA(text) _Pragma(#text)
#define PINHOLE_PRAGMA_TARGET(name) PINHOLE_PRAGMA(GCC target(name))
PINHOLE_PRAGMA_TARGET(PINHOLE_TARGET)
#undef PINHOLE_PRAGMA_TARGET
#undef PINHOLE_PRAGMA
#endif
