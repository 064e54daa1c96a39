// SPDX-License-Identifier: Apache-2.0
// A sound small model as a ggml file, its bytes changed at places that the input names: four bytes
// of it are a place and a value, whole numbers of the file that mean sizes and offsets among them.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "speech/weights/fuzz_for_tests.h"
#include "speech/weights/model_for_tests.h"
#include "speech/weights/read_ggml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole;  // NOLINT(google-build-using-namespace): a program of its own
  static const std::vector<std::byte> kWhole =
      speech::WriteGgml(speech::MakeTestModel(), speech::WeightType::kF16);
  const std::vector<std::byte> file = speech::Changed(kWhole, {data, size});
  base::Diagnosis why;
  speech::CheckRead(speech::ReadGgml(file, {}, why), file, why);
  return 0;
}
