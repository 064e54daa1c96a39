// SPDX-License-Identifier: Apache-2.0
#pragma once

// "Did you mean ...?": the known word that a mistyped one is nearest to.

#include <cstddef>
#include <span>
#include <string_view>

namespace pinhole::outside::config {

// Single characters put in, left out, replaced or swapped with their neighbour (optimal string
// alignment) to make `b` of `a`. Quadratic in the lengths.
std::size_t Distance(std::string_view a, std::string_view b);

// Of `known` the word nearest to `word`, or one that `word` begins or that begins `word`; empty
// where none is so near that it may have been meant.
std::string_view Nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace pinhole::outside::config
