// SPDX-License-Identifier: Apache-2.0
// usage: firmware_image PROGRAM.elf PROGRAM.uf2 rp2040|rp2350
// Writes the boot stage's checksum into PROGRAM.elf (RP2040) and makes PROGRAM.uf2 of it.

#include <cstddef>
#include <cstdio>
#include <fstream>
#include <ios>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnosis.h"
#include "firmware/image/firmware_image.h"

namespace {

using pinhole::base::Diagnosis;
using pinhole::firmware::image::Chip;

int Fail(std::string_view file, std::string_view sentence) {
  std::fprintf(stderr, "firmware_image: %.*s: %.*s\n", static_cast<int>(file.size()), file.data(),
               static_cast<int>(sentence.size()), sentence.data());
  return 1;
}

bool WriteFile(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  return static_cast<bool>(out.flush());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  if (arguments.size() != 4 || (arguments[3] != "rp2040" && arguments[3] != "rp2350")) {
    std::fputs("usage: firmware_image PROGRAM.elf PROGRAM.uf2 rp2040|rp2350\n", stderr);
    return 2;
  }
  const std::string& elf_path = arguments[1];
  const Chip chip = arguments[3] == "rp2040" ? Chip::kRp2040 : Chip::kRp2350;
  std::ifstream in(elf_path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) {
    return Fail(elf_path, "cannot be read");
  }
  const std::span<const std::byte> read = std::as_bytes(std::span(text));
  std::vector<std::byte> elf(read.begin(), read.end());
  Diagnosis why;
  if (chip == Chip::kRp2040) {
    if (!pinhole::firmware::image::FinishBootStage(elf, why)) {
      return Fail(elf_path, why.text());
    }
    if (!WriteFile(elf_path, elf)) {
      return Fail(elf_path, "cannot be written");
    }
  }
  const auto uf2 = pinhole::firmware::image::MakeUf2(elf, chip, why);
  if (!uf2) {
    return Fail(elf_path, why.text());
  }
  return WriteFile(arguments[2], *uf2) ? 0 : Fail(arguments[2], "cannot be written");
}
