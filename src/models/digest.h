// SPDX-License-Identifier: Apache-2.0
#pragma once

// Digests of files, read once in pieces: memory does not grow with the file.

#include <string>

#include "models/catalogue.h"

namespace pinhole::models {

struct Digests {
  std::string sha256;
  std::string sha1;
};

// Both digests of the file `path`, in small hexadecimal letters. About a second a gigabyte on a
// processor with SHA instructions. Throws system::Failure where it can't be read.
Digests DigestsOf(const std::string& path);

// Whether `found` is what `entry` pins.
bool Match(const Digests& found, const ModelEntry& entry);

// "SHA-256 9f86d0..., expected 921e4c...": the first digest that does not match, in full.
std::string Difference(const Digests& found, const ModelEntry& entry);

}  // namespace pinhole::models
