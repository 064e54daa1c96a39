// SPDX-License-Identifier: Apache-2.0
// Any bytes as tokenizer.json and as .tiktoken: refused with a sentence, or a vocabulary with a
// limit.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "speech/weights/assemble.h"
#include "speech/weights/read_vocabulary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole;  // NOLINT(google-build-using-namespace): a program of its own
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto read : {speech::ReadTokenizerJson, speech::ReadTiktoken}) {
    base::Diagnosis why;
    std::vector<std::string> vocabulary;
    const bool is_read = read(text, vocabulary, why).has_value();
    if (is_read ? vocabulary.empty() || vocabulary.size() > speech::kMaxVocabulary : why.empty()) {
      std::abort();
    }
  }
  return 0;
}
