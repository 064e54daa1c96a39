// SPDX-License-Identifier: Apache-2.0
// Any bytes as English: what comes out has single blanks and none at its ends.
#include <cstdint>
#include <cstdlib>

#include "speech/normalize/english_text.h"
#include "speech/normalize/words.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole;  // NOLINT(google-build-using-namespace): a program of its own
  const std::string normal = speech::NormalizeEnglish({reinterpret_cast<const char*>(data), size});
  if (normal != speech::JoinWithBlanks(speech::SplitAtBlanks(normal))) {
    std::abort();
  }
  return 0;
}
