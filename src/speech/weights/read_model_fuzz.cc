// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a model's file, whichever format they begin like: refused with a sentence, or
// every promise of read_model.h is kept.
#include <cstddef>
#include <cstdint>
#include <span>

#include "speech/weights/fuzz_for_tests.h"
#include "speech/weights/read_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole;  // NOLINT(google-build-using-namespace): a program of its own
  const std::span file = std::as_bytes(std::span(data, size));
  base::Diagnosis why;
  speech::CheckRead(speech::ReadModelFile(file, {}, why), file, why);
  return 0;
}
