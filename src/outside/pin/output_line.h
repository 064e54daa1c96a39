// SPDX-License-Identifier: Apache-2.0
#pragma once

// One GPIO line that we drive: the seam between the outlet and libgpiod, so that the outlet can be
// tested where there is no GPIO.
//
// Levels are logical: with active_low, high is the lower voltage. Releasing a line hands it back to
// the kernel; what its voltage is then is the chip's driver's affair, and most leave it as it was.

#include <memory>
#include <string>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::outside::pin {

class OutputLine {
 public:
  OutputLine(const OutputLine&) = delete;
  OutputLine& operator=(const OutputLine&) = delete;
  // Releases the line.
  virtual ~OutputLine() = default;

  // 0, or the errno of what went wrong: the level is then not known.
  [[nodiscard]] virtual int Set(bool high) = 0;

 protected:
  OutputLine() = default;
};

struct LinePlace {
  std::string chip;  // a name, a path, a label or a number
  unsigned line = 0;
  bool active_low = false;
};

// The line, as an output that is at `high` from the first moment. Errors: kNotFound (no such chip
// or line), kIo (no right, held by somebody else, or the chip refuses): `why` says which in one
// sentence.
base::Result<std::unique_ptr<OutputLine>> OpenGpiodLine(const LinePlace& place, bool high,
                                                        base::Diagnosis& why);

// What is known of a line that could not be had.
struct LineTrouble {
  enum class Step { kChip, kOffset, kRequest };
  Step step = Step::kChip;
  int error = 0;           // errno
  unsigned lines = 0;      // of the chip; from kOffset on
  std::string name{};      // of the line; from kRequest on; may be empty
  std::string consumer{};  // who holds it; from kRequest on; empty: nobody, or not known
};

// Writes the sentence for it; returns as OpenGpiodLine does.
base::Unexpected ExplainTrouble(const LinePlace& place, const LineTrouble& trouble,
                                base::Diagnosis& why);

}  // namespace pinhole::outside::pin
