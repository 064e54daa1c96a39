// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text into the pieces that tokens don't cross, by GPT-2's pattern:
//
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// That is: English endings behind an apostrophe; a run of letters, of numbers or of anything else
// but white space, with the blank before it; white space, of which the last character is left for
// what follows. The pieces joined are the text. Bytes that are no UTF-8 count as anything else.

#include <string_view>

namespace pinhole::speech {

// The first piece of `text`, which isn't empty; the piece isn't either.
std::string_view FirstPiece(std::string_view text);

}  // namespace pinhole::speech
