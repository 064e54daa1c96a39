// SPDX-License-Identifier: Apache-2.0
#pragma once

// What can go wrong, in groups that tell a caller what to do about it.
//
// An Error is one byte: it fits a microcontroller's register and a log line. The sentence for a
// person ("tensor 12 'conv1/w': 3 dimensions found, 4 expected") travels beside it in a
// base::Diagnosis, where one is at hand.

#include <cstdint>
#include <string_view>

namespace pinhole::base {

enum class Error : std::uint8_t {
  // The bytes from outside are at fault: get other bytes.
  kTruncated,    // ends before its own header says it does
  kMalformed,    // breaks its format's rules
  kUnsupported,  // keeps the rules, but asks for what this build cannot do
  kTooLarge,     // over a limit that is checked before memory is taken
  kWrongKind,    // sound, but not what the caller needs (a classifier where a face detector was
                 // expected)
  // The surroundings are at fault: give more, or look at the device.
  kOutOfMemory,
  kNotFound,
  kIo,
  // The caller is at fault.
  kInvalidArgument,
  kNotReady,
  // Ours: a rule of this code's own does not hold.
  kInternal,
};

// A word or two in lower case, for logs; never empty.
constexpr std::string_view ErrorName(Error error) {
  switch (error) {
    case Error::kTruncated: return "truncated";
    case Error::kMalformed: return "malformed";
    case Error::kUnsupported: return "unsupported";
    case Error::kTooLarge: return "too large";
    case Error::kWrongKind: return "wrong kind";
    case Error::kOutOfMemory: return "out of memory";
    case Error::kNotFound: return "not found";
    case Error::kIo: return "input or output failed";
    case Error::kInvalidArgument: return "invalid argument";
    case Error::kNotReady: return "not ready";
    case Error::kInternal: return "internal error";
  }
  return "unknown error";
}

}  // namespace pinhole::base
