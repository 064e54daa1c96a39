// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes from a Wyoming client, in arbitrary pieces, through a session: nothing crashes,
// any split gives the same answers, each answer is a line of JSON, and no more sound is kept than
// the limit says. The first byte chooses the pieces.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "speech/service/wyoming_event.h"
#include "speech/service/wyoming_session.h"

namespace {

using namespace pinhole::speech;           // NOLINT(google-build-using-namespace): its own program
using namespace pinhole::speech::service;  // NOLINT(google-build-using-namespace)

constexpr std::uint64_t kMostBytes = 1000;

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

std::string Converse(std::string_view bytes, std::size_t piece) {
  const ModelInfo model{.name = "m", .is_multilingual = true, .languages = {"en"}};
  const TranscribeOptions defaults;
  const auto budget = std::make_shared<MemoryBudget>(2 * kMostBytes);
  WyomingSession session(model, defaults, budget, kMostBytes);
  WyomingReader reader;
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    std::string_view next = bytes.substr(at, piece);
    while (!next.empty()) {
      const WyomingReader::State state = reader.Feed(next);
      if (state == WyomingReader::State::kRefused) {
        return out + reader.failure();
      }
      if (state == WyomingReader::State::kMore) {
        Require(next.empty());
        break;
      }
      WyomingSession::Step step = session.Take(reader.event());
      Require(step.out.empty() || step.out.starts_with("{\"type\":"));
      Require(budget->used() <= kMostBytes);
      out += step.out;
      if (step.sound) {
        out += "[" + std::to_string(step.sound->size()) + "]";
        out += session.Heard({.end = JobEnd::kHeard}).out;
      }
      if (step.close) {
        return out;
      }
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Require(Converse(bytes, bytes.size() + 1) == Converse(bytes, 1 + data[0] / 2U));
  return 0;
}
