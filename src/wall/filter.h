// SPDX-License-Identifier: Apache-2.0
#pragma once

// A list of system calls that stay possible, as the program for the kernel's seccomp filter.
//
//   Filter filter;
//   filter.Allow(SYS_exit_group);
//   filter.Allow(SYS_write, {{0, 4}, {2, 37, Width::k64}});   // write(4, anything, 37)
//   filter.Install(Otherwise::kKill, why);
//
// What no rule allows kills the whole process (or, for the helpers outside the inside's wall, fails
// with an error). Calls are told by number, so another ABI of the same processor would be another
// language: the program begins by killing whatever is not of this one.
//
// An argument is 64 bits wide for the filter; where the kernel looks at 32 of them (descriptors,
// commands), so does the rule. Pointers can't be followed, so no rule depends on what they point
// to.

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"

struct sock_filter;

namespace pinhole::wall {

enum class Width : std::uint8_t { k32, k64 };

struct ArgumentIs {
  int index = 0;  // 0 to 5
  std::uint64_t value = 0;
  Width width = Width::k32;
};

enum class Otherwise : std::uint8_t { kKill, kAllow };

class Filter {
 public:
  Filter();
  ~Filter();
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  // False where this processor's calls are not known to us: then there can be no wall.
  static bool KnowsThisProcessor();

  // `call` with all of `arguments` is allowed.
  void Allow(long call, std::initializer_list<ArgumentIs> arguments = {});
  // `call` fails with `error`, whatever its arguments.
  void Refuse(long call, int error);

  // For every thread of the process, and for ever. What no rule names: see Otherwise. Needs
  // no_new_privs. Error: kUnsupported (the kernel has no seccomp filters, or refuses this one).
  base::Status Install(Otherwise otherwise, base::Diagnosis& why);

 private:
  void Load(std::uint32_t offset);
  std::vector<sock_filter> program_;
};

}  // namespace pinhole::wall
