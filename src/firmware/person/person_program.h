// SPDX-License-Identifier: Apache-2.0
#pragma once

// The person sensor as a program for any chip: the two halves, and the step that joins them.
//
//   inside/person_eye.h          camera, network → PersonFacts
//   outside/person_outside.h     PersonFacts → packet, pin, console; commands → a wish
//
//   for (;;) {
//     if (!program.Step()) { ... sleep until an interrupt ... }
//   }
//
// This file is the only one that sees both, and all that it hands over is PersonFacts one way and a
// Wish the other. A board's main makes the parts (boards stand in ../).

#include "firmware/person/inside/person_eye.h"
#include "firmware/person/outside/person_outside.h"

namespace pinhole::firmware::person {

class PersonProgram {
 public:
  // Both are the caller's and outlive the program.
  PersonProgram(inside::PersonEye& eye, outside::PersonOutside& outside)
      : eye_(eye), outside_(outside) {}

  // Does what is wished once: one picture, or a single shot's. False: nothing is wished, sleep.
  bool Step() {
    const outside::Wish wish = outside_.wish();
    switch (wish) {
      case outside::Wish::kStandby: eye_.Rest(); return false;
      case outside::Wish::kContinuous: outside_.Deliver(eye_.Look(), wish); return true;
      case outside::Wish::kSingleShot: outside_.Deliver(eye_.Glance(), wish); return true;
    }
    return false;
  }

 private:
  inside::PersonEye& eye_;
  outside::PersonOutside& outside_;
};

}  // namespace pinhole::firmware::person
