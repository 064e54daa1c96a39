// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kernel library as text: runtime/, compiled into the program so that it can write the files
// out. The build makes the table.

#include <span>
#include <string_view>

namespace pinhole::engine::emit {

struct RuntimeFile {
  std::string_view name, text;
};

// Headers and sources, by name.
std::span<const RuntimeFile> RuntimeFiles();

}  // namespace pinhole::engine::emit
