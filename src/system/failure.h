// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a command says that it can't go on: one sentence for a person, thrown, caught once at the
// top and printed as "pinhole: SENTENCE" with exit code 1.
//
// The sentence names the file, what was found in it, and what to do. Text that came from outside
// (a file's name, a library's message) goes through Printable first, so that it can neither break
// the line nor drive a terminal.

#include <stdexcept>
#include <string>
#include <string_view>

namespace pinhole::system {

class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The command line itself is wrong: exit code 2.
class WrongUsage : public Failure {
 public:
  using Failure::Failure;
};

// `text` with every control character replaced by '?'. UTF-8 passes.
std::string Printable(std::string_view text);

}  // namespace pinhole::system
