// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a program for the chip spends its cycles: looks at both cores every now and then.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "emulator/rp2040.h"

namespace pinhole::host {

class Profile {
 public:
  // Cycles between two looks; a prime, so that no loop keeps in step with it.
  static constexpr std::uint64_t kStep = 997;

  // What both cores are at. Functions are named as `file`, the program's, names them; addresses
  // without a name count together.
  void Look(emulator::Rp2040& chip, std::span<const std::byte> file);
  // The functions with the most cycles first, as shares of each core's looks.
  [[nodiscard]] std::string Text() const;

 private:
  struct Looks {
    std::uint64_t cores[2] = {};
  };
  std::map<std::string, Looks, std::less<>> functions_;
  std::uint64_t looks_ = 0;
};

}  // namespace pinhole::host
