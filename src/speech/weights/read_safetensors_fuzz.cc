// SPDX-License-Identifier: Apache-2.0
// A sound small model as a .safetensors file, its bytes changed at places that the input names:
// four bytes of it are a place and a value, whole numbers of the file that mean sizes and offsets
// among them.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "speech/weights/invariants_for_tests.h"
#include "speech/weights/model_for_tests.h"
#include "speech/weights/read_safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole;  // NOLINT(google-build-using-namespace): a program of its own
  static const std::vector<std::byte> kWhole =
      speech::WriteSafetensors(speech::MakeTestModel(), speech::WeightType::kF16);
  std::vector<std::byte> file = kWhole;
  for (std::size_t i = 0; i + 4 <= size && i < 64; i += 4) {
    const std::size_t place = data[i] | data[i + 1] << 8U;
    // From the front or from the end, where a zip archive has its directory.
    const std::size_t from_front = place % 32768 % file.size();
    const std::size_t at = place < 32768 ? from_front : file.size() - 1 - from_front;
    file[at] = static_cast<std::byte>(data[i + 2]);
    if (data[i + 3] == 0xFF) {
      file.resize(at + 1);
    }
  }
  base::Diagnosis why;
  const auto model = speech::ReadSafetensors(file, {}, why);
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
