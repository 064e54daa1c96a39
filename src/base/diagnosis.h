// SPDX-License-Identifier: Apache-2.0
#pragma once

// One sentence for a person about what went wrong: what was found, what was expected, what to do.
//
// The text lies inside the object (no heap), so that loading a model on a microcontroller can
// explain itself too. Pieces are appended until the room is full, then the text ends in "...".
// Bytes from outside are made harmless on the way in: whatever is not printable ASCII becomes '?',
// so a hostile tensor name can neither break the line nor drive a terminal.
//
//   return why.Fail(Error::kMalformed, "tensor ", index, " '", name, "': rank ", rank, ", at most
//   ", kMaxRank);

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/result.h"

namespace pinhole::base {

class Diagnosis {
 public:
  static constexpr std::size_t kCapacity = 480;

  // Empty until something failed.
  [[nodiscard]] std::string_view text() const { return {text_, size_}; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  void Clear() { size_ = 0; }

  // Replaces the text by the pieces joined; returns what a function that failed returns.
  template <typename... Pieces>
  Unexpected Fail(Error error, const Pieces&... pieces) {
    Clear();
    (Append(pieces), ...);
    return Unexpected(error);
  }

  // Puts `pieces` in front of the text that is there: an outer layer names the place
  // ("model.tflite: ").
  template <typename... Pieces>
  void Prefix(const Pieces&... pieces) {
    Diagnosis joined;
    (joined.Append(pieces), ...);
    joined.Append(text());
    *this = joined;
  }

  void Append(std::string_view piece);
  void Append(const char* piece) { Append(std::string_view(piece)); }
  void Append(char piece) { Append(std::string_view(&piece, 1)); }
  void Append(bool) = delete;
  template <std::integral Integer>
  void Append(Integer value) {
    if constexpr (std::is_signed_v<Integer>) {
      AppendSigned(static_cast<std::int64_t>(value));
    } else {
      AppendUnsigned(static_cast<std::uint64_t>(value));
    }
  }

 private:
  void AppendSigned(std::int64_t value);
  void AppendUnsigned(std::uint64_t value);

  char text_[kCapacity] = {};
  std::size_t size_ = 0;
};

}  // namespace pinhole::base
