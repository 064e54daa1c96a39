// SPDX-License-Identifier: Apache-2.0
// Any bytes at all: the reader refuses them with a sentence, or every promise of tflite_reader.h is
// kept by what it returns.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "engine/format/cost.h"
#include "engine/format/invariants.h"
#include "engine/format/model_mutator.h"
#include "engine/format/tflite_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole;          // NOLINT(google-build-using-namespace): a program of its own
  using namespace pinhole::engine;  // NOLINT(google-build-using-namespace)
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const format::AlignedBytes file(std::vector<std::byte>(bytes, bytes + size));
  static format::AlignedBytes memory(std::size_t{1} << 20);
  base::Arena arena(memory.span());
  base::Diagnosis why;
  format::ReadLimits limits;
  limits.max_folded_bytes = std::size_t{1} << 18;
  limits.max_tensors = limits.max_operators = 2048;
  const auto model = format::ReadTflite(file.span(), arena, why, limits);
  if (!model) {
    if (why.empty()) {
      std::abort();
    }
    return 0;
  }
  const std::string broken =
      format::InvariantChecker(**model, file.span(), memory.span()).FirstBroken();
  if (!broken.empty()) {
    std::fprintf(stderr, "a promise is broken: %s\n", broken.c_str());
    std::abort();
  }
  for (const Graph& graph : (*model)->graphs) {
    (void)format::MultiplyAdds(graph);
  }
  return 0;
}
