// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the files and programs lie that ship with this one.
//
// Nothing is looked for in the PATH or the current folder: what a sensor starts is what was
// installed with it.

#include <string>

namespace pinhole::system {

// The path of a bundled file, for example "person/person.tflite": in the folder that the
// environment variable PINHOLE_MODELS names; else in ../share/pinhole/models beside the program, or
// in the source tree it was built from. Throws Failure where there is none.
std::string Bundled(const std::string& below);

// The path of a program that works for this one, for example "pinhole-inside": beside this program,
// or in ../libexec/pinhole. Throws Failure where there is none.
std::string HelperProgram(const std::string& name);

}  // namespace pinhole::system
