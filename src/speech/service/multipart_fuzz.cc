// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a form, in arbitrary pieces, to a request: nothing crashes, any split gives
// the same, and no more is kept than the limits say. The first byte chooses the pieces and the
// vocabulary.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "speech/service/multipart.h"
#include "speech/service/speech_request.h"

namespace {

using namespace pinhole::speech;           // NOLINT(google-build-using-namespace): its own program
using namespace pinhole::speech::service;  // NOLINT(google-build-using-namespace)

constexpr std::uint64_t kFileLimit = 300;

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// What becomes of the form, as text.
std::string Read(std::string_view bytes, std::size_t piece, Api api) {
  const auto budget = std::make_shared<MemoryBudget>(1000);
  std::string told;
  {
    SpeechForm form(budget, kFileLimit);
    MultipartReader reader("b", form);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.Feed(bytes.substr(at, piece));
    }
    Require(budget->used() <= kFileLimit);
    told = std::to_string(static_cast<int>(reader.state())) + std::string(reader.failure());
    if (form.refusal()) {
      told += form.refusal()->message;
    }
    if (reader.state() == MultipartReader::State::kDone) {
      Refusal refusal;
      const auto request = ReadSpeechRequest(form, api, {.name = "m"}, {}, refusal);
      Require(request.has_value() == refusal.message.empty());
      told += request ? request->options.language + request->options.initial_prompt
                      : refusal.message + refusal.param;
    }
  }
  Require(budget->used() == 0);
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto api = static_cast<Api>(data[0] % 3);
  Require(Read(bytes, bytes.size() + 1, api) == Read(bytes, 1 + data[0] / 3U, api));
  MultipartBoundary(bytes);
  std::string_view failure;
  Require(ReadPartHead(bytes, failure).has_value() == failure.empty());
  return 0;
}
