// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a person writes after --model, as a file: "tiny.en" or "./my-model.bin".
//
// Nothing is downloaded here. A model that the catalogue knows and the folder lacks is a Failure
// that names the command which gets it.

#include <string>

namespace pinhole::models {

// The path of the model that `name_or_path` means. A text with a slash in it is a path; any other
// is a name of the catalogue, and where the catalogue has none such, a file in the current folder.
// `folder` is where pulled models lie; empty: ModelsFolder(). Looks at sizes, not at digests: those
// were checked when the file got its name, and `pinhole models verify` checks them again.
// Throws system::Failure.
std::string FindModel(const std::string& name_or_path, const std::string& folder = "");

}  // namespace pinhole::models
