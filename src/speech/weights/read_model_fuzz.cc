// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a model's file, whichever format they begin like: refused with a sentence, or
// every promise of read_model.h is kept.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "speech/weights/invariants_for_tests.h"
#include "speech/weights/read_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole;  // NOLINT(google-build-using-namespace): a program of its own
  const std::span file = std::as_bytes(std::span(data, size));
  base::Diagnosis why;
  const auto model = speech::ReadModelFile(file, {}, why);
  if (!model) {
    if (why.empty()) {
      std::abort();
    }
    return 0;
  }
  if (const std::string broken = speech::FirstBroken(*model, file); !broken.empty()) {
    std::fprintf(stderr, "a promise is broken: %s\n", broken.c_str());
    std::abort();
  }
  return 0;
}
