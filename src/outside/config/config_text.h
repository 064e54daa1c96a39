// SPDX-License-Identifier: Apache-2.0
#pragma once

// A configuration as text: the documented defaults, what is in force, and the reference page.
// All are made of the table of keys.

#include <string>

#include "outside/config/config.h"

namespace pinhole::outside::config {

// A TOML file with every key at its default, each below its sentence. Reads back as the defaults.
std::string DefaultsAsToml();

// A TOML file with every key of `config`; reads back as `config`, except for a password in the
// address of a camera, which is starred out.
std::string AsToml(const Config& config);

// For docs/reference/configuration.md: a heading and a table of keys for each section.
std::string KeysAsMarkdown();

}  // namespace pinhole::outside::config
