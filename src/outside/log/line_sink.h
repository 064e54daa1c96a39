// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where lines end up: a file, or standard output.
//
// A sink writes what it can now and says how far it came; it keeps nothing back. Whoever has time
// to wait and to try again does so outside (line_writer.h).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::outside::log {

class LineSink {
 public:
  LineSink() = default;
  LineSink(const LineSink&) = delete;
  LineSink& operator=(const LineSink&) = delete;
  virtual ~LineSink() = default;

  // For messages: a path, or "standard output".
  [[nodiscard]] virtual std::string name() const = 0;

  // How many of `bytes` were written: fewer than all where nobody takes the others just now, to be
  // given again. Error: kIo, with the reason; then the line is lost.
  virtual base::Result<std::size_t> Write(std::string_view bytes, base::Diagnosis& why) = 0;

  // Until more can be written, or `most` is over.
  virtual void Wait(std::chrono::milliseconds most) = 0;
};

// Appends to the file `path`, made with rights 0640. A line is in it whole or not at all: what a
// full disk cut off is taken back, and what a power failure cut off gets a line feed. Where the
// file has `max_bytes` it is renamed to PATH.1, over what was there, and a new one begins. A file
// that somebody else removed or renamed is made anew at the next line. Error: kIo.
base::Result<std::unique_ptr<LineSink>> OpenFileSink(const std::string& path,
                                                     std::uint64_t max_bytes, base::Diagnosis& why);

// The open descriptor `fd`, which stays the caller's; never waits for whoever reads it, and does
// not change how others use it. Error: kIo.
base::Result<std::unique_ptr<LineSink>> OpenStreamSink(int fd, base::Diagnosis& why);

}  // namespace pinhole::outside::log
