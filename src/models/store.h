// SPDX-License-Identifier: Apache-2.0
#pragma once

// The folder of pulled models: where it is, and what lies in it.
//
// A file has its name only after its digest was checked. Until then it is NAME.part, with
// NAME.part.etag beside it, which says what version of the server's file the bytes are of;
// NAME.lock belongs to who pulls it.

#include <cstdint>
#include <string>

#include "models/catalogue.h"

namespace pinhole::models {

// $PINHOLE_MODELS_FOLDER, else $XDG_CACHE_HOME/pinhole/models, else ~/.cache/pinhole/models.
// (PINHOLE_MODELS is another thing: where the models lie that ship with the program.)
// Throws system::Failure where none of these is set to an absolute path.
std::string ModelsFolder();

std::string PathOf(const std::string& folder, const ModelEntry& entry);

enum class Held {
  kMissing,
  kPartly,     // a download that can be taken up again
  kThere,      // with the right size
  kWrongSize,  // a file of that name, and another one
};

struct Holding {
  Held held = Held::kMissing;
  std::uint64_t bytes = 0;  // of the file, or of the part
};

// Looks at sizes only.
Holding Look(const std::string& folder, const ModelEntry& entry);

}  // namespace pinhole::models
