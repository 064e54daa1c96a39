// SPDX-License-Identifier: Apache-2.0
#include "system/failure.h"

namespace pinhole::system {

std::string Printable(std::string_view text) {
  std::string harmless(text);
  for (std::size_t i = 0; i < harmless.size(); ++i) {
    const auto c = static_cast<unsigned char>(harmless[i]);
    // C1 controls are two bytes in UTF-8, 0xC2 0x80..0x9F, and some terminals obey them.
    const bool c1 =
        c == 0xC2 && i + 1 < harmless.size() && static_cast<unsigned char>(harmless[i + 1]) < 0xA0;
    if (c < 0x20 || c == 0x7F || c1) {
      harmless[i] = '?';
      if (c1) {
        harmless[i + 1] = '?';
      }
    }
  }
  return harmless;
}

}  // namespace pinhole::system
