// SPDX-License-Identifier: Apache-2.0
#pragma once

// Folders of whoever runs the program, by the XDG Base Directory Specification.

#include <string>

namespace pinhole::system {

// Where things may be kept that can be had again, for example CacheFolder("packed"):
// $XDG_CACHE_HOME/pinhole/packed, or ~/.cache/pinhole/packed. Empty where the environment names
// neither; a relative path in XDG_CACHE_HOME is passed over, as the specification says. Whether the
// folder is there is not looked at.
std::string CacheFolder(const std::string& below);

}  // namespace pinhole::system
