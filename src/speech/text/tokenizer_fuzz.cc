// SPDX-License-Identifier: Apache-2.0
// Any bytes as text: they come back from their tokens, in pieces too, and what a listener sees of
// them is UTF-8 after every piece.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "speech/text/tokenizer.h"
#include "speech/text/utf8.h"
#include "speech/text/vocabulary_for_tests.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole;  // NOLINT(google-build-using-namespace): a program of its own
  static base::Diagnosis why;
  static const speech::Tokenizer kTokenizer =
      speech::Tokenizer::Make(speech::SmallVocabulary(), why).value();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto tokens = kTokenizer.Encode(text);
  if (kTokenizer.Decode(tokens) != text) {
    std::abort();
  }
  speech::Utf8Stream stream;
  std::string seen;
  for (const std::int32_t token : tokens) {
    stream.Push(kTokenizer.Bytes(token), seen);
  }
  stream.Finish(seen);
  for (std::string_view left = seen; !left.empty();) {
    const std::size_t length = speech::FirstUtf8(left).length;
    if (length == 0) {
      std::abort();
    }
    left.remove_prefix(length);
  }
  return 0;
}
